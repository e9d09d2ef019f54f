//! The names of commands, options and choices in other languages, and the help of options.
//!
//! A platform shows them to readers of that language and sends back the name that the grammar knows, so that
//! nothing but the eye meets them.

use super::translated::Texts;

/// What a command, an option or a choice is called in other languages, by locale.
pub fn translated_name(name: &str) -> Texts {
    NAMES
        .iter()
        .find(|(english, _)| *english == name)
        .map_or(&[], |(_, texts)| texts)
}

const NAMES: &[(&str, Texts)] = &[
    // Commands.
    ("balance", &[("zh-TW", "結欠")]),
    ("invoice", &[("zh-TW", "發票")]),
    ("release", &[("zh-TW", "放行")]),
    ("deposit", &[("zh-TW", "保證金")]),
    ("client", &[("zh-TW", "客戶")]),
    ("feed", &[("zh-TW", "資料來源")]),
    ("ticket", &[("zh-TW", "工單")]),
    ("queue", &[("zh-TW", "待辦")]),
    ("help", &[("zh-TW", "說明")]),
    ("find", &[("zh-TW", "尋找")]),
    ("show", &[("zh-TW", "查看")]),
    ("status", &[("zh-TW", "狀態")]),
    ("search", &[("zh-TW", "搜尋")]),
    ("create", &[("zh-TW", "建立")]),
    ("reply", &[("zh-TW", "回覆")]),
    ("note", &[("zh-TW", "備註")]),
    ("assign", &[("zh-TW", "指派")]),
    ("escalate", &[("zh-TW", "升級處理")]),
    ("escalation", &[("zh-TW", "升級個案")]),
    ("explain", &[("zh-TW", "解釋")]),
    ("oncall", &[("zh-TW", "值班")]),
    ("sla", &[("zh-TW", "時效")]),
    ("callback", &[("zh-TW", "回電")]),
    ("acknowledge", &[("zh-TW", "確認")]),
    ("snooze", &[("zh-TW", "延後")]),
    ("report", &[("zh-TW", "報表")]),
    ("cover", &[("zh-TW", "代班")]),
    ("swap", &[("zh-TW", "換班")]),
    ("handover", &[("zh-TW", "交接")]),
    ("undo", &[("zh-TW", "撤銷")]),
    ("calendar", &[("zh-TW", "日曆")]),
    (
        "Create ticket from this message",
        &[("zh-TW", "以此訊息建立工單")],
    ),
    ("Escalate this message", &[("zh-TW", "將此訊息升級處理")]),
    // Options.
    ("entity", &[("zh-TW", "法人")]),
    ("as_of", &[("zh-TW", "截至日期")]),
    ("lot", &[("zh-TW", "拍品")]),
    ("for", &[("zh-TW", "對象")]),
    ("share", &[("zh-TW", "公開")]),
    ("number", &[("zh-TW", "號碼")]),
    ("year", &[("zh-TW", "年度")]),
    ("what", &[("zh-TW", "標的")]),
    ("sale", &[("zh-TW", "拍賣")]),
    ("text", &[("zh-TW", "文字")]),
    ("words", &[("zh-TW", "字詞")]),
    ("subject", &[("zh-TW", "主旨")]),
    ("email", &[("zh-TW", "電郵")]),
    ("priority", &[("zh-TW", "優先級")]),
    ("confirm", &[("zh-TW", "確認碼")]),
    ("to", &[("zh-TW", "目標")]),
    ("who", &[("zh-TW", "人員")]),
    ("reason", &[("zh-TW", "原因")]),
    ("kind", &[("zh-TW", "類別")]),
    ("severity", &[("zh-TW", "嚴重程度")]),
    ("deadline", &[("zh-TW", "期限")]),
    ("location", &[("zh-TW", "地點")]),
    // Choices.
    ("consignor", &[("zh-TW", "委託人")]),
    ("low", &[("zh-TW", "低")]),
    ("medium", &[("zh-TW", "中")]),
    ("normal", &[("zh-TW", "一般")]),
    ("high", &[("zh-TW", "高")]),
    ("urgent", &[("zh-TW", "緊急")]),
    ("critical", &[("zh-TW", "危急")]),
];

/// The help of options and subcommands.
pub(super) const LINES: &[(&str, Texts)] = &[
    ("Only this entity", &[("zh-TW", "只限此法人實體")]),
    ("As it was on this day", &[("zh-TW", "當日的狀況")]),
    ("Only this invoice's part", &[("zh-TW", "只限此發票的部分")]),
    ("Only this lot's part", &[("zh-TW", "只限此拍品的部分")]),
    ("Whom the answer is for", &[("zh-TW", "答覆給誰")]),
    ("Invoice number", &[("zh-TW", "發票號碼")]),
    ("The entity that issued it", &[("zh-TW", "開立發票的法人實體")]),
    ("Its fiscal year", &[("zh-TW", "其會計年度")]),
    (
        "Invoice number, sale/lot, or a client",
        &[("zh-TW", "發票號碼、拍賣/拍品,或客戶")],
    ),
    (
        "The client whose lots they are, where WHAT could be several things",
        &[("zh-TW", "標的可能有多個時,指明拍品所屬的客戶")],
    ),
    (
        "Exactly this invoice, where a client has the same number",
        &[("zh-TW", "有客戶使用相同號碼時,指明此發票")],
    ),
    ("Only lots of this sale", &[("zh-TW", "只限此場拍賣的拍品")]),
    (
        "Only deposits for this sale",
        &[("zh-TW", "只限此場拍賣的保證金")],
    ),
    (
        "Find clients by number, e-mail, phone, paddle, name or part of one",
        &[("zh-TW", "按編號、電郵、電話、號牌、姓名或其一部分尋找客戶")],
    ),
    (
        "Everything about one client that you may see",
        &[("zh-TW", "您可查看的某客戶全部資料")],
    ),
    ("What to look for", &[("zh-TW", "要尋找的內容")]),
    (
        "Each source: last complete batch, control totals, quarantine",
        &[("zh-TW", "各資料來源:最近完整批次、控制總額及隔離列")],
    ),
    ("Its number in the helpdesk", &[("zh-TW", "客服系統中的工單編號")]),
    ("What it is about, in a line", &[("zh-TW", "一行主旨")]),
    (
        "What it says; the client can read it in the helpdesk's portal",
        &[("zh-TW", "內容;客戶可在客服網站上閱讀")],
    ),
    ("The client whose it is", &[("zh-TW", "所屬客戶")]),
    (
        "The address of the person whose it is",
        &[("zh-TW", "所屬人士的電郵地址")],
    ),
    ("How urgent it is", &[("zh-TW", "緊急程度")]),
    ("What to say to the client", &[("zh-TW", "要對客戶說的內容")]),
    (
        "The code under the preview that is to be sent",
        &[("zh-TW", "要寄出之預覽下方的代碼")],
    ),
    ("What to note", &[("zh-TW", "備註內容")]),
    (
        "To whom: me, or an agent's name",
        &[("zh-TW", "給誰:me 或客服人員姓名")],
    ),
    (
        "open, pending, resolved, closed, or a status of your helpdesk's own",
        &[("zh-TW", "open、pending、resolved、closed,或貴客服系統自訂的狀態")],
    ),
    (
        "Whose: me where nothing is said, nobody, or an agent's name",
        &[("zh-TW", "誰的:未填即 me,或 nobody,或客服人員姓名")],
    ),
    // Escalations.
    (
        "A client, a lot as sale/lot, or a ticket as #4711",
        &[("zh-TW", "客戶、拍賣/拍品,或工單(如 #4711)")],
    ),
    (
        "What is wrong, in the caller's words or in yours",
        &[("zh-TW", "問題所在,以來電者或您的話描述")],
    ),
    ("What it is about", &[("zh-TW", "事由類別")]),
    ("How bad it is", &[("zh-TW", "嚴重程度")]),
    ("The client whom it is about", &[("zh-TW", "相關客戶")]),
    ("The invoice that it is about", &[("zh-TW", "相關發票")]),
    ("The ticket that it came in with", &[("zh-TW", "來源工單")]),
    (
        "When it is worth nothing any more: 2026-11-24T14:30, in the saleroom's time",
        &[("zh-TW", "失效時間:2026-11-24T14:30,以拍賣廳當地時間計")],
    ),
    (
        "The saleroom whose people are to look after it",
        &[("zh-TW", "負責處理的拍賣廳")],
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::{command, translations};
    use super::*;

    /// Names that stand beside one another, with those in other languages.
    fn beside(names: &[&str]) {
        for (locale, _) in [("zh-TW", ())] {
            let mut seen = BTreeSet::new();
            for name in names {
                let texts = translated_name(name);
                let shown = texts
                    .iter()
                    .find(|(of, _)| *of == locale)
                    .map_or(*name, |(_, text)| text);
                assert!(seen.insert(shown), "{shown} stands twice beside {names:?}");
            }
        }
    }

    fn walk(node: &clap::Command) {
        let subcommands: Vec<&str> = node.get_subcommands().map(clap::Command::get_name).collect();
        beside(&subcommands);
        let options: Vec<&str> = node
            .get_arguments()
            .map(|arg| arg.get_long().unwrap_or(arg.get_id().as_str()))
            .collect();
        beside(&options);
        node.get_subcommands().for_each(walk);
    }

    #[test]
    fn names_that_stand_beside_one_another_differ_in_every_language() {
        walk(&command());
    }

    #[test]
    fn a_name_in_another_language_is_one_that_platforms_take() {
        for (english, texts) in NAMES {
            let is_menu = english.contains(' ');
            for (locale, text) in *texts {
                assert!(
                    (1..=32).contains(&text.chars().count())
                        && (is_menu || text.chars().all(char::is_alphabetic)),
                    "{english} in {locale}: {text}"
                );
            }
        }
        for (english, texts) in LINES {
            for (locale, text) in *texts {
                assert!((1..=100).contains(&text.chars().count()), "{english} in {locale}");
            }
        }
    }

    #[test]
    fn what_people_ask_about_accounts_has_a_name_and_a_help_in_chinese() {
        for leaf in super::super::leaves() {
            if !leaf.path.starts_with(['b', 'c', 'd', 'i', 'r']) {
                continue;
            }
            for word in leaf.path.split(' ') {
                assert!(!translated_name(word).is_empty(), "{word}");
            }
        }
        let known = command();
        let balance = known.find_subcommand("balance").unwrap();
        for arg in balance.get_arguments() {
            let name = arg.get_long().unwrap_or(arg.get_id().as_str());
            assert!(!translated_name(name).is_empty(), "{name}");
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(!translations(&help).is_empty(), "{help}");
        }
    }
}

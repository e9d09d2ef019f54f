//! The lines of help in other languages.

use super::named::LINES;

/// What a line of help says in other languages, by locale; platforms that know their readers' language show
/// it there. Answers are one language everywhere.
pub fn translations(about: &str) -> &'static [(&'static str, &'static str)] {
    TRANSLATED
        .iter()
        .chain(LINES)
        .find(|(english, _)| *english == about)
        .map_or(&[], |(_, texts)| texts)
}

pub(super) type Texts = &'static [(&'static str, &'static str)];

const TRANSLATED: &[(&str, Texts)] = &[
    (
        "What a client owes per entity and currency, with ageing and what is on its way",
        &[("zh-TW", "客戶按法人實體及貨幣的結欠、帳齡及在途款項")],
    ),
    (
        "One invoice: lines per lot, paid, open, why it is due when it is",
        &[("zh-TW", "單張發票:各拍品明細、已付、未付及到期依據")],
    ),
    (
        "May it go? Every reason why not, who clears it, and what to tell the client",
        &[("zh-TW", "可否放行?列出每項原因、由誰處理,以及可向客戶說明的內容")],
    ),
    (
        "Where a bidding deposit stands, whether it can be refunded, and by when",
        &[("zh-TW", "競投保證金的狀態、可否退還及期限")],
    ),
    (
        "Find a client, or see everything about one",
        &[("zh-TW", "尋找客戶,或查看某客戶的全部資料")],
    ),
    ("The sources of the figures", &[("zh-TW", "數字的資料來源")]),
    ("The helpdesk's tickets", &[("zh-TW", "客服工單")]),
    (
        "Your open escalations and tickets, the most urgent first",
        &[("zh-TW", "您的未結升級事項及工單,最緊急者在前")],
    ),
    (
        "Hand something over to whoever the rules name, with the facts as they are now",
        &[("zh-TW", "將事項連同目前的資料轉交給規則指定的同事")],
    ),
    ("Who is on shift", &[("zh-TW", "當值人員")]),
    ("What was handed over", &[("zh-TW", "已轉交的事項")]),
    (
        "Why this person has it: which rule, who was passed over and why, and the ladder so far",
        &[(
            "zh-TW",
            "為何由此人負責:依據的規則、略過的人選及原因,以及目前的升級過程",
        )],
    ),
    (
        "Its card: who has it, whose turn is next, and what the caller said",
        &[("zh-TW", "升級事項的卡片:由誰負責、下一級是誰、來電者說了什麼")],
    ),
    (
        "Take it: nobody else is asked while you work on it",
        &[("zh-TW", "由你負責:處理期間不再詢問其他人")],
    ),
    (
        "Say that you are at work, or on whom it waits",
        &[("zh-TW", "表示正在處理,或正等待誰")],
    ),
    (
        "Give it to somebody else, who is asked",
        &[("zh-TW", "轉交給另一位同事,並通知對方")],
    ),
    (
        "Ask those on the next rung at once, or jump to another one",
        &[("zh-TW", "立即詢問下一級,或直接跳到某一級")],
    ),
    ("It is dealt with", &[("zh-TW", "已處理完畢")]),
    (
        "It is not dealt with after all",
        &[("zh-TW", "尚未處理完畢,重新開啟")],
    ),
    ("Make it part of another one", &[("zh-TW", "併入另一升級事項")]),
    ("Make it more or less severe", &[("zh-TW", "調整嚴重程度")]),
    ("Say which client it is about", &[("zh-TW", "指明涉及哪位客戶")]),
    (
        "One ticket: how it stands, whose it is, what was said last",
        &[("zh-TW", "單一工單:狀態、負責人及最近的往來")],
    ),
    (
        "Find tickets by number, subject, sender or client",
        &[("zh-TW", "按編號、主旨、寄件人或客戶尋找工單")],
    ),
    (
        "Make a ticket for a client; nothing is mailed",
        &[("zh-TW", "為客戶建立工單;不會寄出郵件")],
    ),
    (
        "Answer the client by mail; you see exactly what will go before it goes",
        &[("zh-TW", "以郵件回覆客戶;寄出前可預覽完整內容")],
    ),
    (
        "Leave a private note that only agents see",
        &[("zh-TW", "新增只有客服人員可見的內部備註")],
    ),
    ("Give a ticket to an agent", &[("zh-TW", "將工單指派給客服人員")]),
    (
        "Open, set pending, resolve or close a ticket",
        &[("zh-TW", "將工單設為開啟、待處理、已解決或已關閉")],
    ),
    (
        "Promises to clients: what runs, what is broken, why, and how well they were kept",
        &[("zh-TW", "對客戶的服務承諾:計時中、已逾時、原因及達成率")],
    ),
    (
        "The promises on a ticket, or all that are broken or due soon",
        &[("zh-TW", "工單的承諾時限,或所有逾時及即將到期的承諾")],
    ),
    (
        "Why a promise is due when it is: every stretch that counted or did not",
        &[("zh-TW", "承諾時限的計算依據:每段計入與不計入的時間")],
    ),
    ("How well promises were kept", &[("zh-TW", "承諾達成率報告")]),
    (
        "Take notice of the alerts on a ticket",
        &[("zh-TW", "確認已收到工單的提醒")],
    ),
    (
        "Put the alerts on a ticket off for a while",
        &[("zh-TW", "暫緩工單的提醒")],
    ),
    (
        "Log a call with the client of a ticket",
        &[("zh-TW", "記錄與工單客戶的通話")],
    ),
    (
        "Note that a client was promised a call",
        &[("zh-TW", "記錄已承諾回電給客戶")],
    ),
    ("What you may do here", &[("zh-TW", "您可以在這裡使用的功能")]),
    (
        "Post the answer here for all to read",
        &[("zh-TW", "將答覆公開張貼於此")],
    ),
    (
        "Number, e-mail, phone, paddle, name or part of one",
        &[("zh-TW", "編號、電郵、電話、號牌、姓名或其一部分")],
    ),
];

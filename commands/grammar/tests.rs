//! What may be typed, and what is answered to what may not.

use hammerdesk_domain::text::is_deceptive;

use super::*;

fn error(line: &str) -> String {
    parse_line(line).expect_err("should not parse").to_string()
}

#[test]
fn a_client_may_be_several_words_with_options_anywhere() {
    let Ok(Ask::Balance(args)) = parse_line("/balance Mei as_of:2026-03-31 Ling entity:1000") else {
        panic!("not a balance")
    };
    assert_eq!(args.client, ["Mei", "Ling"]);
    assert_eq!(args.as_of.as_deref(), Some("2026-03-31"));
    assert_eq!(args.entity.as_deref(), Some("1000"));
    let Ok(Ask::Balance(quoted)) = parse_line("balance client:\"Mei Ling\" share:true") else {
        panic!("not a balance")
    };
    assert_eq!(quoted.client, ["Mei Ling"]);
    assert_eq!(quoted.share.as_deref(), Some("true"));
}

#[test]
fn a_word_that_looks_like_a_flag_is_only_a_word() {
    let Ok(Ask::Balance(args)) = parse_line("/balance --help") else {
        panic!("not a balance")
    };
    assert_eq!(args.client, ["--help"]);
}

#[test]
fn the_choices_that_a_release_offers_can_be_asked() {
    for line in [
        "/release client:0140105686",
        "/release invoice:\"77\" client:0140105686",
    ] {
        let Ok(Ask::Release(args)) = parse_line(line) else {
            panic!("not a release: {line}")
        };
        assert!(args.what.is_empty());
        assert_eq!(args.client.as_deref(), Some("0140105686"));
    }
    assert_eq!(
        error("/release sale:L1804"),
        "/release needs more. Write it like this: /release WHAT [client:client] [invoice:number] [sale:sale] [share:true]"
    );
}

#[test]
fn mistakes_are_answered_with_what_to_do() {
    assert_eq!(
        error("/balanse 1"),
        "There is no /balanse. Did you mean /balance?"
    );
    assert_eq!(error("/client"), "Say which: /client find or /client show.");
    assert_eq!(
        error("/balance 1 asof:2026-01-01"),
        "/balance has no option asof:. Did you mean as_of:?"
    );
    assert_eq!(
        error("/balance 1 share:maybe"),
        "share: takes one of true, false, yes, no, not \"maybe\"."
    );
    assert_eq!(
        error("/deposit"),
        "/deposit needs more. Write it like this: /deposit CLIENT [sale:sale] [share:true]"
    );
    assert_eq!(
        error("/invoice 1 year:last"),
        "\"last\" is not a value for year:. Write it like this: /invoice NUMBER [entity:code] [year:yyyy] [share:true]"
    );
    assert_eq!(
        error("   "),
        "Type a command, such as /balance followed by a client. /help lists them."
    );
    assert!(error(&"x".repeat(500)).starts_with("That is too long"));
}

#[test]
fn an_option_is_known_in_any_case_and_quotes_of_any_kind_keep_blanks() {
    let Ok(Ask::Balance(args)) = parse_line("/Balance “Mei Ling” AS_OF:2026-03-31 Lot:\"24001/4 5\"")
    else {
        panic!("not a balance")
    };
    assert_eq!(args.client, ["Mei Ling"]);
    assert_eq!(
        (args.as_of.as_deref(), args.lot.as_deref()),
        (Some("2026-03-31"), Some("24001/4 5"))
    );
    let apart = parse_options(
        "BALANCE",
        &[("Client".to_owned(), "Mei\u{202e}\nLing".to_owned())],
    );
    let Ok(Ask::Balance(args)) = apart else {
        panic!("not a balance")
    };
    assert_eq!(args.client, ["Mei Ling"]);
}

proptest::proptest! {
    #[test]
    fn nothing_that_is_typed_panics_or_brings_a_control_character_in(
        line in "(/?(balance|BALANCE|invoice|release|deposit|client find|client show|feed status|ticket reply 4 text:|ticket note|escalate 14 reason:|escalation explain|oncall show|oncall cover|oncall calendar|queue|help) )?\\PC{0,40}([\"“”:\u{0}\u{7}\u{1b}\u{202e}\t\n =-]|as_of:|client:|--|é|漢|\\PC){0,20}",
        value in "[\\s\\S]{0,60}",
    ) {
        for read in [
            parse_line(&line),
            parse_line(&value),
            parse_line(&format!("/balance {value}")),
            parse_options(&line, &[("client".to_owned(), value.clone())]),
            parse_options("ticket note", &[("ticket".to_owned(), "4".to_owned()), ("text".to_owned(), value.clone())]),
            parse_options("balance", &[(line.clone(), value.clone()), ("client".to_owned(), value)]),
        ] {
            let held = match read {
                Ok(ask) => strings(&ask),
                Err(error) => vec![error.sentence],
            };
            proptest::prop_assert!(
                held.iter().all(|text| !text.chars().any(is_deceptive)),
                "{held:?}"
            );
        }
    }
}

/// Every text of a question.
fn strings(ask: &Ask) -> Vec<String> {
    let (words, options): (&[String], Vec<&Option<String>>) = match ask {
        Ask::Balance(args) => (
            &args.client,
            vec![
                &args.entity,
                &args.as_of,
                &args.invoice,
                &args.lot,
                &args.audience,
                &args.share,
            ],
        ),
        Ask::Invoice(args) => (
            std::slice::from_ref(&args.number),
            vec![&args.entity, &args.share],
        ),
        Ask::Release(args) => (&args.what, vec![&args.client, &args.sale, &args.share]),
        Ask::Deposit(args) => (&args.client, vec![&args.sale, &args.share]),
        Ask::Client {
            ask: ClientAsk::Find { text: words } | ClientAsk::Show { client: words },
        } => (words, Vec::new()),
        Ask::Feed { .. } | Ask::Help => (&[], Vec::new()),
        Ask::Oncall { ask } => return shifts(ask),
        Ask::Queue(args) => (&args.who, Vec::new()),
        Ask::Ticket { ask } => return texts(ask),
        Ask::Escalate(args) => {
            let reason = args.reason.replace('\n', " ");
            let options = [
                &args.client,
                &args.invoice,
                &args.ticket,
                &args.deadline,
                &args.location,
            ];
            return [reason]
                .into_iter()
                .chain(args.what.iter().cloned())
                .chain(options.into_iter().flatten().cloned())
                .collect();
        }
        Ask::Escalation { ask } => return escalation_texts(ask),
        Ask::Sla { ask } => return promised(ask),
        Ask::Callback(args) => {
            let mut all = args.client.clone();
            all.push(args.when.clone());
            all.extend(args.ticket.clone());
            return all;
        }
    };
    words
        .iter()
        .cloned()
        .chain(options.into_iter().flatten().cloned())
        .collect()
}

fn promised(ask: &SlaAsk) -> Vec<String> {
    let all = match ask.clone() {
        SlaAsk::Status { ticket } => vec![ticket],
        SlaAsk::Explain(args) => vec![Some(args.ticket), args.clock],
        SlaAsk::Report(args) => vec![args.by, args.from, args.to],
        SlaAsk::Acknowledge(args) => vec![Some(args.ticket), args.level],
        SlaAsk::Snooze(args) => vec![Some(args.ticket), Some(args.time), Some(args.reason), args.level],
        SlaAsk::Called(args) => vec![Some(args.ticket), Some(args.spoke), args.at],
    };
    all.into_iter().flatten().collect()
}

fn shifts(ask: &OncallAsk) -> Vec<String> {
    let some = |options: [&Option<String>; 2]| options.into_iter().flatten().cloned().collect::<Vec<_>>();
    match ask {
        OncallAsk::Show(args) => some([&args.rota, &args.at]),
        OncallAsk::Cover(args) => [args.person.clone(), some([&args.by, &args.because])]
            .concat()
            .into_iter()
            .chain([args.from.clone(), args.until.clone()])
            .collect(),
        OncallAsk::Swap(args) => some([&args.out, &args.on])
            .into_iter()
            .chain([args.rota.clone(), args.from.clone(), args.until.clone()])
            .collect(),
        OncallAsk::Handover(args) => some([&args.to, &None])
            .into_iter()
            .chain([args.rota.clone()])
            .collect(),
        OncallAsk::Undo(args) => vec![args.change.clone()],
        OncallAsk::Calendar(args) => some([&args.person, &None]),
    }
}

/// What was written about an escalation.
fn escalation_texts(ask: &EscalationAsk) -> Vec<String> {
    let more = match ask.clone() {
        EscalationAsk::Give { to, .. } => vec![to],
        EscalationAsk::Up { to, .. } => to.into_iter().collect(),
        EscalationAsk::Resolve { reason, .. } | EscalationAsk::Reopen { reason, .. } => {
            vec![reason.replace('\n', " ")]
        }
        EscalationAsk::Merge { into, .. } => vec![into],
        EscalationAsk::Client { client, .. } => vec![client],
        _ => Vec::new(),
    };
    [ask.named().to_owned()].into_iter().chain(more).collect()
}

/// Lines may stay in a text, and nothing else that is no letter.
fn texts(ask: &TicketAsk) -> Vec<String> {
    let all = match ask.clone() {
        TicketAsk::Show { ticket } => vec![ticket],
        TicketAsk::Search { words } => words,
        TicketAsk::Create(args) => [Some(args.subject), Some(args.text), args.client, args.email]
            .into_iter()
            .flatten()
            .collect(),
        TicketAsk::Reply(args) => vec![args.ticket, args.text, args.confirm.unwrap_or_default()],
        TicketAsk::Note(args) => vec![args.ticket, args.text],
        TicketAsk::Assign(args) => vec![args.ticket, args.to],
        TicketAsk::Status(args) => vec![args.ticket, args.to],
    };
    all.into_iter().map(|text| text.replace('\n', " ")).collect()
}

#[test]
fn options_that_come_apart_mean_the_same() {
    let options = vec![
        ("client".to_owned(), "Mei Ling".to_owned()),
        ("as_of".to_owned(), "2026-03-31".to_owned()),
    ];
    let Ok(Ask::Balance(args)) = parse_options("balance", &options) else {
        panic!("not a balance")
    };
    assert_eq!(
        (args.client, args.as_of),
        (vec!["Mei Ling".to_owned()], Some("2026-03-31".to_owned()))
    );
}

#[test]
fn the_grammar_is_sound_for_clap() {
    command().debug_assert();
    for leaf in leaves() {
        assert!(
            !leaf.about().is_empty(),
            "{} says nothing about itself",
            leaf.path
        );
    }
}

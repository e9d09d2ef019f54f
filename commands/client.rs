//! `/client find` and `/client show`: who is it, and the whole picture on one card.
//!
//! Promises: other names of a client are masked; what only some may read is left out for the others, and a
//! review reads the same whatever it is about; amounts stay apart by legal entity and currency; a figure
//! whose source is past its hard limit is not shown.

use crate::Asked;
use crate::errors::Failure;
use crate::lookup::{self, Meaning};
use chrono::NaiveDate;
use hammerdesk_domain::access::{Asker, Permission};
use hammerdesk_domain::balance::FoundBy;
use hammerdesk_domain::clock::local_date;
use hammerdesk_domain::deposit::{self, DepositAnswer, DepositQuestion};
use hammerdesk_domain::exposure::{self, Account, Agreements};
use hammerdesk_domain::facts::{AccountFacts, Moment};
use hammerdesk_domain::freshness::{Freshness, SourceState};
use hammerdesk_domain::ids::EntityCode;
use hammerdesk_domain::location::House;
use hammerdesk_domain::message::{Action, AsOf, Card, Cell, Figure, Line, Outcome, Reply, Section, Tone};
use hammerdesk_domain::model::{Alias, AliasKind, CddState, Client, NoBid, TermsAgreement, TermsState};
use hammerdesk_domain::money::{Money, MoneyError};
use hammerdesk_domain::{neutral, review};
use hammerdesk_store::Part;
use serde_json::{Value, json};

/// How many open bills are listed.
const MOST_BILLS: usize = 8;
/// How many clients are listed.
const MOST_FOUND: usize = 10;

/// A client that a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Who.
    pub client: Client,
    /// By which other name, where it was not the number or the name.
    pub matched: Option<Alias>,
}

/// `/client find`.
pub(crate) async fn find(asked: &mut Asked<'_>, typed: &str) -> Result<Reply, Failure> {
    let typed = lookup::searchable(typed)?;
    let found: Vec<Found> = lookup::found_by(asked, &typed)
        .await?
        .into_iter()
        .map(|found| {
            let matched = match found.by {
                FoundBy::Alias(kind, value) => Some(Alias {
                    client: found.client.no.clone(),
                    kind,
                    value,
                    sale: None,
                }),
                FoundBy::Number | FoundBy::WholeName | FoundBy::PartOfName => None,
            };
            Found {
                client: found.client,
                matched,
            }
        })
        .collect();
    Ok(reply_found(&found, asked.asker))
}

/// `/client show`.
pub(crate) async fn show(asked: &mut Asked<'_>, typed: &str) -> Result<Reply, Failure> {
    let no = match lookup::client(asked, typed, |no| format!("/client show {no}")).await? {
        Meaning::One(no) => no,
        Meaning::Choice(choice) => return Ok(*choice),
    };
    let facts = lookup::facts(asked, &no, Part::Show).await?;
    let aliases = asked.view.aliases(&facts.client.no).await?;
    Ok(reply_show(
        &facts,
        &aliases,
        asked.asker,
        &asked.settings.house,
        asked.moment,
    ))
}

/// The list for `/client find`. Clients that the asker may not see are left out without a trace.
pub fn reply_found(found: &[Found], asker: &Asker) -> Reply {
    let seen: Vec<&Found> = found.iter().filter(|one| asker.may_see(&one.client)).collect();
    if seen.is_empty() {
        return Reply::sentence(
            Outcome::Unknown,
            "No client matches. Try a number, an e-mail address or part of a name.",
        );
    }
    let rows = seen.iter().take(MOST_FOUND).map(|one| {
        let client = &one.client;
        vec![
            Cell::Text(client.name.clone()),
            Cell::Text(client.no.short().to_owned()),
            Cell::Text(
                client
                    .location
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            ),
            Cell::Text(client.owner.clone().unwrap_or_default()),
            one.matched
                .as_ref()
                .map_or(Cell::Empty, |alias| Cell::Text(masked(alias))),
        ]
    });
    let table = Section::Table {
        heading: None,
        columns: ["Client", "Number", "Location", "Owner", "Matched"]
            .map(ToOwned::to_owned)
            .to_vec(),
        rows: rows.collect(),
        more: seen.len().saturating_sub(MOST_FOUND),
    };
    let title = if seen.len() == 1 {
        "1 client".to_owned()
    } else {
        format!("{} clients", seen.len())
    };
    let facts = seen.iter().map(|one| {
        json!({ "number": one.client.no, "name": one.client.name, "matched": one.matched.as_ref().map(masked) })
    });
    let facts = json!({ "clients": facts.collect::<Vec<_>>() });
    let mut reply = Reply::card(
        Card {
            title,
            sections: vec![table],
            ..Card::default()
        },
        facts,
    );
    reply.actions = seen
        .iter()
        .take(5)
        .map(|one| {
            Action::ask(
                format!("Show {}", one.client.name),
                format!("/client show {}", one.client.no),
            )
        })
        .collect();
    reply
}

/// Another name of a client with only as much of it as tells two apart.
pub fn masked(alias: &Alias) -> String {
    let value = match alias.kind {
        AliasKind::Name | AliasKind::Paddle => alias.value.clone(),
        AliasKind::Email => match alias.value.split_once('@') {
            Some((who, host)) => format!("{}@{}", first(who), host_masked(host)),
            None => first(&alias.value),
        },
        AliasKind::Phone | AliasKind::Kunnr | AliasKind::Freshdesk | AliasKind::Stripe | AliasKind::Adyen => {
            last_four(&alias.value)
        }
    };
    match (&alias.kind, &alias.sale) {
        (AliasKind::Paddle, Some(sale)) => format!("paddle {value} in sale {sale}"),
        _ => format!("{} {value}", alias.kind),
    }
}

fn first(text: &str) -> String {
    text.chars()
        .next()
        .map_or_else(|| "…".to_owned(), |c| format!("{c}…"))
}

fn host_masked(host: &str) -> String {
    host.rsplit_once('.')
        .map_or_else(|| first(host), |(name, top)| format!("{}.{top}", first(name)))
}

fn last_four(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= 4 {
        return "…".to_owned();
    }
    format!("…{}", chars[chars.len() - 4..].iter().collect::<String>())
}

/// The whole picture of one client.
pub fn reply_show(
    facts: &AccountFacts,
    aliases: &[Alias],
    asker: &Asker,
    house: &House,
    moment: Moment,
) -> Reply {
    if !asker.may(Permission::Client) || !asker.may_see(&facts.client) {
        return Reply::sentence(
            Outcome::Refused,
            "You may not see this client. Please ask your team lead.",
        );
    }
    let internal = asker.may(Permission::Internal);
    let today = local_date(moment.now, zone(facts, house));
    let mut card = Card {
        title: format!("{} · {}", facts.client.name, facts.client.no.short()),
        subtitle: facts
            .client
            .location
            .as_ref()
            .map(|id| house.location(id).map_or(id.to_string(), |at| at.name.clone())),
        ..Card::default()
    };
    card.sections.push(identity(facts, aliases, internal));
    let flags = flags(facts, asker, today);
    if !flags.is_empty() {
        card.tone = Tone::Warn;
        card.sections.push(Section::Lines {
            heading: Some("Flags".to_owned()),
            lines: flags.clone(),
        });
    }
    let ledger = ledger(facts, asker, house, moment);
    let (balances, ledger_facts) = match &ledger {
        Ledger::Hidden => (Vec::new(), Value::Null),
        Ledger::Stale => (vec![too_old("Balances")], Value::Null),
        Ledger::Shown(accounts) => match balances(accounts) {
            Ok((sections, facts)) => (sections, facts),
            Err(error) => (
                vec![warned("Balances", format!("No figure: {error}."))],
                Value::Null,
            ),
        },
    };
    card.sections.extend(balances);
    let deposits = asker
        .may(Permission::Deposit)
        .then(|| deposit::decide(facts, asker, house, &DepositQuestion::default(), moment));
    card.sections.extend(deposits.as_ref().and_then(deposit_lines));
    if internal {
        card.sections.extend(terms(&facts.terms, today));
    }
    as_of(&mut card, facts, moment);
    let facts_json = json!({
        "client": { "number": facts.client.no, "name": facts.client.name },
        "owner": facts.client.owner,
        "tier": facts.client.tier,
        "flags": flags.iter().map(|line| &line.text).collect::<Vec<_>>(),
        "balances": ledger_facts,
        "deposits": deposits.as_ref().map(|answer| answer.deposits.iter().map(|line| json!({
            "id": line.id,
            "amount": line.amount.plain(),
            "currency": line.amount.currency(),
            "status": line.status.word(),
            "due_by": line.due_by,
        })).collect::<Vec<_>>()),
        "as_of": card.as_of.iter().map(|one| (one.source.clone(), json!(one.at))).collect::<serde_json::Map<_, _>>(),
    });
    let mut reply = Reply::card(card, facts_json);
    if let Some(old) = &facts.asked_for {
        let now = facts.client.no.short();
        reply.text = format!(
            "Client {} was merged into {now}; this is the answer for {now}.",
            old.short()
        );
    }
    reply.actions = actions(facts, asker);
    reply
}

fn zone(facts: &AccountFacts, house: &House) -> chrono_tz::Tz {
    facts
        .client
        .location
        .as_ref()
        .and_then(|id| house.location(id))
        .map_or(chrono_tz::Tz::UTC, |at| at.zone)
}

fn identity(facts: &AccountFacts, aliases: &[Alias], internal: bool) -> Section {
    let client = &facts.client;
    let mut rows = Vec::new();
    let mut row = |label: &str, value: Option<String>| {
        if let Some(value) = value {
            rows.push(Figure {
                label: label.to_owned(),
                value: Cell::Text(value),
                note: None,
                tone: Tone::Plain,
            });
        }
    };
    row("Number", Some(client.no.as_str().to_owned()));
    row("Kind", Some(client.kind.to_string()));
    row("Country", client.country.clone());
    row("Language", client.language.clone());
    row("Owner", client.owner.clone());
    if internal {
        row("Tier", client.tier.clone());
        row("Group", client.group.as_ref().map(ToString::to_string));
        let own = aliases.iter().filter(|alias| alias.client == client.no);
        let names: Vec<String> = own.map(masked).collect();
        row("Also known as", (!names.is_empty()).then(|| names.join("; ")));
    }
    Section::Figures { heading: None, rows }
}

/// What stands against the client, as far as the asker may read it. The words behind a bidding block are
/// free text that may name the subject of a review, so an open review hides them whatever it is.
fn flags(facts: &AccountFacts, asker: &Asker, today: NaiveDate) -> Vec<Line> {
    let status = &facts.status;
    let warn = |text: String| Line {
        code: None,
        text,
        tone: Tone::Warn,
    };
    let mut lines = Vec::new();
    let reviewed = review::is_open(facts, today);
    if !asker.may(Permission::Internal) {
        if reviewed {
            lines.push(warn(neutral::CLIENT_SAFE.to_owned()));
        }
        return lines;
    }
    if reviewed && asker.may(Permission::RestrictedHolds) {
        lines.extend(
            review::causes(facts, asker, today)
                .into_iter()
                .map(|cause| warn(format!("Review: {cause}."))),
        );
    } else if reviewed {
        lines.push(warn(neutral::INTERNAL.to_owned()));
    }
    let may_read = !reviewed || asker.may(Permission::RestrictedHolds);
    let reason = status
        .no_bid_reason
        .as_deref()
        .filter(|_| may_read)
        .map(|why| format!(": {why}"))
        .unwrap_or_default();
    match status.no_bid {
        NoBid::Clear => {}
        NoBid::DepositRequired => lines.push(warn(format!("May bid with a deposit only{reason}."))),
        NoBid::Limit => lines.push(warn(format!("May bid up to a limit only{reason}."))),
        NoBid::Blocked => lines.push(warn(format!("NO BID{reason}."))),
    }
    lines.extend(due_diligence(facts, today).map(warn));
    if status.insolvent {
        lines.push(warn("Insolvent or in administration.".to_owned()));
    }
    if status.legal_action {
        lines.push(warn("Legal action is under way.".to_owned()));
    }
    if status.written_off {
        lines.push(warn("Some of the debt was written off.".to_owned()));
    }
    if let Some(limit) = status.credit_limit {
        lines.push(Line {
            code: None,
            text: format!("Credit limit {limit}."),
            tone: Tone::Plain,
        });
    }
    lines
}

fn due_diligence(facts: &AccountFacts, today: NaiveDate) -> Option<String> {
    let ran_out = facts.status.cdd_expires_on.is_some_and(|last| last < today);
    match facts.status.cdd {
        Some(CddState::NotRequired) => None,
        Some(CddState::Complete) if !ran_out => None,
        Some(CddState::Complete | CddState::Expired) => Some("Due diligence has run out.".to_owned()),
        Some(CddState::Required) => {
            Some("Due diligence was asked for; nothing has been received.".to_owned())
        }
        Some(CddState::Incomplete) => Some("Due diligence documents are missing.".to_owned()),
        None => Some("The state of due diligence is not on record.".to_owned()),
    }
}

enum Ledger<'a> {
    Hidden,
    Stale,
    Shown(Vec<Account<'a>>),
}

fn ledger<'a>(facts: &'a AccountFacts, asker: &Asker, house: &House, moment: Moment) -> Ledger<'a> {
    if !asker.may(Permission::Balance) || !asker.may(Permission::Internal) {
        return Ledger::Hidden;
    }
    let needed = facts.sources.iter().filter(|source| source.needed_for.balance);
    if needed
        .map(|source| source.freshness(moment.now))
        .any(|freshness| freshness == Freshness::Hard)
    {
        return Ledger::Stale;
    }
    let day = |entity: &EntityCode| {
        moment
            .as_of
            .unwrap_or(local_date(moment.now, house.of_entity(entity).zone))
    };
    Ledger::Shown(exposure::accounts(&facts.items, Agreements::of(facts), day))
}

fn balances(accounts: &[Account<'_>]) -> Result<(Vec<Section>, Value), MoneyError> {
    if accounts.is_empty() {
        let nothing = Line {
            code: None,
            text: "No open items.".to_owned(),
            tone: Tone::Quiet,
        };
        return Ok((
            vec![Section::Lines {
                heading: Some("Balances".to_owned()),
                lines: vec![nothing],
            }],
            json!([]),
        ));
    }
    let mut sections = Vec::new();
    let mut facts = Vec::new();
    for account in accounts {
        let (billed, credited) = (account.billed()?, account.credited()?);
        let (overdue, oldest) = account.overdue()?;
        let late = overdue.is_positive();
        let figure = |label: &str, amount: Money| Figure {
            label: label.to_owned(),
            value: Cell::Amount(amount),
            note: None,
            tone: Tone::Plain,
        };
        sections.push(Section::Figures {
            heading: Some(format!("{} · {}", account.entity, account.currency)),
            rows: vec![
                figure("Billed, open", billed),
                figure("Credits, open", credited),
                Figure {
                    note: late.then(|| format!("oldest {oldest} days")),
                    tone: if late { Tone::Warn } else { Tone::Plain },
                    ..figure("Overdue", overdue)
                },
            ],
        });
        sections.extend(bills(account));
        facts.push(json!({
            "entity": account.entity,
            "currency": account.currency,
            "billed_open": billed.plain(),
            "credits_open": credited.plain(),
            "overdue": overdue.plain(),
            "oldest_days": oldest,
        }));
    }
    Ok((sections, Value::Array(facts)))
}

fn bills(account: &Account<'_>) -> Option<Section> {
    let rows: Vec<Vec<Cell>> = account
        .parts
        .iter()
        .take(MOST_BILLS)
        .map(|part| {
            let number = part
                .item
                .invoice
                .as_ref()
                .map_or(part.item.document.as_str(), |invoice| invoice.as_str());
            vec![
                Cell::Text(number.to_owned()),
                Cell::Date(part.due_on),
                Cell::Amount(part.amount),
            ]
        })
        .collect();
    (!rows.is_empty()).then(|| Section::Table {
        heading: None,
        columns: ["Invoice", "Due", "Open"].map(ToOwned::to_owned).to_vec(),
        rows,
        more: account.parts.len().saturating_sub(MOST_BILLS),
    })
}

fn deposit_lines(answer: &DepositAnswer) -> Option<Section> {
    if answer.outcome == Outcome::Stale {
        return Some(too_old("Deposits"));
    }
    let lines: Vec<Line> = answer
        .deposits
        .iter()
        .map(|line| Line {
            code: Some(line.status.word().to_owned()),
            text: format!("{} of {}: {}", line.id, line.amount, line.says),
            tone: Tone::Plain,
        })
        .collect();
    (!lines.is_empty()).then(|| Section::Lines {
        heading: Some("Deposits".to_owned()),
        lines,
    })
}

fn terms(terms: &[TermsAgreement], today: NaiveDate) -> Option<Section> {
    let lines: Vec<Line> = terms
        .iter()
        .map(|terms| {
            let next = terms
                .instalments
                .iter()
                .filter(|one| one.paid < one.amount)
                .min_by_key(|one| one.due_on);
            let next = next.map(|one| {
                format!(
                    "; next instalment {} due {}",
                    one.amount,
                    one.due_on.format("%-d %b %Y")
                )
            });
            let late = terms.state == TermsState::Breached
                || terms
                    .instalments
                    .iter()
                    .any(|one| one.due_on < today && one.paid < one.amount);
            Line {
                code: None,
                text: format!(
                    "{} is {}{}",
                    terms.id,
                    terms.state.word().replace('_', " "),
                    next.unwrap_or_default()
                ),
                tone: if late { Tone::Warn } else { Tone::Plain },
            }
        })
        .collect();
    (!lines.is_empty()).then(|| Section::Lines {
        heading: Some("Terms".to_owned()),
        lines,
    })
}

fn warned(heading: &str, text: String) -> Section {
    let line = Line {
        code: None,
        text,
        tone: Tone::Warn,
    };
    Section::Lines {
        heading: Some(heading.to_owned()),
        lines: vec![line],
    }
}

fn too_old(heading: &str) -> Section {
    warned(
        heading,
        "No figure: the data is too old. /feed status says which.".to_owned(),
    )
}

fn as_of(card: &mut Card, facts: &AccountFacts, moment: Moment) {
    let needed = |source: &SourceState| source.needed_for.balance || source.needed_for.deposit;
    // Where no source is marked as needed, each still says as of when it speaks.
    let any_needed = facts.sources.iter().any(needed);
    for source in facts
        .sources
        .iter()
        .filter(|source| needed(source) || !any_needed)
    {
        let late = source.freshness(moment.now) != Freshness::Fresh;
        card.stale |= late;
        card.as_of.push(AsOf {
            source: source.name.clone(),
            at: source.extracted_at,
            stale: late,
            note: (late && !source.may_miss.is_empty()).then(|| format!("may miss {}", source.may_miss)),
        });
    }
}

fn actions(facts: &AccountFacts, asker: &Asker) -> Vec<Action> {
    let client = facts.client.no.as_str();
    let asks = [
        (Permission::Balance, "Show balance", "balance"),
        (Permission::Release, "Show release", "release"),
        (Permission::Deposit, "Show deposits", "deposit"),
    ];
    asks.into_iter()
        .filter(|(permission, _, _)| asker.may(*permission))
        .map(|(_, label, command)| Action::ask(label, format!("/{command} {client}")))
        .collect()
}

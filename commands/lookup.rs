//! From what somebody typed to the one thing they mean, or to a choice between several.
//!
//! Which client is meant is decided by `domain::balance::identify` (B0, B1): what the asker may not see
//! neither matches, nor counts, nor completes, and by a part of a name alone nothing is ever guessed.

use chrono::{DateTime, NaiveDate, Utc};
use hammerdesk_domain::access::Asker;
use hammerdesk_domain::balance::{Found, FoundBy, Identity, identify};
use hammerdesk_domain::facts::AccountFacts;
use hammerdesk_domain::ids::{ClientNo, LotKey, LotNo, SaleNo};
use hammerdesk_domain::message::{Action, Menu, Outcome, Reply};
use hammerdesk_domain::model::{Client, Confidentiality, Invoice};
use hammerdesk_domain::text;
use hammerdesk_store::{AccountQuery, ClientQuery, Effort, Matched, Part, View};
use serde_json::json;

use crate::Asked;
use crate::errors::{Failure, UserError};
use crate::settings::Settings;
use crate::sources;

/// How many matches are told apart; a choice names a few of them and counts the others.
const MOST_FOUND: usize = 40;
/// The longest text that is searched for.
const LONGEST_SEARCH: usize = 120;

/// What a text turned out to mean.
#[derive(Debug)]
pub(crate) enum Meaning {
    /// Exactly this client.
    One(ClientNo),
    /// The answer to give instead: a choice.
    Choice(Box<Reply>),
}

/// The client that the text means. `ask` makes the question that a choice asks.
pub(crate) async fn client(
    asked: &mut Asked<'_>,
    typed: &str,
    ask: impl Fn(&ClientNo) -> String,
) -> Result<Meaning, Failure> {
    client_in(&mut asked.view, asked.settings, asked.asker, typed, ask).await
}

/// The same for a change on its way.
pub(crate) async fn client_in(
    view: &mut View,
    settings: &Settings,
    asker: &Asker,
    typed: &str,
    ask: impl Fn(&ClientNo) -> String,
) -> Result<Meaning, Failure> {
    let typed = searchable(typed)?;
    let found = found_in(view, asker, &typed).await?;
    match identify(&found, asker) {
        Identity::One(no) => Ok(Meaning::One(no)),
        Identity::NotForYou(no) => {
            let hidden = found
                .iter()
                .find(|found| found.client.no == no)
                .map(|found| &found.client);
            Err(hidden
                .map_or_else(|| nobody(&typed), |client| out_of_reach(settings, asker, client))
                .into())
        }
        Identity::Nobody => Err(nobody(&typed).into()),
        Identity::Choose { options, more } => {
            let mut reply = Reply::sentence(Outcome::Choose, "More than one client may be meant. Which one?");
            if options.len() == 1 {
                "By that alone I cannot be sure. Is it this client?".clone_into(&mut reply.text);
            }
            if more > 0 {
                reply
                    .text
                    .push_str(&format!(" {more} more match; add another word to narrow it."));
            }
            reply.facts = json!({ "options": options.iter().map(|option| option.label.as_str()).collect::<Vec<_>>(), "more": more });
            reply.menu = Some(Menu {
                prompt: "Which client?".to_owned(),
                options: options
                    .into_iter()
                    .map(|option| Action::ask(option.label, ask(&option.no)))
                    .collect(),
            });
            Ok(Meaning::Choice(Box::new(reply)))
        }
    }
}

/// The clients that a text finds for the asker; that of an exact number, whether or not the asker may see it.
pub(crate) async fn found_by(asked: &mut Asked<'_>, typed: &str) -> Result<Vec<Found>, Failure> {
    found_in(&mut asked.view, asked.asker, typed).await
}

async fn found_in(view: &mut View, asker: &Asker, typed: &str) -> Result<Vec<Found>, Failure> {
    if let Some(number) = ClientNo::parse(typed)
        && let Some(client) = view.client(&number).await?
    {
        return Ok(vec![Found {
            client,
            by: FoundBy::Number,
        }]);
    }
    let query = ClientQuery {
        text: typed.to_owned(),
        limit: MOST_FOUND,
        effort: Effort::Asked,
    };
    let found: Vec<Found> = view
        .search_clients_for(&query, |client| asker.may_see(client))
        .await?
        .into_iter()
        .map(|found| {
            let by = match found.matched {
                Matched::Number => FoundBy::Number,
                Matched::Alias(kind) => FoundBy::Alias(kind, found.on),
                Matched::Words if text::fold(&found.on) == text::fold(typed) => FoundBy::WholeName,
                Matched::Words | Matched::Beginnings => FoundBy::PartOfName,
            };
            Found {
                client: found.client,
                by,
            }
        })
        .collect();
    let exact = found
        .iter()
        .any(|found| !matches!(found.by, FoundBy::PartOfName | FoundBy::WholeName));
    Ok(found
        .into_iter()
        .filter(|found| !exact || !matches!(found.by, FoundBy::PartOfName | FoundBy::WholeName))
        .collect())
}

/// The facts of one client's account, with every source that vouches for them.
pub(crate) async fn facts(
    asked: &mut Asked<'_>,
    client: &ClientNo,
    with: Part,
) -> Result<AccountFacts, Failure> {
    let as_of = asked
        .moment
        .as_of
        .unwrap_or_else(|| asked.moment.now.date_naive());
    let query = AccountQuery {
        client: client.clone(),
        as_of,
        with,
    };
    let mut facts = asked
        .view
        .account(&query)
        .await?
        .ok_or_else(|| UserError::unknown(format!("There is no client {}.", client.short())))?;
    asked.about = Some(facts.client.no.clone());
    if !asked.asker.may_see(&facts.client) {
        return Err(out_of_reach(asked.settings, asked.asker, &facts.client).into());
    }
    for item in &mut facts.items {
        let zone = asked.settings.house.of_entity(&item.entity).zone;
        item.gone = item.gone.map(|gone| gone.in_zone(zone));
    }
    facts.sources = sources::for_account(&mut asked.view, asked.settings, &facts).await?;
    Ok(facts)
}

fn nobody(typed: &str) -> UserError {
    UserError::unknown(format!(
        "No client matches “{}”. Try the number, e-mail, phone, paddle, or another part of the name.",
        text::clean(typed, 60)
    ))
}

/// The text, bounded and without what could deceive.
pub(crate) fn searchable(typed: &str) -> Result<String, UserError> {
    let cleaned = text::clean(typed, LONGEST_SEARCH);
    if cleaned.trim().is_empty() {
        return Err(UserError::malformed(
            "Say which client: a number, e-mail, phone, paddle or name.",
        ));
    }
    Ok(cleaned)
}

/// B0: the account exists, but not for this asker. Confidential clients and other regions read alike.
pub(crate) fn out_of_reach(settings: &Settings, asker: &Asker, client: &Client) -> UserError {
    let team = match (&client.location, client.confidentiality) {
        (Some(location), Confidentiality::Normal) if !asker.covers(Some(location)) => settings
            .house
            .location(location)
            .map(|location| location.team.clone()),
        _ => None,
    };
    UserError::refused(match team {
        Some(team) => format!("I cannot show this account here. Please ask {team}."),
        None => "I cannot show this account here. Please ask your manager.".to_owned(),
    })
}

/// A typed date, checked against what can be answered.
pub(crate) fn day(option: &str, typed: &str, now: DateTime<Utc>) -> Result<NaiveDate, UserError> {
    let shown = text::clean(typed, 30);
    let day = NaiveDate::parse_from_str(typed.trim(), "%Y-%m-%d").map_err(|_| {
        UserError::malformed(format!(
            "{option}: “{shown}” is not a date. Write it like 2026-03-31."
        ))
    })?;
    let (first, last) = (NaiveDate::from_ymd_opt(1990, 1, 1), now.date_naive().succ_opt());
    if first.is_some_and(|first| day < first) {
        return Err(UserError::malformed(format!(
            "{option}: {shown} is before any ledger here. Give a day since 1990."
        )));
    }
    if last.is_some_and(|last| day > last) {
        return Err(UserError::malformed(format!(
            "{option}: {shown} is still to come. Give today or an earlier day."
        )));
    }
    Ok(day)
}

/// `24001/45` or `24001 / 45A`.
pub(crate) fn lot_key(typed: &str) -> Option<LotKey> {
    let (sale, lot) = typed.split_once('/')?;
    let (sale, lot) = (sale.trim(), lot.trim());
    let fits = |part: &str| {
        !part.is_empty()
            && part.len() <= 32
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    (fits(sale) && fits(lot)).then(|| LotKey {
        sale: SaleNo::new(sale),
        lot: LotNo::new(lot),
    })
}

/// The invoices of a number, newest first; several entities and years may have one each.
pub(crate) fn narrow_invoices(
    mut invoices: Vec<Invoice>,
    entity: Option<&str>,
    year: Option<i64>,
) -> Vec<Invoice> {
    invoices.retain(|invoice| {
        entity.is_none_or(|entity| invoice.key.entity.as_str() == entity)
            && year.is_none_or(|year| invoice.key.year == year)
    });
    invoices.sort_by(|a, b| (b.issued_on, &a.key).cmp(&(a.issued_on, &b.key)));
    invoices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_must_be_a_real_one_that_has_been() {
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        assert_eq!(day("as_of", "2026-03-31", now).unwrap().to_string(), "2026-03-31");
        let sentence = |typed: &str| day("as_of", typed, now).expect_err("refused").to_string();
        assert_eq!(
            sentence("31.3."),
            "as_of: “31.3.” is not a date. Write it like 2026-03-31."
        );
        assert_eq!(
            sentence("2026-02-30"),
            "as_of: “2026-02-30” is not a date. Write it like 2026-03-31."
        );
        assert_eq!(
            sentence("0001-01-01"),
            "as_of: 0001-01-01 is before any ledger here. Give a day since 1990."
        );
        assert_eq!(
            sentence("9999-01-01"),
            "as_of: 9999-01-01 is still to come. Give today or an earlier day."
        );
    }

    #[test]
    fn a_lot_is_named_by_its_sale_and_number() {
        assert_eq!(
            lot_key("24001/45A").map(|key| key.to_string()).as_deref(),
            Some("24001/45A")
        );
        assert_eq!(
            lot_key(" 24001 / 45 ").map(|key| key.to_string()).as_deref(),
            Some("24001/45")
        );
        assert_eq!(
            ["24001", "/45", "a/b/c", "x/<b>"].map(lot_key),
            [None, None, None, None]
        );
    }
}

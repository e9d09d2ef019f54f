//! `/release`: which lots are meant, and what is decided of them.
//!
//! What was typed may be a lot, an invoice or a client; where it may be several, the asker chooses. How the
//! decision reads is in `card`, what a program reads of it in `data`.

mod card;
mod data;

pub use self::card::reply;
use crate::Asked;
use crate::errors::{Failure, UserError};
use crate::grammar::ReleaseArgs;
use crate::lookup::{self, Meaning};
use hammerdesk_domain::facts::AccountFacts;
use hammerdesk_domain::ids::{ClientNo, InvoiceNo, LotKey, SaleNo};
use hammerdesk_domain::message::{Action, Menu, Outcome, Reply};
use hammerdesk_domain::model::Client;
use hammerdesk_domain::release::{ReleaseQuestion, decide};
use hammerdesk_domain::text::clean;
use hammerdesk_store::{Lots, Part};

/// Invoices that are offered where several have a number.
const CHOICES: usize = 5;

/// Finds what is meant, reads the account and decides.
pub(crate) async fn answer(asked: &mut Asked<'_>, args: &ReleaseArgs) -> Result<Reply, Failure> {
    let typed = args.what.join(" ");
    if let Some(number) = &args.invoice {
        let found = of_invoice(asked, number, args.client.as_deref(), true).await?;
        return found.ok_or_else(|| {
            let number = clean(number, 40);
            UserError::unknown(format!("There is no invoice {number} that you may see.")).into()
        });
    }
    if args.client.is_none() {
        if let Some(lot) = lookup::lot_key(&typed) {
            return of_lot(asked, lot).await;
        }
        if let Some(reply) = of_invoice(asked, &typed, None, false).await? {
            return Ok(reply);
        }
    }
    let typed = args.client.clone().unwrap_or(typed);
    let tail = args
        .sale
        .as_ref()
        .map_or(String::new(), |sale| format!(" sale:\"{sale}\""));
    let no = match lookup::client(asked, &typed, |no| format!("/release client:{no}{tail}")).await? {
        Meaning::One(no) => no,
        Meaning::Choice(choice) => return Ok(*choice),
    };
    let lots = args
        .sale
        .as_deref()
        .map_or(Lots::All, |sale| Lots::Sale(SaleNo::from(sale)));
    let facts = lookup::facts(asked, &no, Part::Release { lots }).await?;
    Ok(decided(asked, &facts, &ReleaseQuestion::Client))
}

async fn of_lot(asked: &mut Asked<'_>, key: LotKey) -> Result<Reply, Failure> {
    let lot = asked.view.lot(&key).await?.ok_or_else(|| {
        UserError::unknown(format!(
            "There is no lot {key}. Write it as sale/lot, like 24001/45."
        ))
    })?;
    let Some(buyer) = lot.buyer else {
        return Err(UserError::unknown(format!(
            "Lot {key} has no buyer on record, so there is nothing to release."
        ))
        .into());
    };
    let facts = lookup::facts(
        asked,
        &buyer,
        Part::Release {
            lots: Lots::Lot(key.clone()),
        },
    )
    .await?;
    Ok(decided(asked, &facts, &ReleaseQuestion::Lot(key)))
}

/// The answer for an invoice number; `None` where no invoice has it. A number that several clients' invoices
/// have is asked back, and so is one that a client has as well, unless it was said to be an invoice's.
async fn of_invoice(
    asked: &mut Asked<'_>,
    typed: &str,
    of: Option<&str>,
    exactly: bool,
) -> Result<Option<Reply>, Failure> {
    let mut invoices = lookup::narrow_invoices(asked.view.invoices_numbered(typed.trim()).await?, None, None);
    if let Some(of) = of.and_then(ClientNo::parse) {
        invoices.retain(|invoice| invoice.client == of);
    }
    let mut clients: Vec<Client> = Vec::new();
    for invoice in &invoices {
        if clients.iter().all(|known| known.no != invoice.client) {
            clients.extend(asked.view.client(&invoice.client).await?);
        }
    }
    clients.retain(|client| asked.asker.may_see(client));
    if !clients.is_empty() {
        invoices.retain(|invoice| clients.iter().any(|client| client.no == invoice.client));
    }
    let Some(first) = invoices.first().cloned() else {
        return Ok(None);
    };
    let also_client = match ClientNo::parse(typed).filter(|_| !exactly) {
        Some(no) => asked
            .view
            .client(&no)
            .await?
            .filter(|client| asked.asker.may_see(client)),
        None => None,
    };
    if clients.len() > 1 || also_client.is_some() {
        return Ok(Some(which(&first.key.number, &clients, also_client.as_ref())));
    }
    // Numbers restart each year: where one client has several of that number, all of them are told.
    let lots = if invoices.len() > 1 {
        Lots::All
    } else {
        Lots::Invoice(first.key.clone())
    };
    let facts = lookup::facts(asked, &first.client, Part::Release { lots }).await?;
    Ok(Some(decided(
        asked,
        &facts,
        &ReleaseQuestion::Invoice(first.key.number),
    )))
}

/// Which of the things that have that number is meant.
fn which(number: &InvoiceNo, clients: &[Client], also_client: Option<&Client>) -> Reply {
    let said = match also_client {
        Some(_) => "An invoice and a client have that number. Which one?",
        None => "Invoices of several clients have that number. Which one?",
    };
    let mut reply = Reply::sentence(Outcome::Choose, said);
    let invoices = clients.iter().take(CHOICES).map(|client| {
        Action::ask(
            format!("Invoice {number} · {}", client.name),
            format!("/release invoice:\"{number}\" client:{}", client.no),
        )
    });
    let as_client = also_client.map(|client| {
        Action::ask(
            format!("Client {} · {}", client.no.short(), client.name),
            format!("/release client:{}", client.no),
        )
    });
    reply.menu = Some(Menu {
        prompt: "Which one?".to_owned(),
        options: invoices.chain(as_client).collect(),
    });
    reply
}

fn decided(asked: &Asked<'_>, facts: &AccountFacts, question: &ReleaseQuestion) -> Reply {
    reply(
        &decide(facts, asked.asker, &asked.settings.house, question, asked.moment),
        asked.asker,
    )
}

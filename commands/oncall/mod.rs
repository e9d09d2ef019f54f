//! `/oncall ..`: who is on shift, who stands in, swaps, hand-overs, and a person's shifts as a calendar.
//!
//! What people change here stands beside the config from that moment on and outlives a restart; it is refused
//! where it would leave an escalation with nobody: a circle of covers, a person who is not there.

mod change;
pub(crate) mod people;
mod show;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use hammerdesk_domain::escalation::{Desk, rota::Rota};
use hammerdesk_domain::message::Reply;
use hammerdesk_domain::text::clean;
use hammerdesk_store::View;

use crate::Asked;
use crate::errors::{Failure, UserError};
use crate::grammar::OncallAsk;
use crate::settings::Settings;
use crate::ticket::{Changing, Done};

pub use show::calendar;

/// What only reads.
pub(crate) async fn answer(asked: &mut Asked<'_>, ask: &OncallAsk) -> Result<Reply, Failure> {
    match ask {
        OncallAsk::Show(args) => show::answer(asked, args).await,
        OncallAsk::Calendar(args) => show::file(asked, args).await,
        _ => Err(Failure::Broken("a change was asked as a question".to_owned())),
    }
}

/// What changes something.
pub(crate) async fn change(changing: &mut Changing<'_>, ask: &OncallAsk) -> Result<Done, Failure> {
    match ask {
        OncallAsk::Cover(args) => change::cover(changing, args).await,
        OncallAsk::Swap(args) => change::swap(changing, args).await,
        OncallAsk::Handover(args) => change::handover(changing, args).await,
        OncallAsk::Undo(args) => change::undo(changing, args).await,
        OncallAsk::Show(_) | OncallAsk::Calendar(_) => {
            Err(Failure::Broken("a question was asked as a change".to_owned()))
        }
    }
}

fn configured(settings: &Settings) -> Result<&Arc<Desk>, UserError> {
    settings.desk.as_ref().ok_or_else(|| {
        UserError::refused(
            "There are no rotas yet. Your administrator sets them up under [[rotas]] in the config.",
        )
    })
}

/// The desk with what people changed since.
async fn desk(view: &mut View, settings: &Settings, now: DateTime<Utc>) -> Result<Desk, Failure> {
    let changes = view.desk_changes(now).await?;
    Ok(configured(settings)?.amended(&changes))
}

fn rota<'a>(desk: &'a Desk, typed: &str) -> Result<&'a Rota, UserError> {
    let wanted = typed.trim().to_lowercase();
    desk.rota(&wanted)
        .or_else(|| desk.rotas().find(|rota| rota.id.to_lowercase() == wanted))
        .ok_or_else(|| {
            let known: Vec<&str> = desk.rotas().map(|rota| rota.id.as_str()).collect();
            UserError::unknown(if known.is_empty() {
                "There are no rotas yet. Your administrator sets them up under [[rotas]] in the config."
                    .to_owned()
            } else {
                format!(
                    "There is no rota “{}”. There are {}.",
                    clean(typed, 40),
                    known.join(", ")
                )
            })
        })
}

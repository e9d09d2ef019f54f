//! The facts about an account at one moment, for what is kept with an escalation: the same answer that
//! `/balance` gives to programs, with its as-of.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use hammerdesk_domain::access::{Asker, Permission, Role, Scope};
use hammerdesk_domain::balance::{BalanceQuestion, decide};
use hammerdesk_domain::facts::Moment;
use hammerdesk_domain::ids::{ClientNo, PersonId};
use hammerdesk_store::{Part, View};

use crate::errors::Failure;
use crate::settings::Settings;
use crate::{Asked, balance, lookup};

/// Whoever reads escalations has the rights to the account; restricted holds are for compliance alone, and
/// nothing kept for others may hold them.
fn reader() -> Asker {
    let permissions: Vec<Permission> = Permission::ALL
        .iter()
        .copied()
        .filter(|permission| *permission != Permission::RestrictedHolds)
        .collect();
    Asker {
        id: PersonId::new("escalations"),
        name: "Escalations".to_owned(),
        role: Arc::new(Role::new("escalations", "Escalations", &permissions)),
        scope: Scope::All,
    }
}

/// What is known of an account now; `None` where it cannot be said, which is no reason to wait.
pub async fn snapshot(
    view: View,
    settings: &Settings,
    client: &ClientNo,
    now: DateTime<Utc>,
) -> Option<serde_json::Value> {
    match read(view, settings, client, now).await {
        Ok(facts) => Some(facts),
        Err(Failure::User(_)) => None,
        Err(error) => {
            tracing::warn!(%error, "an escalation is kept without the facts of its account");
            None
        }
    }
}

async fn read(
    view: View,
    settings: &Settings,
    client: &ClientNo,
    now: DateTime<Utc>,
) -> Result<serde_json::Value, Failure> {
    let asker = reader();
    let mut asked = Asked {
        asker: &asker,
        settings,
        view,
        moment: Moment { now, as_of: None },
        about: None,
    };
    let facts = lookup::facts(&mut asked, client, Part::Balance).await?;
    let question = BalanceQuestion {
        bands: settings.ageing()?,
        ..BalanceQuestion::default()
    };
    let answer = decide(&facts, &asker, &settings.house, &question, asked.moment);
    Ok(balance::reply(&answer, &asker).facts)
}

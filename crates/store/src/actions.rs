//! What the buttons in answers do. A button carries an opaque id; what it runs is remembered here, so that
//! it works after a restart.

use chrono::{DateTime, Utc};
use hammerdesk_domain::ids::ActionId;
use sqlx::types::Json;

use crate::engine::{Unit, View, run, statements};
use crate::error::Result;

statements! {
    REMEMBER = "INSERT INTO action (id, run, form, made_at) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING";
    ACTION = "SELECT run, form FROM action WHERE id = $1";
    FORGET = "DELETE FROM action WHERE made_at < $1";
}

/// What a button runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// Its id.
    pub id: ActionId,
    /// The command, as it would be typed.
    pub run: String,
    /// The form that is filled in first.
    pub form: Option<serde_json::Value>,
}

impl Unit {
    /// Remembers actions; one that is known already stays as it is.
    pub async fn remember_actions(&mut self, actions: &[Action], at: DateTime<Utc>) -> Result<()> {
        for action in actions {
            run!(self, |c| sqlx::query(REMEMBER)
                .bind(action.id.as_str())
                .bind(action.run.as_str())
                .bind(action.form.as_ref().map(Json))
                .bind(at)
                .execute(c)
                .await
                .map(|_| ()))?;
        }
        Ok(())
    }

    /// Forgets the actions made before an instant; gives how many.
    pub async fn forget_actions(&mut self, before: DateTime<Utc>) -> Result<u64> {
        Ok(run!(self, |c| sqlx::query(FORGET)
            .bind(before)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?)
    }
}

impl View {
    /// What a button runs; `None` where nobody remembers.
    pub async fn action(&mut self, id: &ActionId) -> Result<Option<Action>> {
        let row: Option<(String, Option<Json<serde_json::Value>>)> = run!(self, |c| sqlx::query_as(ACTION)
            .bind(id.as_str())
            .fetch_optional(c)
            .await)?;
        Ok(row.map(|(run, form)| Action {
            id: id.clone(),
            run,
            form: form.map(|form| form.0),
        }))
    }
}

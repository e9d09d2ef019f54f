//! What was asked and what we said: every answer can be shown again in a dispute.

use chrono::{DateTime, Utc};
use hammerdesk_domain::ids::{ClientNo, PersonId};
use serde::Serialize;
use sqlx::AssertSqlSafe;
use sqlx::types::Json;
use uuid::Uuid;

use crate::engine::{Unit, View, run, statements};
use crate::error::Result;

/// Answers that one statement takes.
const AT_ONCE: usize = 50;
const COLUMNS: usize = 10;

statements! {
    ANSWERS = "SELECT id, asked_at, who, place, command, client, outcome, facts, text, sources FROM answer_log \
        WHERE asked_at < $1 ORDER BY asked_at DESC, id DESC LIMIT $2";
    ANSWERS_ABOUT = "SELECT id, asked_at, who, place, command, client, outcome, facts, text, sources FROM answer_log \
        WHERE client = $3 AND asked_at < $1 ORDER BY asked_at DESC, id DESC LIMIT $2";
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Its id, by the clock.
    pub id: Uuid,
    /// When it was asked.
    pub asked_at: DateTime<Utc>,
    /// By whom.
    pub who: PersonId,
    /// Where: platform and channel.
    pub place: String,
    /// The command as it was understood.
    pub command: String,
    /// The client it was about.
    pub client: Option<ClientNo>,
    /// `answered`, `choose`, `refused`, `unknown`, `stale` or `error`.
    pub outcome: String,
    /// The machine-readable form.
    pub facts: serde_json::Value,
    /// What the person read.
    pub text: String,
    /// How old each source was.
    pub sources: serde_json::Value,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    asked_at: DateTime<Utc>,
    who: String,
    place: String,
    command: String,
    client: Option<String>,
    outcome: String,
    facts: Json<serde_json::Value>,
    text: String,
    sources: Json<serde_json::Value>,
}

impl From<Row> for Answer {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            asked_at: row.asked_at,
            who: row.who.into(),
            place: row.place,
            command: row.command,
            client: row.client.and_then(|no| ClientNo::parse(&no)),
            outcome: row.outcome,
            facts: row.facts.0,
            text: row.text,
            sources: row.sources.0,
        }
    }
}

impl Unit {
    /// Notes answers, many in one statement.
    pub async fn log_answers(&mut self, answers: &[Answer]) -> Result<()> {
        for some in answers.chunks(AT_ONCE) {
            run!(self, |c| {
                let mut query = sqlx::query(AssertSqlSafe(log_sql(some.len())));
                for answer in some {
                    query = query
                        .bind(answer.id)
                        .bind(answer.asked_at)
                        .bind(answer.who.as_str())
                        .bind(answer.place.as_str())
                        .bind(answer.command.as_str())
                        .bind(answer.client.as_ref().map(ClientNo::as_str))
                        .bind(answer.outcome.as_str())
                        .bind(Json(&answer.facts))
                        .bind(answer.text.as_str())
                        .bind(Json(&answer.sources));
                }
                query.execute(c).await.map(|_| ())
            })?;
        }
        Ok(())
    }
}

impl View {
    /// Answers given before an instant, the newest first, about one client or about all.
    pub async fn answers(
        &mut self,
        about: Option<&ClientNo>,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Answer>> {
        let limit = i64::from(limit);
        let rows: Vec<Row> = match about {
            Some(client) => run!(self, |c| sqlx::query_as(ANSWERS_ABOUT)
                .bind(before)
                .bind(limit)
                .bind(client.as_str())
                .fetch_all(c)
                .await)?,
            None => run!(self, |c| sqlx::query_as(ANSWERS)
                .bind(before)
                .bind(limit)
                .fetch_all(c)
                .await)?,
        };
        Ok(rows.into_iter().map(Answer::from).collect())
    }
}

/// The insert for so many answers.
pub(crate) fn log_sql(answers: usize) -> String {
    let row = |n: usize| {
        let places: Vec<String> = (1..=COLUMNS).map(|at| format!("${}", n * COLUMNS + at)).collect();
        format!("({})", places.join(", "))
    };
    let rows: Vec<String> = (0..answers).map(row).collect();
    format!(
        "INSERT INTO answer_log (id, asked_at, who, place, command, client, outcome, facts, text, sources) VALUES {}",
        rows.join(", ")
    )
}

//! What customers said about how they were served.

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use crate::call::Call;
use crate::client::Client;
use crate::error::Error;
use crate::lenient::{Odd, Part, Text, entries, kind, record};
use crate::page::Page;
use crate::tickets::{LARGEST_PAGE, instant, path};

record! {
    /// One filled-in survey.
    pub struct SatisfactionRating {
        @needs {
            /// `id`
            id: u64
        }
        /// `survey_id`
        survey_id: Option<u64>,
        /// `user_id` of the contact
        user_id: Option<u64>,
        /// `agent_id`
        agent_id: Option<u64>,
        /// `group_id`
        group_id: Option<u64>,
        /// `ticket_id`
        ticket_id: Option<u64>,
        /// `feedback`, the customer's words
        feedback: Option<Text>,
        /// `ratings`
        ratings: Option<Ratings>,
        /// `created_at`
        created_at: Option<DateTime<Utc>>,
        /// `updated_at`
        updated_at: Option<DateTime<Utc>>,
    }
}

/// The answers by question: from 103, extremely happy, over 100, neutral, to -103, extremely unhappy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ratings(Vec<(String, i64)>);

impl Ratings {
    /// The answer to `default_question`.
    pub fn overall(&self) -> Option<i64> {
        self.to("default_question")
    }

    /// The answer to a question, such as `question_8000003214`.
    pub fn to(&self, question: &str) -> Option<i64> {
        self.0
            .iter()
            .find(|(name, _)| name == question)
            .map(|(_, answer)| *answer)
    }
}

impl Part for Ratings {
    fn part(raw: &RawValue, path: &str, odd: &mut Vec<Odd>) -> Option<Self> {
        if kind(raw) != "an object" {
            odd.push(Odd {
                field: path.to_owned(),
                found: kind(raw),
            });
            return None;
        }
        let entries = entries(raw, path, odd);
        let mut answers = Vec::with_capacity(entries.len());
        for (question, raw) in entries {
            let answer = <Option<i64> as crate::lenient::Field>::field(
                Some(raw),
                &format!("{path}.{}", question.as_str()),
                odd,
            );
            answers.extend(answer.map(|answer| (question.into_string(), answer)));
        }
        Some(Self(answers))
    }
}

impl Client {
    /// The ratings of one ticket: `GET /tickets/{id}/satisfaction_ratings`.
    pub async fn satisfaction_of(&self, ticket: u64) -> Result<Page<SatisfactionRating>, Error> {
        self.one_page("list a ticket's ratings", path(ticket, "satisfaction_ratings"), 1)
            .await
    }

    /// One page of all ratings since: `GET /surveys/satisfaction_ratings`.
    pub async fn satisfaction_since(
        &self,
        since: DateTime<Utc>,
        page: u32,
    ) -> Result<Page<SatisfactionRating>, Error> {
        let call = Call::get("list ratings", "surveys/satisfaction_ratings")
            .with("created_since", instant(since))
            .with("per_page", LARGEST_PAGE.to_string())
            .with("page", page.max(1).to_string());
        let answer = self.send(call).await?;
        Ok(Page::of(answer.listing()?, answer.next_page(), u32::MAX))
    }
}

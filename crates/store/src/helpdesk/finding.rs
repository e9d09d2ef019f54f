//! Finding tickets: by words, by the beginning of a number, by whose queue they stand in.
//!
//! Who may see a ticket is decided by whoever asks, so each of these goes on behind a ticket: what is hidden
//! from somebody does not use up the places of what is not.

use hammerdesk_domain::helpdesk::TicketId;

use crate::engine::{View, run, statements};
use crate::error::Result;

/// So many words of a search count.
pub const SEARCHED_WORDS: usize = 4;

macro_rules! says {
    ($word:literal) => {
        concat!(
            "(lower(t.subject) LIKE ",
            $word,
            " ESCAPE '!' OR lower(r.name) LIKE ",
            $word,
            " ESCAPE '!' OR r.email LIKE ",
            $word,
            " ESCAPE '!')"
        )
    };
}

statements! {
    SEARCH = concat!(
        "SELECT t.ticket FROM ticket t LEFT JOIN helpdesk_record r ON r.kind = 'contact' AND r.id = t.requester \
        WHERE t.gone = '' AND t.ticket < $1 AND ", says!("$2"), " AND ", says!("$3"), " AND ", says!("$4"), " AND ",
        says!("$5"), " ORDER BY t.ticket DESC LIMIT $6"
    );
    // Numbers that begin with the typed digits, one range for each length that a number may have.
    NUMBERED = "SELECT ticket FROM ticket WHERE gone = '' AND ticket < $1 AND ((ticket >= $2 AND ticket < $3) OR \
        (ticket >= $4 AND ticket < $5) OR (ticket >= $6 AND ticket < $7) OR (ticket >= $8 AND ticket < $9) OR \
        (ticket >= $10 AND ticket < $11)) ORDER BY ticket DESC LIMIT $12";
    QUEUE = "SELECT ticket FROM ticket WHERE gone = '' AND merged_into IS NULL AND responder = $1 \
        AND status NOT IN (4, 5) ORDER BY priority DESC, created_at, ticket LIMIT $2";
    NOBODYS = "SELECT ticket FROM ticket WHERE gone = '' AND merged_into IS NULL AND responder IS NULL \
        AND status NOT IN (4, 5) ORDER BY priority DESC, created_at, ticket LIMIT $1";
}

/// A word as a pattern that finds it anywhere.
fn anywhere(word: &str) -> String {
    let mut pattern = String::from("%");
    for c in word.to_lowercase().chars().filter(|c| *c != '\0') {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

fn tickets(ids: Vec<i64>) -> Vec<TicketId> {
    ids.into_iter().map(TicketId).collect()
}

impl View {
    /// Tickets in whose subject, sender's name or address every one of the words stands, newest first, from
    /// the one below `before`. Case counts for letters beyond ASCII where the engine folds no others.
    pub async fn search_tickets(
        &mut self,
        words: &[String],
        before: i64,
        limit: i64,
    ) -> Result<Vec<TicketId>> {
        let mut patterns: Vec<String> = words
            .iter()
            .take(SEARCHED_WORDS)
            .map(|word| anywhere(word))
            .collect();
        let Some(first) = patterns.first().cloned() else {
            return Ok(Vec::new());
        };
        // A shorter list repeats its first word.
        patterns.resize(SEARCHED_WORDS, first);
        let ids: Vec<i64> = run!(self, |c| {
            let mut query = sqlx::query_scalar(SEARCH).bind(before);
            for pattern in &patterns {
                query = query.bind(pattern.as_str());
            }
            query.bind(limit).fetch_all(c).await
        })?;
        Ok(tickets(ids))
    }

    /// Tickets whose number is that one or begins with it, newest first, from the one below `before`.
    pub async fn tickets_numbered(&mut self, start: i64, before: i64, limit: i64) -> Result<Vec<TicketId>> {
        let mut ranges = vec![(start, start.saturating_add(1))];
        for digits in 1..5_u32 {
            let times = 10_i64.pow(digits);
            ranges.push((
                start.saturating_mul(times),
                start.saturating_add(1).saturating_mul(times),
            ));
        }
        let ids: Vec<i64> = run!(self, |c| {
            let mut query = sqlx::query_scalar(NUMBERED).bind(before);
            for (from, to) in &ranges {
                query = query.bind(*from).bind(*to);
            }
            query.bind(limit).fetch_all(c).await
        })?;
        Ok(tickets(ids))
    }

    /// The open tickets of an agent, or of nobody, the most urgent first, then the oldest.
    pub async fn ticket_queue(&mut self, agent: Option<i64>, limit: i64) -> Result<Vec<TicketId>> {
        let ids: Vec<i64> = match agent {
            Some(agent) => run!(self, |c| sqlx::query_scalar(QUEUE)
                .bind(agent)
                .bind(limit)
                .fetch_all(c)
                .await)?,
            None => run!(self, |c| sqlx::query_scalar(NOBODYS)
                .bind(limit)
                .fetch_all(c)
                .await)?,
        };
        Ok(tickets(ids))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_that_is_typed_is_a_letter() {
        assert_eq!(anywhere("50%_O!"), "%50!%!_o!!%");
    }
}

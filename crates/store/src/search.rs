//! Finding clients: exact numbers, addresses and aliases first, then the words of names.

use hammerdesk_domain::ids::ClientNo;
use hammerdesk_domain::model::{Alias, AliasKind, Client};
use hammerdesk_domain::text;

use crate::engine::{View, run, statements};
use crate::error::Result;
use crate::rows::{rows, selects};

/// How many rows of one word are looked at.
const SCAN: i64 = 2_000;

statements! {
    BY_ALIAS = "SELECT client, kind, value FROM alias WHERE folded = $1 AND kind <> 'name' ORDER BY kind, client LIMIT $2";
    HOW_MANY = "SELECT count(*) FROM (SELECT 1 FROM name_token WHERE token >= $1 AND token < $2 LIMIT $3) n";
    BY_TOKEN = "SELECT token, client, place FROM name_token WHERE token >= $1 AND token < $2 ORDER BY token, place LIMIT $3";
    TOKENS_OF = "SELECT token, place FROM name_token WHERE client = $1";
}

selects! {
    ALIASES = Alias "WHERE t.client = $1 AND NOT (t.kind = 'name' AND t.value = (SELECT c.name FROM client c \
        WHERE c.client = $1)) ORDER BY t.kind, t.value, t.sale";
    FOUND_CLIENT = Client "WHERE t.client = $1";
}

/// What to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientQuery {
    /// As typed.
    pub text: String,
    /// How many at most.
    pub limit: usize,
}

/// By what a client was found, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Matched {
    /// The number, with or without its zeros.
    Number,
    /// An e-mail address, phone number, paddle or foreign id, exactly.
    Alias(AliasKind),
    /// Every word is a whole word of a name.
    Words,
    /// Every word begins a word of a name.
    Beginnings,
}

/// A client that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The client.
    pub client: Client,
    /// By what.
    pub matched: Matched,
    /// The number, alias or name that fits.
    pub on: String,
    /// Higher fits better; comparable within one answer only.
    pub score: i64,
}

/// The searchable words of a name and where in it each stands.
pub(crate) fn placed_tokens(name: &str) -> Vec<(String, i64)> {
    let folded = text::fold(name);
    let words: Vec<&str> = folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    text::tokens(name)
        .into_iter()
        .map(|token| {
            let whole = words.iter().position(|word| *word == token);
            let place = whole
                .or_else(|| words.iter().position(|word| word.ends_with(&token)))
                .unwrap_or(words.len());
            (token, i64::try_from(place).unwrap_or(99).min(99))
        })
        .collect()
}

/// The digits of a phone number, an international prefix `00` written as nothing.
pub(crate) fn digits(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    digits.strip_prefix("00").unwrap_or(&digits).to_owned()
}

/// The least text that is greater than everything beginning with this one.
fn after(prefix: &str) -> String {
    format!("{prefix}\u{10FFFF}")
}

impl View {
    /// Clients that fit, the best first. Nobody's scope is looked at here.
    pub async fn search_clients(&mut self, query: &ClientQuery) -> Result<Vec<Found>> {
        let typed = query.text.trim();
        let mut hits: Vec<(String, Matched, String, i64)> = Vec::new();
        if let Some(no) = ClientNo::parse(typed) {
            hits.push((
                no.as_str().to_owned(),
                Matched::Number,
                no.short().to_owned(),
                1_000_000,
            ));
        }
        self.by_alias(typed, query.limit, &mut hits).await?;
        let words: Vec<String> = {
            let folded = text::fold(typed);
            folded
                .split(|c: char| !c.is_alphanumeric())
                .filter(|w| !w.is_empty())
                .map(str::to_owned)
                .collect()
        };
        if !words.is_empty() {
            self.by_words(&words, &mut hits).await?;
        }
        hits.sort_by(|a, b| b.3.cmp(&a.3).then_with(|| a.0.cmp(&b.0)));
        let mut found: Vec<Found> = Vec::new();
        for (no, matched, on, score) in hits {
            if found.len() >= query.limit {
                break;
            }
            if found.iter().any(|found| found.client.no.as_str() == no) {
                continue;
            }
            let client: Vec<Client> = rows!(self, FOUND_CLIENT, no.as_str())?;
            if let Some(client) = client.into_iter().next() {
                let on = if on.is_empty() { client.name.clone() } else { on };
                found.push(Found {
                    client,
                    matched,
                    on,
                    score,
                });
            }
        }
        Ok(found)
    }

    async fn by_alias(
        &mut self,
        typed: &str,
        limit: usize,
        hits: &mut Vec<(String, Matched, String, i64)>,
    ) -> Result<()> {
        let limit = i64::try_from(limit).unwrap_or(100);
        let number = digits(typed);
        let looks_like_phone = number.len() >= 6
            && typed
                .chars()
                .all(|c| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '(' | ')' | '.' | '/'));
        let mut forms = vec![text::fold(typed)];
        if looks_like_phone && number != forms[0] {
            forms.push(number);
        }
        for form in forms.into_iter().filter(|form| !form.is_empty()) {
            let rows: Vec<(String, String, String)> = run!(self, |c| sqlx::query_as(BY_ALIAS)
                .bind(form.as_str())
                .bind(limit)
                .fetch_all(c)
                .await)?;
            for (client, kind, value) in rows {
                if let Ok(kind) = kind.parse::<AliasKind>() {
                    hits.push((client, Matched::Alias(kind), value, 900_000));
                }
            }
        }
        Ok(())
    }

    /// The rarest word leads; the others are looked up for each client that it finds.
    async fn by_words(
        &mut self,
        words: &[String],
        hits: &mut Vec<(String, Matched, String, i64)>,
    ) -> Result<()> {
        let mut rarest: Option<(i64, &String)> = None;
        for word in words {
            let count: i64 = run!(self, |c| sqlx::query_scalar(HOW_MANY)
                .bind(word.as_str())
                .bind(after(word))
                .bind(SCAN)
                .fetch_one(c)
                .await)?;
            if rarest.is_none_or(|(least, longest)| (count, longest.len()) < (least, word.len())) {
                rarest = Some((count, word));
            }
        }
        let Some((_, lead)) = rarest else { return Ok(()) };
        let candidates: Vec<(String, String, i64)> = run!(self, |c| sqlx::query_as(BY_TOKEN)
            .bind(lead.as_str())
            .bind(after(lead))
            .bind(SCAN)
            .fetch_all(c)
            .await)?;
        let mut last = std::collections::HashSet::new();
        for (token, client, place) in candidates {
            if !last.insert(client.clone()) {
                continue;
            }
            let tokens: Vec<(String, i64)> = if words.len() == 1 {
                vec![(token, place)]
            } else {
                run!(self, |c| sqlx::query_as(TOKENS_OF)
                    .bind(client.as_str())
                    .fetch_all(c)
                    .await)?
            };
            if let Some((score, whole)) = rank(words, &tokens) {
                let matched = if whole {
                    Matched::Words
                } else {
                    Matched::Beginnings
                };
                hits.push((client, matched, String::new(), score));
            }
        }
        Ok(())
    }

    /// The other names of a client, without spellings that equal its name.
    pub async fn aliases(&mut self, client: &ClientNo) -> Result<Vec<Alias>> {
        rows!(self, ALIASES, client.as_str())
    }
}

/// How well a name fits: whole words before beginnings, early words before late ones. `None` where a word
/// of the query begins no word of the name.
fn rank(words: &[String], tokens: &[(String, i64)]) -> Option<(i64, bool)> {
    let mut score = 0;
    let mut whole = true;
    for word in words {
        let exact = tokens
            .iter()
            .filter(|(token, _)| token == word)
            .map(|(_, place)| *place)
            .min();
        let prefix = tokens
            .iter()
            .filter(|(token, _)| token.starts_with(word))
            .map(|(_, place)| *place)
            .min();
        match (exact, prefix) {
            (Some(place), _) => score += 1_000 - place.min(500),
            (None, Some(place)) => {
                whole = false;
                score += 500 - place.min(400);
            }
            (None, None) => return None,
        }
    }
    Some((score, whole))
}

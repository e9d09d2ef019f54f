//! Finding clients: exact numbers, addresses and aliases first, then the words of names.

use std::collections::{HashMap, HashSet};

use hammerdesk_domain::ids::ClientNo;
use hammerdesk_domain::model::{Alias, AliasKind, Client};
use hammerdesk_domain::text;

use crate::engine::{View, run, statements};
use crate::error::Result;
use crate::rows::{rows, selects};

/// Where a word stands: first of the name, later in it, or in another name of the client.
pub(crate) const FIRST: i64 = 0;
const LATER: i64 = 1;
pub(crate) const OTHER_NAME: i64 = 2;

/// How many rows of the rarest word are looked at before anything was found, and at most.
const SCAN: i64 = 500;
const DEEP_SCAN: i64 = 30_000;
/// With so many found nobody waits for a deeper look: another letter narrows better than a longer list.
const FEW: usize = 10;
/// How many fitting clients are ranked at a time.
const RANKED: i64 = 30;
/// Clients that one statement reads.
const CLIENTS_AT_ONCE: usize = 10;

macro_rules! fitting {
    ($others:expr) => {
        concat!(
            "SELECT k.client, t.token, t.place FROM (SELECT n.client FROM (SELECT client, token FROM name_token \
             WHERE place = $1 AND token >= $2 AND token < $3 ORDER BY token LIMIT $4) n WHERE TRUE ",
            $others,
            " LIMIT $5) k JOIN name_token t ON t.client = k.client"
        )
    };
}
macro_rules! with {
    ($from:literal, $to:literal) => {
        concat!(
            "AND EXISTS (SELECT 1 FROM name_token o WHERE o.client = n.client AND o.token >= ",
            $from,
            " AND o.token < ",
            $to,
            ") "
        )
    };
}

statements! {
    BY_ALIAS = "SELECT client, kind, value FROM alias WHERE folded IN ($1, $2, $3) AND kind <> 'name' \
        ORDER BY kind, client LIMIT $4";
    HOW_MANY = "SELECT (SELECT count(*) FROM (SELECT 1 FROM name_token WHERE place = 0 AND token >= $1 AND token < $2 \
        LIMIT $3) a) + (SELECT count(*) FROM (SELECT 1 FROM name_token WHERE place = 1 AND token >= $1 AND token < $2 \
        LIMIT $3) b) + (SELECT count(*) FROM (SELECT 1 FROM name_token WHERE place = 2 AND token >= $1 AND token < $2 \
        LIMIT $3) c)";
    WHOLE = "SELECT token, client, place FROM name_token WHERE place = $1 AND token = $2 ORDER BY client LIMIT $3";
    BEGINNING = "SELECT token, client, place FROM name_token WHERE place = $1 AND token > $2 AND token < $3 \
        ORDER BY token, client LIMIT $4";
    FITTING_2 = fitting!(with!("$6", "$7"));
    FITTING_3 = fitting!(concat!(with!("$6", "$7"), with!("$8", "$9")));
    FITTING_4 = fitting!(concat!(with!("$6", "$7"), with!("$8", "$9"), with!("$10", "$11")));
}

selects! {
    ALIASES = Alias "WHERE t.client = $1 AND NOT (t.kind = 'name' AND t.value = (SELECT c.name FROM client c \
        WHERE c.client = $1)) ORDER BY t.kind, t.value, t.sale";
    FOUND_CLIENTS = Client "WHERE t.client IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
}

/// A client that may fit, before it is read.
struct Hit {
    client: String,
    matched: Matched,
    on: String,
    score: i64,
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
    let first = folded
        .split(|c: char| !c.is_alphanumeric())
        .find(|word| !word.is_empty())
        .unwrap_or_default();
    let place = |token: &str| if token == first { FIRST } else { LATER };
    text::tokens(name)
        .into_iter()
        .map(|token| (place(&token), token))
        .map(|(place, token)| (token, place))
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
        let mut hits: Vec<Hit> = Vec::new();
        if let Some(no) = ClientNo::parse(typed) {
            let on = no.short().to_owned();
            hits.push(Hit {
                client: no.as_str().to_owned(),
                matched: Matched::Number,
                on,
                score: 1_000_000,
            });
        }
        self.by_alias(typed, query.limit, &mut hits).await?;
        let folded = text::fold(typed);
        let words: Vec<&str> = folded
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect();
        match words.as_slice() {
            [] => {}
            [word] => self.by_word(word, query.limit, &mut hits).await?,
            words => self.by_words(words, query.limit, &mut hits).await?,
        }
        hits.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.client.cmp(&b.client)));
        let mut known = HashSet::new();
        hits.retain(|hit| known.insert(hit.client.clone()));
        let mut found: Vec<Found> = Vec::new();
        for some in hits.chunks(CLIENTS_AT_ONCE) {
            if found.len() >= query.limit {
                break;
            }
            let mut clients = self.clients(some).await?;
            for hit in some {
                if let Some(client) = clients.remove(&hit.client) {
                    let on = if hit.on.is_empty() {
                        client.name.clone()
                    } else {
                        hit.on.clone()
                    };
                    found.push(Found {
                        client,
                        matched: hit.matched,
                        on,
                        score: hit.score,
                    });
                }
            }
        }
        found.truncate(query.limit);
        Ok(found)
    }

    async fn clients(&mut self, hits: &[Hit]) -> Result<HashMap<String, Client>> {
        let at = |n: usize| hits.get(n).map_or("", |hit| hit.client.as_str());
        let clients: Vec<Client> = rows!(
            self,
            FOUND_CLIENTS,
            at(0),
            at(1),
            at(2),
            at(3),
            at(4),
            at(5),
            at(6),
            at(7),
            at(8),
            at(9)
        )?;
        Ok(clients
            .into_iter()
            .map(|client| (client.no.as_str().to_owned(), client))
            .collect())
    }

    async fn by_alias(&mut self, typed: &str, limit: usize, hits: &mut Vec<Hit>) -> Result<()> {
        let plain = text::fold(typed);
        if plain.is_empty() {
            return Ok(());
        }
        let looks_like_phone = typed
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '(' | ')' | '.' | '/'));
        let number = if looks_like_phone {
            digits(typed)
        } else {
            plain.clone()
        };
        let padded = ClientNo::parse(typed).map_or_else(|| plain.clone(), |no| text::fold(no.as_str()));
        let number = if number.is_empty() {
            plain.as_str()
        } else {
            number.as_str()
        };
        let rows: Vec<(String, String, String)> = run!(self, |c| sqlx::query_as(BY_ALIAS)
            .bind(plain.as_str())
            .bind(number)
            .bind(padded.as_str())
            .bind(i64::try_from(limit).unwrap_or(100))
            .fetch_all(c)
            .await)?;
        for (client, kind, value) in rows {
            if let Ok(kind) = kind.parse::<AliasKind>() {
                hits.push(Hit {
                    client,
                    matched: Matched::Alias(kind),
                    on: value,
                    score: 900_000,
                });
            }
        }
        Ok(())
    }

    /// Whole words first, then beginnings; each kind by where the word stands. No more is read than is
    /// wanted, so that the commonest word costs no more than the rarest.
    async fn by_word(&mut self, word: &str, limit: usize, hits: &mut Vec<Hit>) -> Result<()> {
        let enough = hits.len() + limit;
        let most = i64::try_from(limit).unwrap_or(100).saturating_add(20);
        for whole in [true, false] {
            for place in [FIRST, LATER, OTHER_NAME] {
                if hits.len() >= enough {
                    return Ok(());
                }
                let rows: Vec<(String, String, i64)> = if whole {
                    run!(self, |c| sqlx::query_as(WHOLE)
                        .bind(place)
                        .bind(word)
                        .bind(most)
                        .fetch_all(c)
                        .await)?
                } else {
                    run!(self, |c| sqlx::query_as(BEGINNING)
                        .bind(place)
                        .bind(word)
                        .bind(after(word))
                        .bind(most)
                        .fetch_all(c)
                        .await)?
                };
                for (token, client, place) in rows {
                    if let Some((score, whole)) = rank(&[word], &[(token, place)]) {
                        let matched = if whole {
                            Matched::Words
                        } else {
                            Matched::Beginnings
                        };
                        hits.push(Hit {
                            client,
                            matched,
                            on: String::new(),
                            score,
                        });
                    }
                }
            }
        }
        Ok(())
    }

    /// The rarest word leads; among the clients that have it, the others are looked up by the engine.
    async fn by_words(&mut self, words: &[&str], limit: usize, hits: &mut Vec<Hit>) -> Result<()> {
        let mut counted: Vec<(i64, &str)> = Vec::with_capacity(words.len());
        for word in words.iter().take(8) {
            let count: i64 = run!(self, |c| sqlx::query_scalar(HOW_MANY)
                .bind(*word)
                .bind(after(word))
                .bind(SCAN)
                .fetch_one(c)
                .await)?;
            if count == 0 {
                return Ok(());
            }
            counted.push((count, word));
        }
        counted.sort_by_key(|(count, word)| (*count, std::cmp::Reverse(word.len())));
        let enough = hits.len() + limit.min(FEW);
        for scan in [SCAN, DEEP_SCAN] {
            for place in [FIRST, LATER, OTHER_NAME] {
                self.fitting(words, &counted, place, scan, hits).await?;
            }
            let saw_all = counted.first().is_none_or(|(count, _)| *count < SCAN);
            if hits.len() >= enough || saw_all {
                break;
            }
        }
        Ok(())
    }

    async fn fitting(
        &mut self,
        words: &[&str],
        counted: &[(i64, &str)],
        place: i64,
        scan: i64,
        hits: &mut Vec<Hit>,
    ) -> Result<()> {
        let Some(((_, lead), others)) = counted.split_first() else {
            return Ok(());
        };
        let others = &others[..others.len().min(3)];
        let sql = match others.len() {
            0 | 1 => FITTING_2,
            2 => FITTING_3,
            _ => FITTING_4,
        };
        let rows: Vec<(String, String, i64)> = run!(self, |c| {
            let mut query = sqlx::query_as(sql)
                .bind(place)
                .bind(*lead)
                .bind(after(lead))
                .bind(scan)
                .bind(RANKED);
            for (_, other) in others {
                query = query.bind(*other).bind(after(other));
            }
            query.fetch_all(c).await
        })?;
        let mut tokens: HashMap<String, Vec<(String, i64)>> = HashMap::new();
        for (client, token, place) in rows {
            tokens.entry(client).or_default().push((token, place));
        }
        for (client, tokens) in tokens {
            if let Some((score, whole)) = rank(words, &tokens) {
                let matched = if whole {
                    Matched::Words
                } else {
                    Matched::Beginnings
                };
                hits.push(Hit {
                    client,
                    matched,
                    on: String::new(),
                    score,
                });
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
fn rank(words: &[&str], tokens: &[(String, i64)]) -> Option<(i64, bool)> {
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
            (Some(place), _) => score += 1_000 - place,
            (None, Some(place)) => {
                whole = false;
                score += 500 - place;
            }
            (None, None) => return None,
        }
    }
    Some((score, whole))
}

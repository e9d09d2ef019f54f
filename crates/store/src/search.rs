//! Finding clients: exact numbers, addresses and aliases first, then the words of names.

use std::collections::{HashMap, HashSet};

use hammerdesk_domain::ids::ClientNo;
use hammerdesk_domain::model::{Alias, AliasKind, Client};
use hammerdesk_domain::text;

use crate::engine::{View, run, statements};
use crate::error::Result;
use crate::rows::{Stored, entities, rows, selects, stored};

/// Where a word stands: first of the name, later in it, or in another name of the client.
pub(crate) const FIRST: i64 = 0;
const LATER: i64 = 1;
pub(crate) const OTHER_NAME: i64 = 2;

/// How many rows of the rarest word are looked at, at each place of a name.
const SCAN: i64 = 500;
/// The same where somebody waits for a client, and not for a list that the next letter changes.
const DEEP_SCAN: i64 = 30_000;
/// How many clients that fit by their names are ranked; more where most of them are not for the asker.
const RANKED: i64 = 60;
const MORE_RANKED: i64 = 600;
/// Clients that one statement reads: few where few are wanted, many where most are not for the asker.
const FIRST_CLIENTS: usize = 10;
const NEXT_CLIENTS: usize = 40;

/// So many words of a query are counted; the others are looked for in the names that these find.
const COUNTED: usize = 4;

macro_rules! whole {
    ($place:literal) => {
        concat!(
            "SELECT * FROM (SELECT token, client, place FROM name_token WHERE place = ",
            $place,
            " AND token = $1 ORDER BY client LIMIT $3) w",
            $place
        )
    };
}
macro_rules! beginning {
    ($place:literal) => {
        concat!(
            "SELECT * FROM (SELECT token, client, place FROM name_token WHERE place = ",
            $place,
            " AND token > $1 AND token < $2 ORDER BY token, client LIMIT $3) b",
            $place
        )
    };
}
macro_rules! how_many {
    ($from:literal, $to:literal) => {
        concat!(
            how_many!(0, $from, $to),
            " + ",
            how_many!(1, $from, $to),
            " + ",
            how_many!(2, $from, $to)
        )
    };
    ($place:literal, $from:literal, $to:literal) => {
        concat!(
            "(SELECT count(*) FROM (SELECT 1 FROM name_token WHERE place = ",
            $place,
            " AND token >= ",
            $from,
            " AND token < ",
            $to,
            " LIMIT $1) n)"
        )
    };
}
macro_rules! fitting {
    ($others:expr) => {
        concat!(
            "SELECT k.client, t.token, t.place FROM (",
            fitting!(0, $others),
            " UNION ALL ",
            fitting!(1, $others),
            " UNION ALL ",
            fitting!(2, $others),
            " LIMIT $4) k JOIN name_token t ON t.client = k.client"
        )
    };
    ($place:literal, $others:expr) => {
        concat!(
            "SELECT n.client FROM (SELECT client, token FROM name_token WHERE place = ",
            $place,
            " AND token >= $1 AND token < $2 ORDER BY token LIMIT $3) n WHERE TRUE ",
            $others
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
    // Whole words before beginnings, early places before late ones; the engine stops where enough is found,
    // so that the commonest word costs no more than the rarest.
    WORD = concat!(
        whole!(0), " UNION ALL ", whole!(1), " UNION ALL ", whole!(2), " UNION ALL ",
        beginning!(0), " UNION ALL ", beginning!(1), " UNION ALL ", beginning!(2), " LIMIT $3"
    );
    HOW_MANY = concat!(
        "SELECT ", how_many!("$2", "$3"), ", ", how_many!("$4", "$5"), ", ", how_many!("$6", "$7"), ", ",
        how_many!("$8", "$9")
    );
    FITTING_2 = fitting!(with!("$5", "$6"));
    FITTING_3 = fitting!(concat!(with!("$5", "$6"), with!("$7", "$8")));
    FITTING_4 = fitting!(concat!(with!("$5", "$6"), with!("$7", "$8"), with!("$9", "$10")));
}

selects! {
    ALIASES = Alias "WHERE t.client = $1 AND NOT (t.kind = 'name' AND t.value = (SELECT c.name FROM client c \
        WHERE c.client = $1)) ORDER BY t.kind, t.value, t.sale";
    FEW_CLIENTS = Client "WHERE t.client IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    MANY_CLIENTS = Client "WHERE t.client IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, \
        $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, \
        $38, $39, $40)";
}

/// A client that may fit, before it is read.
struct Hit {
    client: String,
    matched: Matched,
    on: String,
    score: i64,
}

/// How far a step came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// There is nothing more.
    All,
    /// More fit than were ranked.
    Cut,
    /// More have the leading word than were looked at, and fewer fit than were to be ranked.
    Scanned,
}

/// What was read so far: clients for the asker, and all that need not be read again.
#[derive(Default)]
struct Seen {
    found: Vec<Found>,
    known: HashSet<String>,
}

/// What to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientQuery {
    /// As typed.
    pub text: String,
    /// How many at most.
    pub limit: usize,
    /// How far.
    pub effort: Effort,
}

/// How far a search goes for several common words that rarely meet in one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    /// While somebody types: as far as a few milliseconds allow.
    Typing,
    /// For a question that was asked.
    Asked,
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
    /// Clients that fit, the best first, whoever asks.
    pub async fn search_clients(&mut self, query: &ClientQuery) -> Result<Vec<Found>> {
        self.search_clients_for(query, |_| true).await
    }

    /// Clients that fit and that `sees` says are for the asker, the best first. Others take no part: they do
    /// not count against the limit.
    pub async fn search_clients_for(
        &mut self,
        query: &ClientQuery,
        sees: impl Fn(&Client) -> bool,
    ) -> Result<Vec<Found>> {
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
        let mut words: Vec<&str> = folded
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect();
        let mut seen = Seen::default();
        let leads = match words.as_slice() {
            [] | [_] => Vec::new(),
            several => match self.rarest_first(several).await? {
                Some(leads) => leads,
                None => {
                    words.clear();
                    Vec::new()
                }
            },
        };
        let mut scanned = 0;
        for (scan, ranked) in steps(query.effort) {
            if scan == scanned {
                continue;
            }
            let reach = match words.as_slice() {
                [] => Reach::All,
                [word] => self.by_word(word, ranked, &mut hits).await?,
                words => self.by_words(words, &leads, scan, ranked, &mut hits).await?,
            };
            self.read(std::mem::take(&mut hits), query.limit, &sees, &mut seen)
                .await?;
            if reach == Reach::All || seen.found.len() >= query.limit {
                break;
            }
            if reach == Reach::Scanned {
                scanned = scan;
            }
        }
        Ok(seen.found)
    }

    /// Reads the clients of hits, the best first, until enough of them are for the asker.
    async fn read(
        &mut self,
        mut hits: Vec<Hit>,
        limit: usize,
        sees: impl Fn(&Client) -> bool,
        seen: &mut Seen,
    ) -> Result<()> {
        hits.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.client.cmp(&b.client)));
        hits.retain(|hit| seen.known.insert(hit.client.clone()));
        let mut left = hits.as_slice();
        let mut at_once = FIRST_CLIENTS;
        while !left.is_empty() && seen.found.len() < limit {
            let (some, rest) = left.split_at(at_once.min(left.len()));
            (left, at_once) = (rest, NEXT_CLIENTS);
            let mut clients = self.clients(some).await?;
            for hit in some {
                if let Some(client) = clients.remove(&hit.client).filter(|client| sees(client)) {
                    let on = if hit.on.is_empty() {
                        client.name.clone()
                    } else {
                        hit.on.clone()
                    };
                    seen.found.push(Found {
                        client,
                        matched: hit.matched,
                        on,
                        score: hit.score,
                    });
                }
            }
        }
        seen.found.truncate(limit);
        Ok(())
    }

    async fn clients(&mut self, hits: &[Hit]) -> Result<HashMap<String, Client>> {
        let (select, places) = if hits.len() <= FIRST_CLIENTS {
            (&FEW_CLIENTS, FIRST_CLIENTS)
        } else {
            (&MANY_CLIENTS, NEXT_CLIENTS)
        };
        let stored: Vec<Stored> = run!(self, |c| {
            let mut query = sqlx::query(select.sql());
            for n in 0..places {
                query = query.bind(hits.get(n).map_or("", |hit| hit.client.as_str()));
            }
            query.fetch_all(c).await.and_then(|rows| {
                rows.iter()
                    .map(|row| stored(select.entity, row))
                    .collect::<Result<Vec<_>, sqlx::Error>>()
            })
        })?;
        Ok(entities::<Client>(&stored)?
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

    async fn by_word(&mut self, word: &str, ranked: i64, hits: &mut Vec<Hit>) -> Result<Reach> {
        let rows: Vec<(String, String, i64)> = run!(self, |c| sqlx::query_as(WORD)
            .bind(word)
            .bind(after(word))
            .bind(ranked)
            .fetch_all(c)
            .await)?;
        let reach = if (rows.len() as u64) < ranked.unsigned_abs() {
            Reach::All
        } else {
            Reach::Cut
        };
        let mut tokens: HashMap<String, Vec<(String, i64)>> = HashMap::new();
        for (token, client, place) in rows {
            tokens.entry(client).or_default().push((token, place));
        }
        hits.extend(ranked_hits(&[word], tokens));
        Ok(reach)
    }

    /// The longest words with how often they occur, as far as that was counted: the rarest leads. `None`
    /// where one of them begins nobody's name.
    async fn rarest_first<'a>(&mut self, words: &[&'a str]) -> Result<Option<Vec<(i64, &'a str)>>> {
        let mut longest: Vec<&'a str> = words.to_vec();
        longest.sort_by_key(|word| std::cmp::Reverse(word.len()));
        longest.dedup();
        longest.truncate(COUNTED);
        let counts: (i64, i64, i64, i64) = run!(self, |c| {
            let mut query = sqlx::query_as(HOW_MANY).bind(SCAN);
            for n in 0..COUNTED {
                let word = longest.get(n).copied().unwrap_or_default();
                let end = if word.is_empty() {
                    String::new()
                } else {
                    after(word)
                };
                query = query.bind(word).bind(end);
            }
            query.fetch_one(c).await
        })?;
        let counts = [counts.0, counts.1, counts.2, counts.3];
        let mut counted: Vec<(i64, &str)> = counts.into_iter().zip(longest).collect();
        counted.sort_by_key(|(count, word)| (*count, std::cmp::Reverse(word.len())));
        Ok(counted
            .first()
            .is_some_and(|(count, _)| *count > 0)
            .then_some(counted))
    }

    /// The rarest word leads; among the clients that have it, the others are looked up by the engine.
    async fn by_words(
        &mut self,
        words: &[&str],
        leads: &[(i64, &str)],
        scan: i64,
        ranked: i64,
        hits: &mut Vec<Hit>,
    ) -> Result<Reach> {
        let Some(((count, lead), others)) = leads.split_first() else {
            return Ok(Reach::All);
        };
        let sql = match others.len() {
            0 | 1 => FITTING_2,
            2 => FITTING_3,
            _ => FITTING_4,
        };
        // A word that is repeated narrows nothing.
        let others: Vec<&str> = match others {
            [] => vec![*lead],
            others => others.iter().map(|(_, word)| *word).collect(),
        };
        let rows: Vec<(String, String, i64)> = run!(self, |c| {
            let mut query = sqlx::query_as(sql)
                .bind(*lead)
                .bind(after(lead))
                .bind(scan)
                .bind(ranked);
            for other in &others {
                query = query.bind(*other).bind(after(other));
            }
            query.fetch_all(c).await
        })?;
        let mut tokens: HashMap<String, Vec<(String, i64)>> = HashMap::new();
        for (client, token, place) in rows {
            tokens.entry(client).or_default().push((token, place));
        }
        // A client counts once for each place where it has the leading word.
        let reach = if tokens.len() as u64 * 3 >= ranked.unsigned_abs() {
            Reach::Cut
        } else if *count >= SCAN {
            Reach::Scanned
        } else {
            Reach::All
        };
        hits.extend(ranked_hits(words, tokens));
        Ok(reach)
    }

    /// The other names of a client, without spellings that equal its name.
    pub async fn aliases(&mut self, client: &ClientNo) -> Result<Vec<Alias>> {
        rows!(self, ALIASES, client.as_str())
    }
}

fn ranked_hits<'a>(
    words: &'a [&'a str],
    tokens: HashMap<String, Vec<(String, i64)>>,
) -> impl Iterator<Item = Hit> + 'a {
    tokens.into_iter().filter_map(|(client, tokens)| {
        let (score, whole) = rank(words, &tokens)?;
        let matched = if whole {
            Matched::Words
        } else {
            Matched::Beginnings
        };
        Some(Hit {
            client,
            matched,
            on: String::new(),
            score,
        })
    })
}

/// How far to look, step by step: rows of the leading word, and clients to rank.
fn steps(effort: Effort) -> impl Iterator<Item = (i64, i64)> {
    let shallow = [(SCAN, RANKED), (SCAN, MORE_RANKED)];
    let deep = (effort == Effort::Asked).then_some((DEEP_SCAN, MORE_RANKED));
    shallow.into_iter().chain(deep)
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

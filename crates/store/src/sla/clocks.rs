//! The clocks of tickets as rows, which of them are due, and what fell due already.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use hammerdesk_domain::helpdesk::TicketId;
use hammerdesk_domain::ids::LocationId;
use hammerdesk_domain::sla::judge::{Happening, Judged, Occasion};
use hammerdesk_domain::sla::report::Decided;
use sqlx::{AssertSqlSafe, FromRow};

use super::{corrupt, json, parsed};
use crate::engine::{Unit, View, run, statements};
use crate::error::Result;

statements! {
    OF_TICKET = "SELECT judged FROM sla_clock WHERE ticket = $1 ORDER BY started_at, clock";
    NAMES = "SELECT clock, next_at, judged FROM sla_clock WHERE ticket = $1";
    DROP = "DELETE FROM sla_clock WHERE ticket = $1 AND clock = $2";
    DUE = "SELECT ticket, next_at FROM sla_clock WHERE next_at IS NOT NULL AND next_at <= $1 ORDER BY next_at, ticket LIMIT $2";
    NEXT = "SELECT min(next_at) FROM sla_clock WHERE next_at IS NOT NULL";
    OPEN = "SELECT ticket, clock, judged FROM sla_clock WHERE state IN ('running', 'paused', 'overdue') \
        AND due_at IS NOT NULL AND due_at < $1 ORDER BY due_at, ticket, clock LIMIT $2";
    STANDINGS = "SELECT ticket, clock, state, due_at, CAST(length(judged) AS BIGINT) AS told FROM sla_clock \
        WHERE state IN ('running', 'paused', 'overdue') ORDER BY ticket, clock LIMIT $1";
    DECIDED = "SELECT ticket, clock, decided_at, judged FROM sla_clock WHERE decided_at IS NOT NULL AND decided_at < $1 \
        AND (decided_at, ticket, clock) > ($2, $3, $4) ORDER BY decided_at, ticket, clock LIMIT $5";
    FELL = "INSERT INTO sla_happening (ticket, clock, occasion, at, seen_at, is_late, is_open, taken_back_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, NULL) ON CONFLICT (ticket, clock, occasion) DO UPDATE SET at = excluded.at, \
        seen_at = excluded.seen_at, is_late = excluded.is_late, is_open = excluded.is_open, taken_back_at = NULL \
        WHERE sla_happening.taken_back_at IS NOT NULL";
    FALLEN = "SELECT ticket, clock, occasion, at, seen_at, is_late, is_open, taken_back_at FROM sla_happening \
        WHERE ticket = $1 ORDER BY at, clock, occasion";
    FALLEN_SINCE = "SELECT ticket, clock, occasion, at, seen_at, is_late, is_open, taken_back_at FROM sla_happening \
        WHERE seen_at >= $1 AND seen_at < $2 ORDER BY at, ticket, clock, occasion LIMIT $3";
    TAKE_BACK = "UPDATE sla_happening SET taken_back_at = $4 WHERE ticket = $1 AND clock = $2 AND occasion = $3 \
        AND taken_back_at IS NULL";
}

const COLUMNS: usize = 18;
/// Clocks that one statement writes.
const ROWS: usize = 400;

/// The statement that writes so many clocks.
pub(crate) fn keep_sql(rows: usize) -> String {
    format!(
        "INSERT INTO sla_clock (ticket, clock, kind, state, channel, started_at, due_at, breached_at, ended_at, \
         decided_at, next_at, location, team, person, tier, used_seconds, version, judged) VALUES {} \
         ON CONFLICT (ticket, clock) DO UPDATE SET kind = excluded.kind, state = excluded.state, \
         channel = excluded.channel, started_at = excluded.started_at, due_at = excluded.due_at, \
         breached_at = excluded.breached_at, ended_at = excluded.ended_at, decided_at = excluded.decided_at, \
         next_at = excluded.next_at, location = excluded.location, team = excluded.team, person = excluded.person, \
         tier = excluded.tier, used_seconds = excluded.used_seconds, version = excluded.version, \
         judged = excluded.judged",
        places(rows, COLUMNS)
    )
}

/// The statement that writes so many differences.
pub(crate) fn differ_sql(rows: usize) -> String {
    format!(
        "INSERT INTO sla_difference (version, ticket, clock, body) VALUES {} \
         ON CONFLICT (version, ticket, clock) DO UPDATE SET body = excluded.body",
        places(rows, 4)
    )
}

fn places(rows: usize, columns: usize) -> String {
    let row = |n: usize| {
        let places: Vec<String> = (1..=columns).map(|at| format!("${}", n * columns + at)).collect();
        format!("({})", places.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

/// A clock as it is to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredClock {
    /// On which ticket.
    pub ticket: TicketId,
    /// The clock.
    pub judged: Judged,
    /// When it must be looked at again; the clock's own instant, or an earlier one of which nobody was told yet.
    pub next_at: Option<DateTime<Utc>>,
}

/// A clock's name, its state, when it is due, and how much is told of it.
pub type ClockStanding = (String, String, Option<DateTime<Utc>>, i64);

/// A clock that still runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenClock {
    /// On which ticket.
    pub ticket: TicketId,
    /// Its name.
    pub clock: String,
    /// The clock.
    pub judged: Judged,
}

/// What keeping the clocks of a ticket changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeptClocks {
    /// Written.
    pub written: usize,
    /// No longer there.
    pub dropped: usize,
}

/// Something that fell due, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fell {
    /// On which ticket.
    pub ticket: TicketId,
    /// What.
    pub happening: Happening,
    /// When it was seen.
    pub seen_at: DateTime<Utc>,
    /// When later news showed that it was not so.
    pub taken_back_at: Option<DateTime<Utc>>,
}

#[derive(FromRow)]
struct FellRow {
    ticket: i64,
    clock: String,
    occasion: String,
    at: DateTime<Utc>,
    seen_at: DateTime<Utc>,
    is_late: bool,
    is_open: bool,
    taken_back_at: Option<DateTime<Utc>>,
}

/// `breach`, `warning:1`.
fn word(occasion: Occasion) -> String {
    match occasion {
        Occasion::Breach => "breach".to_owned(),
        Occasion::Warning(nth) => format!("warning:{nth}"),
    }
}

impl TryFrom<FellRow> for Fell {
    type Error = crate::StoreError;

    fn try_from(row: FellRow) -> Result<Self> {
        let occasion = match row.occasion.strip_prefix("warning:") {
            Some(nth) => Occasion::Warning(
                nth.parse()
                    .map_err(|error| corrupt("sla_happening", "occasion", &error))?,
            ),
            None => Occasion::Breach,
        };
        Ok(Self {
            ticket: TicketId(row.ticket),
            happening: Happening {
                clock: row.clock,
                occasion,
                at: row.at,
                is_late: row.is_late,
                is_open: row.is_open,
            },
            seen_at: row.seen_at,
            taken_back_at: row.taken_back_at,
        })
    }
}

impl View {
    /// The clocks of a ticket as they stand, in the order in which they began. Their state is that of the last
    /// look: what time has made of them since is told within a second.
    pub async fn clocks_of_ticket(&mut self, ticket: TicketId) -> Result<Vec<Judged>> {
        let rows: Vec<String> = run!(self, |c| sqlx::query_scalar(OF_TICKET)
            .bind(ticket.0)
            .fetch_all(c)
            .await)?;
        rows.iter()
            .map(|judged| parsed("sla_clock", "judged", judged))
            .collect()
    }

    /// Where the clocks that are still owed stand, as far as that is seen without reading them, by ticket: what
    /// differs from an earlier look has changed since.
    pub async fn clock_standings(
        &mut self,
        limit: i64,
    ) -> Result<BTreeMap<TicketId, BTreeSet<ClockStanding>>> {
        type Row = (i64, String, String, Option<DateTime<Utc>>, i64);
        let rows: Vec<Row> = run!(self, |c| sqlx::query_as(STANDINGS).bind(limit).fetch_all(c).await)?;
        let mut standings: BTreeMap<TicketId, BTreeSet<ClockStanding>> = BTreeMap::new();
        for (ticket, clock, state, due_at, told) in rows {
            let standing = (clock, state, due_at, told);
            standings.entry(TicketId(ticket)).or_default().insert(standing);
        }
        Ok(standings)
    }

    /// The tickets on which something falls due by `now`, in order, each with the instant of one clock of it;
    /// an index answers, however many are open.
    pub async fn due_clocks(
        &mut self,
        now: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<(TicketId, DateTime<Utc>)>> {
        let rows: Vec<(i64, DateTime<Utc>)> = run!(self, |c| sqlx::query_as(DUE)
            .bind(now)
            .bind(limit)
            .fetch_all(c)
            .await)?;
        Ok(rows
            .into_iter()
            .map(|(ticket, at)| (TicketId(ticket), at))
            .collect())
    }

    /// When the next one does.
    pub async fn next_clock_at(&mut self) -> Result<Option<DateTime<Utc>>> {
        Ok(run!(self, |c| sqlx::query_scalar(NEXT).fetch_one(c).await)?)
    }

    /// Clocks that are still owed and due before an instant, the earliest first.
    pub async fn open_clocks(&mut self, before: DateTime<Utc>, limit: i64) -> Result<Vec<OpenClock>> {
        let rows: Vec<(i64, String, String)> = run!(self, |c| sqlx::query_as(OPEN)
            .bind(before)
            .bind(limit)
            .fetch_all(c)
            .await)?;
        rows.into_iter()
            .map(|(ticket, clock, judged)| {
                Ok(OpenClock {
                    ticket: TicketId(ticket),
                    clock,
                    judged: parsed("sla_clock", "judged", &judged)?,
                })
            })
            .collect()
    }

    /// Promises that were decided from one instant to before another.
    pub async fn decided_clocks(&mut self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<Decided>> {
        const PAGE: i64 = 5_000;
        let mut found = Vec::new();
        let mut last = (from, i64::MIN, String::new());
        loop {
            let rows: Vec<(i64, String, DateTime<Utc>, String)> = run!(self, |c| sqlx::query_as(DECIDED)
                .bind(to)
                .bind(last.0)
                .bind(last.1)
                .bind(&last.2)
                .bind(PAGE)
                .fetch_all(c)
                .await)?;
            let is_last = i64::try_from(rows.len()).unwrap_or(i64::MAX) < PAGE;
            for (ticket, clock, decided_at, judged) in rows {
                let judged: Judged = parsed("sla_clock", "judged", &judged)?;
                found.extend(Decided::of(TicketId(ticket), &judged));
                last = (decided_at, ticket, clock);
            }
            if is_last {
                return Ok(found);
            }
        }
    }

    /// What fell due on a ticket, in order.
    pub async fn fallen(&mut self, ticket: TicketId) -> Result<Vec<Fell>> {
        let rows: Vec<FellRow> = run!(self, |c| sqlx::query_as(FALLEN).bind(ticket.0).fetch_all(c).await)?;
        rows.into_iter().map(Fell::try_from).collect()
    }

    /// What was seen to have fallen due from one instant to before another.
    pub async fn fallen_since(
        &mut self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<Fell>> {
        let rows: Vec<FellRow> = run!(self, |c| sqlx::query_as(FALLEN_SINCE)
            .bind(from)
            .bind(to)
            .bind(limit)
            .fetch_all(c)
            .await)?;
        rows.into_iter().map(Fell::try_from).collect()
    }
}

impl Unit {
    /// Makes the clocks of a ticket these; what stands there already is not written again.
    pub async fn keep_clocks(&mut self, ticket: TicketId, clocks: &[StoredClock]) -> Result<KeptClocks> {
        let there: Vec<(String, Option<DateTime<Utc>>, String)> =
            run!(self, |c| sqlx::query_as(NAMES).bind(ticket.0).fetch_all(c).await)?;
        let mut kept = KeptClocks::default();
        for (name, ..) in &there {
            if clocks.iter().all(|clock| clock.judged.run.key != *name) {
                run!(self, |c| sqlx::query(DROP)
                    .bind(ticket.0)
                    .bind(name)
                    .execute(c)
                    .await
                    .map(|_| ()))?;
                kept.dropped += 1;
            }
        }
        let mut other = Vec::new();
        for clock in clocks {
            let judged = json("sla_clock", &clock.judged)?;
            let is_there = there.iter().any(|(name, next_at, body)| {
                *name == clock.judged.run.key && *next_at == clock.next_at && *body == judged
            });
            if !is_there {
                other.push(clock.clone());
            }
        }
        kept.written = other.len();
        self.write_clocks(&other).await?;
        Ok(kept)
    }

    /// Writes many clocks, of any tickets.
    pub async fn write_clocks(&mut self, clocks: &[StoredClock]) -> Result<()> {
        for some in clocks.chunks(ROWS) {
            let mut bodies = Vec::with_capacity(some.len());
            for clock in some {
                bodies.push(json("sla_clock", &clock.judged)?);
            }
            run!(self, |c| {
                let mut query =
                    sqlx::query(AssertSqlSafe(keep_sql(some.len()))).persistent(some.len() == ROWS);
                for (
                    StoredClock {
                        ticket,
                        judged,
                        next_at,
                    },
                    body,
                ) in some.iter().zip(bodies)
                {
                    let run = &judged.run;
                    let decided = judged
                        .breached_at
                        .or_else(|| run.ended_at().filter(|_| judged.state.is_past()));
                    query = query
                        .bind(ticket.0)
                        .bind(&run.key)
                        .bind(run.kind.word())
                        .bind(judged.state.word())
                        .bind(run.channel.word())
                        .bind(run.started.at)
                        .bind(judged.due_at)
                        .bind(judged.breached_at)
                        .bind(run.ended_at())
                        .bind(decided)
                        .bind(*next_at)
                        .bind(judged.location.as_ref().map(LocationId::as_str))
                        .bind(judged.group.as_deref())
                        .bind(judged.assignee.as_deref())
                        .bind(judged.tier.as_deref())
                        .bind(judged.used_seconds)
                        .bind(judged.promise().map_or("", |promise| promise.version.as_str()))
                        .bind(body);
                }
                query.execute(c).await.map(|_| ())
            })?;
        }
        Ok(())
    }

    /// Keeps many differences that a version made: ticket, clock, JSON.
    pub async fn write_sla_differences(
        &mut self,
        version: &str,
        differences: &[(TicketId, String, String)],
    ) -> Result<()> {
        for some in differences.chunks(1_000) {
            run!(self, |c| {
                let mut query =
                    sqlx::query(AssertSqlSafe(differ_sql(some.len()))).persistent(some.len() == 1_000);
                for (ticket, clock, body) in some {
                    query = query
                        .bind(version)
                        .bind(ticket.0)
                        .bind(clock.as_str())
                        .bind(body.as_str());
                }
                query.execute(c).await.map(|_| ())
            })?;
        }
        Ok(())
    }

    /// Notes that something fell due. `false`: somebody noted it before.
    pub async fn note_fallen(
        &mut self,
        ticket: TicketId,
        happening: &Happening,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        Ok(run!(self, |c| sqlx::query(FELL)
            .bind(ticket.0)
            .bind(&happening.clock)
            .bind(word(happening.occasion))
            .bind(happening.at)
            .bind(now)
            .bind(happening.is_late)
            .bind(happening.is_open)
            .execute(c)
            .await
            .map(|done| done.rows_affected() > 0))?)
    }

    /// Later news showed that it did not.
    pub async fn take_back_fallen(
        &mut self,
        ticket: TicketId,
        happening: &Happening,
        now: DateTime<Utc>,
    ) -> Result<()> {
        run!(self, |c| sqlx::query(TAKE_BACK)
            .bind(ticket.0)
            .bind(&happening.clock)
            .bind(word(happening.occasion))
            .bind(now)
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }
}

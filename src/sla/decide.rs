//! What a look at a ticket makes: which instants fell due since the last one, which did not after all, and what
//! becomes of its alerts. Decided from what was read, without doing anything.

use chrono::{DateTime, TimeDelta, Utc};
use hammerdesk_commands::settings::Alerts;
use hammerdesk_domain::helpdesk::TicketId;
use hammerdesk_domain::ids::{ChannelId, LocationId};
use hammerdesk_domain::sla::calendar::Pauses;
use hammerdesk_domain::sla::judge::{Happening, Judged, Occasion, State};
use hammerdesk_domain::sla::policy::{Rulebook, Target};
use hammerdesk_store::sla::{Alert, AlertState, Audience, Fell, StoredClock};

/// A ticket that is still being read is looked at again after so long.
const AGAIN: TimeDelta = TimeDelta::seconds(3);

/// What is looked at.
pub(super) struct Looked<'a> {
    pub(super) ticket: TicketId,
    pub(super) clocks: &'a [Judged],
    pub(super) fallen: &'a [Fell],
    pub(super) alerts: &'a [Alert],
    /// Now.
    pub(super) now: DateTime<Utc>,
    /// What falls due later than this is left for a later look, so that all tickets' instants go in order.
    pub(super) horizon: DateTime<Utc>,
    /// Is something still to be read of it? Then nothing falls due before that is known.
    pub(super) waits: bool,
    /// Nobody is told of what fell due before anybody watched.
    pub(super) since: DateTime<Utc>,
    pub(super) settings: &'a Alerts,
    pub(super) book: &'a Rulebook,
}

/// How an alert is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Show {
    /// As a new card, so that somebody looks.
    Anew,
    /// Where it stands.
    InPlace,
}

/// What comes of it.
#[derive(Debug, Default)]
pub(super) struct Decision {
    pub(super) clocks: Vec<StoredClock>,
    pub(super) fell: Vec<Happening>,
    pub(super) taken_back: Vec<Happening>,
    pub(super) alerts: Vec<(Alert, Show)>,
}

impl Decision {
    /// Is a promise still owed?
    pub(super) fn is_open(&self) -> bool {
        self.clocks
            .iter()
            .any(|clock| clock.judged.run.ended.is_none() && clock.judged.state != State::Withdrawn)
    }
}

/// After so long, counted on the hours of a location.
pub(super) fn after(
    book: &Rulebook,
    location: Option<&LocationId>,
    from: DateTime<Utc>,
    time: Target,
) -> DateTime<Utc> {
    let calendar = book.calendar(location, from);
    let counted = match time {
        Target::Open(seconds) => calendar.add(from, TimeDelta::seconds(seconds), Pauses::NONE),
        Target::Days(days) => calendar.add_days(from, days),
        Target::Elapsed(seconds) => return from + TimeDelta::seconds(seconds),
    };
    // A location that never opens again is told by the clock on the wall.
    counted.unwrap_or(from + TimeDelta::hours(1))
}

const fn audience(occasion: Occasion) -> Audience {
    match occasion {
        Occasion::Warning(1) => Audience::Owner,
        Occasion::Warning(_) | Occasion::Breach => Audience::Managers,
    }
}

pub(super) fn decide(looked: &Looked<'_>) -> Decision {
    let mut decision = Decision::default();
    let mut alerts: Vec<(Alert, Option<Show>)> =
        looked.alerts.iter().map(|alert| (alert.clone(), None)).collect();
    let mut all = Vec::new();
    for clock in looked.clocks {
        let happenings = clock.happenings(looked.now, looked.settings.late_after);
        let is_known = |happening: &Happening| {
            looked.fallen.iter().any(|fell| {
                fell.taken_back_at.is_none()
                    && (&fell.happening.clock, fell.happening.occasion)
                        == (&happening.clock, happening.occasion)
            })
        };
        let (now, later): (Vec<Happening>, Vec<Happening>) = happenings
            .iter()
            .filter(|happening| !is_known(happening))
            .cloned()
            .partition(|happening| !looked.waits && happening.at <= looked.horizon);
        let waits = if looked.waits && !later.is_empty() {
            Some(looked.now + AGAIN)
        } else {
            later.iter().map(|happening| happening.at).min()
        };
        decision.clocks.push(StoredClock {
            ticket: looked.ticket,
            next_at: waits.into_iter().chain(clock.next_at).min(),
            judged: clock.clone(),
        });
        decision.fell.extend(now);
        all.extend(happenings);
    }
    decision.fell.sort_by_key(|fell| (fell.at, fell.occasion));
    decision.taken_back = looked
        .fallen
        .iter()
        .filter(|fell| fell.taken_back_at.is_none())
        .map(|fell| &fell.happening)
        .filter(|fell| {
            !all.iter()
                .any(|now| (&now.clock, now.occasion) == (&fell.clock, fell.occasion))
        })
        .cloned()
        .collect();
    for happening in decision.fell.iter().filter(|fell| fell.at >= looked.since) {
        let clock = looked
            .clocks
            .iter()
            .find(|clock| clock.run.key == happening.clock);
        if let Some(clock) = clock
            && (happening.is_open || happening.occasion == Occasion::Breach)
        {
            raise(looked, clock, happening, &mut alerts);
        }
    }
    for (alert, show) in &mut alerts {
        go_on(looked, alert, show);
    }
    decision.alerts = alerts
        .into_iter()
        .filter_map(|(alert, show)| Some((alert, show?)))
        .collect();
    decision
}

fn raise(
    looked: &Looked<'_>,
    clock: &Judged,
    happening: &Happening,
    alerts: &mut Vec<(Alert, Option<Show>)>,
) {
    let whom = audience(happening.occasion);
    let repeat = after(
        looked.book,
        clock.location.as_ref(),
        looked.now,
        looked.settings.repeat,
    );
    let told = Alert {
        ticket: looked.ticket,
        clock: happening.clock.clone(),
        audience: whom,
        state: if happening.is_open {
            AlertState::Open
        } else {
            AlertState::Closed
        },
        occasion: happening.occasion,
        fell_at: happening.at,
        is_late: happening.is_late,
        raised_at: looked.now,
        channel: ChannelId::new(""),
        location: clock.location.clone(),
        post: String::new(),
        before: None,
        repeated: 0,
        next_at: happening.is_open.then_some(repeat),
        acted: None,
        revision: 0,
    };
    let there = alerts
        .iter_mut()
        .find(|(alert, _)| (&alert.clock, alert.audience) == (&happening.clock, whom));
    match there {
        None => alerts.push((told, Some(Show::Anew))),
        Some((alert, show)) => {
            *alert = Alert {
                before: Some(alert.post.clone()).filter(|post| !post.is_empty()),
                revision: alert.revision,
                ..told
            };
            *show = Some(Show::Anew);
        }
    }
}

/// What becomes of an alert by the time that passed and by what happened on the ticket.
fn go_on(looked: &Looked<'_>, alert: &mut Alert, show: &mut Option<Show>) {
    if alert.state == AlertState::Closed {
        return;
    }
    let clock = looked.clocks.iter().find(|clock| clock.run.key == alert.clock);
    let happened = clock.is_some_and(|clock| {
        clock
            .happenings(looked.now, looked.settings.late_after)
            .iter()
            .any(|happening| happening.occasion == alert.occasion)
    });
    if !happened || clock.is_none_or(|clock| !clock.state.is_open()) {
        alert.state = AlertState::Closed;
        alert.next_at = None;
        show.get_or_insert(Show::InPlace);
        return;
    }
    if show.is_some() {
        return;
    }
    let is_due = !looked.waits && alert.next_at.is_some_and(|at| at <= looked.now);
    if is_due && matches!(alert.state, AlertState::Open | AlertState::Snoozed) {
        alert.state = AlertState::Open;
        alert.repeated += 1;
        alert.raised_at = looked.now;
        alert.before = Some(alert.post.clone());
        alert.next_at = Some(after(
            looked.book,
            alert.location.as_ref(),
            looked.now,
            looked.settings.repeat,
        ));
        *show = Some(Show::Anew);
    } else {
        *show = Some(Show::InPlace);
    }
}

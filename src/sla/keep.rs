//! Judges tickets, and writes what comes of it in one unit: rows, what fell due, alerts, cards, notes.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use hammerdesk_commands::brief::Brief;
use hammerdesk_commands::offered;
use hammerdesk_domain::chat::{Channel, Platform, Post};
use hammerdesk_domain::helpdesk::{HelpdeskWrite, TicketId, WriteToken, html_of, token_of};
use hammerdesk_domain::ids::{ChannelId, ClientNo, LocationId};
use hammerdesk_domain::message::Reply;
use hammerdesk_domain::money::Money;
use hammerdesk_domain::sla::event::{By, Event, Matter, Party, What};
use hammerdesk_domain::sla::judge::{Happening, Judged, Occasion, judge_events};
use hammerdesk_store::sla::{Alert, AlertState, Audience};
use hammerdesk_store::{Unit, View};

use super::card::{self, One, Reader};
use super::decide::{self, Decision, Looked, Show};
use super::look::Look;
use super::{Known, READER, Sla};
use crate::bridge::readers_of;

/// The key of a card that counts many begins so.
const STORM: &str = "sla-storm:";
/// More alerts than this are counted, not read.
const MOST: i64 = 2_000;
/// What goes before other posts of a channel: a breach, then a warning.
const URGENT: u8 = 6;
const SOON: u8 = 4;

/// Tickets to be judged in one unit.
pub(super) struct Batch {
    pub(super) tickets: Vec<TicketId>,
    /// How far the changes of the helpdesk were read with them.
    pub(super) position: Option<i64>,
    /// Those of them that somebody asked for, and how often.
    pub(super) woken: Vec<(TicketId, i64)>,
    pub(super) horizon: DateTime<Utc>,
    /// Was everything read that happened while nobody looked?
    pub(super) has_caught_up: bool,
    pub(super) now: DateTime<Utc>,
}

impl Batch {
    pub(super) const fn at(now: DateTime<Utc>, has_caught_up: bool) -> Self {
        Self {
            tickets: Vec::new(),
            position: None,
            woken: Vec::new(),
            horizon: now,
            has_caught_up,
            now,
        }
    }
}

/// One ticket, judged.
struct Case {
    look: Look,
    events: Vec<Event>,
    /// What was learnt of it besides the helpdesk's events.
    learnt: Vec<Event>,
    clocks: Vec<Judged>,
    decision: Decision,
    /// Its alerts as they were read.
    alerts: Vec<Alert>,
}

/// The cards that a unit writes.
#[derive(Default)]
struct Cards {
    /// Cards that count, made from what stands on them once all is written.
    storms: BTreeSet<String>,
    posts: Vec<(Post, Channel)>,
}

/// How many alerts each channel was given lately, so that many become one card.
#[derive(Default)]
struct Places(BTreeMap<ChannelId, Place>);

#[derive(Default)]
struct Place {
    singles: usize,
    storm: Option<String>,
}

/// Keeps a post with its buttons.
pub(super) async fn post(
    unit: &mut Unit,
    mut post: Post,
    channel: &Channel,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let shown = offered(&mut post.reply);
    unit.remember_actions(&shown, now).await?;
    unit.post(&post, channel.platforms(), now).await?;
    Ok(())
}

impl Sla {
    /// Judges tickets from all that happened on them and keeps what comes of it.
    pub(super) async fn judge(&self, known: &Known, batch: Batch) -> anyhow::Result<()> {
        let mut cases = Vec::with_capacity(batch.tickets.len());
        let mut stakes = BTreeMap::new();
        for ticket in &batch.tickets {
            // What is at stake is asked of the balance, which opens a view of its own.
            if self.asks_for_stakes() {
                let mut view = self.0.store.read().await?;
                let client = self.look(&mut view, *ticket).await?.client_no().cloned();
                drop(view);
                if let Some(client) = client
                    && !stakes.contains_key(&client)
                {
                    let at_stake = self.at_stake(&client).await?;
                    stakes.insert(client, at_stake);
                }
            }
            let mut view = self.0.store.read().await?;
            cases.push(self.case(&mut view, known, *ticket, &batch, &stakes).await?);
        }
        let mut places = self.places(&cases, batch.now).await?;
        let mut changed: Vec<(usize, Alert, Show)> = Vec::new();
        for (n, case) in cases.iter().enumerate() {
            for (alert, show) in &case.decision.alerts {
                changed.push((n, alert.clone(), *show));
            }
        }
        // The worst first, so that where many become one card the first to stand alone are the worst.
        changed.sort_by_key(|(_, alert, _)| (alert.occasion != Occasion::Breach, alert.fell_at));
        let mut cards = Cards::default();
        for (n, alert, show) in &mut changed {
            let case = &cases[*n];
            let Some(channel) = self.channel(&case.look, alert.location.as_ref(), alert.audience) else {
                continue;
            };
            if *show == Show::Anew {
                places.give(alert, &channel, &self.0.settings.sla.alerts, batch.now);
            }
            self.cards(case, alert, *show, &channel, &mut cards).await?;
        }
        let notes = self.notes(&cases);
        let mut unit = self.0.store.write().await?;
        self.keep(&mut unit, &batch, &cases).await?;
        let mut lost = false;
        for (n, alert, show) in &changed {
            let before = cases[*n]
                .alerts
                .iter()
                .find(|known| (&known.clock, known.audience) == (&alert.clock, alert.audience));
            if before != Some(alert) && !alert.channel.as_str().is_empty() {
                lost |= !unit.keep_alert(alert).await?;
            }
            if alert.state == AlertState::Closed && *show == Show::InPlace {
                unit.withdraw_post(&alert.post).await?;
            }
        }
        if lost {
            // Somebody acted on an alert since it was read: what they did counts, and all of it is done again.
            drop(unit);
            return Ok(());
        }
        for (one, channel) in cards.posts {
            let is_over = changed.iter().any(|(_, alert, show)| {
                alert.post == one.key && alert.state == AlertState::Closed && *show == Show::InPlace
            });
            let channel = if is_over {
                where_it_stands(&mut unit, &one.key, &channel).await?
            } else {
                channel
            };
            post(&mut unit, one, &channel, batch.now).await?;
        }
        for key in cards.storms {
            self.storm(&mut unit, &key, batch.now).await?;
        }
        for (token, write) in notes {
            unit.enqueue_write(token, &write, 1, batch.now).await?;
        }
        if let Some(position) = batch.position {
            unit.move_helpdesk_position(READER, position, batch.now).await?;
        }
        for (ticket, asked) in &batch.woken {
            unit.ticket_judged(*ticket, *asked).await?;
        }
        unit.commit().await?;
        Ok(())
    }

    async fn look(&self, view: &mut View, ticket: TicketId) -> anyhow::Result<Look> {
        Ok(Look::at(view, ticket, &self.0.bridge).await?)
    }

    async fn case(
        &self,
        view: &mut View,
        known: &Known,
        ticket: TicketId,
        batch: &Batch,
        stakes: &BTreeMap<ClientNo, Vec<Money>>,
    ) -> anyhow::Result<Case> {
        let look = self.look(view, ticket).await?;
        let mut events = view.gather_sla_events(ticket).await?;
        let mut learnt = promised_in_field(
            &look,
            self.0.settings.sla.callback_field.as_deref(),
            &events,
            batch.now,
        );
        learnt.extend(self.learnt(&look, &events, stakes, batch.now));
        events.extend(learnt.clone());
        let clocks = judge_events(&events, &known.book, batch.now);
        let fallen = view.fallen(ticket).await?;
        let alerts = view.alerts_of_ticket(ticket).await?;
        let decision = decide::decide(&Looked {
            ticket,
            clocks: &clocks,
            fallen: &fallen,
            alerts: &alerts,
            now: batch.now,
            horizon: batch.horizon,
            waits: !batch.has_caught_up || look.is_being_read(batch.now),
            since: known.since,
            settings: &self.0.settings.sla.alerts,
            book: &known.book,
        });
        Ok(Case {
            look,
            events,
            learnt,
            clocks,
            decision,
            alerts,
        })
    }

    /// What is known of a ticket by now and was not before. It counts from the ticket's beginning where it is
    /// the first that is known at all, else from now.
    fn learnt(
        &self,
        look: &Look,
        events: &[Event],
        stakes: &BTreeMap<ClientNo, Vec<Money>>,
        now: DateTime<Utc>,
    ) -> Option<Event> {
        let stored = look.stored.as_ref()?;
        let before = events
            .iter()
            .filter_map(|event| match &event.what {
                What::Matter { to } => Some((event.at, to)),
                _ => None,
            })
            .max_by_key(|(at, _)| *at)
            .map(|(_, to)| to);
        let mut matter = look.matter(&self.0.settings.sla.topics);
        let at_stake = look.client_no().and_then(|client| stakes.get(client));
        matter.at_stake = at_stake.cloned().unwrap_or_default();
        let is_new = match before {
            None => look.is_matched || matter != Matter::default(),
            Some(before) => *before != matter,
        };
        is_new.then(|| {
            let at = if before.is_none() {
                stored.ticket.created_at
            } else {
                now
            };
            Event::new(
                at,
                format!("matter:{}:{}", look.id, at.timestamp_micros()),
                By::some(Party::Bot),
                What::Matter { to: matter },
            )
        })
    }

    /// Does any policy ask how much is at stake?
    fn asks_for_stakes(&self) -> bool {
        let policies = &self.0.settings.sla.rules.policies;
        policies.iter().any(|policy| !policy.when.at_stake.is_empty())
    }

    async fn at_stake(&self, client: &ClientNo) -> anyhow::Result<Vec<Money>> {
        let house = hammerdesk_commands::settings::Settings::operator();
        let brief = self
            .0
            .commands
            .brief(&house, client)
            .await
            .map_err(|failure| anyhow::anyhow!("{failure}"))?;
        let blocks = brief
            .map(|brief| brief.facts["blocks"].clone())
            .unwrap_or_default();
        let mut open: Vec<Money> = blocks
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|block| {
                let (currency, amount) = (block["currency"].as_str()?, block["billed_open"].as_str()?);
                format!("{currency} {amount}").parse::<Money>().ok()
            })
            .filter(|amount| amount.minor() > 0)
            .collect();
        open.sort_by_key(ToString::to_string);
        Ok(open)
    }

    /// Where the alerts of lately stand.
    async fn places(&self, cases: &[Case], now: DateTime<Utc>) -> anyhow::Result<Places> {
        let mut places = Places::default();
        let mut view = self.0.store.read().await?;
        let since = now - self.0.settings.sla.alerts.storm_within;
        for case in cases {
            for (alert, _) in &case.decision.alerts {
                let Some(channel) = self.channel(&case.look, alert.location.as_ref(), alert.audience) else {
                    continue;
                };
                if places.0.contains_key(&channel.id) {
                    continue;
                }
                let mut place = Place::default();
                for counted in view.alerts_raised(&channel.id, since).await? {
                    if counted.post.starts_with(STORM) {
                        place.storm = Some(counted.post);
                    } else {
                        place.singles += usize::try_from(counted.alerts).unwrap_or_default();
                    }
                }
                places.0.insert(channel.id, place);
            }
        }
        Ok(places)
    }

    /// The cards that an alert changes.
    async fn cards(
        &self,
        case: &Case,
        alert: &Alert,
        show: Show,
        channel: &Channel,
        cards: &mut Cards,
    ) -> anyhow::Result<()> {
        if let Some(before) = alert
            .before
            .as_ref()
            .filter(|before| show == Show::Anew && **before != alert.post)
        {
            if before.starts_with(STORM) {
                cards.storms.insert(before.clone());
            } else {
                let again = card::told_again(&case.look);
                cards.posts.push((
                    Post::new(before.clone(), alert.channel.clone(), again),
                    channel.clone(),
                ));
            }
        }
        if alert.post.starts_with(STORM) {
            cards.storms.insert(alert.post.clone());
            return Ok(());
        }
        let Some(clock) = case.clocks.iter().find(|clock| clock.run.key == alert.clock) else {
            return Ok(());
        };
        let brief = self.brief(&case.look, channel).await?;
        let managers = self.names_of_managers(alert.location.as_ref());
        let reader = self.reader(alert.location.as_ref(), &managers);
        let reply: Reply = card::single(alert, clock, &case.look, brief.as_ref(), &reader);
        let mut post = Post::new(alert.post.clone(), alert.channel.clone(), reply);
        post.urgency = match alert.occasion {
            Occasion::Breach => URGENT,
            Occasion::Warning(_) => SOON,
        };
        cards.posts.push((post, channel.clone()));
        Ok(())
    }

    /// The account in a few lines, as everybody in that channel may see it.
    async fn brief(&self, look: &Look, channel: &Channel) -> anyhow::Result<Option<Brief>> {
        let Some(client) = look.client_no() else {
            return Ok(None);
        };
        self.0
            .commands
            .brief(&readers_of(channel), client)
            .await
            .map_err(|failure| anyhow::anyhow!("{failure}"))
    }

    pub(super) fn reader<'a>(&'a self, location: Option<&LocationId>, managers: &'a [String]) -> Reader<'a> {
        let settings = &self.0.settings;
        let usual = settings.sla.rules.default_calendar.as_ref();
        let here = location.or(usual).and_then(|id| settings.house.location(id));
        Reader {
            zone: here.map_or(chrono_tz::Tz::UTC, |location| location.zone),
            place: here.map_or("UTC", |location| location.name.as_str()),
            site: &self.0.site,
            managers,
        }
    }

    fn names_of_managers(&self, location: Option<&LocationId>) -> Vec<String> {
        let settings = &self.0.settings;
        let people = location.and_then(|location| settings.sla.managers.get(location));
        people
            .into_iter()
            .flatten()
            .filter_map(|person| settings.people.get(person))
            .map(|person| person.name.clone())
            .collect()
    }

    /// The private notes on tickets, where they are wanted.
    fn notes(&self, cases: &[Case]) -> Vec<(WriteToken, HelpdeskWrite)> {
        if !self.0.settings.sla.alerts.note {
            return Vec::new();
        }
        let mut notes = Vec::new();
        for case in cases {
            for (alert, show) in &case.decision.alerts {
                let is_told = *show == Show::Anew && alert.repeated == 0 && alert.state == AlertState::Open;
                let clock = case.clocks.iter().find(|clock| clock.run.key == alert.clock);
                let (true, Audience::Managers, Some(clock)) = (is_told, alert.audience, clock) else {
                    continue;
                };
                let reader = self.reader(alert.location.as_ref(), &[]);
                let due = clock.due_at.map_or_else(String::new, |due| reader.time(due));
                let text = match alert.occasion {
                    Occasion::Breach => format!(
                        "{}: due {due} ({}), not kept. The managers have been told.",
                        card::named(clock),
                        reader.place
                    ),
                    Occasion::Warning(_) => format!(
                        "{}: due {due} ({}). The managers have been told.",
                        card::named(clock),
                        reader.place
                    ),
                };
                notes.push((
                    token_of(&format!(
                        "sla:{}:{}:{:?}:{}",
                        alert.ticket, alert.clock, alert.occasion, alert.fell_at
                    )),
                    HelpdeskWrite::Note {
                        ticket: alert.ticket,
                        html: html_of(&text),
                        files: Vec::new(),
                    },
                ));
            }
        }
        notes
    }

    async fn keep(&self, unit: &mut Unit, batch: &Batch, cases: &[Case]) -> anyhow::Result<()> {
        let mut fell: Vec<(TicketId, &Happening)> = Vec::new();
        for case in cases {
            let ticket = case.look.id;
            for learnt in &case.learnt {
                unit.put_sla_event(ticket, learnt, batch.now).await?;
            }
            unit.keep_sla_events(ticket, &case.events, case.decision.is_open())
                .await?;
            unit.keep_clocks(ticket, &case.decision.clocks).await?;
            for happening in &case.decision.taken_back {
                unit.take_back_fallen(ticket, happening, batch.now).await?;
            }
            fell.extend(case.decision.fell.iter().map(|happening| (ticket, happening)));
        }
        fell.sort_by_key(|(ticket, happening)| (happening.at, *ticket, happening.occasion));
        for (ticket, happening) in fell {
            if unit.note_fallen(ticket, happening, batch.now).await? {
                let occasion = match happening.occasion {
                    Occasion::Breach => "breach",
                    Occasion::Warning(_) => "warning",
                };
                metrics::counter!("hammerdesk_sla_happenings_total", "occasion" => occasion).increment(1);
            }
        }
        Ok(())
    }

    /// Writes a card that counts many anew.
    async fn storm(&self, unit: &mut Unit, key: &str, now: DateTime<Utc>) -> anyhow::Result<()> {
        let mut alerts = unit.alerts_of_post(key, MOST).await?;
        let over = alerts
            .iter()
            .filter(|alert| alert.state != AlertState::Open)
            .count();
        let channel = alerts.first().map(|alert| alert.channel.clone());
        let channel = channel
            .or_else(|| {
                let named = key.strip_prefix(STORM)?.rsplit_once(':')?.0;
                Some(ChannelId::new(named))
            })
            .and_then(|channel| self.0.settings.channel(&channel));
        let Some(channel) = channel else {
            return Ok(());
        };
        alerts.retain(|alert| alert.state == AlertState::Open);
        alerts.sort_by_key(|alert| (alert.occasion != Occasion::Breach, alert.fell_at, alert.ticket));
        let breaches = alerts
            .iter()
            .filter(|alert| alert.occasion == Occasion::Breach)
            .count();
        let count = alerts.len();
        let location = alerts.first().and_then(|alert| alert.location.clone());
        let mut named = Vec::new();
        for alert in alerts.into_iter().take(card::NAMED) {
            let look = self.look(unit, alert.ticket).await?;
            let clocks = unit.clocks_of_ticket(alert.ticket).await?;
            named.push(One {
                clock: clocks.into_iter().find(|clock| clock.run.key == alert.clock),
                look,
            });
        }
        let reader = self.reader(location.as_ref(), &[]);
        let reply = card::storm(&named, count, breaches, over, &reader);
        let mut one = Post::new(key.to_owned(), channel.id.clone(), reply);
        one.urgency = URGENT;
        post(unit, one, &channel, now).await
    }
}

/// The channel on the platforms where that card stands already.
async fn where_it_stands(unit: &mut Unit, key: &str, channel: &Channel) -> anyhow::Result<Channel> {
    let mut there = channel.clone();
    for platform in channel.platforms() {
        if unit.stored_post(key, platform).await?.is_none() {
            match platform {
                Platform::Console => there.console = false,
                Platform::Discord => there.discord = None,
            }
        }
    }
    Ok(there)
}

/// A call that somebody promised in a field of the ticket: a promise like one made in chat. Another instant in
/// the field is another promise, and an empty field takes it back.
fn promised_in_field(look: &Look, field: Option<&str>, events: &[Event], now: DateTime<Utc>) -> Vec<Event> {
    let (Some(field), Some(stored)) = (field, &look.stored) else {
        return Vec::new();
    };
    let wanted = stored
        .ticket
        .custom
        .get(field)
        .and_then(serde_json::Value::as_str)
        .and_then(|text| DateTime::parse_from_rfc3339(text).ok())
        .map(|at| at.to_utc());
    let begins = format!("field:{}:", look.id);
    let last = events
        .iter()
        .filter_map(|event| match &event.what {
            What::CallbackPromised { promise, due_at } if promise.starts_with(&begins) => {
                Some((event.at, promise.clone(), Some(*due_at)))
            }
            What::CallbackDropped { promise } if promise.starts_with(&begins) => {
                Some((event.at, promise.clone(), None))
            }
            _ => None,
        })
        .max_by_key(|(at, _, due_at)| (*at, due_at.is_some()));
    let stands = last.as_ref().and_then(|(_, _, due_at)| *due_at);
    if stands == wanted {
        return Vec::new();
    }
    let by = || By::some(Party::Agent);
    let mut learnt = Vec::new();
    if let Some((_, promise, Some(_))) = last {
        let name = format!("callback-dropped:{promise}");
        learnt.push(Event::new(now, name, by(), What::CallbackDropped { promise }));
    }
    if let Some(due_at) = wanted {
        let promise = format!("{begins}{}", due_at.timestamp());
        let name = format!("callback:{promise}");
        learnt.push(Event::new(
            now,
            name,
            by(),
            What::CallbackPromised { promise, due_at },
        ));
    }
    learnt
}

impl Places {
    /// Says where an alert is told: on a card of its own, or on the one that counts.
    fn give(
        &mut self,
        alert: &mut Alert,
        channel: &Channel,
        settings: &hammerdesk_commands::settings::Alerts,
        now: DateTime<Utc>,
    ) {
        let place = self.0.entry(channel.id.clone()).or_default();
        alert.channel = channel.id.clone();
        if place.storm.is_none() && place.singles + 1 >= settings.storm_from {
            place.storm = Some(format!("{STORM}{}:{}", channel.id, now.timestamp_micros()));
        }
        match &place.storm {
            Some(storm) => alert.post.clone_from(storm),
            None => {
                place.singles += 1;
                alert.post = format!(
                    "sla:{}:{}:{}:{}",
                    alert.ticket,
                    alert.clock,
                    alert.audience.word(),
                    now.timestamp_micros()
                );
            }
        }
    }
}

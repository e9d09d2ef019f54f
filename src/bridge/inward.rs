//! From the helpdesk into chat: the record of what happened, turned into what should stand there.
//!
//! Two readers of the record, each with its own place in it: [`Inward`] opens threads and puts what was
//! said into them, [`Cards`] keeps the heads current and tells a new ticket its facts. What a step decides
//! and how far it has read are one unit.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use futures_util::future::BoxFuture;
use hammerdesk_commands::offered;
use hammerdesk_domain::chat::Post;
use hammerdesk_domain::helpdesk::{EventKind, Gone, HelpdeskWrite, TicketId, WriteToken, status};
use hammerdesk_domain::ids::LocationId;
use hammerdesk_domain::message::{Outcome, Reply};
use hammerdesk_domain::sla::judge::Judged;
use hammerdesk_store::helpdesk::{Happened, Hint};

use super::scene::Scene;
use super::{Bridge, BridgeRule, LIVELY, card, clocks, head_key, lines, notes, readers_of};
use crate::engine::{Module, Progress};

const READER: &str = "bridge";
const CARD_READER: &str = "bridge-cards";
/// Events taken at once.
const EVENTS: i64 = 100;
/// Tickets whose cards are looked at in one step.
const TICKETS: i64 = 50;

/// Opens threads and puts what was said into them.
#[derive(Debug)]
pub struct Inward(pub Bridge);

/// Keeps the heads of threads current.
#[derive(Debug)]
pub struct Cards(pub Bridge);

/// What a step decides.
#[derive(Debug, Default)]
struct Decided {
    posts: Vec<(Post, BridgeRule)>,
    writes: Vec<(WriteToken, HelpdeskWrite)>,
    /// Tickets known from a list alone, which does not tell of their files.
    unread: Vec<TicketId>,
}

impl Bridge {
    /// The head of a ticket's thread as it should stand now.
    pub(super) async fn head(&self, scene: &Scene, rule: &BridgeRule) -> anyhow::Result<Post> {
        let client = scene.verdict.as_ref().and_then(|(verdict, _)| verdict.client());
        let brief = match client {
            Some(client) => {
                let readers = readers_of(&rule.channel);
                self.0
                    .commands
                    .brief(&readers, client)
                    .await
                    .map_err(|failure| anyhow::anyhow!("{failure}"))?
            }
            None => None,
        };
        let ticket = scene.stored.ticket.id;
        let promised = clocks::section(&scene.clocks, |clock| self.zone(clock, rule));
        let reply = card::head(scene, brief.as_ref(), promised, self.address(ticket));
        Ok(Post::new(head_key(ticket), rule.channel.id.clone(), reply).opening(card::title(scene)))
    }

    /// In whose time a clock is told: its location's, else the channel's.
    fn zone(&self, clock: &Judged, rule: &BridgeRule) -> Tz {
        let house = &self.0.commands.settings().house;
        let of = |location: &Option<LocationId>| location.as_ref().and_then(|id| house.location(id));
        of(&clock.location)
            .or_else(|| of(&rule.channel.location))
            .map_or(Tz::UTC, |location| location.zone)
    }

    async fn decide(&self, events: &[Happened]) -> anyhow::Result<Decided> {
        let mut by_ticket: BTreeMap<TicketId, Vec<&Happened>> = BTreeMap::new();
        for happened in events {
            by_ticket.entry(happened.event.ticket).or_default().push(happened);
        }
        let up_to = events.last().map_or(0, |last| last.seq);
        let mut decided = Decided::default();
        for (ticket, events) in by_ticket {
            let mut view = self.0.store.read().await?;
            let Some(scene) = Scene::look(&mut view, ticket).await? else {
                continue;
            };
            drop(view);
            self.answer_asked(&events, &mut decided.writes).await?;
            if let Some(rule) = scene.rule(&self.0.rules) {
                self.tell(&scene, rule, &events, up_to, &mut decided).await?;
            }
        }
        Ok(decided)
    }

    /// What a ticket's thread is to be told of the latest events, of which the last is `up_to`. A thread that
    /// opens now is told all that was said before, too.
    async fn tell(
        &self,
        scene: &Scene,
        rule: &BridgeRule,
        events: &[&Happened],
        up_to: i64,
        decided: &mut Decided,
    ) -> anyhow::Result<()> {
        let ticket = &scene.stored.ticket;
        let is_opened = !scene.has_head();
        if is_opened && !self.deserves_a_thread(scene) {
            return Ok(());
        }
        let (channel, address) = (&rule.channel.id, self.address(ticket.id));
        if is_opened {
            decided.posts.push((self.head(scene, rule).await?, rule.clone()));
        }
        let mut view = self.0.store.read().await?;
        let files = view.attachments(ticket.id).await?;
        let of = |conversation: Option<i64>| -> Vec<_> {
            files
                .iter()
                .filter(|file| file.conversation == conversation)
                .cloned()
                .collect()
        };
        if is_opened {
            self.first_words(scene, rule, decided).await?;
            if view
                .ticket_raw(ticket.id)
                .await?
                .is_none_or(|raw| raw.get("attachments").is_none())
            {
                decided.unread.push(ticket.id);
            }
        }
        let trail = if is_opened {
            view.ticket_trail(ticket.id).await?
        } else {
            Vec::new()
        };
        let mut told: Vec<&Happened> = trail
            .iter()
            .filter(|happened| happened.seq <= up_to && happened.event.conversation.is_some())
            .collect();
        told.sort_by_key(|happened| (happened.event.at, happened.seq));
        let told = if is_opened { told.as_slice() } else { events };
        let mut changes = Vec::new();
        let mut first = None;
        for happened in told {
            let event = &happened.event;
            match (event.conversation, event.kind) {
                // What people said in chat stands there already.
                (Some(_), EventKind::Note) if happened.is_ours() => {}
                (Some(id), EventKind::Removed) => {
                    let said = view.conversation(id).await?;
                    let post = match said.filter(|said| said.conversation.kind() == EventKind::Note) {
                        // Whoever took their words back in chat knows.
                        Some(said) if said.token.is_some() && happened.token != said.token => continue,
                        Some(said) if said.token.is_some() => {
                            lines::note_taken_away(ticket.id.0, id, channel)
                        }
                        _ => lines::taken_away(ticket.id.0, id, channel),
                    };
                    decided.posts.push((post, rule.clone()));
                }
                (Some(id), _) => {
                    if let Some(said) = view
                        .conversation(id)
                        .await?
                        .filter(|said| said.removed_at.is_none())
                        && !(said.token.is_some() && said.conversation.kind() == EventKind::Note)
                    {
                        let post =
                            lines::message(&mut view, channel, &said.conversation, &of(Some(id)), &address)
                                .await?;
                        decided.posts.push((post, rule.clone()));
                    }
                }
                // How a ticket was when it was first seen is on its card.
                (None, _) if !event.is_exact && event.at <= ticket.created_at => {}
                (None, _) => {
                    if let Some(sentence) = lines::change(&mut view, scene, event).await? {
                        first.get_or_insert((happened.seq, decided.posts.len()));
                        if !changes.contains(&sentence) {
                            changes.push(sentence);
                        }
                    }
                }
            }
        }
        // What changed stands where the first of it happened among the words.
        if let Some((first, place)) = first {
            let reply = Reply::sentence(Outcome::Answered, changes.join("\n"));
            let key = format!("changed:{}:{first}", ticket.id);
            let post = lines::post(&key, channel, ticket.id.0, reply);
            decided.posts.insert(place, (post, rule.clone()));
        }
        Ok(())
    }

    /// The words with which a ticket began, and their files.
    async fn first_words(
        &self,
        scene: &Scene,
        rule: &BridgeRule,
        decided: &mut Decided,
    ) -> anyhow::Result<()> {
        let ticket = scene.stored.ticket.id;
        if scene.stored.description_text.is_none() {
            return Ok(());
        }
        let mut files = self.0.store.read().await?.attachments(ticket).await?;
        files.retain(|file| file.conversation.is_none());
        let post = lines::description(scene, &rule.channel.id, &files, &self.address(ticket));
        decided.posts.push((post, rule.clone()));
        Ok(())
    }

    /// A ticket that is over, gone or long untouched opens no thread.
    fn deserves_a_thread(&self, scene: &Scene) -> bool {
        let ticket = &scene.stored.ticket;
        ticket.gone == Gone::Here
            && ticket.merged_into.is_none()
            && !status::is_over(ticket.status)
            && ticket.updated_at > self.0.clock.now() - LIVELY
    }

    /// Notes that ask something, answered by notes.
    async fn answer_asked(
        &self,
        events: &[&Happened],
        writes: &mut Vec<(WriteToken, HelpdeskWrite)>,
    ) -> anyhow::Result<()> {
        for happened in events {
            let event = &happened.event;
            let (EventKind::Note, Some(id), false) = (event.kind, event.conversation, happened.is_ours())
            else {
                continue;
            };
            let said = self.0.store.read().await?.conversation(id).await?;
            if let Some(said) = said.filter(|said| said.token.is_none() && said.removed_at.is_none())
                && let Some(write) = notes::answer(self, &said.conversation).await?
            {
                writes.push(write);
            }
        }
        Ok(())
    }

    /// Persists what was decided and how far was read, in one unit.
    async fn keep(&self, decided: Decided, reader: &str, seq: i64) -> anyhow::Result<()> {
        let now: DateTime<Utc> = self.0.clock.now();
        let mut unit = self.0.store.write().await?;
        for (mut post, rule) in decided.posts {
            let shown = offered(&mut post.reply);
            unit.remember_actions(&shown, now).await?;
            unit.post(&post, rule.channel.platforms(), now).await?;
        }
        for (token, write) in decided.writes {
            unit.enqueue_write(token, &write, 1, now).await?;
        }
        for ticket in decided.unread {
            let hint = Hint {
                whole: true,
                urgency: Hint::ORDINARY,
                why: "thread",
                due_at: now,
            };
            unit.hint_ticket(ticket, hint, now).await?;
        }
        unit.move_helpdesk_position(reader, seq, now).await?;
        unit.commit().await?;
        Ok(())
    }

    async fn inward(&self) -> anyhow::Result<Progress> {
        let mut view = self.0.store.read().await?;
        let from = view.helpdesk_position(READER).await?.unwrap_or_default();
        // Not every change is an event; whoever goes after us waits for those numbers too.
        let newest = view.newest_change().await?;
        let events = view.happened_after(from, EVENTS).await?;
        drop(view);
        let read = match events.last() {
            Some(last) if events.len() >= usize::try_from(EVENTS).unwrap_or_default() => last.seq,
            Some(last) => newest.max(last.seq),
            None => newest,
        };
        if read <= from {
            return Ok(Progress::Idle);
        }
        let decided = self.decide(&events).await?;
        self.keep(decided, READER, read).await?;
        Ok(Progress::Worked)
    }

    async fn cards(&self) -> anyhow::Result<Progress> {
        let mut view = self.0.store.read().await?;
        let from = view.helpdesk_position(CARD_READER).await?.unwrap_or_default();
        // A card is kept only where a thread was opened, so the opener goes first. Not everything that changes a
        // card is an event: once all events are told, the opener is ahead of everything.
        let opened = view.helpdesk_position(READER).await?.unwrap_or_default();
        let opened = match view.happened_after(opened, 1).await?.is_empty() {
            true => i64::MAX,
            false => opened,
        };
        let changed: Vec<_> = view
            .tickets_changed_after(from, TICKETS)
            .await?
            .into_iter()
            .take_while(|changed| changed.seq <= opened)
            .collect();
        drop(view);
        let Some(last) = changed.last() else {
            return Ok(Progress::Idle);
        };
        let mut decided = Decided::default();
        for changed in &changed {
            let mut view = self.0.store.read().await?;
            let Some(scene) = Scene::look(&mut view, changed.ticket()).await? else {
                continue;
            };
            drop(view);
            match scene.rule(&self.0.rules) {
                Some(rule) if scene.has_head() => {
                    decided.posts.push((self.head(&scene, rule).await?, rule.clone()));
                    self.first_words(&scene, rule, &mut decided).await?;
                }
                // What was found out about it since, such as whose it is, may open its thread now.
                Some(rule) => self.tell(&scene, rule, &[], opened, &mut decided).await?,
                None => {}
            }
            if self.0.facts_note
                && let Some(write) = notes::facts(self, &scene).await?
            {
                decided.writes.push(write);
            }
        }
        self.keep(decided, CARD_READER, last.seq).await?;
        Ok(Progress::Worked)
    }
}

impl Module for Inward {
    fn name(&self) -> &str {
        "bridge:in"
    }

    fn step(&self) -> BoxFuture<'_, anyhow::Result<Progress>> {
        Box::pin(self.0.inward())
    }

    fn every(&self) -> Duration {
        Duration::from_millis(500)
    }
}

impl Module for Cards {
    fn name(&self) -> &str {
        "bridge:cards"
    }

    fn step(&self) -> BoxFuture<'_, anyhow::Result<Progress>> {
        Box::pin(self.0.cards())
    }
}

//! Follow the sun: where a rota's day ends, its queue goes to the next one, with a summary of what goes.
//!
//! What is carried, the summary and how far the clock was followed are kept in one unit, so that a hand-over
//! happens once, also where the process was down when its time came.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::BoxFuture;
use hammerdesk_commands::escalate::says::time;
use hammerdesk_commands::offered;
use hammerdesk_domain::chat::Post;
use hammerdesk_domain::escalation::handover::{Handover, Summary, carry, handovers, next_handover, summary};
use hammerdesk_domain::escalation::model::{Actor, Event};
use hammerdesk_domain::escalation::routing::Subject;
use hammerdesk_domain::escalation::{Desk, Escalation};
use hammerdesk_domain::message::{Action, Card, Line, Reply, Section, Tone, Visibility};
use hammerdesk_store::Unit;
use hammerdesk_store::escalations::{AskedHandover, Happened};
use serde_json::json;

use super::Escalations;
use super::world::{Known, sales_at};
use crate::engine::{Module, Progress};

const MARK: &str = "handovers";
/// A hand-over that was missed longer ago is over: others have handed over since.
const CAUGHT_UP: TimeDelta = TimeDelta::days(2);
/// Escalations of one person that are looked at.
const MOST: i64 = 1_000;
/// Lines of a summary.
const MOST_LINES: usize = 20;

/// Carries queues from rota to rota.
#[derive(Debug)]
pub struct Handovers {
    escalations: Escalations,
    /// Nothing is handed over before, by that very desk; kept, so that no other one takes its place in memory.
    quiet: Mutex<Option<(Arc<Desk>, DateTime<Utc>)>>,
}

impl Handovers {
    /// For that desk.
    pub const fn new(escalations: Escalations) -> Self {
        Self {
            escalations,
            quiet: Mutex::new(None),
        }
    }

    async fn all(&self) -> anyhow::Result<Progress> {
        let inner = &self.escalations.0;
        let now = inner.clock.now();
        let mut view = inner.store.read().await?;
        let asked = view.handovers_asked().await?;
        let desk = self.escalations.desk(&mut view, now).await?;
        let mark = view.escalation_mark(MARK).await?;
        drop(view);
        let mut worked = false;
        for asked in asked {
            self.asked(&desk, &asked, now).await?;
            worked = true;
        }
        // Counting shifts out is work: until the next hand-over of this very desk there is nothing to see.
        let quiet = self.quiet.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if quiet.is_some_and(|(of, until)| Arc::ptr_eq(&of, &desk) && now < until) {
            return Ok(progress(worked));
        }
        let from = mark.map_or(now, |mark| mark.max(now - CAUGHT_UP));
        let until = now + TimeDelta::microseconds(1);
        if mark.is_some() {
            for handover in handovers(&desk, from, until) {
                self.carry_out(&desk, &handover, None, now).await?;
                worked = true;
            }
        }
        let mut unit = inner.store.write().await?;
        unit.move_escalation_mark(MARK, until).await?;
        unit.commit().await?;
        let next = next_handover(&desk, now).unwrap_or(now + TimeDelta::days(1));
        *self.quiet.lock().unwrap_or_else(PoisonError::into_inner) = Some((desk, next));
        Ok(progress(worked))
    }

    /// Somebody asked for one.
    async fn asked(&self, desk: &Desk, asked: &AskedHandover, now: DateTime<Utc>) -> anyhow::Result<()> {
        let on = |rota: &str| {
            let duties = desk
                .rota(rota)
                .map(|rota| rota.on_at(now, None))
                .unwrap_or_default();
            duties.into_iter().map(|duty| duty.person).collect()
        };
        let handover = Handover {
            at: now,
            from: asked.from.clone(),
            to: asked.to.clone(),
            giving: on(&asked.from),
            taking: on(&asked.to),
        };
        self.carry_out(desk, &handover, Some(asked), now).await
    }

    async fn carry_out(
        &self,
        desk: &Desk,
        handover: &Handover,
        asked: Option<&AskedHandover>,
        now: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        let inner = &self.escalations.0;
        let mut unit = inner.store.write().await?;
        let mut loads = unit.escalation_loads().await?;
        let mut carried: Vec<Escalation> = Vec::new();
        for person in &handover.giving {
            for line in unit.escalation_queue(Some(person), MOST).await? {
                let Some(escalation) = unit.escalation(line.id).await? else {
                    continue;
                };
                let known = Known::look(&mut unit, &escalation).await?;
                let sales = sales_at(desk, now);
                let subject = Subject::of(&escalation, &known.facts, &sales, known.last_handler.as_ref());
                let Some(what) = carry(desk, &escalation, &subject, handover, &loads) else {
                    continue;
                };
                let to = what.given_to().cloned();
                let by = asked.map_or(Actor::Desk, |asked| Actor::Person(asked.by.clone()));
                let event = Event { at: now, by, what };
                if let Happened::Kept(_) = unit.escalation_happens(escalation.id(), event).await? {
                    if let Some(to) = to {
                        loads.give(&to, now);
                    }
                    carried.push(escalation);
                }
            }
        }
        if let Some(asked) = asked {
            if !unit.handover_done(asked.id, carried.len(), now).await? {
                return Ok(());
            }
        } else {
            unit.move_escalation_mark(MARK, handover.at + TimeDelta::microseconds(1))
                .await?;
        }
        let told = summary(desk, handover, &carried);
        self.say(&mut unit, desk, handover, &told, now).await?;
        unit.commit().await?;
        Ok(())
    }

    /// The summary, in the channel of those who take over.
    async fn say(
        &self,
        unit: &mut Unit,
        desk: &Desk,
        handover: &Handover,
        told: &Summary,
        now: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        let settings = &self.escalations.0.settings;
        let location = desk.rota(&handover.to).map(|rota| &rota.location);
        let channel = settings
            .channels()
            .into_iter()
            .filter(|channel| channel.is_internal() && channel.platforms().next().is_some())
            .min_by_key(|channel| {
                (
                    channel.location.as_ref() != location,
                    channel.location.is_some(),
                    channel.needs.len(),
                    channel.id.clone(),
                )
            });
        let Some(channel) = channel else {
            return Ok(());
        };
        let zone = settings.zone(location);
        let mut lines: Vec<Line> = told
            .lines
            .iter()
            .take(MOST_LINES)
            .map(|line| Line {
                code: None,
                text: format!(
                    "E-{} {} · {} · since {}{}{}",
                    line.id.handle(),
                    line.severity,
                    line.state,
                    time(line.since, zone),
                    line.had
                        .as_ref()
                        .map_or(String::new(), |person| format!(" · had: {}", desk.name(person))),
                    if line.times > 1 {
                        format!(" · {} times", line.times)
                    } else {
                        String::new()
                    }
                ),
                tone: Tone::Plain,
            })
            .collect();
        let more = told.lines.len().saturating_sub(MOST_LINES);
        if more > 0 {
            lines.push(Line {
                code: None,
                text: format!("{more} more; /queue lists yours"),
                tone: Tone::Quiet,
            });
        }
        let card = Card {
            title: format!("Hand-over: {} to {}", handover.from, handover.to),
            subtitle: Some(told.headline.clone()),
            sections: if lines.is_empty() {
                Vec::new()
            } else {
                vec![Section::Lines { heading: None, lines }]
            },
            ..Card::default()
        };
        let mut reply = Reply {
            visibility: Visibility::Shared,
            actions: vec![Action::ask("My queue", "/queue")],
            ..Reply::card(card, json!({ "handover": handover, "summary": told }))
        };
        let shown = offered(&mut reply);
        unit.remember_actions(&shown, now).await?;
        let key = format!(
            "handover:{}:{}:{}",
            handover.from,
            handover.to,
            handover.at.timestamp_micros()
        );
        let post = Post {
            mentions: if told.lines.is_empty() {
                Vec::new()
            } else {
                let admitted = |person: &&hammerdesk_domain::ids::PersonId| {
                    desk.people().get(*person).is_some_and(|who| channel.admits(who))
                };
                handover.taking.iter().filter(admitted).cloned().collect()
            },
            ..Post::new(key, channel.id.clone(), reply)
        };
        unit.post(&post, channel.platforms(), now).await?;
        Ok(())
    }
}

const fn progress(worked: bool) -> Progress {
    if worked { Progress::Worked } else { Progress::Idle }
}

impl Module for Handovers {
    fn name(&self) -> &str {
        "escalate:handover"
    }

    fn step(&self) -> BoxFuture<'_, anyhow::Result<Progress>> {
        Box::pin(self.all())
    }

    fn every(&self) -> Duration {
        Duration::from_secs(2)
    }
}

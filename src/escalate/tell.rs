//! Telling chat of what happened: the card kept current, a line in its thread for every pass, and those who
//! are asked mentioned where they read.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use hammerdesk_commands::escalate::card::{self, Scene};
use hammerdesk_commands::escalate::says::{Words, says};
use hammerdesk_commands::offered;
use hammerdesk_domain::chat::{Platform, Post};
use hammerdesk_domain::escalation::model::What;
use hammerdesk_domain::escalation::{Desk, Escalation};
use hammerdesk_domain::ids::PersonId;
use hammerdesk_domain::message::{Action, Outcome, Reply, Visibility};
use hammerdesk_store::Unit;
use hammerdesk_store::escalations::{Entry, Unreached};

use super::climb::Climb;
use super::head_key;
use super::place::{Place, where_reads};
use super::world::Known;

/// Longer words of a joined call are read in the helpdesk.
const LONGEST: usize = 1_000;

/// One look at an escalation, after what was decided.
#[derive(Clone, Copy)]
pub(super) struct Pass<'a> {
    pub(super) escalation: &'a Escalation,
    pub(super) desk: &'a Desk,
    /// What was not told yet.
    pub(super) new: &'a [Entry],
    /// How many events were told before.
    pub(super) told: u32,
    pub(super) zone: Tz,
    pub(super) now: DateTime<Utc>,
}

impl Climb {
    /// Tells of every event that was not told yet, and keeps how far that is.
    pub(super) async fn tell(
        &self,
        unit: &mut Unit,
        escalation: &Escalation,
        desk: &Desk,
        known: &Known,
        now: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        let id = escalation.id();
        let told = unit.escalation_told_up_to(id).await?;
        let entries = unit.escalation_entries(id).await?;
        let new = entries.get(usize::try_from(told)?..).unwrap_or_default();
        let settings = &self.0.0.settings;
        let place = self.place(unit, escalation, known).await?;
        let is_bare = place.as_ref().is_none_or(|place| place.is_bare);
        let shown = if is_bare { &[][..] } else { &known.clients };
        let pass = Pass {
            escalation,
            desk,
            new,
            told,
            zone: settings.zone(card::location(escalation, shown)),
            now,
        };
        if let Some(place) = place {
            let scene = Scene {
                escalation,
                desk,
                settings,
                clients: &known.clients,
                readers: &place.readers,
                is_bare: place.is_bare,
            };
            let head = Post {
                urgency: urgency(escalation),
                ..Post::new(head_key(id), place.channel.id.clone(), card::card(&scene))
                    .opening(card::title(&scene))
            };
            self.post(unit, head, &place, now).await?;
            if let Some(line) = line(&pass, &place) {
                let asked = line.mentions.clone();
                let (here, elsewhere): (Vec<PersonId>, Vec<PersonId>) =
                    asked.into_iter().partition(|person| {
                        desk.people()
                            .get(person)
                            .is_none_or(|who| place.channel.admits(who))
                    });
                let line = Post {
                    mentions: here,
                    ..line
                };
                self.post(unit, line, &place, now).await?;
                for person in elsewhere {
                    self.ask_elsewhere(unit, &pass, &person, &place).await?;
                }
            }
        }
        self.to_helpdesk(unit, &pass).await?;
        unit.escalation_told(id, escalation.events).await?;
        Ok(())
    }

    /// Where its card stands, or is to stand.
    async fn place(
        &self,
        unit: &mut Unit,
        escalation: &Escalation,
        known: &Known,
    ) -> anyhow::Result<Option<Place>> {
        let settings = &self.0.0.settings;
        let key = head_key(escalation.id());
        for platform in [Platform::Console, Platform::Discord] {
            if let Some(stored) = unit.stored_post(&key, platform).await?
                && let Some(channel) = settings.channel(&stored.post.channel)
            {
                return Ok(Some(Place::at(channel, escalation, &known.clients)));
            }
        }
        let location = card::location(escalation, &known.clients);
        let best = Place::best(settings, escalation, &known.clients, location);
        if best.as_ref().is_none_or(|best| best.is_bare) {
            // Not even where the client is looked after.
            let location = escalation.opening.location.as_ref();
            return Ok(Place::best(settings, escalation, &known.clients, location));
        }
        Ok(best)
    }

    async fn post(
        &self,
        unit: &mut Unit,
        mut post: Post,
        place: &Place,
        now: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        let shown = offered(&mut post.reply);
        unit.remember_actions(&shown, now).await?;
        unit.post(&post, place.channel.platforms(), now).await?;
        Ok(())
    }

    /// Somebody who is asked and does not read in the escalation's channel is asked where they do.
    async fn ask_elsewhere(
        &self,
        unit: &mut Unit,
        pass: &Pass<'_>,
        person: &PersonId,
        place: &Place,
    ) -> anyhow::Result<()> {
        let Pass {
            escalation,
            desk,
            told,
            now,
            ..
        } = *pass;
        let key = format!("{}:{told}:ask:{person}", head_key(escalation.id()));
        let there = desk
            .people()
            .get(person)
            .and_then(|who| where_reads(&self.0.0.settings, who));
        let Some(channel) = there else {
            let why = "reads in no channel of the chat";
            let nobody = Unreached::new(&key, Platform::Console, person, why, now);
            return Ok(unit.note_unreached(&nobody).await?);
        };
        let handle = escalation.id().handle();
        let mut reply = Reply::sentence(
            Outcome::Answered,
            format!(
                "{}: you are asked to take escalation E-{handle}, which stands in {}.",
                desk.name(person),
                place.channel.id
            ),
        );
        reply.visibility = Visibility::Shared;
        reply.actions = vec![
            Action {
                primary: true,
                ..Action::ask("Acknowledge", format!("/escalation take {handle}"))
            },
            Action::ask("Show", format!("/escalation show {handle}")),
        ];
        let post = Post {
            mentions: vec![person.clone()],
            urgency: urgency(escalation),
            ..Post::new(key, channel.id.clone(), reply)
        };
        let there = Place::at(channel, escalation, &[]);
        self.post(unit, post, &there, now).await
    }
}

/// The worse, the sooner, where many wait for one channel.
fn urgency(escalation: &Escalation) -> u8 {
    u8::try_from(escalation.severity.rank()).unwrap_or(0) + 1
}

/// What happened, as one post in the thread; nothing where nothing is worth a line.
fn line(pass: &Pass<'_>, place: &Place) -> Option<Post> {
    let Pass {
        escalation,
        desk,
        new,
        told,
        zone,
        ..
    } = *pass;
    let words = Words {
        desk,
        zone,
        is_bare: place.is_bare,
    };
    let mut sentences = Vec::new();
    let mut mentions = BTreeSet::new();
    for entry in new {
        let event = &entry.event;
        sentences.extend(says(event, &words, &desk_ladder(escalation, desk)));
        match &event.what {
            // Only those who are asked now: whoever was asked before has had their mention.
            What::Notified { people, .. } => mentions.clone_from(people),
            What::Joined { said, .. } if !place.is_bare => {
                let said = hammerdesk_domain::text::title(said, LONGEST);
                sentences.push(format!("“{said}”"));
            }
            What::Acknowledged { .. } | What::Resolved { .. } | What::Merged { .. } | What::Closed => {
                mentions.clear();
            }
            _ => {}
        }
    }
    if sentences.is_empty() {
        return None;
    }
    let mut reply = Reply::sentence(Outcome::Answered, sentences.join("\n"));
    reply.visibility = Visibility::Shared;
    let head = head_key(escalation.id());
    Some(Post {
        mentions: mentions.into_iter().collect(),
        urgency: urgency(escalation),
        ..Post::new(format!("{head}:{told}"), place.channel.id.clone(), reply).within(head)
    })
}

/// The names of the rungs of the ladder that it climbs.
pub(super) fn desk_ladder(escalation: &Escalation, desk: &Desk) -> Vec<String> {
    use hammerdesk_domain::escalation::model::Standing;
    let id = match &escalation.standing {
        Standing::Climbing { ladder, .. } | Standing::Held { ladder, .. } => ladder.as_str(),
        _ => "",
    };
    desk.ladder(id)
        .rungs
        .iter()
        .map(|rung| rung.name.clone())
        .collect()
}

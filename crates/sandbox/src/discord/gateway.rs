//! The gateway's memory: sessions, what was told to each, and what is to go wrong.
//!
//! Events are numbered and kept per session while the model is locked, so a resumed session gets exactly
//! what it missed, in order.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;

use super::id::Id;
use super::model::{Message, State};

/// How many events are kept for a session to resume.
const KEPT: usize = 20_000;

pub(super) const GUILDS: u64 = 1;
pub(super) const GUILD_MEMBERS: u64 = 1 << 1;
const GUILD_PRESENCES: u64 = 1 << 8;
const GUILD_MESSAGES: u64 = 1 << 9;
const DIRECT_MESSAGES: u64 = 1 << 12;
pub(super) const MESSAGE_CONTENT: u64 = 1 << 15;

/// What goes to one connection.
#[derive(Debug, Clone)]
pub(super) enum Frame {
    /// One payload.
    Payload(Arc<str>),
    /// A close frame, then the end.
    Close(u16),
    /// The end of the connection without a word.
    Drop,
}

/// How payloads travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// As text.
    #[default]
    Never,
    /// In zlib, where the bot said at IDENTIFY that it takes that.
    AsAsked,
}

/// One live connection.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) frames: UnboundedSender<Frame>,
    pub(super) session: Option<String>,
}

#[derive(Debug)]
pub(super) struct Session {
    pub(super) shard: (u64, u64),
    pub(super) intents: u64,
    pub(super) compresses: bool,
    seq: u64,
    told: VecDeque<(u64, Arc<str>)>,
    pub(super) line: Option<u64>,
}

/// What happened at the gateway so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GatewayCounts {
    /// Connections taken.
    pub connections: u64,
    /// IDENTIFY accepted.
    pub identifies: u64,
    /// RESUME accepted.
    pub resumes: u64,
    /// Heartbeats received.
    pub heartbeats: u64,
    /// The last code with which the bot closed a connection.
    pub last_close: Option<u16>,
}

/// Sessions, connections and switches.
#[derive(Debug)]
pub(super) struct Gateway {
    pub(super) lines: BTreeMap<u64, Line>,
    pub(super) sessions: BTreeMap<String, Session>,
    next_line: u64,
    pub(super) counts: GatewayCounts,
    pub(super) identified: VecDeque<Instant>,
    pub(super) identify_times: Vec<DateTime<Utc>>,
    pub(super) heartbeat_millis: u64,
    pub(super) compression: Compression,
    pub(super) withholds_acks: bool,
    pub(super) withholds_events: bool,
    pub(super) refuses_connections: bool,
    pub(super) refuses_identify_with: Option<u16>,
    pub(super) spaces_identifies: bool,
    pub(super) max_concurrency: u64,
    pub(super) recommended_shards: u64,
}

impl Gateway {
    pub(super) fn new(heartbeat_millis: u64, compression: Compression) -> Self {
        Self {
            lines: BTreeMap::new(),
            sessions: BTreeMap::new(),
            next_line: 0,
            counts: GatewayCounts::default(),
            identified: VecDeque::new(),
            identify_times: Vec::new(),
            heartbeat_millis,
            compression,
            withholds_acks: false,
            withholds_events: false,
            refuses_connections: false,
            refuses_identify_with: None,
            spaces_identifies: false,
            max_concurrency: 1,
            recommended_shards: 1,
        }
    }

    /// Takes a connection.
    pub(super) fn open(&mut self, frames: UnboundedSender<Frame>) -> u64 {
        self.next_line += 1;
        self.counts.connections += 1;
        self.lines.insert(
            self.next_line,
            Line {
                frames,
                session: None,
            },
        );
        self.next_line
    }

    /// Forgets a connection; its session lives on unless it was closed for good.
    pub(super) fn closed(&mut self, line: u64, code: Option<u16>) {
        let Some(gone) = self.lines.remove(&line) else {
            return;
        };
        if code.is_some() {
            self.counts.last_close = code;
        }
        let Some(session) = gone.session else {
            return;
        };
        if matches!(code, Some(1000 | 1001)) {
            self.sessions.remove(&session);
        } else if let Some(session) = self.sessions.get_mut(&session)
            && session.line == Some(line)
        {
            session.line = None;
        }
    }

    pub(super) fn put(&self, line: u64, frame: Frame) {
        if let Some(line) = self.lines.get(&line) {
            // A connection that is just ending takes nothing more; its session keeps the event.
            let _ = line.frames.send(frame);
        }
    }

    pub(super) fn put_payload(&self, line: u64, payload: &Value) {
        self.put(line, Frame::Payload(payload.to_string().into()));
    }

    /// The same to every connection.
    pub(super) fn put_all(&self, frame: &Frame) {
        for line in self.lines.keys() {
            self.put(*line, frame.clone());
        }
    }

    /// Ends every session, so that none can be resumed.
    pub(super) fn forget_sessions(&mut self) {
        self.sessions.clear();
        for line in self.lines.values_mut() {
            line.session = None;
        }
    }

    /// Resumes: what was missed is sent again. `false` where the session is unknown.
    pub(super) fn resume(&mut self, line: u64, id: &str, seq: u64) -> bool {
        let Some(session) = self.sessions.get_mut(id) else {
            return false;
        };
        let first = session.told.front().map_or(session.seq + 1, |(first, _)| *first);
        if seq > session.seq || seq + 1 < first {
            self.sessions.remove(id);
            return false;
        }
        let older = session.line.replace(line);
        let missed: Vec<Arc<str>> = session
            .told
            .iter()
            .filter(|(at, _)| *at > seq)
            .map(|(_, payload)| payload.clone())
            .collect();
        if let Some(older) = older.filter(|older| *older != line) {
            self.put(older, Frame::Drop);
        }
        if let Some(entry) = self.lines.get_mut(&line) {
            entry.session = Some(id.to_owned());
        }
        for payload in missed {
            self.put(line, Frame::Payload(payload));
        }
        self.counts.resumes += 1;
        self.tell_session(id, "RESUMED", "{\"_trace\":[]}");
        true
    }

    /// One event to one session.
    pub(super) fn tell_session(&mut self, id: &str, event: &str, data: &str) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        session.seq += 1;
        let payload: Arc<str> = format!(
            "{{\"t\":\"{event}\",\"s\":{},\"op\":0,\"d\":{data}}}",
            session.seq
        )
        .into();
        session.told.push_back((session.seq, payload.clone()));
        if session.told.len() > KEPT {
            session.told.pop_front();
        }
        let line = session.line;
        if let Some(line) = line.filter(|_| !self.withholds_events) {
            self.put(line, Frame::Payload(payload));
        }
    }

    /// A new session on a connection.
    pub(super) fn start_session(
        &mut self,
        line: u64,
        id: &str,
        shard: (u64, u64),
        intents: u64,
        compresses: bool,
    ) {
        self.sessions.insert(
            id.to_owned(),
            Session {
                shard,
                intents,
                compresses,
                seq: 0,
                told: VecDeque::new(),
                line: Some(line),
            },
        );
        if let Some(entry) = self.lines.get_mut(&line) {
            entry.session = Some(id.to_owned());
        }
        self.counts.identifies += 1;
    }

    /// Events at or after this intent go to sessions of that shard that asked for one of `intents`.
    fn hearers(&self, guild: Option<Id>, intents: u64) -> Vec<(String, u64)> {
        self.sessions
            .iter()
            .filter(|(_, session)| intents == 0 || session.intents & intents != 0)
            .filter(|(_, session)| {
                let (shard, of) = session.shard;
                guild.map_or(0, |guild| (guild.0 >> 22) % of.max(1)) == shard
            })
            .map(|(id, session)| (id.clone(), session.intents))
            .collect()
    }
}

impl State {
    /// Tells every session that is concerned.
    pub(super) fn tell(&mut self, event: &str, guild: Option<Id>, intents: u64, data: &Value) {
        let hearers = self.gateway.hearers(guild, intents);
        if hearers.is_empty() {
            return;
        }
        let data = data.to_string();
        for (session, _) in hearers {
            self.gateway.tell_session(&session, event, &data);
        }
    }

    fn message_intent(guild: Option<Id>) -> u64 {
        if guild.is_some() {
            GUILD_MESSAGES
        } else {
            DIRECT_MESSAGES
        }
    }

    /// Tells of a message; without the intent for content, others' words are left out.
    pub(super) fn tell_message(&mut self, event: &str, id: Id) {
        let Some(message) = self.messages.get(&id) else {
            return;
        };
        let Some(channel) = self.channels.get(&message.channel) else {
            return;
        };
        let guild = channel.guild;
        let hearers = self.gateway.hearers(guild, Self::message_intent(guild));
        if hearers.is_empty() || !self.bot_sees(message) {
            return;
        }
        let mut wire = self.wire_message_told(message);
        let is_open =
            guild.is_none() || message.author == self.bot || message.pings.people.contains(&self.bot);
        let full = wire.to_string();
        if !is_open {
            wire["content"] = "".into();
            for key in ["embeds", "attachments", "components"] {
                wire[key] = json!([]);
            }
        }
        let bare = wire.to_string();
        for (session, intents) in hearers {
            let data = if intents & MESSAGE_CONTENT == 0 {
                &bare
            } else {
                &full
            };
            self.gateway.tell_session(&session, event, data);
        }
    }

    fn bot_sees(&self, message: &Message) -> bool {
        self.channels.get(&message.channel).is_some_and(|channel| {
            self.rights(channel, self.bot)
                .include(super::rights::Rights::VIEW_CHANNEL)
        })
    }

    pub(super) fn tell_message_gone(&mut self, message: &Message) {
        let guild = self
            .channels
            .get(&message.channel)
            .and_then(|channel| channel.guild);
        if !self.bot_sees(message) {
            return;
        }
        let mut data = json!({"id": message.id, "channel_id": message.channel});
        if let Some(guild) = guild {
            data["guild_id"] = json!(guild);
        }
        self.tell("MESSAGE_DELETE", guild, Self::message_intent(guild), &data);
    }

    /// Tells of a channel or thread, if the bot sees it.
    pub(super) fn tell_channel(&mut self, event: &str, id: Id) {
        let Some(channel) = self.channels.get(&id) else {
            return;
        };
        if !self
            .rights(channel, self.bot)
            .include(super::rights::Rights::VIEW_CHANNEL)
        {
            return;
        }
        let guild = channel.guild;
        let mut wire = self.wire_channel(channel);
        if event == "THREAD_CREATE" {
            wire["newly_created"] = true.into();
        }
        self.tell(event, guild, GUILDS, &wire);
    }

    /// Starts a session: READY, then each guild.
    pub(super) fn greet(&mut self, session: &str, shard: (u64, u64), intents: u64, gateway_url: &str) {
        let guilds: Vec<Id> = self
            .guilds
            .values()
            .filter(|guild| guild.members.contains_key(&self.bot))
            .map(|guild| guild.id)
            .filter(|id| (id.0 >> 22) % shard.1.max(1) == shard.0)
            .collect();
        let unavailable: Vec<Value> = guilds
            .iter()
            .map(|id| json!({"id": id, "unavailable": true}))
            .collect();
        let application = self.wire_application();
        let ready = json!({
            "v": 10, "user": self.wire_me(), "guilds": unavailable, "session_id": session,
            "session_type": "normal", "resume_gateway_url": gateway_url, "shard": [shard.0, shard.1],
            "application": {"id": self.bot, "flags": application["flags"]}, "user_settings": {},
            "relationships": [], "private_channels": [], "presences": [], "guild_join_requests": [],
            "geo_ordered_rtc_regions": ["rotterdam"], "auth": {}, "_trace": [],
        });
        self.gateway.tell_session(session, "READY", &ready.to_string());
        if intents & GUILDS == 0 {
            return;
        }
        for id in guilds {
            if let Some(guild) = self.guilds.get(&id) {
                let wire = self
                    .wire_guild_created(guild, intents & (GUILD_MEMBERS | GUILD_PRESENCES) != 0)
                    .to_string();
                self.gateway.tell_session(session, "GUILD_CREATE", &wire);
            }
        }
    }
}

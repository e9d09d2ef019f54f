//! The switches of both sockets, and what is read off them.

use std::time::Duration;

use serde_json::{Value, json};

use super::DiscordSim;
use super::fault::Fault;
use super::gateway::{Frame, GatewayCounts};
use super::id::Id;
use super::log::Logged;
use super::model::Rules;
use super::view::Seen;

impl DiscordSim {
    /// Plans a fault for the next `times` requests of a route, such as `POST /channels/{}/messages`; `*` means
    /// any, at the end of a path too.
    pub fn fail(&self, route: &str, fault: Fault, times: u64) -> u64 {
        self.core.state().faults.plan(route, fault, 0, Some(times))
    }

    /// The same, after letting some pass.
    pub fn fail_after(&self, passes: u64, route: &str, fault: Fault, times: u64) -> u64 {
        self.core.state().faults.plan(route, fault, passes, Some(times))
    }

    /// Plans a fault that stays until it is cancelled.
    pub fn fail_always(&self, route: &str, fault: Fault) -> u64 {
        self.core.state().faults.plan(route, fault, 0, None)
    }

    /// Cancels a planned fault.
    pub fn cancel_fault(&self, fault: u64) {
        self.core.state().faults.cancel(fault);
    }

    /// Cancels all planned faults.
    pub fn clear_faults(&self) {
        self.core.state().faults.clear();
    }

    /// Limits a route, for each channel, guild or token apart.
    pub fn limit(&self, route: &str, requests: u64, window: Duration) {
        self.core.state().limits.set(route, requests, window);
    }

    /// Limits all requests in a second; Discord allows 50.
    pub fn limit_globally(&self, a_second: Option<u64>) {
        self.core.state().limits.global = a_second;
    }

    /// After how many invalid requests in ten minutes the bot is banned; Discord allows 10,000.
    pub fn ban_after(&self, invalid_requests: usize) {
        self.core.state().limits.invalid_most = invalid_requests;
    }

    /// Invalid requests (401, 403, 429 but for shared limits) in the last ten minutes.
    pub fn invalid_requests(&self) -> usize {
        let now = self.core.now();
        self.core.state().limits.invalid_lately(now)
    }

    /// Changes what is demanded.
    pub fn set_rules(&self, change: impl FnOnce(&mut Rules)) {
        change(&mut self.core.state().rules);
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Logged> {
        self.core.state().log.kept.clone()
    }

    /// Those of a route.
    pub fn requests_to(&self, route: &str) -> Vec<Logged> {
        let state = self.core.state();
        state
            .log
            .kept
            .iter()
            .filter(|logged| logged.route == route)
            .cloned()
            .collect()
    }

    /// How many requests came, kept or not.
    pub fn request_count(&self) -> u64 {
        self.core.state().log.count
    }

    /// Forgets the requests so far, but not the malformed ones.
    pub fn forget_requests(&self) {
        self.core.state().log.kept.clear();
    }

    /// Requests that Discord never takes, whatever the circumstances: there must be none.
    pub fn malformed(&self) -> Vec<Logged> {
        self.core.state().log.malformed.clone()
    }

    /// The same, taken note of: what a test sends wrongly on purpose. Whatever is left when the simulator ends
    /// is a panic.
    pub fn take_malformed(&self) -> Vec<Logged> {
        std::mem::take(&mut self.core.state().log.malformed)
    }

    /// What somebody sees in a channel.
    pub fn view(&self, channel: Id, person: Id) -> Vec<Seen> {
        self.core.state().view(channel, person)
    }

    /// Every message of a channel, as nobody but Discord sees it.
    pub fn all_messages(&self, channel: Id) -> Vec<Seen> {
        let state = self.core.state();
        let ids = state
            .channels
            .get(&channel)
            .map(|channel| channel.messages.clone());
        ids.into_iter()
            .flatten()
            .filter_map(|id| state.messages.get(&id))
            .map(|message| state.seen(message))
            .collect()
    }

    /// Threads of a channel: id and name.
    pub fn threads(&self, channel: Id) -> Vec<(Id, String)> {
        let state = self.core.state();
        state
            .channels
            .values()
            .filter(|found| found.parent == Some(channel) && found.thread.is_some())
            .map(|found| (found.id, found.name.clone()))
            .collect()
    }

    /// Whether a thread is archived, and whether it is locked.
    pub fn thread_state(&self, thread: Id) -> Option<(bool, bool)> {
        let state = self.core.state();
        let found = state.channels.get(&thread)?.thread.as_ref()?;
        Some((found.is_archived, found.is_locked))
    }

    /// The names of the commands that are registered, for all guilds or for one.
    pub fn commands(&self, guild: Option<Id>) -> Vec<Value> {
        let state = self.core.state();
        state
            .commands
            .iter()
            .filter(|command| command.guild == guild)
            .map(|command| command.body.clone())
            .collect()
    }

    /// The gateway's switches.
    pub fn gateway(&self) -> GatewaySwitches<'_> {
        GatewaySwitches(self)
    }
}

/// What can be done to gateway connections.
#[derive(Debug, Clone, Copy)]
pub struct GatewaySwitches<'a>(&'a DiscordSim);

impl GatewaySwitches<'_> {
    /// What happened so far.
    pub fn counts(self) -> GatewayCounts {
        self.0.core.state().gateway.counts.clone()
    }

    /// How many connections are open.
    pub fn connections(self) -> usize {
        self.0.core.state().gateway.lines.len()
    }

    /// The shards of live sessions: number and count.
    pub fn shards(self) -> Vec<(u64, u64)> {
        let state = self.0.core.state();
        state
            .gateway
            .sessions
            .values()
            .filter(|session| session.line.is_some())
            .map(|session| session.shard)
            .collect()
    }

    /// Whether a bot is there to hear events.
    pub fn is_connected(self) -> bool {
        !self.shards().is_empty()
    }

    /// Closes every connection with a code.
    pub fn close(self, code: u16) {
        self.0.core.state().gateway.put_all(&Frame::Close(code));
    }

    /// Cuts every connection without a word.
    pub fn drop_connections(self) {
        self.0.core.state().gateway.put_all(&Frame::Drop);
    }

    /// Asks every connection to reconnect (op 7).
    pub fn request_reconnect(self) {
        self.payload(&json!({"t": null, "s": null, "op": 7, "d": null}));
    }

    /// Declares sessions invalid (op 9); one that is not resumable is forgotten.
    pub fn invalidate(self, is_resumable: bool) {
        self.payload(&json!({"t": null, "s": null, "op": 9, "d": is_resumable}));
        if !is_resumable {
            self.0.core.state().gateway.forget_sessions();
        }
    }

    /// Forgets sessions without saying so: the next RESUME is refused.
    pub fn forget_sessions(self) {
        self.0.core.state().gateway.forget_sessions();
    }

    /// Asks every connection for a heartbeat (op 1).
    pub fn request_heartbeat(self) {
        self.payload(&json!({"t": null, "s": null, "op": 1, "d": null}));
    }

    /// Leaves heartbeats without acknowledgement.
    pub fn withhold_acks(self, withholds: bool) {
        self.0.core.state().gateway.withholds_acks = withholds;
    }

    /// Keeps events back, as a connection that is dead without knowing it; a resume brings them.
    pub fn withhold_events(self, withholds: bool) {
        self.0.core.state().gateway.withholds_events = withholds;
    }

    /// Refuses new connections (503).
    pub fn refuse_connections(self, refuses: bool) {
        self.0.core.state().gateway.refuses_connections = refuses;
    }

    /// Closes with this code at every IDENTIFY.
    pub fn refuse_identify(self, code: Option<u16>) {
        self.0.core.state().gateway.refuses_identify_with = code;
    }

    /// Takes one IDENTIFY in five seconds only.
    pub fn space_identifies(self, spaces: bool) {
        self.0.core.state().gateway.spaces_identifies = spaces;
    }

    /// How often bots that connect from now on are to beat.
    pub fn set_heartbeat(self, millis: u64) {
        self.0.core.state().gateway.heartbeat_millis = millis;
    }

    /// How many shards `GET /gateway/bot` recommends, and how many may identify at once.
    pub fn recommend_shards(self, shards: u64, max_concurrency: u64) {
        let mut state = self.0.core.state();
        state.gateway.recommended_shards = shards;
        state.gateway.max_concurrency = max_concurrency;
    }

    /// Sends an event to every session, whatever it asked for.
    pub fn event(self, name: &str, data: &Value) {
        let mut state = self.0.core.state();
        let sessions: Vec<String> = state.gateway.sessions.keys().cloned().collect();
        for session in sessions {
            state.gateway.tell_session(&session, name, &data.to_string());
        }
    }

    /// Sends an interaction that lacks what serenity needs to read it.
    pub fn unparseable_interaction(self) {
        self.event(
            "INTERACTION_CREATE",
            &json!({"id": "1", "type": 2, "token": "x", "version": 1}),
        );
    }

    /// Sends a payload to every connection as it is.
    pub fn payload(self, payload: &Value) {
        let frame = Frame::Payload(payload.to_string().into());
        self.0.core.state().gateway.put_all(&frame);
    }
}

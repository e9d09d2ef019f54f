//! The form of requests that a fault met before they were answered: what leaves a bot must be right whether
//! Discord is well or not.

use super::check_message::{self, Door};
use super::id::Id;
use super::model::State;
use super::refusal::Refusal;
use super::rest::Call;

impl State {
    /// What Discord would have found wrong with it; nothing is changed.
    pub(super) fn flaw(&self, call: &Call) -> Option<String> {
        let refusal = match &call.unread {
            Some(refusal) => refusal.clone(),
            None => self.read_form_of(call).err()?,
        };
        Some(refusal.said())
    }

    fn read_form_of(&self, call: &Call) -> Result<(), Refusal> {
        let segments: Vec<&str> = call
            .path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .collect();
        let message =
            |door| check_message::read(&call.body, &call.file_numbers(), door, &self.rules).map(drop);
        match (call.method.as_str(), segments.as_slice()) {
            ("POST", ["channels", _, "messages"]) => message(Door::Channel),
            ("POST", ["webhooks", _, _]) => message(Door::Interaction),
            ("PATCH", ["channels", _, "messages", _] | ["webhooks", _, _, "messages", _]) => {
                message(Door::Edit)
            }
            ("POST", ["interactions", id, _, "callback"]) => match Id::parse(id) {
                Some(id) => self.flaw_of_callback(call, id),
                None => Err(Refusal::no_such_route()),
            },
            _ => Ok(()),
        }
    }
}

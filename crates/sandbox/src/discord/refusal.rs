//! Discord's refusals: the status, the code and the words of each.

use std::borrow::Cow;

use serde_json::{Value, json};

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: u32,
    pub(super) message: Cow<'static, str>,
    pub(super) flaws: Option<Box<Flaws>>,
}

/// What is wrong with a form.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Flaws {
    /// Nested, as Discord says it.
    pub(super) errors: Value,
    /// One line each.
    pub(super) lines: Vec<String>,
}

impl Refusal {
    /// Any refusal.
    pub(super) fn new(status: u16, code: u32, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            flaws: None,
        }
    }

    /// A body that is not of the right form.
    pub(super) fn form(errors: Value, lines: Vec<String>) -> Self {
        Self {
            status: 400,
            code: 50035,
            message: "Invalid Form Body".into(),
            flaws: Some(Box::new(Flaws { errors, lines })),
        }
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(401, 0, "401: Unauthorized")
    }

    pub(super) fn no_such_route() -> Self {
        Self::new(404, 0, "404: Not Found")
    }

    pub(super) fn unknown_channel() -> Self {
        Self::new(404, 10003, "Unknown Channel")
    }

    pub(super) fn unknown_guild() -> Self {
        Self::new(404, 10004, "Unknown Guild")
    }

    pub(super) fn unknown_member() -> Self {
        Self::new(404, 10007, "Unknown Member")
    }

    pub(super) fn unknown_message() -> Self {
        Self::new(404, 10008, "Unknown Message")
    }

    pub(super) fn unknown_role() -> Self {
        Self::new(404, 10011, "Unknown Role")
    }

    pub(super) fn unknown_user() -> Self {
        Self::new(404, 10013, "Unknown User")
    }

    pub(super) fn unknown_webhook() -> Self {
        Self::new(404, 10015, "Unknown Webhook")
    }

    pub(super) fn unknown_interaction() -> Self {
        Self::new(404, 10062, "Unknown interaction")
    }

    pub(super) fn unknown_command() -> Self {
        Self::new(404, 10063, "Unknown application command")
    }

    pub(super) fn acknowledged_already() -> Self {
        Self::new(400, 40060, "Interaction has already been acknowledged.")
    }

    pub(super) fn missing_access() -> Self {
        Self::new(403, 50001, "Missing Access")
    }

    pub(super) fn anothers_message() -> Self {
        Self::new(403, 50005, "Cannot edit a message authored by another user")
    }

    pub(super) fn empty_message() -> Self {
        Self::new(400, 50006, "Cannot send an empty message")
    }

    pub(super) fn closed_to_messages() -> Self {
        Self::new(403, 50007, "Cannot send messages to this user")
    }

    pub(super) fn missing_permissions() -> Self {
        Self::new(403, 50013, "Missing Permissions")
    }

    pub(super) fn wrong_kind_of_channel() -> Self {
        Self::new(400, 50024, "Cannot execute action on this channel type")
    }

    pub(super) fn token_expired() -> Self {
        Self::new(401, 50027, "Invalid Webhook Token")
    }

    pub(super) fn archived() -> Self {
        Self::new(400, 50083, "Thread is archived")
    }

    pub(super) fn has_a_thread() -> Self {
        Self::new(400, 160_004, "A thread has already been created for this message")
    }

    pub(super) fn locked() -> Self {
        Self::new(403, 160_005, "Thread is locked")
    }

    pub(super) fn too_many_threads() -> Self {
        Self::new(400, 160_006, "Maximum number of active threads reached")
    }

    pub(super) fn too_many_old_edits() -> Self {
        Self::new(
            429,
            30046,
            "Maximum number of edits to messages older than 1 hour reached. Try again later",
        )
    }

    pub(super) fn too_large() -> Self {
        Self::new(413, 40005, "Request entity too large")
    }

    /// Its words, and each flaw on a line.
    pub(super) fn said(&self) -> String {
        let mut said = self.message.to_string();
        for line in self.flaws.iter().flat_map(|flaws| &flaws.lines) {
            said.push('\n');
            said.push_str(line);
        }
        said
    }

    /// The body that goes out.
    pub(super) fn body(&self) -> Value {
        let mut body = json!({"message": self.message, "code": self.code});
        if let Some(flaws) = &self.flaws {
            body["errors"] = flaws.errors.clone();
        }
        body
    }
}

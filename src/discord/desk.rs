//! One interaction's side of the conversation: acknowledged in time, finished always.
//!
//! An answer that is there at once is the acknowledgement. A slower one is deferred, for its asker alone,
//! and put in place of the deferral when it comes; what turns out to be for all is posted beside it, never
//! the other way round. Where Discord no longer takes the interaction's token, the answer goes out as a
//! message of its own: to the channel if it is for all, to the asker otherwise.

use std::time::Duration;

use reqwest::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::people::Member;
use super::render::Message;
use super::rest::{Call, Rest, RestError, Whatever};

/// For the asker alone.
const EPHEMERAL: u32 = 1 << 6;
/// An interaction lives for three seconds before it is acknowledged; we stop trying a little earlier.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_millis(2_800);
/// What one try to acknowledge may take.
const ONE_TRY: Duration = Duration::from_millis(1_200);
/// A token lives for fifteen minutes; we stop relying on it a little earlier.
pub(crate) const TOKEN_LIVES: Duration = Duration::from_secs(14 * 60 + 30);

/// Where an interaction came from.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) id: u64,
    pub(crate) token: String,
    pub(crate) application: u64,
    pub(crate) guild: Option<u64>,
    pub(crate) channel: u64,
    /// The channel that the thread is in, where it is one.
    pub(crate) parent: Option<u64>,
    pub(crate) member: Member,
    pub(crate) file_bytes: usize,
    pub(crate) came_at: Instant,
}

/// How an acknowledgement ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Acknowledged {
    /// Ours stands.
    Ours,
    /// Another instance was faster: it answers.
    Others,
    /// Discord does not know the interaction any more.
    Gone,
    /// Discord does not take what we sent.
    Refused,
}

#[derive(Debug, Serialize)]
struct Callback<'a, T> {
    #[serde(rename = "type")]
    kind: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a T>,
}

#[derive(Debug, Serialize)]
struct Posted<'a> {
    #[serde(flatten)]
    message: &'a Message,
    #[serde(skip_serializing_if = "is_zero")]
    flags: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enforce_nonce: Option<bool>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
const fn is_zero(flags: &u32) -> bool {
    *flags == 0
}

impl<'a> Posted<'a> {
    const fn new(message: &'a Message, is_shared: bool) -> Self {
        Self {
            message,
            flags: if is_shared { 0 } else { EPHEMERAL },
            nonce: None,
            enforce_nonce: None,
        }
    }
}

/// Speaks for one interaction.
#[derive(Debug)]
pub(crate) struct Desk<'a> {
    rest: &'a Rest,
    origin: &'a Origin,
    is_deferred: bool,
}

impl<'a> Desk<'a> {
    pub(crate) const fn new(rest: &'a Rest, origin: &'a Origin) -> Self {
        Self {
            rest,
            origin,
            is_deferred: false,
        }
    }

    /// Says that an answer will come. `false`: there is nobody to answer any more, or another instance does.
    pub(crate) async fn defer(&mut self) -> bool {
        let data = json!({ "flags": EPHEMERAL });
        self.is_deferred = match self.acknowledge(5, Some(&data), None).await {
            Acknowledged::Ours => true,
            Acknowledged::Others => return false,
            Acknowledged::Gone | Acknowledged::Refused => false,
        };
        true
    }

    /// Completions; late ones are worth nothing.
    pub(crate) async fn complete(&self, choices: &[(String, String)]) {
        let choices: Vec<Value> = choices
            .iter()
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect();
        self.acknowledge(8, Some(&json!({ "choices": choices })), None)
            .await;
    }

    /// A modal, which only the acknowledgement itself can show.
    pub(crate) async fn show_modal(&self, modal: &impl Serialize) {
        self.acknowledge(9, Some(modal), None).await;
    }

    /// The answer, for all or for the asker alone, whichever way it can still take.
    pub(crate) async fn answer(&self, messages: &[Message], is_shared: bool) {
        let finished = if self.is_deferred {
            self.finish(messages, is_shared).await
        } else {
            self.answer_at_once(messages, is_shared).await
        };
        if let Err(error) = finished {
            metrics::counter!("hammerdesk_discord_answers_lost_total").increment(1);
            tracing::error!(interaction = self.origin.id, %error, "an answer could not be delivered to discord");
        }
    }

    async fn answer_at_once(&self, messages: &[Message], is_shared: bool) -> Result<(), RestError> {
        let Some((first, others)) = messages.split_first() else {
            return Ok(());
        };
        if self.origin.came_at.elapsed() > ACKNOWLEDGED_WITHIN {
            return self.send_instead(messages, is_shared).await;
        }
        match self
            .acknowledge(4, Some(&Posted::new(first, is_shared)), Some(first))
            .await
        {
            Acknowledged::Ours => self.follow_up(others, is_shared).await,
            Acknowledged::Others => Ok(()),
            Acknowledged::Gone => self.send_instead(messages, is_shared).await,
            Acknowledged::Refused => {
                let sorry = sorry();
                self.acknowledge(4, Some(&Posted::new(&sorry, false)), Some(&sorry))
                    .await;
                Ok(())
            }
        }
    }

    /// Puts the answer where the deferral stands.
    async fn finish(&self, messages: &[Message], is_shared: bool) -> Result<(), RestError> {
        if self.origin.came_at.elapsed() > TOKEN_LIVES {
            return self.send_instead(messages, is_shared).await;
        }
        if is_shared {
            let posted = self.post(self.origin.channel, messages, "").await;
            let note = match &posted {
                Ok(()) => Message::sentence("Posted here for all to read."),
                Err(error) => {
                    tracing::warn!(%error, "a shared answer could not be posted");
                    Message::sentence(
                        "I may not write in this channel, so the answer could not be shared. Ask without share:, or ask your administrator to let me write here.",
                    )
                }
            };
            return self.edit_original(&note).await;
        }
        let Some((first, others)) = messages.split_first() else {
            return Ok(());
        };
        match self.edit_original(first).await {
            Ok(()) => self.follow_up(others, false).await,
            Err(error) if is_gone(&error) => self.send_instead(messages, false).await,
            Err(RestError::Refused { .. }) => self.edit_original(&sorry()).await,
            // The token died while Discord took nothing: once more to its asker is better than never.
            Err(_) => self.send_instead(messages, false).await,
        }
    }

    async fn edit_original(&self, message: &Message) -> Result<(), RestError> {
        let path = format!("{}/messages/@original", self.webhook());
        // Editing twice is editing once: it is tried until it stands or the token dies.
        let mut pause = Duration::from_millis(200);
        loop {
            let call = Call::patch(path.clone())
                .message(message, message)
                .patient(Duration::from_secs(60));
            match self.rest.call::<Whatever>(call).await {
                Ok(_) => return Ok(()),
                Err(error @ RestError::Refused { .. }) => return Err(error),
                Err(error) if self.origin.came_at.elapsed() > TOKEN_LIVES => return Err(error),
                Err(error) => tracing::warn!(%error, "finishing an answer; trying again"),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(20));
        }
    }

    /// Further parts of an answer. A part whose fate is unknown is not sent again: twice would be worse.
    async fn follow_up(&self, messages: &[Message], is_shared: bool) -> Result<(), RestError> {
        for message in messages {
            let call = Call::post(self.webhook()).message(&Posted::new(message, is_shared), message);
            match self.rest.call::<Whatever>(call).await {
                Ok(_) => {}
                Err(error) if is_gone(&error) => return self.send_instead(messages, is_shared).await,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The answer as messages of our own.
    async fn send_instead(&self, messages: &[Message], is_shared: bool) -> Result<(), RestError> {
        if is_shared {
            return self.post(self.origin.channel, messages, "").await;
        }
        #[derive(serde::Deserialize)]
        struct Direct {
            id: String,
        }
        let body = json!({ "recipient_id": self.origin.member.id.to_string() });
        let mut tries = 0;
        // The same channel is opened however often it is asked for.
        let direct: Direct = loop {
            match self
                .rest
                .call(Call::post("/users/@me/channels").json(&body))
                .await
            {
                Ok(direct) => break direct,
                Err(RestError::Lost(_) | RestError::Unreachable(_)) if tries < 5 => tries += 1,
                Err(error) => return Err(error),
            }
            tokio::time::sleep(Duration::from_millis(300) * tries).await;
        };
        let channel = direct
            .id
            .parse()
            .map_err(|_| RestError::Lost("a channel without an id".to_owned()))?;
        self.post(channel, messages, "d").await
    }

    /// Posts to a channel; the nonce sees to it that a repeated call posts once.
    async fn post(&self, channel: u64, messages: &[Message], mark: &str) -> Result<(), RestError> {
        for (at, message) in messages.iter().enumerate() {
            let mut body = Posted::new(message, true);
            body.nonce = Some(format!("{}{mark}{at}", self.origin.id));
            body.enforce_nonce = Some(true);
            let mut tries = 0;
            loop {
                let call = Call::post(format!("/channels/{channel}/messages")).message(&body, message);
                match self.rest.call::<Whatever>(call).await {
                    Ok(_) => break,
                    Err(RestError::Lost(_) | RestError::Unreachable(_)) if tries < 5 => tries += 1,
                    Err(error) => return Err(error),
                }
                tokio::time::sleep(Duration::from_millis(300) * tries).await;
            }
        }
        Ok(())
    }

    async fn acknowledge(
        &self,
        kind: u8,
        data: Option<&impl Serialize>,
        message: Option<&Message>,
    ) -> Acknowledged {
        let origin = self.origin;
        let path = format!("/interactions/{}/{}/callback", origin.id, origin.token);
        let body = Callback { kind, data };
        let mut tries = 0;
        let ended = loop {
            let call = Call::post(path.clone())
                .within(ONE_TRY)
                .patient(Duration::from_secs(1));
            let call = match message {
                Some(message) => call.message(&body, message),
                None => call.json(&body),
            };
            match self.rest.done(call).await {
                Ok(()) => break Acknowledged::Ours,
                // The try before this one landed, and only its answer was lost.
                Err(error) if error.code() == Some(40060) && tries > 0 => break Acknowledged::Ours,
                Err(error) if error.code() == Some(40060) => break Acknowledged::Others,
                // A try before this one may have landed: then its answer stands there.
                Err(error) if is_gone(&error) && tries > 0 && self.stands().await => {
                    break Acknowledged::Ours;
                }
                Err(error) if is_gone(&error) => break Acknowledged::Gone,
                Err(error @ RestError::Refused { .. }) => {
                    tracing::error!(%error, kind, "discord does not take an answer");
                    break Acknowledged::Refused;
                }
                Err(error) if origin.came_at.elapsed() > ACKNOWLEDGED_WITHIN => {
                    tracing::warn!(%error, kind, "an interaction could not be acknowledged in time");
                    break Acknowledged::Gone;
                }
                Err(error) => tracing::info!(%error, kind, "acknowledging again"),
            }
            tries += 1;
            tokio::time::sleep(Duration::from_millis(40)).await;
        };
        metrics::histogram!("hammerdesk_discord_acknowledged_seconds")
            .record(origin.came_at.elapsed().as_secs_f64());
        ended
    }

    /// Is there an answer of ours?
    async fn stands(&self) -> bool {
        let original = Call::get(format!("{}/messages/@original", self.webhook()));
        self.rest.call::<Whatever>(original.within(ONE_TRY)).await.is_ok()
    }

    fn webhook(&self) -> String {
        format!("/webhooks/{}/{}", self.origin.application, self.origin.token)
    }
}

/// The interaction, its webhook or its message is not there (any more).
fn is_gone(error: &RestError) -> bool {
    match error {
        RestError::Refused { status, code, .. } => {
            *status == StatusCode::NOT_FOUND.as_u16()
                || matches!(code, 10_062 | 10_015 | 10_008 | 50_027)
                || *status == StatusCode::UNAUTHORIZED.as_u16()
        }
        _ => false,
    }
}

fn sorry() -> Message {
    Message::sentence(
        "Something went wrong: Discord did not take the answer. Your administrator finds the reason in the log.",
    )
}

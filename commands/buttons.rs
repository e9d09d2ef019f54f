//! Buttons, menu choices and forms: what each one asks, kept so that it survives a restart.
//!
//! A button is a question that can be asked again; its id is a digest of what it does.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use hammerdesk_domain::access::{Asker, Permission};
use hammerdesk_domain::ids::ActionId;
use hammerdesk_domain::message::{Action, Form, Menu, Outcome, Reply, Visibility};
use sha2::{Digest, Sha256};

use crate::Commands;
use crate::errors::{Failure, UserError};
use crate::grammar::{self, Ask};
use crate::journal::Entry;
use crate::request::What;

/// What a button does.
#[derive(Debug)]
pub(crate) struct Shown {
    /// The question it asks.
    run: String,
    /// What it asks for first.
    form: Option<Form>,
}

impl Commands {
    /// What a button asks for before it does anything, where its presser may ask it at all; the refusal or
    /// the failure as the reply that the presser reads.
    pub async fn form_as(&self, asker: &Asker, action: &ActionId) -> Result<Option<Form>, Box<Reply>> {
        let shown = match self.pressed(action).await {
            Ok(shown) => shown,
            Err(failure) => return Err(Box::new(self.failed(failure, asker, self.clock.now()))),
        };
        let leaf = grammar::find_leaf(&grammar::words(shown.run.trim_start_matches('/')));
        let needs = leaf.and_then(|leaf| grammar::permission_of(&leaf.path));
        if needs.is_some_and(|needs| !asker.may(needs)) {
            return Err(Box::new(Reply::sentence(
                Outcome::Refused,
                format!("That button is not open to the role {}.", asker.role.name),
            )));
        }
        Ok(shown.form.clone())
    }

    /// The id under which a question can be asked again, by a button that a platform adds; `None` where
    /// asking again could do more than read.
    pub async fn question(&self, what: &What) -> Option<ActionId> {
        let (ask, line) = self.read(what).await.ok()?;
        let line = line.filter(|_| ask.can_be_shared())?;
        if let What::Press(action) = what {
            return Some(action.clone());
        }
        let mut action = Action::ask("", line);
        self.remember(&mut action, self.clock.now()).await;
        Some(action.id)
    }

    /// The question, and the line that asks it again where there is one.
    pub(crate) async fn read(&self, what: &What) -> Result<(Ask, Option<String>), Failure> {
        let line = match what {
            What::Typed(line) => line.clone(),
            What::Options { command, options } => {
                let ask = grammar::parse_options(command, options)?;
                let mut line = format!("/{}", command.trim_start_matches('/'));
                append_options(&mut line, options);
                let can_be_typed = grammar::parse_line(&line).is_ok_and(|typed| typed == ask);
                return Ok((ask, can_be_typed.then_some(line)));
            }
            What::Press(action) => {
                let line = self.pressed(action).await?.run.clone();
                return Ok((grammar::parse_run(&line, &[])?, Some(line)));
            }
            What::Submit { action, fields } => {
                let mut line = self.pressed(action).await?.run.clone();
                let ask = grammar::parse_run(&line, fields)?;
                append_options(&mut line, fields);
                let can_be_typed = grammar::parse_line(&line).is_ok_and(|typed| typed == ask);
                return Ok((ask, can_be_typed.then_some(line)));
            }
        };
        Ok((grammar::parse_line(&line)?, Some(line)))
    }

    /// What a button does, from memory or from the store.
    pub(crate) async fn pressed(&self, action: &ActionId) -> Result<Arc<Shown>, Failure> {
        if let Some(shown) = self.shown.get(action) {
            return Ok(shown);
        }
        let mut view = self.store.read().await?;
        let Some(kept) = view.action(action).await? else {
            return Err(UserError::unknown(
                "That button is not known here any more. Ask the question again.",
            )
            .into());
        };
        let shown = Arc::new(Shown {
            run: kept.run,
            form: kept.form.and_then(|form| serde_json::from_value(form).ok()),
        });
        self.shown.insert(action.clone(), Arc::clone(&shown));
        Ok(shown)
    }

    /// Gives every button and menu choice its id, and remembers what it asks.
    pub(crate) async fn offer(&self, reply: &mut Reply, now: DateTime<Utc>) {
        let menu = reply
            .menu
            .iter_mut()
            .flat_map(|Menu { options, .. }| options.iter_mut());
        for action in reply.actions.iter_mut().chain(menu) {
            self.remember(action, now).await;
        }
    }

    pub(crate) async fn remember(&self, action: &mut Action, now: DateTime<Utc>) {
        action.id = action_id(action);
        if self.shown.contains_key(&action.id) {
            return;
        }
        let shown = Shown {
            run: action.run.clone(),
            form: action.form.clone(),
        };
        self.shown.insert(action.id.clone(), Arc::new(shown));
        let kept = hammerdesk_store::Action {
            id: action.id.clone(),
            run: action.run.clone(),
            form: action
                .form
                .as_ref()
                .and_then(|form| serde_json::to_value(form).ok()),
        };
        self.journal.keep(Entry::Action(kept, now)).await;
    }
}

/// An answer that only its asker reads may be posted for others afterwards, by whoever may do that.
pub(crate) fn may_share_later(asker: &Asker, ask: &Ask, reply: &Reply) -> bool {
    reply.outcome == Outcome::Answered
        && reply.visibility == Visibility::Private
        && ask.can_be_shared()
        && asker.may(Permission::Share)
        && !asker.may(Permission::RestrictedHolds)
}

pub(crate) fn share_later(line: &str) -> Action {
    let mut action = Action::ask("Share here", format!("{line} share:true"));
    action.form = Some(Form {
        title: "Share this answer".to_owned(),
        says: "Everybody who can read this channel will see the answer as it is at that moment, with your name on it."
            .to_owned(),
        fields: Vec::new(),
        submit: "Share".to_owned(),
    });
    action
}

/// Gives every button and menu choice of a reply its id, and says what the store must remember of them, so
/// that a reply which nobody asked for can be posted.
pub fn offered(reply: &mut Reply) -> Vec<hammerdesk_store::Action> {
    let menu = reply.menu.iter_mut().flat_map(|menu| menu.options.iter_mut());
    reply
        .actions
        .iter_mut()
        .chain(menu)
        .map(|action| {
            action.id = action_id(action);
            hammerdesk_store::Action {
                id: action.id.clone(),
                run: action.run.clone(),
                form: action
                    .form
                    .as_ref()
                    .and_then(|form| serde_json::to_value(form).ok()),
            }
        })
        .collect()
}

/// Options as they would be typed behind a line.
fn append_options(line: &mut String, options: &[(String, String)]) {
    for (name, value) in options.iter().filter(|(_, value)| !value.trim().is_empty()) {
        let value: String = value.chars().filter(|c| !matches!(c, '"' | '“' | '”')).collect();
        line.push_str(&format!(" {name}:\"{}\"", value.trim()));
    }
}

/// A button's id is a digest of what it does, so the same button is the same row for ever.
fn action_id(action: &Action) -> ActionId {
    let form = action
        .form
        .as_ref()
        .and_then(|form| serde_json::to_string(form).ok());
    let digest = Sha256::digest(format!("{}\n{}", action.run, form.unwrap_or_default()).as_bytes());
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    ActionId::new(format!("ask-{hex}"))
}

//! What people do on Discord: commands, completions, buttons, menus, modals.
//!
//! Who asks is made anew from each interaction; a stranger gets a sentence, and nothing of what the commands
//! know. The commands answer in a task of their own, so that neither a slow store nor a panic keeps an
//! interaction waiting for its acknowledgement.

use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use hammerdesk_commands::Commands;
use hammerdesk_commands::Picked;
use hammerdesk_commands::request::{Place, Request, What};
use hammerdesk_domain::access::{Asker, Permission};
use hammerdesk_domain::chat::Channel;
use hammerdesk_domain::clock::Clock;
use hammerdesk_domain::ids::ActionId;
use hammerdesk_domain::message::{Action, FieldKind, Form, Outcome, Reply, Visibility};
use serenity::model::application::{
    ActionRowComponent, CommandDataOption, CommandDataOptionValue, CommandInteraction, CommandType,
    ComponentInteraction, ComponentInteractionDataKind, Interaction, ModalInteraction,
};
use serenity::model::channel::PartialChannel;
use serenity::model::guild::Member as GuildMember;
use serenity::model::id::ChannelId;
use serenity::model::user::User;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::desk::{Desk, Origin, TOKEN_LIVES};
use super::limits::{CHOICE, CHOICES, FILE_BYTES};
use super::people::Member;
use super::render::{self, Look, Message, Pressed, SAYS};
use super::rest::Rest;
use super::text::plain;
use super::{People, Setup};

/// An answer that takes longer is deferred.
const AT_ONCE: Duration = Duration::from_millis(700);
/// Completions that take longer are none.
const COMPLETED_WITHIN: Duration = Duration::from_millis(2_000);
/// How long an answer is waited for at all.
const LONGEST_ANSWER: Duration = Duration::from_secs(60 * 60);

const STRANGER: &str = "I do not know you yet. Ask your administrator to give you a role that I know ([discord.roles] in my configuration).";
const ELSEWHERE: &str = "I do not work on this server.";
const OLD_BUTTON: &str = "That button is not known here any more. Ask the question again.";
const TOO_SLOW_FOR_A_FORM: &str =
    "The store is slow just now, so the form could not be opened. Press the button again.";

/// Answers interactions. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Interactions(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    rest: Rest,
    commands: Commands,
    clock: Arc<dyn Clock>,
    guilds: Vec<u64>,
    people: People,
    channels: Vec<Channel>,
}

/// What the commands gave: the answer, and the id under which its question can be asked again.
struct Given {
    reply: Reply,
    question: Option<ActionId>,
}

impl From<Reply> for Given {
    fn from(reply: Reply) -> Self {
        Self {
            reply,
            question: None,
        }
    }
}

impl Interactions {
    pub(crate) fn new(rest: Rest, commands: Commands, clock: Arc<dyn Clock>, setup: &Setup) -> Self {
        Self(Arc::new(Inner {
            rest,
            commands,
            clock,
            guilds: setup.guilds.clone(),
            people: setup.people.clone(),
            channels: setup.channels.clone(),
        }))
    }

    /// Answers one; whatever it is, it is answered.
    pub(crate) async fn handle(&self, interaction: Interaction, came_at: Instant) {
        match interaction {
            Interaction::Command(command) => self.command(&command, came_at).await,
            Interaction::Autocomplete(command) => self.complete(&command, came_at).await,
            Interaction::Component(component) => self.component(&component, came_at).await,
            Interaction::Modal(modal) => self.modal(&modal, came_at).await,
            // Ours come through the gateway, where there is no ping.
            _ => {}
        }
    }

    async fn command(&self, command: &CommandInteraction, came_at: Instant) {
        let origin = Origin {
            channel: command.channel_id.get(),
            ..origin(
                (command.id.get(), &command.token, command.application_id.get()),
                command.guild_id.map(Into::into),
                command.channel.as_ref(),
                who(&command.user, command.member.as_deref()),
                (command.attachment_size_limit, came_at),
            )
        };
        let Some(asker) = self.admit(&origin).await else {
            return;
        };
        if command.data.kind == CommandType::Message {
            return self.pick(&origin, &asker, command).await;
        }
        if command.data.kind != CommandType::ChatInput {
            return self.say(&origin, OLD_BUTTON).await;
        }
        let (path, options) = read_options(&command.data.name, &command.data.options);
        let what = What::Options {
            command: path,
            options: options
                .into_iter()
                .map(|(name, value, _)| (name, value))
                .collect(),
        };
        self.ask(&origin, &asker, what).await;
    }

    /// An entry of a message's menu.
    async fn pick(&self, origin: &Origin, asker: &Asker, command: &CommandInteraction) {
        let Some(message) = command.data.resolved.messages.values().next() else {
            return self.say(origin, OLD_BUTTON).await;
        };
        let picked = Picked {
            author: message.author.display_name().to_owned(),
            text: message.content.clone(),
        };
        let (commands, me, menu) = (self.0.commands.clone(), asker.clone(), command.data.name.clone());
        let work = tokio::spawn(async move { Given::from(commands.pick_as(&me, &menu, &picked).await) });
        self.see_through(origin, asker, work).await;
    }

    async fn complete(&self, command: &CommandInteraction, came_at: Instant) {
        let origin = Origin {
            channel: command.channel_id.get(),
            ..origin(
                (command.id.get(), &command.token, command.application_id.get()),
                command.guild_id.map(Into::into),
                command.channel.as_ref(),
                who(&command.user, command.member.as_deref()),
                (command.attachment_size_limit, came_at),
            )
        };
        let (path, options) = read_options(&command.data.name, &command.data.options);
        let asker = self.asker(&origin);
        let choices = match asker {
            Some(asker) => self.choices(&asker, &path, &options).await,
            None => Vec::new(),
        };
        Desk::new(&self.0.rest, &origin).complete(&choices).await;
    }

    /// Completions of the option that is being typed.
    async fn choices(
        &self,
        asker: &Asker,
        path: &str,
        options: &[(String, String, bool)],
    ) -> Vec<(String, String)> {
        let Some((name, text, _)) = options.iter().find(|(_, _, is_typed)| *is_typed) else {
            return Vec::new();
        };
        let looking = self.0.commands.complete_option_as(asker, path, name, text);
        let found = tokio::time::timeout(COMPLETED_WITHIN, looking)
            .await
            .unwrap_or_default();
        found
            .into_iter()
            .filter(|(_, value)| super::limits::units(value) <= CHOICE)
            .map(|(label, value)| (plain(&label, CHOICE), value))
            .filter(|(label, value)| !label.is_empty() && !value.is_empty())
            .take(CHOICES)
            .collect()
    }

    async fn component(&self, component: &ComponentInteraction, came_at: Instant) {
        let origin = Origin {
            channel: component.channel_id.get(),
            ..origin(
                (
                    component.id.get(),
                    &component.token,
                    component.application_id.get(),
                ),
                component.guild_id.map(Into::into),
                component.channel.as_ref(),
                who(&component.user, component.member.as_ref()),
                (component.attachment_size_limit, came_at),
            )
        };
        let Some(asker) = self.admit(&origin).await else {
            return;
        };
        let pressed = match &component.data.kind {
            ComponentInteractionDataKind::StringSelect { values } => {
                values.first().and_then(|value| render::read_id(value))
            }
            _ => render::read_id(&component.data.custom_id),
        };
        match pressed {
            Some(Pressed::Ask(action)) => self.ask(&origin, &asker, What::Press(action)).await,
            Some(Pressed::Confirm(action) | Pressed::Sent(action)) => {
                self.ask(
                    &origin,
                    &asker,
                    What::Submit {
                        action,
                        fields: Vec::new(),
                    },
                )
                .await;
            }
            Some(Pressed::Person(action)) => {
                let ComponentInteractionDataKind::UserSelect { values } = &component.data.kind else {
                    return self.say(&origin, OLD_BUTTON).await;
                };
                let chosen = values.first().map(|user| self.0.people.person_id(user.get()));
                self.choose(&origin, &asker, action, chosen.map(|person| person.to_string()))
                    .await;
            }
            Some(Pressed::Form(action)) => self.form(&origin, &asker, action).await,
            Some(Pressed::Why(action)) => self.explain(&origin, &asker, action).await,
            None => self.say(&origin, OLD_BUTTON).await,
        }
    }

    /// A modal can only be the acknowledgement itself, so it is shown at once or not at all.
    async fn form(&self, origin: &Origin, asker: &Asker, action: ActionId) {
        let left = AT_ONCE.saturating_sub(origin.came_at.elapsed());
        let Ok(found) = tokio::time::timeout(left, self.0.commands.form_as(asker, &action)).await else {
            return self.say(origin, TOO_SLOW_FOR_A_FORM).await;
        };
        match found {
            Err(reply) => {
                let mut desk = Desk::new(&self.0.rest, origin);
                self.give(&mut desk, origin, asker, (*reply).into()).await;
            }
            Ok(None) => self.ask(origin, asker, What::Press(action)).await,
            Ok(Some(form)) if form.fields.is_empty() => {
                Desk::new(&self.0.rest, origin)
                    .answer(&[render::confirmation(&action, &form)], false)
                    .await;
            }
            Ok(Some(form)) if render::only_person(&form).is_some() => {
                Desk::new(&self.0.rest, origin)
                    .answer(&[render::choose_person(&action, &form)], false)
                    .await;
            }
            Ok(Some(form)) => match render::modal(&action, &form) {
                Some(modal) => Desk::new(&self.0.rest, origin).show_modal(&modal).await,
                None => self.say(origin, OLD_BUTTON).await,
            },
        }
    }

    async fn modal(&self, modal: &ModalInteraction, came_at: Instant) {
        let origin = Origin {
            channel: modal.channel_id.get(),
            ..origin(
                (modal.id.get(), &modal.token, modal.application_id.get()),
                modal.guild_id.map(Into::into),
                modal.channel.as_ref(),
                who(&modal.user, modal.member.as_ref()),
                (modal.attachment_size_limit, came_at),
            )
        };
        let Some(asker) = self.admit(&origin).await else {
            return;
        };
        let Some(Pressed::Sent(action)) = render::read_id(&modal.data.custom_id) else {
            return self.say(&origin, OLD_BUTTON).await;
        };
        let inputs = modal.data.components.iter().flat_map(|row| &row.components);
        let filled: Vec<(String, String)> = inputs
            .filter_map(|component| match component {
                ActionRowComponent::InputText(input) => Some((input.custom_id.clone(), input.value.clone()?)),
                _ => None,
            })
            .filter(|(name, value)| name != SAYS && !value.trim().is_empty())
            .collect();
        self.send_form(&origin, &asker, action, filled).await;
    }

    /// Somebody was chosen for the one field of a form.
    async fn choose(&self, origin: &Origin, asker: &Asker, action: ActionId, chosen: Option<String>) {
        let left = AT_ONCE.saturating_sub(origin.came_at.elapsed());
        let found = tokio::time::timeout(left, self.0.commands.form_as(asker, &action)).await;
        let Ok(Ok(Some(form))) = found else {
            return self.say(origin, OLD_BUTTON).await;
        };
        let filled = render::only_person(&form).map(str::to_owned).zip(chosen);
        self.send_form(origin, asker, action, filled.into_iter().collect())
            .await;
    }

    /// Reads the filled fields as the form wants them, and asks its question.
    async fn send_form(
        &self,
        origin: &Origin,
        asker: &Asker,
        action: ActionId,
        filled: Vec<(String, String)>,
    ) {
        let (commands, place) = (self.0.commands.clone(), self.place(origin, asker));
        let (at, me) = (self.0.clock.now(), asker.clone());
        let work = tokio::spawn(async move {
            let form = match commands.form_as(&me, &action).await {
                Err(refusal) => return Given::from(*refusal),
                Ok(form) => form,
            };
            match form
                .as_ref()
                .map_or(Ok(filled.clone()), |form| read_form(form, &filled))
            {
                Err(sentence) => {
                    let mut reply = Reply::sentence(Outcome::Error, sentence);
                    reply.actions.push(Action {
                        id: action,
                        form,
                        ..Action::ask("Fill it in again", "")
                    });
                    Given::from(reply)
                }
                Ok(fields) => {
                    let request = Request {
                        who: me.id.clone(),
                        place,
                        what: What::Submit { action, fields },
                        at,
                    };
                    answered(&commands, &me, request).await
                }
            }
        });
        self.see_through(origin, asker, work).await;
    }

    async fn explain(&self, origin: &Origin, asker: &Asker, action: ActionId) {
        let (commands, at, me) = (self.0.commands.clone(), self.0.clock.now(), asker.clone());
        let place = Place {
            open: false,
            ..self.place(origin, asker)
        };
        let mut work = tokio::spawn(async move {
            let what = What::Press(action);
            // Only a question that does nothing but read is ever asked again for its explanation.
            if commands.question(&what).await.is_none() {
                return Message::sentence(OLD_BUTTON);
            }
            let request = Request {
                who: me.id.clone(),
                place,
                what,
                at,
            };
            let reply = commands.answer_as(&me, request).await;
            match reply.outcome {
                Outcome::Answered | Outcome::Stale => render::explanation(&reply),
                _ => Message::sentence(&reply.text),
            }
        });
        let mut desk = Desk::new(&self.0.rest, origin);
        let Some(done) = in_time(&mut desk, origin, &mut work).await else {
            return;
        };
        let message = done.unwrap_or_else(|| Message::sentence(&failure().text));
        desk.answer(&[message], false).await;
    }

    /// Asks the commands and gives their answer.
    async fn ask(&self, origin: &Origin, asker: &Asker, what: What) {
        let (commands, me) = (self.0.commands.clone(), asker.clone());
        let request = Request {
            who: asker.id.clone(),
            place: self.place(origin, asker),
            what,
            at: self.0.clock.now(),
        };
        let work = tokio::spawn(async move { answered(&commands, &me, request).await });
        self.see_through(origin, asker, work).await;
    }

    async fn see_through(&self, origin: &Origin, asker: &Asker, mut work: JoinHandle<Given>) {
        let mut desk = Desk::new(&self.0.rest, origin);
        let Some(done) = in_time(&mut desk, origin, &mut work).await else {
            return;
        };
        self.give(&mut desk, origin, asker, done.unwrap_or_else(|| failure().into()))
            .await;
    }

    async fn give(&self, desk: &mut Desk<'_>, origin: &Origin, asker: &Asker, given: Given) {
        let Given { mut reply, question } = given;
        if reply.visibility == Visibility::Shared
            && let Some(sentence) = self.kept_back(asker, origin)
        {
            reply.visibility = Visibility::Private;
            sentence.clone_into(&mut reply.text);
        }
        let look = Look::answer(origin.file_bytes, question.as_ref());
        let messages = render::messages(&reply, look);
        desk.answer(&messages, reply.visibility == Visibility::Shared)
            .await;
    }

    async fn say(&self, origin: &Origin, sentence: &str) {
        Desk::new(&self.0.rest, origin)
            .answer(&[Message::sentence(sentence)], false)
            .await;
    }

    /// Whoever may ask at all; others are told so.
    async fn admit(&self, origin: &Origin) -> Option<Asker> {
        let asker = self.asker(origin);
        if asker.is_none() {
            let sentence = if self.works_in(origin) {
                STRANGER
            } else {
                ELSEWHERE
            };
            self.say(origin, sentence).await;
        }
        asker
    }

    fn asker(&self, origin: &Origin) -> Option<Asker> {
        self.works_in(origin)
            .then(|| self.0.people.asker(&origin.member))
            .flatten()
    }

    fn works_in(&self, origin: &Origin) -> bool {
        self.0.guilds.is_empty() || origin.guild.is_none_or(|guild| self.0.guilds.contains(&guild))
    }

    fn channel(&self, origin: &Origin) -> Option<&Channel> {
        let is = |channel: &&Channel, id: u64| channel.discord.as_deref() == Some(id.to_string().as_str());
        let of = |id: u64| self.0.channels.iter().find(|channel| is(channel, id));
        of(origin.channel).or_else(|| origin.parent.and_then(of))
    }

    fn place(&self, origin: &Origin, asker: &Asker) -> Place {
        let channel = self.channel(origin);
        Place {
            platform: "discord",
            channel: origin.channel.to_string(),
            open: channel.is_some_and(|channel| channel.open) && self.kept_back(asker, origin).is_none(),
        }
    }

    /// Why an answer to that person is not for others to read there.
    fn kept_back(&self, asker: &Asker, origin: &Origin) -> Option<&'static str> {
        if asker.may(Permission::RestrictedHolds) {
            return Some(
                "Not shared: your answers may hold what others must not read. Only you see this one.",
            );
        }
        match self.channel(origin) {
            Some(channel) => (asker.may(Permission::Internal) && !channel.is_internal())
                .then_some("Not shared: people here read client-safe sentences only. Only you see this one."),
            None => self.0.channels.iter().any(|channel| channel.discord.is_some()).then_some(
                "Not shared: this channel is none of those that are set up for answers. Only you see this one.",
            ),
        }
    }
}

/// Waits for the work and defers where it takes too long. `None`: nobody is to be answered. The work is
/// `None` where it panicked or never ended.
async fn in_time<T>(desk: &mut Desk<'_>, origin: &Origin, work: &mut JoinHandle<T>) -> Option<Option<T>> {
    let left = AT_ONCE.saturating_sub(origin.came_at.elapsed());
    if let Ok(done) = tokio::time::timeout(left, &mut *work).await {
        return Some(done.ok());
    }
    if !desk.defer().await {
        return None;
    }
    let until_token_dies = TOKEN_LIVES.saturating_sub(origin.came_at.elapsed() + Duration::from_secs(20));
    if let Ok(done) = tokio::time::timeout(until_token_dies, &mut *work).await {
        return Some(done.ok());
    }
    let later = Message::sentence("This takes long. The answer will come as a message of its own.");
    desk.answer(&[later], false).await;
    let done = tokio::time::timeout(LONGEST_ANSWER, &mut *work).await;
    if done.is_err() {
        work.abort();
    }
    Some(done.ok().and_then(Result::ok))
}

async fn answered(commands: &Commands, asker: &Asker, request: Request) -> Given {
    let what = request.what.clone();
    let reply = commands.answer_as(asker, request).await;
    let is_explained = reply.cards.iter().any(|card| !card.explain.is_empty());
    let question = if is_explained {
        commands.question(&what).await
    } else {
        None
    };
    Given { reply, question }
}

fn failure() -> Reply {
    tracing::error!("answering an interaction failed");
    Reply::sentence(
        Outcome::Error,
        "Something went wrong. Try again; if it stays, tell your administrator.",
    )
}

fn origin(
    (id, token, application): (u64, &str, u64),
    guild: Option<u64>,
    channel: Option<&PartialChannel>,
    member: Member,
    (file_bytes, came_at): (u32, Instant),
) -> Origin {
    Origin {
        id,
        token: token.to_owned(),
        application,
        guild,
        channel: 0,
        parent: channel.and_then(|channel| channel.parent_id).map(ChannelId::get),
        member,
        file_bytes: usize::try_from(file_bytes)
            .ok()
            .filter(|bytes| *bytes > 0)
            .unwrap_or(FILE_BYTES),
        came_at,
    }
}

fn who(user: &User, member: Option<&GuildMember>) -> Member {
    Member {
        id: user.id.get(),
        name: member.map_or_else(
            || user.display_name().to_owned(),
            |member| member.display_name().to_owned(),
        ),
        roles: member
            .map(|member| member.roles.iter().map(|role| role.get()).collect())
            .unwrap_or_default(),
    }
}

/// The path of the command, and its options with whether each is being typed.
fn read_options(name: &str, options: &[CommandDataOption]) -> (String, Vec<(String, String, bool)>) {
    if let [only] = options
        && let CommandDataOptionValue::SubCommand(inner) | CommandDataOptionValue::SubCommandGroup(inner) =
            &only.value
    {
        let (rest, options) = read_options(&only.name, inner);
        return (format!("{name} {rest}"), options);
    }
    let read = options.iter().filter_map(|option| {
        let (value, is_typed) = match &option.value {
            CommandDataOptionValue::String(text) => (text.clone(), false),
            CommandDataOptionValue::Autocomplete { value, .. } => (value.clone(), true),
            CommandDataOptionValue::Boolean(yes) => (yes.to_string(), false),
            CommandDataOptionValue::Integer(number) => (number.to_string(), false),
            CommandDataOptionValue::User(user) => (format!("discord:{user}"), false),
            _ => return None,
        };
        Some((option.name.clone(), value, is_typed))
    });
    (name.to_owned(), read.collect())
}

/// The fields as the form wants them, or a sentence on the first that is not.
fn read_form(form: &Form, filled: &[(String, String)]) -> Result<Vec<(String, String)>, String> {
    let mut out = Vec::new();
    for field in &form.fields {
        let Some((_, value)) = filled.iter().find(|(name, _)| *name == field.name) else {
            continue;
        };
        let value = value.trim();
        let read = match &field.kind {
            FieldKind::Text | FieldKind::Person => value.to_owned(),
            FieldKind::Date => match value.parse::<NaiveDate>() {
                Ok(date) => date.to_string(),
                Err(_) => return Err(format!("{}: write the date as 2026-03-31.", field.label)),
            },
            FieldKind::Choice(choices) => {
                let found = choices.iter().find(|(word, label)| {
                    word.eq_ignore_ascii_case(value) || label.to_lowercase() == value.to_lowercase()
                });
                match found {
                    Some((word, _)) => word.clone(),
                    None => {
                        let words: Vec<&str> = choices.iter().map(|(word, _)| word.as_str()).collect();
                        return Err(format!("{}: write one of {}.", field.label, words.join(", ")));
                    }
                }
            }
        };
        out.push((field.name.clone(), read));
    }
    Ok(out)
}

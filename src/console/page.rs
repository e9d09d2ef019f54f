//! The pages: three columns of places, conversation and drawer, and the fragments that change in them.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use hammerdesk_commands::request::CommandInfo;
use hammerdesk_commands::settings::Settings;
use hammerdesk_domain::access::{Asker, Permission};
use hammerdesk_domain::message::{Reply, Visibility};
use hammerdesk_store::chat::{Answers, ChatMessage, Unread};
use maud::{DOCTYPE, Markup, html};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ask;
use super::card::{Look, plain, reply_in};
use super::people;
use super::places::Channel;

/// The author of what the bot itself puts there.
pub(super) const BOT: &str = "hammerdesk";

/// The longest message that anybody may send, in characters.
pub(super) const LONGEST_MESSAGE: usize = 4_000;

/// What a message says, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Body {
    /// Somebody's own words.
    Talk {
        /// The words.
        text: String,
    },
    /// A question and its answer.
    Answer {
        /// The line that was typed, or the button that was pressed.
        asked: String,
        /// The answer.
        reply: Box<Reply>,
    },
    /// What the bot itself puts there, and changes in place.
    Post {
        /// Whose words it passes on; its own where there is nobody.
        author: Option<String>,
        /// What it says.
        reply: Box<Reply>,
    },
}

/// What every page of one person needs.
pub(super) struct Desk<'a> {
    pub(super) settings: &'a Settings,
    pub(super) channels: &'a [Channel],
    pub(super) me: &'a Asker,
    pub(super) zone: Tz,
    pub(super) version: &'a str,
}

impl Desk<'_> {
    /// The channels that this person is in.
    pub(super) fn places(&self) -> impl Iterator<Item = &Channel> {
        self.channels.iter().filter(|channel| channel.admits(self.me))
    }

    fn name(&self, message: &ChatMessage) -> (String, String) {
        if message.author.as_str() == BOT {
            let author = match body(message) {
                Some(Body::Post { author, .. }) => author,
                _ => None,
            };
            return author.map_or_else(
                || ("hammerdesk".to_owned(), "bot".to_owned()),
                |name| (plain(&name), "passed on".to_owned()),
            );
        }
        self.settings.people.get(&message.author).map_or_else(
            || (plain(message.author.as_str()), "no longer here".to_owned()),
            |person| (plain(&person.name), plain(&person.role.name)),
        )
    }
}

/// What stands in the middle, and beside it.
pub(super) struct Shown<'a> {
    pub(super) channel: &'a Channel,
    pub(super) messages: &'a [ChatMessage],
    pub(super) earlier: bool,
    /// How many answers the messages have.
    pub(super) answers: &'a [Answers],
    /// What this person may ask.
    pub(super) menu: &'a [CommandInfo],
    /// The messages that have lively threads.
    pub(super) threads: &'a [ChatMessage],
    pub(super) unread: &'a [Unread],
    /// The thread that the address opens, drawn.
    pub(super) drawer: Option<(Uuid, Markup)>,
    /// Up to which message this page knows; live updates continue from here.
    pub(super) up_to: Option<Uuid>,
}

fn shell(version: &str, title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en-GB" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · hammerdesk" }
                link rel="icon" type="image/svg+xml" href="/console/icon.svg";
                link rel="stylesheet" href={ "/console/console.css?v=" (version) };
                script src={ "/console/console.js?v=" (version) } defer {}
            }
            (body)
        }
    }
}

/// The first page: who are you?
pub(super) fn chooser(settings: &Settings, version: &str) -> Markup {
    let body = html! {
        body {
            main class="chooser" {
                h1 { "Who are you at this desk?" }
                p class="hint" { "Everybody sees the same house with different eyes: answers follow the role. You can change your seat at any time." }
                (seats(settings, None))
                p class="failed" role="alert" id="chooser-failed" hidden {}
            }
        }
    };
    shell(version, "Choose a seat", &body)
}

fn seats(settings: &Settings, me: Option<&Asker>) -> Markup {
    html! {
        ul {
            @for person in settings.people.values() { li {
                button type="button" class="person" data-person=(person.id)
                    aria-current=[me.is_some_and(|me| me.id == person.id).then_some("true")] {
                    span class="name" dir="auto" { (plain(&person.name)) } " "
                    span class="role" { (plain(&person.role.name)) " · " (people::scope(person, settings)) }
                    span class="sees" { (people::sees(person)) }
                }
            } }
        }
    }
}

/// A channel.
pub(super) fn channel(desk: &Desk<'_>, shown: &Shown<'_>) -> Markup {
    let drawn = if shown.drawer.is_some() {
        "desk drawn"
    } else {
        "desk"
    };
    let body = html! {
        body data-me=(desk.me.id) data-channel=(shown.channel.id) data-up-to=[shown.up_to] {
            a class="skip" href="#line" { "Skip to the message box" }
            div class=(drawn) id="desk" {
                (places(desk, shown))
                main class="talk" {
                    header class="bar" {
                        button type="button" class="icon menu-of-places" id="menu-of-places" aria-expanded="false" aria-controls="places" aria-label="Places" { "☰" }
                        h1 { "#" (shown.channel.id) }
                        p class="about" { (plain(&shown.channel.about)) }
                        span class="state" id="state" role="status" {}
                        button type="button" class="icon" id="show-keys" aria-label="Keys" title="Keys (?)" { "?" }
                    }
                    div class="log" id="log" role="log" aria-label={ "Messages in #" (shown.channel.id) } aria-live="polite" tabindex="0" {
                        @if shown.earlier { button type="button" class="earlier" id="earlier" { "Show earlier messages" } }
                        @if shown.messages.is_empty() { (nothing_yet(shown.menu)) }
                        (messages(desk, shown.messages, shown.answers, None))
                    }
                    button type="button" class="pill" id="pill" hidden { "New messages ↓" }
                    (composer("line", None, "Message, or / for a command", &WhoReads::of(desk, shown.channel.id.as_str())))
                }
                aside class="drawer" id="drawer" aria-label="Details" hidden[shown.drawer.is_none()] {
                    @if let Some((_, drawer)) = &shown.drawer { (drawer) }
                }
            }
            (keys())
        }
    };
    shell(desk.version, &format!("#{}", shown.channel.id), &body)
}

fn nothing_yet(menu: &[CommandInfo]) -> Markup {
    html! {
        div class="empty" {
            strong { "Nothing has been said here yet." }
            p { "Type " kbd { "/" } " and ask, or just write to the others. From your seat you may ask:" }
            dl { @for command in menu {
                dt { (plain(&command.usage)) }
                dd { (plain(&command.about)) }
            } }
        }
    }
}

pub(super) fn places(desk: &Desk<'_>, shown: &Shown<'_>) -> Markup {
    let waiting = |channel: &str, thread: Option<Uuid>| {
        shown
            .unread
            .iter()
            .find(|u| u.channel == channel && u.thread == thread)
            .map_or(0, |u| u.count)
    };
    html! {
        div class="places" id="places" {
            p class="house" { strong { "hammerdesk" } }
            nav aria-label="Places" {
                h2 id="channels" { "Channels" }
                ul aria-labelledby="channels" {
                    @for channel in desk.places() { li {
                        @let here = channel.id == shown.channel.id;
                        @let count = if here { 0 } else { waiting(channel.id.as_str(), None) };
                        (place(&format!("/console/c/{}", channel.id), channel.id.as_str(), &format!("#{}", channel.id), here, count))
                    } }
                }
                @if !shown.threads.is_empty() {
                    h2 id="threads" { "Threads" }
                    ul aria-labelledby="threads" {
                        @for thread in shown.threads { li {
                            @let open = shown.drawer.as_ref().is_some_and(|(root, _)| *root == thread.id);
                            @let count = if open { 0 } else { waiting(&thread.channel, Some(thread.id)) };
                            @let href = format!("/console/c/{}?thread={}", thread.channel, thread.id);
                            (place(&href, &thread.id.to_string(), &gist(thread), open, count))
                        } }
                    }
                }
            }
            div class="me" {
                button type="button" popovertarget="people" aria-haspopup="dialog" id="seat" {
                    span class="name" dir="auto" { (plain(&desk.me.name)) }
                    span class="role" { (plain(&desk.me.role.name)) " · " (people::scope(desk.me, desk.settings)) }
                }
                div class="people" id="people" popover {
                    h2 { "Take another seat" }
                    p class="hint" { "The same question, with other eyes: your last question is put ready for the next person." }
                    (seats(desk.settings, Some(desk.me)))
                }
            }
        }
    }
}

fn place(href: &str, key: &str, name: &str, here: bool, count: i64) -> Markup {
    html! {
        a href=(href) data-place=(key) class=[(count > 0).then_some("unread")] aria-current=[here.then_some("page")] {
            span class="name" dir="auto" { (name) }
            span class="count" hidden[count == 0] { (count) span class="hidden" { " unread" } }
        }
    }
}

/// A message in a few words, for lists.
pub(super) fn gist(message: &ChatMessage) -> String {
    let text = match body(message) {
        Some(Body::Talk { text }) => text,
        Some(Body::Answer { asked, reply }) => reply.cards.first().map_or(asked, |card| card.title.clone()),
        Some(Body::Post { reply, .. }) => reply
            .cards
            .first()
            .map_or_else(|| reply.text.clone(), |card| card.title.clone()),
        None => "message".to_owned(),
    };
    hammerdesk_domain::text::clean(&text, 60)
}

/// What a message holds; `None` is a body of a newer version than this program.
pub(super) fn body(message: &ChatMessage) -> Option<Body> {
    serde_json::from_value(message.body.clone()).ok()
}

/// Messages with the days between them; `above` is the message that stands before the first.
pub(super) fn messages(
    desk: &Desk<'_>,
    messages: &[ChatMessage],
    answers: &[Answers],
    above: Option<&ChatMessage>,
) -> Markup {
    let before = std::iter::once(above).chain(messages.iter().map(Some));
    html! {
        @for (message, before) in messages.iter().zip(before) {
            @let today = day(message.at, desk.zone);
            @if before.is_none_or(|before| day(before.at, desk.zone) != today) {
                p class="day" role="separator" data-day=(today) { (today) }
            }
            @let count = answers.iter().find(|a| a.thread == message.id).map_or(0, |a| a.answers);
            (one(desk, message, count))
        }
    }
}

fn day(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%A %-d %B %Y").to_string()
}

/// One message.
pub(super) fn one(desk: &Desk<'_>, message: &ChatMessage, answers: i64) -> Markup {
    let (name, role) = desk.name(message);
    let only_me = message.only_for.is_some();
    let local = message.at.with_timezone(&desk.zone);
    html! {
        article class=(if only_me { "message private" } else { "message" }) data-id=(message.id)
            data-day=(day(message.at, desk.zone)) data-author=(message.author) aria-label={ (name) ", " (local.format("%H:%M")) } {
            header class="by" {
                span class="name" dir="auto" { (name) }
                span class="role" { (role) }
                time datetime=(message.at.to_rfc3339()) title=(local.format("%-d %b %Y %H:%M:%S %Z")) { (local.format("%H:%M")) }
                @if only_me { span class="only" { (lock()) "Only you can see this" } }
            }
            @match body(message) {
                Some(Body::Talk { text }) => p class="words" dir="auto" { (plain(&text)) },
                Some(Body::Answer { asked, reply }) => {
                    p class="asked" dir="auto" { (plain(&asked)) }
                    (reply_in(&reply, Look { zone: desk.zone, message: Some(message.id) }))
                }
                Some(Body::Post { reply, .. }) => (reply_in(&reply, Look { zone: desk.zone, message: Some(message.id) })),
                None => p class="said" { "This message was written by a newer version and cannot be shown." }
            }
            @if message.thread.is_none() { (thread_link(message.id, answers)) }
        }
    }
}

fn thread_link(id: Uuid, answers: i64) -> Markup {
    html! {
        p class=(if answers > 0 { "tools" } else { "tools resting" }) {
            button type="button" class="link" data-thread=(id) {
                @match answers { 0 => "Open thread", 1 => "1 reply", n => { (n) " replies" } }
            }
        }
    }
}

fn lock() -> Markup {
    html! {
        svg viewBox="0 0 10 12" aria-hidden="true" {
            path d="M2.5 5V3.5a2.5 2.5 0 0 1 5 0V5H9v6.5H1V5zm1.2 0h2.6V3.5a1.3 1.3 0 0 0-2.6 0z" fill="currentColor" fill-rule="evenodd" {}
        }
    }
}

/// A thread in the drawer.
pub(super) fn thread(desk: &Desk<'_>, root: &ChatMessage, answers: &[ChatMessage]) -> Markup {
    let who_reads = WhoReads::of(desk, &root.channel);
    html! {
        (drawer_bar("Thread"))
        div class="log" id="thread-log" role="log" aria-label="Messages in this thread" aria-live="polite" tabindex="0" data-thread-of=(root.id) {
            (one(desk, &ChatMessage { thread: Some(root.id), ..root.clone() }, 0))
            (messages(desk, answers, &[], Some(root)))
        }
        (composer("thread-line", Some(root.id), "Reply in this thread", &WhoReads { open: who_reads.open && root.only_for.is_none(), ..who_reads }))
    }
}

/// The head of a drawer, with what closes it.
pub(super) fn drawer_bar(title: &str) -> Markup {
    html! {
        header class="bar" {
            h2 tabindex="-1" id="drawer-title" { (title) }
            button type="button" class="icon" data-close-drawer aria-label="Close" title="Close (Esc)" { "✕" }
        }
    }
}

/// Who reads the answers to what is asked in a place.
struct WhoReads {
    /// Everybody who is in it.
    open: bool,
    /// Those with whom the asker shares it.
    may_share: bool,
}

impl WhoReads {
    fn of(desk: &Desk<'_>, channel: &str) -> Self {
        let here = desk.channels.iter().find(|known| known.id.as_str() == channel);
        let keeps = here.is_none_or(|here| ask::kept_back(desk.me, here).is_some());
        let open = here.is_some_and(|here| here.open);
        Self {
            open: open && !keeps,
            may_share: desk.me.may(Permission::Share) && !keeps,
        }
    }
}

fn composer(id: &str, thread: Option<Uuid>, placeholder: &str, spot: &WhoReads) -> Markup {
    let who_reads = match (spot.open, spot.may_share) {
        (true, _) => "Answers to commands stand here for everybody in the channel.",
        (false, true) => "Answers to commands are for your eyes alone, unless you add share:true.",
        (false, false) => "Answers to commands are for your eyes alone.",
    };
    html! {
        div class="composer" {
            ul class="suggestions" id={ (id) "-suggestions" } role="listbox" aria-label="Suggestions" hidden {}
            form data-thread=[thread] autocomplete="off" {
                textarea id=(id) rows="1" maxlength=(LONGEST_MESSAGE) placeholder=(placeholder) aria-label=(placeholder)
                    role="combobox" aria-autocomplete="list" aria-haspopup="listbox" aria-expanded="false"
                    aria-controls={ (id) "-suggestions" } aria-describedby={ (id) "-hint" } autocomplete="off"
                    autocapitalize="off" spellcheck="false" enterkeyhint="send" {}
                button type="submit" class="primary" { "Send" }
            }
            p class="hint" id={ (id) "-hint" } role="status" { (who_reads) }
        }
    }
}

fn keys() -> Markup {
    let rows = [
        ("/", "Commands that you may use"),
        (
            "↑ ↓",
            "Walk through suggestions; ↑ in an empty box recalls what you sent",
        ),
        ("Tab", "Take the suggestion"),
        ("Enter", "Take the marked suggestion, or send"),
        ("Shift Enter", "New line"),
        (
            "Esc",
            "Close suggestions, then the drawer; then back to the message box",
        ),
        ("Alt ↑ ↓", "Previous or next channel"),
        ("?", "These keys"),
    ];
    html! {
        dialog id="keys" aria-labelledby="keys-title" {
            h2 id="keys-title" { "Keys" }
            dl class="keys-list" { @for (key, what) in rows {
                dt { @for part in key.split(' ') { kbd { (part) } " " } }
                dd { (what) }
            } }
            div class="actions" { button type="button" class="primary" data-close { "Close" } }
        }
    }
}

/// Who alone may read that answer: `None` is everybody in the place.
pub(super) fn only_for(reply: &Reply, asker: &Asker) -> Option<hammerdesk_domain::ids::PersonId> {
    (reply.visibility == Visibility::Private).then(|| asker.id.clone())
}

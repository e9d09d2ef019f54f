//! An answer as HTML: cards, figures, buttons, menus, forms and files.
//!
//! Everything that a [`Reply`] holds is text from outside until proven otherwise: maud escapes it, and
//! `plain` takes away controls and direction overrides before that, so that no name can format, forge
//! or hide anything. Tone is always said in words or signs as well as in colour.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use hammerdesk_domain::message::{
    Action, AsOf, Attachment, Card, Cell, Field, FieldKind, Figure, Form, Line, Menu, Reply, Section, Step,
    Tone,
};
use hammerdesk_domain::money::Money;
use hammerdesk_domain::text::is_deceptive;
use maud::{Markup, html};
use uuid::Uuid;

/// For whom and where an answer is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// The zone in which instants are shown.
    pub(super) zone: Tz,
    /// The message it belongs to: buttons, files and explanations lead there.
    pub(super) message: Option<Uuid>,
}

impl Look {
    const BARE: Self = Self {
        zone: Tz::UTC,
        message: None,
    };
}

/// A cell of more characters may break into lines.
const LONG_CELL: usize = 24;

/// One card, instants in UTC.
pub fn card_html(card: &Card) -> Markup {
    card_in(card, 0, Look::BARE)
}

/// A whole answer with the explanations of its cards, instants in UTC: everything of it that a browser
/// could ever be sent.
pub fn render_reply(reply: &Reply) -> String {
    let steps = html! { @for card in &reply.cards { (explanation(card, Tz::UTC)) } };
    reply_in(reply, Look::BARE).into_string() + &steps.into_string()
}

/// Text without the characters that deceive a reader; line breaks stay.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter(|c| *c == '\n' || !is_deceptive(*c)).collect()
}

/// An instant as people of that zone read it.
pub(super) fn instant(at: DateTime<Utc>, zone: Tz) -> Markup {
    let local = at.with_timezone(&zone);
    html! { time datetime=(at.to_rfc3339()) { (local.format("%-d %b %Y %H:%M %Z")) } }
}

pub(super) fn reply_in(reply: &Reply, look: Look) -> Markup {
    html! {
        @if !reply.text.is_empty() { p class="said" dir="auto" { (plain(&reply.text)) } }
        @for (n, card) in reply.cards.iter().enumerate() { (card_in(card, n, look)) }
        @if let Some(menu) = &reply.menu { (menu_in(menu, look)) }
        @if !reply.files.is_empty() { (files(&reply.files, look)) }
        @if !reply.actions.is_empty() || !reply.links.is_empty() {
            div class="actions" role="group" aria-label="What you can do next" {
                @for action in &reply.actions { (button(action, look)) }
                @for link in reply.links.iter().filter(|link| link.url.starts_with("https://") || link.url.starts_with("http://")) {
                    a class="button" href=(link.url) target="_blank" rel="noopener noreferrer" { (plain(&link.label)) }
                }
            }
        }
    }
}

fn card_in(card: &Card, n: usize, look: Look) -> Markup {
    let stale = if card.stale { " stale" } else { "" };
    html! {
        section class={ "card " (tone(card.tone)) (stale) } role="group" aria-label=(plain(&card.title)) {
            header {
                div class="titles" {
                    h3 dir="auto" { (plain(&card.title)) }
                    @if let Some(subtitle) = &card.subtitle { p class="subtitle" dir="auto" { (plain(subtitle)) } }
                }
                @if let Some(badge) = &card.badge { span class={ "badge " (tone(card.tone)) } { (plain(badge)) } }
            }
            @if card.stale {
                p class="late" { strong { "Late data. " } "A source has not delivered in time; read the last line first." }
            }
            @for part in &card.sections { (section(part)) }
            (foot(card, n, look))
        }
    }
}

fn foot(card: &Card, n: usize, look: Look) -> Markup {
    html! {
        footer {
            p class="as-of" {
                span class="label" { "As of " }
                @if card.as_of.is_empty() { "no source: this answer needed none" }
                @for (n, source) in AsOf::grouped(&card.as_of).iter().enumerate() {
                    @if n > 0 { span class="dot" aria-hidden="true" { " · " } }
                    (as_of(source, look.zone))
                }
            }
            @if let (Some(message), false) = (look.message, card.explain.is_empty()) {
                button type="button" class="link" data-explain={ "/console/m/" (message) "/explain/" (n) } {
                    "How was this computed"
                }
            }
        }
    }
}

fn as_of(source: &AsOf, zone: Tz) -> Markup {
    html! {
        span class=(if source.stale { "source warn" } else { "source" }) {
            (plain(&source.source)) " "
            @match source.at { Some(at) => (instant(at, zone)), None => "never" }
            @if source.stale { " · late" }
            @if let Some(note) = &source.note { ", " (plain(note)) }
        }
    }
}

fn section(section: &Section) -> Markup {
    match section {
        Section::Figures { heading, rows } => html! {
            (title(heading.as_deref()))
            table class="figures" { tbody { @for row in rows { (figure(row)) } } }
        },
        Section::Table {
            heading,
            columns,
            rows,
            more,
        } => table(heading.as_deref(), columns, rows, *more),
        Section::Lines { heading, lines } => html! {
            (title(heading.as_deref()))
            ul class="lines" { @for line in lines { (sentence(line)) } }
        },
        Section::ClientSafe { sentence } => html! {
            figure class="client-safe" {
                figcaption { "You may tell the client" }
                blockquote dir="auto" { (plain(sentence)) }
                button type="button" class="link" data-copy { "Copy sentence" }
            }
        },
    }
}

fn title(heading: Option<&str>) -> Markup {
    html! { @if let Some(heading) = heading { h4 dir="auto" { (plain(heading)) } } }
}

fn figure(row: &Figure) -> Markup {
    html! {
        tr class=(tone(row.tone)) {
            th scope="row" { (sign(row.tone)) (plain(&row.label)) }
            td class="value" { (cell(&row.value)) }
            td class="note" { @if let Some(note) = &row.note { (plain(note)) } }
        }
    }
}

fn table(heading: Option<&str>, columns: &[String], rows: &[Vec<Cell>], more: usize) -> Markup {
    let numeric: Vec<bool> = (0..columns.len())
        .map(|n| {
            rows.iter()
                .any(|row| matches!(row.get(n), Some(Cell::Amount(_) | Cell::Number(_))))
        })
        .collect();
    let side = |n: usize| numeric.get(n).copied().unwrap_or(false).then_some("right");
    html! {
        (title(heading))
        div class="scroll" tabindex="0" role="region" aria-label=(plain(heading.unwrap_or("Table"))) {
            table class="rows" {
                thead { tr {
                    @for (n, column) in columns.iter().enumerate() {
                        th scope="col" class=[side(n)] { (plain(column)) }
                    }
                } }
                tbody {
                    @for row in rows { tr {
                        @for (n, value) in row.iter().enumerate() {
                            td class=[side(n)] { (cell(value)) }
                        }
                    } }
                }
            }
        }
        @if more > 0 { p class="more" { (more) " more; the whole list is in the file" } }
    }
}

fn sentence(line: &Line) -> Markup {
    html! {
        li class=(tone(line.tone)) {
            @if let Some(code) = &line.code { span class="code" { (plain(code)) } " " }
            span dir="auto" { (sign(line.tone)) (plain(&line.text)) }
        }
    }
}

fn cell(cell: &Cell) -> Markup {
    match cell {
        Cell::Text(text) => {
            let class = if text.chars().count() > LONG_CELL {
                "long"
            } else {
                "short"
            };
            html! { span class=(class) dir="auto" { (plain(text)) } }
        }
        Cell::Amount(money) => amount(*money),
        Cell::Date(date) => day(*date),
        Cell::Number(number) => html! { span class="num" { (number) } },
        Cell::Empty => html! { span class="none" aria-label="none" { "–" } },
    }
}

fn amount(money: Money) -> Markup {
    let class = if money.is_negative() {
        "num"
    } else {
        "num positive"
    };
    html! {
        span class="amount" {
            span class="currency" { (money.currency()) } " "
            @if money.is_negative() { span class="hidden" { "minus " } }
            span class=(class) { (money.grouped()) }
        }
    }
}

fn day(date: NaiveDate) -> Markup {
    html! { time datetime=(date) { (date.format("%-d %b %Y")) } }
}

fn menu_in(menu: &Menu, look: Look) -> Markup {
    html! {
        div class="menu" role="group" aria-label=(plain(&menu.prompt)) {
            p { (plain(&menu.prompt)) }
            ul { @for option in &menu.options { li { (button(option, look)) } } }
        }
    }
}

fn files(files: &[Attachment], look: Look) -> Markup {
    html! {
        ul class="files" aria-label="Files" {
            @for (n, file) in files.iter().enumerate() { li {
                @match look.message {
                    Some(message) => a href={ "/console/m/" (message) "/file/" (n) } download { "Download " (plain(&file.name)) },
                    None => (plain(&file.name)),
                }
            } }
        }
    }
}

fn button(action: &Action, look: Look) -> Markup {
    let class = if action.primary { "primary" } else { "plain" };
    html! {
        @match &action.form {
            None => button type="button" class=(class) data-press=(action.id) data-message=[look.message] { (plain(&action.label)) },
            Some(form) => {
                button type="button" class=(class) data-form aria-haspopup="dialog" { (plain(&action.label)) "…" }
                (dialog(action, form, look))
            }
        }
    }
}

fn dialog(action: &Action, form: &Form, look: Look) -> Markup {
    html! {
        dialog class="form" aria-label=(plain(&form.title)) {
            form method="dialog" data-submit=(action.id) data-message=[look.message] {
                h3 { (plain(&form.title)) }
                @for field in &form.fields { (input(field)) }
                p class="consequence" { (plain(&form.says)) }
                div class="actions" {
                    button type="button" class="plain" data-close { "Cancel" }
                    button type="submit" class="primary" { (plain(&form.submit)) }
                }
            }
        }
    }
}

fn input(field: &Field) -> Markup {
    html! {
        label class="field" {
            span { (plain(&field.label)) @if !field.required { span class="optional" { " (may stay empty)" } } }
            @match &field.kind {
                FieldKind::Text | FieldKind::Person => input type="text" name=(field.name) required[field.required] maxlength="500" autocomplete="off";,
                FieldKind::Date => input type="date" name=(field.name) required[field.required];,
                FieldKind::Choice(choices) => select name=(field.name) required[field.required] {
                    @if !field.required { option value="" { "–" } }
                    @for (value, label) in choices { option value=(value) { (plain(label)) } }
                },
            }
        }
    }
}

/// "How was this computed": every rule that was asked, in order, and what it found.
pub(super) fn explanation(card: &Card, zone: Tz) -> Markup {
    html! {
        section class="explanation" {
            h3 dir="auto" { (plain(&card.title)) }
            p class="hint" { "Every rule that was asked, in order. A tick means that it applied." }
            ol class="steps" {
                @for (n, step) in card.explain.iter().enumerate() {
                    (explained(step, n.checked_sub(1).map(|before| &card.explain[before])))
                }
            }
            p class="as-of" {
                span class="label" { "As of " }
                @for (n, source) in card.as_of.iter().enumerate() {
                    @if n > 0 { " · " }
                    (as_of(source, zone))
                }
            }
        }
    }
}

fn explained(step: &Step, before: Option<&Step>) -> Markup {
    let same = before.is_some_and(|before| before.sources == step.sources);
    let (class, mark, word) = if step.applied {
        ("applied", "✓", "Applied")
    } else {
        ("passed", "–", "Did not apply")
    };
    html! {
        li class=(class) {
            span class="code" { (plain(&step.rule)) }
            span class="mark" aria-hidden="true" { (mark) }
            span class="hidden" { (word) ": " }
            div {
                p dir="auto" { (plain(&step.because)) }
                @if !step.sources.is_empty() {
                    p class="sources" {
                        @if same { "from the same" } @else { "from " (plain(&step.sources.join(", "))) }
                    }
                }
            }
        }
    }
}

fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "even",
        Tone::Good => "good",
        Tone::Warn => "warn",
        Tone::Quiet => "quiet",
    }
}

/// Colour is never the only sign: what warns carries a mark that is seen and a word that is heard.
fn sign(tone: Tone) -> Markup {
    html! {
        @if tone == Tone::Warn {
            span class="sign" aria-hidden="true" { "▲" } span class="hidden" { "Attention: " }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hammerdesk_domain::ids::ActionId;
    use hammerdesk_domain::message::{Outcome, Visibility};

    /// Every text that an answer can hold set to the same one.
    fn filled_with(text: &str) -> Reply {
        let own = || text.to_owned();
        let line = Line {
            code: Some(own()),
            text: own(),
            tone: Tone::Warn,
        };
        let form = Form {
            title: own(),
            says: own(),
            submit: own(),
            fields: vec![
                Field {
                    name: own(),
                    label: own(),
                    required: false,
                    kind: FieldKind::Text,
                },
                Field {
                    name: own(),
                    label: own(),
                    required: true,
                    kind: FieldKind::Choice(vec![(own(), own())]),
                },
            ],
        };
        let action = Action {
            id: ActionId::new(text),
            form: Some(form),
            ..Action::ask(text, text)
        };
        let card = Card {
            title: own(),
            subtitle: Some(own()),
            badge: Some(own()),
            tone: Tone::Warn,
            sections: vec![
                Section::Figures {
                    heading: Some(own()),
                    rows: vec![Figure {
                        label: own(),
                        value: Cell::Text(own()),
                        note: Some(own()),
                        tone: Tone::Warn,
                    }],
                },
                Section::Table {
                    heading: Some(own()),
                    columns: vec![own()],
                    rows: vec![vec![Cell::Text(own())]],
                    more: 3,
                },
                Section::Lines {
                    heading: Some(own()),
                    lines: vec![line],
                },
                Section::ClientSafe { sentence: own() },
            ],
            as_of: vec![AsOf {
                source: own(),
                at: None,
                stale: true,
                note: Some(own()),
            }],
            stale: true,
            explain: vec![Step {
                rule: own(),
                applied: true,
                because: own(),
                sources: vec![own()],
            }],
        };
        Reply {
            cards: vec![card],
            actions: vec![
                action.clone(),
                Action {
                    form: None,
                    ..action.clone()
                },
            ],
            menu: Some(Menu {
                prompt: own(),
                options: vec![action],
            }),
            files: vec![Attachment {
                name: own(),
                media_type: own(),
                content: Vec::new(),
            }],
            visibility: Visibility::Private,
            ..Reply::sentence(Outcome::Answered, text)
        }
    }

    #[test]
    fn no_text_of_an_answer_becomes_markup_a_control_or_a_change_of_direction() {
        let page = render_reply(&filled_with(
            "<img src=x onerror=\"alert(1)\">&\u{202E}evil\u{0007}\u{200B}",
        ));
        assert!(page.contains("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;evil"));
        assert!(!page.contains("<img"), "markup got through");
        assert!(!page.contains("\"alert"), "an attribute could be closed");
        let texts: String = page.chars().filter(|c| is_deceptive(*c)).collect();
        // Ids are ours: they are compared, never read, so they go out as they came in.
        let ids = page.matches("data-press").count() + page.matches("data-submit").count();
        assert!(ids > 0 && texts.chars().count() <= 3 * (ids + 6), "{texts:?}");
    }

    #[test]
    fn an_amount_has_its_currency_first_and_negatives_in_parentheses() {
        let negative = amount("GBP -1234.5".parse().unwrap()).into_string();
        assert_eq!(
            negative,
            "<span class=\"amount\"><span class=\"currency\">GBP</span> <span class=\"hidden\">minus </span>\
             <span class=\"num\">(1,234.50)</span></span>"
        );
        let positive = amount("JPY 1200".parse().unwrap()).into_string();
        assert!(positive.contains("JPY</span> <span class=\"num positive\">1,200</span>"));
    }

    #[test]
    fn a_stale_card_says_so_in_words_and_every_card_has_its_as_of_line() {
        let at = DateTime::from_timestamp(1_790_000_000, 0);
        let source = AsOf {
            source: "ledger".into(),
            at,
            stale: true,
            note: Some("may miss later payments".into()),
        };
        let stale = Card {
            title: "Ada".into(),
            stale: true,
            as_of: vec![source],
            ..Card::default()
        };
        let drawn = card_html(&stale).into_string();
        assert!(drawn.contains("Late data."));
        assert!(
            drawn.contains("21 Sep 2026 14:13 UTC</time> · late, may miss later payments"),
            "{drawn}"
        );
        assert!(card_html(&Card::default()).into_string().contains("As of "));
    }

    #[test]
    fn a_form_says_what_will_happen_before_its_button() {
        let drawn = render_reply(&filled_with("x"));
        let (says, submit) = (drawn.find("class=\"consequence\""), drawn.find("type=\"submit\""));
        assert!(says.is_some() && says < submit);
    }
}

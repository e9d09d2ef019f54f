//! A reply as plain text: what `ask` prints, logs keep and tests compare.
//!
//! Promises: figures line up, an amount's currency stands before it, every card ends with its as-of
//! line, and nothing from outside can deceive a terminal or a reader: control characters, direction
//! overrides and line breaks inside a text are taken out, so one text is always one line.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use hammerdesk_domain::message::{Action, AsOf, Card, Cell, Figure, Line, Menu, Reply, Section, Step, Tone};
use hammerdesk_domain::text::clean;

/// The longest value of a cell, a label or a title.
const LONGEST_CELL: usize = 200;
/// The longest sentence.
const LONGEST_SENTENCE: usize = 2_000;

/// The whole reply; without its explanations, which [`explained`] prints.
pub fn plain(reply: &Reply) -> String {
    let mut blocks = Vec::new();
    if !reply.text.is_empty() {
        blocks.push(sentence(&reply.text));
    }
    blocks.extend(reply.cards.iter().map(card));
    blocks.extend(reply.menu.as_ref().map(menu));
    for link in &reply.links {
        blocks.push(format!("{}: {}", link.label, link.url));
    }
    if !reply.actions.is_empty() {
        blocks.push(lines(
            reply.actions.iter().map(|action| format!("> {}", button(action))),
        ));
    }
    if !reply.files.is_empty() {
        blocks.push(lines(reply.files.iter().map(|file| {
            format!("File: {} ({} bytes)", cell_text(&file.name), file.content.len())
        })));
    }
    blocks.join("\n\n")
}

/// How the cards of a reply came about, rule by rule.
pub fn explained(reply: &Reply) -> String {
    let explained = reply.cards.iter().filter(|card| !card.explain.is_empty());
    explained
        .map(|card| format!("{}\n{}", title(card), steps(&card.explain)))
        .collect::<Vec<_>>()
        .join("\n\n")
}

/// One card.
pub fn card(card: &Card) -> String {
    let mut blocks = vec![head(card)];
    blocks.extend(
        card.sections
            .iter()
            .map(section)
            .filter(|block| !block.is_empty()),
    );
    if !card.as_of.is_empty() {
        blocks.push(format!(
            "As of: {}",
            AsOf::grouped(&card.as_of)
                .iter()
                .map(as_of)
                .collect::<Vec<_>>()
                .join("; ")
        ));
    }
    blocks.join("\n")
}

fn head(card: &Card) -> String {
    let mut head = title(card);
    if let Some(subtitle) = &card.subtitle {
        let _ = write!(head, "\n{}", cell_text(subtitle));
    }
    if card.stale {
        head.push_str("\n! Some of the data is old: see the as-of line.");
    }
    head
}

fn title(card: &Card) -> String {
    let badge = card
        .badge
        .as_ref()
        .map(|badge| format!("  [{}]", cell_text(badge)))
        .unwrap_or_default();
    format!("{}{badge}", cell_text(&card.title))
}

fn section(section: &Section) -> String {
    match section {
        Section::Figures { heading, rows } => under(heading.as_deref(), &figures(rows)),
        Section::Table {
            heading,
            columns,
            rows,
            more,
        } => under(heading.as_deref(), &table(columns, rows, *more)),
        Section::Lines { heading, lines: said } => under(heading.as_deref(), &lines(said.iter().map(line))),
        Section::ClientSafe { sentence: said } => format!("To the client: \"{}\"", sentence(said)),
    }
}

fn under(heading: Option<&str>, body: &str) -> String {
    match heading {
        Some(heading) => format!("{}\n{body}", cell_text(heading)),
        None => body.to_owned(),
    }
}

fn figures(rows: &[Figure]) -> String {
    let labels: Vec<String> = rows.iter().map(|row| cell_text(&row.label)).collect();
    let values: Vec<String> = rows.iter().map(|row| value(&row.value)).collect();
    let (label_width, value_width) = (widest(&labels), widest(&values));
    lines(
        rows.iter()
            .zip(labels.iter().zip(&values))
            .map(|(row, (label, value))| {
                let note = row
                    .note
                    .as_ref()
                    .map(|note| format!("  {}", sentence(note)))
                    .unwrap_or_default();
                format!(
                    "{}{}  {}{note}",
                    mark(row.tone),
                    padded(label, label_width, false),
                    padded(value, value_width, is_numeric(&row.value))
                )
            }),
    )
}

fn table(columns: &[String], rows: &[Vec<Cell>], more: usize) -> String {
    let count = rows
        .iter()
        .map(Vec::len)
        .chain([columns.len()])
        .max()
        .unwrap_or(0);
    let heads: Vec<String> = (0..count)
        .map(|at| columns.get(at).map(|head| cell_text(head)).unwrap_or_default())
        .collect();
    let body: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            (0..count)
                .map(|at| row.get(at).map(value).unwrap_or_default())
                .collect()
        })
        .collect();
    let widths: Vec<usize> = (0..count)
        .map(|at| {
            body.iter()
                .map(|row| width(&row[at]))
                .chain([width(&heads[at])])
                .max()
                .unwrap_or(0)
        })
        .collect();
    let to_the_right: Vec<bool> = (0..count)
        .map(|at| {
            let mut filled = rows
                .iter()
                .filter_map(|row| row.get(at))
                .filter(|cell| **cell != Cell::Empty)
                .peekable();
            filled.peek().is_some() && filled.all(is_numeric)
        })
        .collect();
    let laid_out = |row: &Vec<String>| {
        let cells: Vec<String> = (0..count)
            .map(|at| padded(&row[at], widths[at], to_the_right[at]))
            .collect();
        format!("  {}", cells.join("  "))
    };
    let rule = "-".repeat(widths.iter().sum::<usize>() + 2 * count.saturating_sub(1));
    let mut out = vec![laid_out(&heads), format!("  {rule}")];
    out.extend(body.iter().map(laid_out));
    if more > 0 {
        out.push(format!("  {more} more"));
    }
    lines(out)
}

fn line(line: &Line) -> String {
    let code = line
        .code
        .as_ref()
        .map(|code| format!("{} ", cell_text(code)))
        .unwrap_or_default();
    format!("{}{code}{}", mark(line.tone), sentence(&line.text))
}

fn as_of(as_of: &AsOf) -> String {
    let at = as_of.at.map_or_else(|| "never delivered".to_owned(), instant);
    let note = match (as_of.stale, &as_of.note) {
        (true, Some(note)) => format!(" (old: {})", cell_text(note)),
        (true, None) => " (old)".to_owned(),
        (false, Some(note)) => format!(" ({})", cell_text(note)),
        (false, None) => String::new(),
    };
    format!("{} {at}{note}", cell_text(&as_of.source))
}

fn steps(steps: &[Step]) -> String {
    lines(steps.iter().map(|step| {
        let sources: Vec<String> = step.sources.iter().map(|source| cell_text(source)).collect();
        let from = if sources.is_empty() {
            String::new()
        } else {
            format!(" [{}]", sources.join(", "))
        };
        let applied = if step.applied { "yes" } else { "no " };
        format!(
            "  {} {applied} {}{from}",
            cell_text(&step.rule),
            sentence(&step.because)
        )
    }))
}

/// The choices by what they show: the numbers behind them stay masked.
fn menu(menu: &Menu) -> String {
    let options = menu
        .options
        .iter()
        .enumerate()
        .map(|(at, option)| format!("  {}. {}", at + 1, cell_text(&option.label)));
    format!("{}\n{}", sentence(&menu.prompt), lines(options))
}

fn button(action: &Action) -> String {
    match action.run.is_empty() {
        true => cell_text(&action.label),
        false => format!(
            "{}: {}",
            cell_text(&action.label),
            cell_text(crate::grammar::typed_part(&action.run))
        ),
    }
}

fn value(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => cell_text(text),
        Cell::Amount(money) => money.to_string(),
        Cell::Date(date) => date.to_string(),
        Cell::Number(number) => number.to_string(),
        Cell::Empty => String::new(),
    }
}

const fn is_numeric(cell: &Cell) -> bool {
    matches!(cell, Cell::Amount(_) | Cell::Number(_))
}

/// A warning reads as one where there are no colours.
const fn mark(tone: Tone) -> &'static str {
    match tone {
        Tone::Warn => "! ",
        Tone::Plain | Tone::Good | Tone::Quiet => "  ",
    }
}

fn instant(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

fn cell_text(text: &str) -> String {
    clean(text, LONGEST_CELL)
}

fn sentence(text: &str) -> String {
    clean(text, LONGEST_SENTENCE)
}

fn lines(lines: impl IntoIterator<Item = String>) -> String {
    lines
        .into_iter()
        .map(|line| line.trim_end().to_owned())
        .collect::<Vec<_>>()
        .join("\n")
}

fn widest(texts: &[String]) -> usize {
    texts.iter().map(|text| width(text)).max().unwrap_or(0)
}

/// How many columns a terminal gives the text: East Asian characters take two, accents none.
pub fn width(text: &str) -> usize {
    text.chars()
        .map(|c| match c {
            '\u{0300}'..='\u{036F}' | '\u{20D0}'..='\u{20FF}' | '\u{FE00}'..='\u{FE0F}' => 0,
            '\u{1100}'..='\u{115F}'
            | '\u{2E80}'..='\u{303E}'
            | '\u{3041}'..='\u{33FF}'
            | '\u{3400}'..='\u{4DBF}'
            | '\u{4E00}'..='\u{9FFF}'
            | '\u{A000}'..='\u{A4CF}'
            | '\u{AC00}'..='\u{D7A3}'
            | '\u{F900}'..='\u{FAFF}'
            | '\u{FE30}'..='\u{FE6F}'
            | '\u{FF00}'..='\u{FF60}'
            | '\u{FFE0}'..='\u{FFE6}'
            | '\u{1F300}'..='\u{1F64F}'
            | '\u{1F900}'..='\u{1F9FF}'
            | '\u{20000}'..='\u{3FFFD}' => 2,
            _ => 1,
        })
        .sum()
}

fn padded(text: &str, to: usize, to_the_right: bool) -> String {
    let gap = " ".repeat(to.saturating_sub(width(text)));
    if to_the_right {
        format!("{gap}{text}")
    } else {
        format!("{text}{gap}")
    }
}

#[cfg(test)]
mod tests {
    use hammerdesk_domain::message::{Attachment, Outcome};
    use serde_json::json;

    use super::*;

    fn text(value: &str) -> Cell {
        Cell::Text(value.to_owned())
    }

    fn amount(value: &str) -> Cell {
        Cell::Amount(value.parse().unwrap())
    }

    fn figure(label: &str, value: Cell, note: Option<&str>, tone: Tone) -> Figure {
        Figure {
            label: label.to_owned(),
            value,
            note: note.map(str::to_owned),
            tone,
        }
    }

    fn sample() -> Reply {
        let card = Card {
            title: "Ada Lovelace · 140105686".to_owned(),
            subtitle: Some("London · GBP".to_owned()),
            badge: Some("OVERDUE".to_owned()),
            tone: Tone::Warn,
            sections: vec![
                Section::Figures {
                    heading: Some("Balance".to_owned()),
                    rows: vec![
                        figure("Billed, open", amount("GBP 1234.5"), None, Tone::Plain),
                        figure("Overdue", amount("GBP 34"), Some("oldest 12 days"), Tone::Warn),
                        figure("Credits", amount("GBP -200"), None, Tone::Plain),
                    ],
                },
                Section::Table {
                    heading: None,
                    columns: vec!["Lot".to_owned(), "Title".to_owned(), "Open".to_owned()],
                    rows: vec![
                        vec![text("12"), text("蘭亭序"), amount("GBP 5")],
                        vec![text("13A"), text("Vase"), Cell::Empty],
                    ],
                    more: 3,
                },
                Section::Lines {
                    heading: Some("Remarks".to_owned()),
                    lines: vec![Line {
                        code: Some("B8".to_owned()),
                        text: "Overdue.".to_owned(),
                        tone: Tone::Warn,
                    }],
                },
                Section::ClientSafe {
                    sentence: "A payment is outstanding.".to_owned(),
                },
            ],
            as_of: vec![
                AsOf {
                    source: "ledger".to_owned(),
                    at: "2026-03-02T09:05:00Z".parse().ok(),
                    stale: true,
                    note: Some("may miss later payments".to_owned()),
                },
                AsOf {
                    source: "bank".to_owned(),
                    at: None,
                    stale: false,
                    note: None,
                },
            ],
            stale: true,
            explain: vec![Step {
                rule: "B8".to_owned(),
                applied: true,
                because: "one item is overdue".to_owned(),
                sources: vec!["ledger".to_owned()],
            }],
        };
        let mut reply = Reply::card(card, json!({}));
        reply.text = "One account.".to_owned();
        reply
            .actions
            .push(Action::ask("Show release", "/release client:0140105686"));
        reply.menu = Some(Menu {
            prompt: "Which?".to_owned(),
            options: vec![Action::ask("Ada", "/balance 1")],
        });
        reply.files.push(Attachment {
            name: "open.csv".to_owned(),
            media_type: "text/csv".to_owned(),
            content: b"abc".to_vec(),
        });
        reply
    }

    #[test]
    fn figures_line_up_and_the_card_ends_with_its_as_of_line() {
        insta::assert_snapshot!(plain(&sample()), @r#"
        One account.

        Ada Lovelace · 140105686  [OVERDUE]
        London · GBP
        ! Some of the data is old: see the as-of line.
        Balance
          Billed, open  GBP 1,234.50
        ! Overdue          GBP 34.00  oldest 12 days
          Credits       GBP (200.00)
          Lot  Title       Open
          ---------------------
          12   蘭亭序  GBP 5.00
          13A  Vase
          3 more
        Remarks
        ! B8 Overdue.
        To the client: "A payment is outstanding."
        As of: ledger 2026-03-02 09:05 UTC (old: may miss later payments); bank never delivered

        Which?
          1. Ada

        > Show release: /release client:0140105686

        File: open.csv (3 bytes)
        "#);
    }

    #[test]
    fn the_explanation_names_each_rule_and_its_sources() {
        insta::assert_snapshot!(explained(&sample()), @r"
        Ada Lovelace · 140105686  [OVERDUE]
          B8 yes one item is overdue [ledger]
        ");
    }

    #[test]
    fn a_hostile_text_stays_one_line_without_controls_wherever_it_stands() {
        let hostile = "Eve\u{202E}\n\u{1b}[31m\u{0}\u{200B}x\r\nBILLED 0.00";
        let every_text = |reply: &mut Reply| {
            reply.text = hostile.to_owned();
            reply.actions[0].label = hostile.to_owned();
            reply.actions[0].run = hostile.to_owned();
            reply.files[0].name = hostile.to_owned();
            let menu = reply.menu.as_mut().unwrap();
            menu.prompt = hostile.to_owned();
            menu.options[0].label = hostile.to_owned();
            let card = &mut reply.cards[0];
            card.title = hostile.to_owned();
            card.subtitle = Some(hostile.to_owned());
            card.badge = Some(hostile.to_owned());
            card.as_of[0].source = hostile.to_owned();
            card.as_of[0].note = Some(hostile.to_owned());
            card.explain[0].because = hostile.to_owned();
            card.explain[0].sources[0] = hostile.to_owned();
            card.sections = vec![
                Section::Figures {
                    heading: Some(hostile.to_owned()),
                    rows: vec![figure(hostile, text(hostile), Some(hostile), Tone::Warn)],
                },
                Section::Table {
                    heading: Some(hostile.to_owned()),
                    columns: vec![hostile.to_owned()],
                    rows: vec![vec![text(hostile)]],
                    more: 0,
                },
                Section::Lines {
                    heading: Some(hostile.to_owned()),
                    lines: vec![Line {
                        code: Some(hostile.to_owned()),
                        text: hostile.to_owned(),
                        tone: Tone::Plain,
                    }],
                },
                Section::ClientSafe {
                    sentence: hostile.to_owned(),
                },
            ];
        };
        let mut reply = sample();
        every_text(&mut reply);
        let shown = format!("{}\n{}", plain(&reply), explained(&reply));
        let bad: Vec<char> = shown
            .chars()
            .filter(|c| *c != '\n' && hammerdesk_domain::text::is_deceptive(*c))
            .collect();
        assert!(bad.is_empty(), "{bad:?}");
        assert!(
            !shown.lines().any(|line| line.trim_start().starts_with("BILLED")),
            "{shown}"
        );
    }

    #[test]
    fn a_row_longer_or_shorter_than_its_heads_is_still_shown() {
        let rows = vec![vec![text("a"), text("b")], vec![]];
        assert_eq!(
            table(&["One".to_owned()], &rows, 0),
            "  One\n  ------\n  a    b\n"
        );
        assert_eq!(
            plain(&Reply::sentence(Outcome::Unknown, "No such client.")),
            "No such client."
        );
    }
}

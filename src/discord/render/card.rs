//! A card as embeds: figures and narrow tables in code blocks so that they line up, everything else as
//! lines, and in every embed the line that says as of when.

use hammerdesk_commands::render::width;
use hammerdesk_domain::message::{AsOf, Card, Cell, Figure, Line, Section, Tone};
use serde::Serialize;

use crate::discord::limits::{EMBED_DESCRIPTION, EMBED_FOOTER, EMBED_TITLE, cut, units};
use crate::discord::text::{code, markdown, plain};

/// What a code block shows in one line on a wide screen.
const COLUMNS: usize = 54;
/// The longest value of a cell, a label or a title.
const LONGEST_CELL: usize = 200;
/// The longest sentence, as it is written for Discord.
const LONGEST_LINE: usize = 1_500;
/// What a footer takes at most of the six thousand characters of a message.
const LONGEST_FOOTER: usize = EMBED_FOOTER / 2;
/// What opening and closing a code block costs, with its line breaks.
const FENCES: usize = 9;

/// One embed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Embed {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) description: String,
    pub(crate) color: u32,
    pub(crate) footer: Footer,
}

/// The line at the end of an embed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Footer {
    pub(crate) text: String,
}

impl Embed {
    /// What it takes of the sum that a message may hold.
    pub(crate) fn weight(&self) -> usize {
        units(&self.title) + units(&self.description) + units(&self.footer.text)
    }
}

/// A line, and whether it stands in a code block.
struct Row {
    text: String,
    fixed: bool,
}

/// The card as one embed, or as several where one cannot hold it.
pub(crate) fn embeds(card: &Card) -> Vec<Embed> {
    let mut rows = head(card);
    for section in &card.sections {
        rows.extend(self::section(section));
    }
    let title = markdown(&card.title, EMBED_TITLE - 12);
    let footer = Footer { text: as_of(card) };
    let descriptions = pages(&rows);
    let last = descriptions.len().saturating_sub(1);
    descriptions
        .into_iter()
        .enumerate()
        .map(|(at, description)| Embed {
            title: match at {
                0 => title.clone(),
                _ => format!("{title} ({} of {})", at + 1, last + 1),
            },
            description,
            color: color(card),
            footer: footer.clone(),
        })
        .map(|mut embed| {
            embed.title = cut(embed.title.trim(), EMBED_TITLE);
            embed
        })
        .collect()
}

fn head(card: &Card) -> Vec<Row> {
    let badge = card.badge.as_ref().map(|badge| markdown(badge, LONGEST_CELL));
    let badge = badge
        .filter(|badge| !badge.is_empty())
        .map(|badge| format!("**{badge}**"));
    let subtitle = card
        .subtitle
        .as_ref()
        .map(|subtitle| markdown(subtitle, LONGEST_CELL));
    let first: Vec<String> = badge
        .into_iter()
        .chain(subtitle.filter(|text| !text.is_empty()))
        .collect();
    let mut rows = Vec::new();
    if !first.is_empty() {
        rows.push(flowing(first.join(" · ")));
    }
    if card.stale {
        rows.push(flowing(
            "▲ **Late data.** A source has not delivered in time; read the last line first.",
        ));
    }
    rows
}

fn section(section: &Section) -> Vec<Row> {
    match section {
        Section::Figures { heading, rows } => under(heading.as_deref(), figures(rows)),
        Section::Table {
            heading,
            columns,
            rows,
            more,
        } => {
            let mut out = table(columns, rows);
            if *more > 0 {
                out.push(flowing(format!("{more} more; the whole list is in the file")));
            }
            under(heading.as_deref(), out)
        }
        Section::Lines { heading, lines } => under(heading.as_deref(), lines.iter().map(line).collect()),
        Section::ClientSafe { sentence } => vec![
            flowing("**You may tell the client**"),
            flowing(format!("> {}", markdown(sentence, LONGEST_LINE - 2))),
        ],
    }
}

fn under(heading: Option<&str>, mut rows: Vec<Row>) -> Vec<Row> {
    let heading = heading.map(|heading| markdown(heading, LONGEST_CELL));
    if let Some(heading) = heading.filter(|heading| !heading.is_empty()) {
        rows.insert(0, flowing(format!("**{heading}**")));
    }
    rows
}

fn line(line: &Line) -> Row {
    let rule = line.code.as_ref().map(|code| markdown(code, LONGEST_CELL));
    let rule = rule
        .filter(|rule| !rule.is_empty())
        .map(|rule| format!("**{rule}** "))
        .unwrap_or_default();
    let text = markdown(&line.text, LONGEST_LINE - units(&rule) - 4);
    flowing(format!("{}{rule}{text}", bullet(line.tone)))
}

/// Label and amount side by side where they fit, one under the other where they do not.
fn figures(rows: &[Figure]) -> Vec<Row> {
    let labels: Vec<String> = rows.iter().map(|row| code(&row.label, LONGEST_CELL)).collect();
    let values: Vec<String> = rows.iter().map(|row| value(&row.value, code)).collect();
    let (wide, wide_value) = (widest(&labels), widest(&values));
    if wide + wide_value + 4 > COLUMNS {
        return rows.iter().map(figure_in_words).collect();
    }
    let mut out = Vec::new();
    for (row, (label, value)) in rows.iter().zip(labels.iter().zip(&values)) {
        let mut text = format!(
            "{}{}  {}",
            mark(row.tone),
            padded(label, wide, false),
            padded(value, wide_value, is_numeric(&row.value))
        );
        if let Some(note) = row.note.as_ref().map(|note| code(note, LONGEST_CELL)) {
            if width(&text) + width(&note) + 2 <= COLUMNS {
                text.push_str("  ");
                text.push_str(&note);
            } else {
                out.push(fixed(std::mem::take(&mut text)));
                out.extend(
                    wrapped(&note, COLUMNS - 6)
                        .into_iter()
                        .map(|part| fixed(format!("      {part}"))),
                );
            }
        }
        if !text.is_empty() {
            out.push(fixed(text));
        }
    }
    out
}

fn figure_in_words(row: &Figure) -> Row {
    let note = row
        .note
        .as_ref()
        .map(|note| format!(" ({})", markdown(note, LONGEST_CELL)))
        .unwrap_or_default();
    flowing(format!(
        "{}{}: **{}**{note}",
        bullet(row.tone),
        markdown(&row.label, LONGEST_CELL),
        value(&row.value, markdown)
    ))
}

/// A table that fits is a table; a wider one is a list in which each value has its column's head.
fn table(columns: &[String], rows: &[Vec<Cell>]) -> Vec<Row> {
    let count = rows
        .iter()
        .map(Vec::len)
        .chain([columns.len()])
        .max()
        .unwrap_or(0);
    let heads: Vec<String> = (0..count)
        .map(|at| {
            columns
                .get(at)
                .map(|head| code(head, LONGEST_CELL))
                .unwrap_or_default()
        })
        .collect();
    let body: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            (0..count)
                .map(|at| row.get(at).map(|cell| value(cell, code)).unwrap_or_default())
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
    if widths.iter().sum::<usize>() + 2 * count.saturating_sub(1) > COLUMNS {
        return rows.iter().map(|row| row_in_words(columns, row)).collect();
    }
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
        fixed(cells.join("  "))
    };
    let rule = "-".repeat(widths.iter().sum::<usize>() + 2 * count.saturating_sub(1));
    let mut out = vec![laid_out(&heads), fixed(rule)];
    out.extend(body.iter().map(laid_out));
    out
}

fn row_in_words(columns: &[String], row: &[Cell]) -> Row {
    let mut parts = Vec::new();
    for (at, cell) in row.iter().enumerate() {
        let text = value(cell, markdown);
        if text.is_empty() {
            continue;
        }
        let head = columns
            .get(at)
            .map(|head| markdown(head, LONGEST_CELL))
            .unwrap_or_default();
        parts.push(match (at, head.is_empty()) {
            (0, _) => format!("**{text}**"),
            (_, true) => text,
            (_, false) => format!("{head} {text}"),
        });
    }
    flowing(format!("- {}", parts.join(" · ")))
}

fn as_of(card: &Card) -> String {
    if card.as_of.is_empty() {
        return "As of: no source, this answer needed none".to_owned();
    }
    let mut out = String::from("As of: ");
    let sources = AsOf::grouped(&card.as_of);
    for (at, source) in sources.iter().enumerate() {
        let more = format!("; {} more sources", sources.len() - at);
        let said = as_of_source(source);
        if units(&out) + units(&said) + 2 + units(&more) > LONGEST_FOOTER {
            out.push_str(&more);
            break;
        }
        if at > 0 {
            out.push_str("; ");
        }
        out.push_str(&said);
    }
    out
}

fn as_of_source(source: &AsOf) -> String {
    let at = source.at.map_or_else(
        || "never delivered".to_owned(),
        |at| at.format("%Y-%m-%d %H:%M UTC").to_string(),
    );
    let note = source.note.as_ref().map(|note| plain(note, LONGEST_CELL));
    let note = match (source.stale, note) {
        (true, Some(note)) => format!(" (late: {note})"),
        (true, None) => " (late)".to_owned(),
        (false, Some(note)) => format!(" ({note})"),
        (false, None) => String::new(),
    };
    format!("{} {at}{note}", plain(&source.source, LONGEST_CELL))
}

/// Lines into descriptions that each keep the limit; a code block that is cut goes on in the next.
fn pages(rows: &[Row]) -> Vec<String> {
    let mut pages = Vec::new();
    let mut page = String::new();
    let mut in_code = false;
    for row in rows {
        let opens = row.fixed && !in_code;
        let closes = in_code && !row.fixed;
        let cost = units(&row.text) + 1 + if row.fixed { FENCES } else { 0 } + if in_code { 4 } else { 0 };
        if units(&page) + cost > EMBED_DESCRIPTION {
            close(&mut page, in_code);
            pages.push(std::mem::take(&mut page));
            in_code = false;
        } else if closes {
            close(&mut page, true);
            in_code = false;
        }
        if !page.is_empty() {
            page.push('\n');
        }
        if row.fixed && (opens || !in_code) {
            page.push_str("```\n");
            in_code = true;
        }
        page.push_str(&row.text);
    }
    close(&mut page, in_code);
    if !page.is_empty() || pages.is_empty() {
        pages.push(page);
    }
    pages
}

fn close(page: &mut String, in_code: bool) {
    if in_code {
        page.push_str("\n```");
    }
}

fn flowing(text: impl Into<String>) -> Row {
    Row {
        text: cut(&text.into(), 2 * LONGEST_LINE),
        fixed: false,
    }
}

fn fixed(text: impl Into<String>) -> Row {
    let text: String = text.into();
    let text = text.trim_end();
    // A block that begins with a word alone would take it for the name of a language.
    Row {
        text: if text.is_empty() {
            " ".to_owned()
        } else {
            text.to_owned()
        },
        fixed: true,
    }
}

fn value(cell: &Cell, write: impl Fn(&str, usize) -> String) -> String {
    match cell {
        Cell::Text(text) => write(text, LONGEST_CELL),
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

const fn bullet(tone: Tone) -> &'static str {
    match tone {
        Tone::Warn => "- ▲ ",
        Tone::Plain | Tone::Good | Tone::Quiet => "- ",
    }
}

const fn color(card: &Card) -> u32 {
    match card.tone {
        _ if card.stale => 0x00B4_5309,
        Tone::Warn => 0x00B4_5309,
        Tone::Good => 0x0015_803D,
        Tone::Plain => 0x003B_5B7A,
        Tone::Quiet => 0x009C_A3AF,
    }
}

fn widest(texts: &[String]) -> usize {
    texts.iter().map(|text| width(text)).max().unwrap_or(0)
}

fn padded(text: &str, to: usize, to_the_right: bool) -> String {
    let gap = " ".repeat(to.saturating_sub(width(text)));
    if to_the_right {
        format!("{gap}{text}")
    } else {
        format!("{text}{gap}")
    }
}

/// Words into lines of that width.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match out.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => out.push(word.to_owned()),
        }
    }
    out
}

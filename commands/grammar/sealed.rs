//! Lines that a button asks, and texts of several lines.
//!
//! A person types one short line. A button may carry what was written into a form: several lines, quotes,
//! far more than one types. Such values stand behind the line, sealed as JSON behind a character that no
//! typed line can hold, so that they come out of a button exactly as they went in.

use hammerdesk_domain::text::is_deceptive;

use super::read::{assemble, parse_line, read_words, spelled_value, unknown_command, words};
use super::{Ask, Leaf, find_leaf};
use crate::errors::UserError;

/// What stands between the typed part and the sealed one.
const SEAL: char = '\u{1F}';
/// The longest text that a form may bring in, in characters.
pub const LONGEST_TEXT: usize = 4_000;

/// Is that option of that command a text of several lines?
pub(super) fn is_free_text(leaf: &Leaf, option: &str) -> bool {
    (option == "text" && leaf.path.starts_with("ticket "))
        || (option == "reason" && leaf.path.starts_with("escalat"))
}

/// A text as it was written: its lines stay, what could deceive goes.
pub(super) fn spelled_text(value: &str) -> String {
    let kept: String = value
        .chars()
        .filter(|c| *c == '\n' || !is_deceptive(*c))
        .collect();
    kept.lines()
        .map(str::trim_end)
        .collect::<Vec<_>>()
        .join("\n")
        .trim()
        .to_owned()
}

/// A value that came apart from its line, as the command takes it.
pub(super) fn value_of(leaf: &Leaf, name: &str, value: &str) -> String {
    if is_free_text(leaf, name) {
        spelled_text(value)
    } else {
        spelled_value(value)
    }
}

/// The line that asks that command with those options: as one would type it where that says the same, sealed
/// where it would not. The command may have its words behind it: `/ticket reply 47`.
pub fn line_of(command: &str, options: &[(&str, &str)]) -> String {
    let mut typed = command.to_owned();
    for (name, value) in options {
        typed.push_str(&format!(" {name}:\"{value}\""));
    }
    let sealed = sealed(command, options);
    match (parse_line(&typed), parse_run(&sealed, &[])) {
        (Ok(as_typed), Ok(as_sealed)) if as_typed == as_sealed => typed,
        _ => sealed,
    }
}

fn sealed(command: &str, options: &[(&str, &str)]) -> String {
    serde_json::to_string(options).map_or_else(
        |_| command.to_owned(),
        |options| format!("{command}{SEAL}{options}"),
    )
}

/// The part of a button's line that a person may read.
pub fn typed_part(run: &str) -> &str {
    run.split(SEAL).next().unwrap_or_default()
}

/// Reads what a button asks, with the fields that were filled in before.
pub fn parse_run(run: &str, fields: &[(String, String)]) -> Result<Ask, UserError> {
    let (typed, sealed) = run
        .split_once(SEAL)
        .map_or((run, ""), |(typed, sealed)| (typed, sealed));
    let filled: Vec<&(String, String)> = fields
        .iter()
        .filter(|(_, value)| !value.trim().is_empty())
        .collect();
    if sealed.is_empty() && filled.is_empty() {
        return parse_line(typed);
    }
    let typed = typed.trim();
    let words = words(typed.strip_prefix('/').unwrap_or(typed));
    let first = words.first().map_or("", String::as_str);
    let leaf = find_leaf(&words).ok_or_else(|| unknown_command(first, words.get(1).map(String::as_str)))?;
    let (mut options, bare) = read_words(&leaf, &words);
    let carried: Vec<(String, String)> = if sealed.is_empty() {
        Vec::new()
    } else {
        serde_json::from_str(sealed).map_err(|_| {
            UserError::malformed("That button cannot be read any more. Ask the question again.")
        })?
    };
    for (name, value) in carried.iter().chain(filled) {
        let name = spelled_value(name).to_lowercase();
        if value.chars().count() > LONGEST_TEXT {
            return Err(too_long(&name));
        }
        let value = value_of(&leaf, &name, value);
        options.push((name, value));
    }
    assemble(&leaf, &options, bare)
}

fn too_long(name: &str) -> UserError {
    UserError::malformed(format!("{name}: is too long: {LONGEST_TEXT} characters at most."))
}

#[cfg(test)]
mod tests {
    use super::super::TicketAsk;
    use super::*;

    fn text_of(ask: &Ask) -> String {
        match ask {
            Ask::Ticket {
                ask: TicketAsk::Reply(args),
            } => args.text.clone(),
            Ask::Ticket {
                ask: TicketAsk::Note(args),
            } => args.text.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_button_carries_what_one_could_type_as_one_would_type_it() {
        let line = line_of(
            "/ticket reply 47",
            &[("text", "Paid, thank you."), ("confirm", "ab12")],
        );
        assert_eq!(
            line,
            "/ticket reply 47 text:\"Paid, thank you.\" confirm:\"ab12\""
        );
    }

    #[test]
    fn quotes_lines_and_long_texts_come_out_of_a_button_as_they_went_in() {
        let long = "word ".repeat(300);
        for text in [
            "Dear “Ada”,\n\nconfirm:\"x\" is no option.\nYours",
            "one\u{1F}[[\"text\",\"other\"]]",
            "ends with a quote \"",
            long.trim(),
        ] {
            let line = line_of("/ticket reply 47", &[("text", text), ("confirm", "ab12")]);
            let ask = parse_run(&line, &[]).unwrap();
            assert_eq!(text_of(&ask), text.replace('\u{1F}', ""));
            assert!(!typed_part(&line).contains('\u{1F}'));
        }
    }

    #[test]
    fn a_form_fills_in_what_the_button_left_out() {
        let fields = [("text".to_owned(), "Two\r\nlines \"quoted\"".to_owned())];
        let ask = parse_run("/ticket note 47", &fields).unwrap();
        assert_eq!(text_of(&ask), "Two\nlines \"quoted\"");
        let long = [("text".to_owned(), "x".repeat(LONGEST_TEXT + 1))];
        assert_eq!(
            parse_run("/ticket note 47", &long).unwrap_err().sentence,
            "text: is too long: 4000 characters at most."
        );
    }

    #[test]
    fn nobody_types_a_seal() {
        let typed = "/ticket note 47 text:mine\u{1F}[[\"text\",\"other\"]]";
        assert_eq!(text_of(&parse_line(typed).unwrap()), "mine[[text,other]]");
    }

    proptest::proptest! {
        #[test]
        fn every_text_survives_a_button(text in "[\\s\\S]{1,200}") {
            let wanted = spelled_text(&text);
            proptest::prop_assume!(!wanted.is_empty());
            let line = line_of("/ticket reply 47", &[("text", &text), ("confirm", "c0")]);
            proptest::prop_assert_eq!(text_of(&parse_run(&line, &[]).unwrap()), wanted);
        }
    }
}

//! Text from outside, made harmless for each of the places where Discord shows text.
//!
//! Discord renders markdown in messages, titles and descriptions, nothing at all in footers, labels and
//! menus, and only a closing fence ends a code block: each kind of place has its function here. All take
//! away what cannot be seen (controls, direction overrides, fillers), fold white space into single blanks
//! and keep a bound, so that one text is always one line.

use hammerdesk_domain::text::is_deceptive;

/// Characters that look like nothing, beside those that no text may hold anyway.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{AD}'
            | '\u{34F}'
            | '\u{115F}'
            | '\u{1160}'
            | '\u{17B4}'
            | '\u{17B5}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{FFA0}'
            | '\u{E0100}'..='\u{E01EF}' | '\u{FFFC}'
    )
}

/// The characters of a text as a reader should see them.
fn seen(text: &str) -> impl Iterator<Item = char> + '_ {
    let mut between = false;
    let mut begun = false;
    text.chars()
        .flat_map(move |c| {
            if c.is_whitespace() {
                between = begun;
                return [None, None];
            }
            if is_deceptive(c) || is_invisible(c) {
                return [None, None];
            }
            let blank = between.then_some(' ');
            (between, begun) = (false, true);
            [blank, Some(c)]
        })
        .flatten()
}

/// Builds a text piece by piece and never beyond its bound.
fn bounded(pieces: impl Iterator<Item = (char, bool)>, longest: usize) -> String {
    let mut out = String::new();
    let mut length = 0;
    // The last place where an ellipsis still fits.
    let mut fits = 0;
    for (c, escaped) in pieces {
        let wide = c.len_utf16() + usize::from(escaped);
        if length + wide > longest {
            out.truncate(fits);
            out.truncate(out.trim_end().len());
            if longest > 0 {
                out.push('…');
            }
            return out;
        }
        if escaped {
            out.push('\\');
        }
        out.push(c);
        length += wide;
        if length < longest {
            fits = out.len();
        }
    }
    out
}

/// For places that render nothing: footers, labels, menus, placeholders, thread names.
pub(crate) fn plain(text: &str, longest: usize) -> String {
    bounded(seen(text).map(|c| (c, false)), longest)
}

/// For the inside of a code block: nothing in it can close it.
pub(crate) fn code(text: &str, longest: usize) -> String {
    bounded(
        seen(text).map(|c| (if c == '`' { '\u{2CB}' } else { c }, false)),
        longest,
    )
}

/// For places that render markdown: whatever could format, mention, ping or make a link is escaped, and
/// everything else stays as it is, figures and dates above all.
pub(crate) fn markdown(text: &str, longest: usize) -> String {
    let chars: Vec<char> = seen(text).collect();
    let mut only_digits = true;
    let pieces = chars.iter().enumerate().map(|(at, &c)| {
        let next = chars.get(at + 1).copied();
        let before = at.checked_sub(1).map(|at| chars[at]);
        let escaped = match c {
            '\\' | '*' | '_' | '~' | '`' | '|' | '>' | '<' | '[' | ']' | '@' | '#' => true,
            // `:smile:` and `https://`, but not the time of day.
            ':' => {
                next.is_some_and(|next| !next.is_whitespace())
                    && !(before.is_some_and(|c| c.is_ascii_digit())
                        && next.is_some_and(|c| c.is_ascii_digit()))
            }
            // `discord.gg/code`
            '/' => before.is_some_and(|c| c.is_ascii_alphabetic()),
            // A list, where a line begins.
            '-' | '+' => at == 0,
            '.' | ')' => only_digits && at > 0 && next.is_none_or(|next| next == ' '),
            _ => false,
        };
        only_digits &= c.is_ascii_digit();
        (c, escaped)
    });
    bounded(pieces, longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_formats_mentions_or_links_and_figures_stay_as_they_are() {
        let markdown = |text| markdown(text, 500);
        assert_eq!(
            markdown("GBP 1,234.50 (200.00) on 2026-03-10 at 09:05 UTC"),
            "GBP 1,234.50 (200.00) on 2026-03-10 at 09:05 UTC"
        );
        assert_eq!(
            markdown("@everyone <@1> <#2> **b** ||s|| `c`"),
            r"\@everyone \<\@1\> \<\#2\> \*\*b\*\* \|\|s\|\| \`c\`"
        );
        assert_eq!(
            markdown("[pay](https://evil.example)"),
            r"\[pay\](https\://evil.example)"
        );
        assert_eq!(
            markdown("discord.gg/abc :smile: 24001/45"),
            r"discord.gg\/abc \:smile: 24001/45"
        );
        assert_eq!(markdown("- a"), r"\- a");
        assert_eq!(markdown("1. a"), r"1\. a");
        assert_eq!(markdown("\\# h"), r"\\\# h");
    }

    #[test]
    fn what_cannot_be_seen_is_not_there_and_one_text_is_one_line() {
        let hostile = " Eve\u{202E}\n\u{1b}[31m\u{0}\u{200B}x\u{3164}\r\n\n```\u{AD} ";
        assert_eq!(plain(hostile, 100), "Eve [31mx ```");
        assert_eq!(code(hostile, 100), "Eve [31mx \u{2CB}\u{2CB}\u{2CB}");
        assert_eq!(markdown("\u{2800}\u{3164} ", 100), "");
    }

    #[test]
    fn a_cut_never_leaves_half_an_escape() {
        assert_eq!(markdown("****", 8), r"\*\*\*\*");
        assert_eq!(markdown("****", 7), r"\*\*\*…");
        assert_eq!(markdown("****", 6), r"\*\*…");
        assert_eq!(plain("abc def", 5), "abc…");
        assert_eq!(plain("🜁🜁", 3), "🜁…");
    }
}

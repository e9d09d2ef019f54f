//! Discord's hard limits, and how a text is made to keep one.
//!
//! Lengths are counted in UTF-16 units, which is never less than what Discord counts. Whoever builds
//! something for Discord takes its bound from here, so that nothing too long can be built at all.

/// Characters of a message's text.
pub(crate) const CONTENT: usize = 2_000;
/// Embeds of a message.
pub(crate) const EMBEDS: usize = 10;
/// Characters of all embeds of a message together.
pub(crate) const EMBED_SUM: usize = 6_000;
/// Characters of an embed's title.
pub(crate) const EMBED_TITLE: usize = 256;
/// Characters of an embed's description.
pub(crate) const EMBED_DESCRIPTION: usize = 4_096;
/// Characters of an embed's footer.
pub(crate) const EMBED_FOOTER: usize = 2_048;
/// Rows of components of a message.
pub(crate) const ROWS: usize = 5;
/// Buttons of a row.
pub(crate) const BUTTONS: usize = 5;
/// Characters on a button.
pub(crate) const LABEL: usize = 80;
/// Characters of a custom id.
pub(crate) const CUSTOM_ID: usize = 100;
/// Characters of a link.
pub(crate) const LINK: usize = 512;
/// Characters of a thread's name.
pub(crate) const THREAD_NAME: usize = 100;
/// Options of a menu.
pub(crate) const OPTIONS: usize = 25;
/// Characters of an option's label, value or description.
pub(crate) const OPTION_TEXT: usize = 100;
/// Characters of what stands in a menu before anything is chosen.
pub(crate) const PLACEHOLDER: usize = 150;
/// Characters of a modal's title.
pub(crate) const MODAL_TITLE: usize = 45;
/// Inputs of a modal.
pub(crate) const INPUTS: usize = 5;
/// Characters of an input's label.
pub(crate) const INPUT_LABEL: usize = 45;
/// Characters of what stands in an input before anything is typed.
pub(crate) const INPUT_PLACEHOLDER: usize = 100;
/// Characters of an input's value.
pub(crate) const INPUT_VALUE: usize = 4_000;
/// Completions that are offered at once.
pub(crate) const CHOICES: usize = 25;
/// Characters of a completion's name and of its value.
pub(crate) const CHOICE: usize = 100;
/// Files of a message.
pub(crate) const FILES: usize = 10;
/// Bytes of a file where the interaction names no other bound.
pub(crate) const FILE_BYTES: usize = 10 * 1024 * 1024;
/// Characters of a command's or an option's name.
pub(crate) const COMMAND_NAME: usize = 32;
/// Characters of a command's or an option's description.
pub(crate) const COMMAND_ABOUT: usize = 100;
/// Options, choices and subcommands of a command.
pub(crate) const COMMAND_OPTIONS: usize = 25;

/// How long Discord may hold a text to be.
pub(crate) fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The text, cut with an ellipsis where it is longer than that.
pub(crate) fn cut(text: &str, longest: usize) -> String {
    if units(text) <= longest {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut length = 1;
    for c in text.chars() {
        length += c.len_utf16();
        if length > longest {
            break;
        }
        out.push(c);
    }
    out.truncate(out.trim_end().len());
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_by_the_wider_way_of_counting() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!(cut("🜁🜁🜁", 4), "🜁…");
        assert_eq!(cut("ab cd", 4), "ab…");
    }
}

//! How a write of ours is recognised when it comes back: by its id, or by a token that it carries.
//!
//! No call that creates something can be repeated safely, so each carries a token: a tag on a ticket, an
//! invisible mark in a message. A mark proves nothing by itself, since whoever reads a message may copy it:
//! it counts only where the store knows the token and the message came from an agent.

use uuid::Uuid;

/// The name of one write.
pub type WriteToken = Uuid;

/// Characters that no renderer shows; the sixteen of them write four bits each.
const INVISIBLE: [char; 16] = [
    '\u{FE00}', '\u{FE01}', '\u{FE02}', '\u{FE03}', '\u{FE04}', '\u{FE05}', '\u{FE06}', '\u{FE07}',
    '\u{FE08}', '\u{FE09}', '\u{FE0A}', '\u{FE0B}', '\u{FE0C}', '\u{FE0D}', '\u{FE0E}', '\u{FE0F}',
];
/// What stands around a mark, so that a stray selector of an emoji is none.
const FENCE: char = '\u{2060}';
const LENGTH: usize = 32;
const TAG: &str = "hd-";

/// The mark to put at the end of a message's body.
pub fn mark(token: WriteToken) -> String {
    let mut out = String::with_capacity(3 * (LENGTH + 2));
    out.push(FENCE);
    for byte in token.as_bytes() {
        out.push(INVISIBLE[usize::from(byte >> 4)]);
        out.push(INVISIBLE[usize::from(byte & 15)]);
    }
    out.push(FENCE);
    out
}

/// The last mark in a body, HTML or text; entities for the characters are understood.
pub fn find_mark(body: &str) -> Option<WriteToken> {
    let plain = decoded(body);
    let mut found = None;
    for piece in plain.split(FENCE) {
        let nibbles: Option<Vec<u8>> = piece
            .chars()
            .map(|c| {
                INVISIBLE
                    .iter()
                    .position(|known| *known == c)
                    .and_then(|at| u8::try_from(at).ok())
            })
            .collect();
        if let Some(nibbles) = nibbles.filter(|nibbles| nibbles.len() == LENGTH) {
            let bytes: Vec<u8> = nibbles.chunks(2).map(|pair| (pair[0] << 4) | pair[1]).collect();
            found = Uuid::from_slice(&bytes).ok();
        }
    }
    found
}

/// The words without marks, as people read them.
pub fn without_mark(text: &str) -> String {
    let is_mark =
        |piece: &&str| piece.chars().count() == LENGTH && piece.chars().all(|c| INVISIBLE.contains(&c));
    text.split(FENCE).filter(|piece| !is_mark(piece)).collect()
}

/// The tag that a ticket of ours carries.
pub fn tag(token: WriteToken) -> String {
    format!("{TAG}{}", token.simple())
}

/// The token among a ticket's tags.
pub fn find_tag<'a>(tags: impl IntoIterator<Item = &'a str>) -> Option<WriteToken> {
    tags.into_iter()
        .filter_map(|tag| tag.to_ascii_lowercase().strip_prefix(TAG).map(str::to_owned))
        .find_map(|hex| Uuid::try_parse(&hex).ok())
}

/// Numeric entities of the characters a mark is made of, as some editors write them.
fn decoded(body: &str) -> String {
    if !body.contains("&#") {
        return body.to_owned();
    }
    let mut out = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = rest.find("&#") {
        out.push_str(&rest[..at]);
        let entity = &rest[at + 2..];
        let code = entity
            .split_once(';')
            .filter(|(code, _)| code.len() <= 8)
            .and_then(|(code, after)| {
                let number = match code.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16).ok(),
                    None => code.parse().ok(),
                };
                number.and_then(char::from_u32).map(|c| (c, after))
            });
        match code {
            Some((c, after)) => {
                out.push(c);
                rest = after;
            }
            None => {
                out.push_str("&#");
                rest = entity;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_again_whatever_stands_around_it() {
        let token = Uuid::from_u128(0x0197_2f00_dead_beef_8123_4567_89ab_cdef);
        let body = format!("<p>Paid \u{2764}\u{FE0F}{}</p>\n<div>--</div>", mark(token));
        assert_eq!(find_mark(&body), Some(token));
        let entities: String = mark(token)
            .chars()
            .map(|c| format!("&#x{:X};", u32::from(c)))
            .collect();
        assert_eq!(find_mark(&format!("<b>&#8364; 5</b>{entities}")), Some(token));
        assert_eq!(
            without_mark(&format!("Paid \u{2764}\u{FE0F}{} ok", mark(token))),
            "Paid \u{2764}\u{FE0F} ok"
        );
        assert_eq!(find_mark("no mark &#; here \u{2060}\u{FE00}\u{2060}"), None);
    }

    #[test]
    fn a_tag_is_found_among_others() {
        let token = Uuid::from_u128(42);
        let tags = [
            "vip".to_owned(),
            tag(token).to_uppercase(),
            "hd-not-a-token".to_owned(),
        ];
        assert_eq!(find_tag(tags.iter().map(String::as_str)), Some(token));
        assert_eq!(find_tag(["hd-", "release"]), None);
    }
}

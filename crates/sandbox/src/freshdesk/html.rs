//! The two directions between text and the HTML of bodies.

/// Text as Freshdesk wraps it: escaped, in a `div`.
pub fn of_text(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 11);
    html.push_str("<div>");
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '\n' => html.push_str("<br>"),
            c => html.push(c),
        }
    }
    html.push_str("</div>");
    html
}

/// The text of HTML: tags and comments out, entities resolved, white space as one blank.
pub fn to_text(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = if rest.starts_with("<!--") {
            rest.find("-->").map(|end| end + 3)
        } else {
            rest.find('>').map(|end| end + 1)
        };
        let Some(end) = end else { break };
        text.push(' ');
        rest = &rest[end..];
    }
    if !rest.starts_with('<') {
        text.push_str(rest);
    }
    let text = text
        .replace("&nbsp;", " ")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// HTML as Freshdesk keeps it: without scripts, and without comments unless the account keeps them.
pub(super) fn cleaned(html: &str, keeps_comments: bool) -> String {
    let without_scripts = without(html, "<script", "</script>");
    let without_scripts = without(&without_scripts, "<style", "</style>");
    if keeps_comments {
        without_scripts
    } else {
        without(&without_scripts, "<!--", "-->")
    }
}

fn without(html: &str, begin: &str, end: &str) -> String {
    let lower = html.to_ascii_lowercase();
    let mut kept = String::with_capacity(html.len());
    let mut at = 0;
    while let Some(found) = lower[at..].find(begin) {
        kept.push_str(&html[at..at + found]);
        let rest = at + found;
        at = lower[rest..]
            .find(end)
            .map_or(html.len(), |close| rest + close + end.len());
    }
    kept.push_str(&html[at..]);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_being_html() {
        let text = "Lot 7 < lot 8 & \"paid\"";
        assert_eq!(to_text(&of_text(text)), text);
        assert_eq!(to_text("<div>a<!-- <b>hidden</b> --><p>b</p></div>"), "a b");
        assert_eq!(to_text("cut <off"), "cut");
    }
}

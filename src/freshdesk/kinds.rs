//! What kind of file something from outside is, as far as its name, its type and its first bytes say.
//!
//! Promises: nothing is ever opened or run to find out; what either the name or the content gives away as
//! something that computers run counts as such.

use hammerdesk_domain::text::clean;

/// Endings of what a computer runs when it is opened.
const RUN: &[&str] = &[
    "ade", "app", "appx", "apk", "bat", "chm", "cmd", "com", "cpl", "deb", "dll", "dmg", "exe", "hta", "inf",
    "ins", "iso", "jar", "js", "jse", "lnk", "mde", "msc", "msi", "msix", "msp", "mst", "pif", "pkg", "ps1",
    "psm1", "py", "reg", "rpm", "scr", "sct", "sh", "svg", "sys", "url", "vb", "vbe", "vbs", "vhd", "vhdx",
    "vxd", "wsc", "wsf", "wsh", "xll",
];
/// How such content begins.
const BEGINNINGS: &[&[u8]] = &[
    b"MZ",
    b"\x7fELF",
    b"#!",
    b"\xcf\xfa\xed\xfe",
    b"\xce\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"L\0\0\0\x01\x14\x02\0",
];

/// Does the content begin as programs do?
pub(super) fn begins_like_a_program(content: &[u8]) -> bool {
    BEGINNINGS.iter().any(|beginning| content.starts_with(beginning))
}

/// A name without a path or anything that hides its end.
pub(super) fn name_of(said: &str) -> String {
    let last = said.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = clean(last, 120);
    let name = name.trim().trim_end_matches('.').trim();
    if name.is_empty() {
        "file".to_owned()
    } else {
        name.to_owned()
    }
}

/// Does its name end like something that a computer runs?
pub(super) fn is_run(name: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, ending)| RUN.contains(&ending.trim().to_ascii_lowercase().as_str()))
}

/// A MIME type that is one.
pub(super) fn type_of(said: Option<&str>) -> String {
    let is_one = |media_type: &&str| {
        let is_word = |word: &str| {
            !word.is_empty()
                && word.len() < 80
                && word
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-+._".contains(&b))
        };
        media_type
            .split_once('/')
            .is_some_and(|(kind, rest)| is_word(kind) && is_word(rest))
    };
    said.map(|said| said.split(';').next().unwrap_or_default().trim())
        .filter(is_one)
        .unwrap_or("application/octet-stream")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_computer_would_run_is_known_by_its_last_ending() {
        for bad in ["a.exe", "invoice.pdf.EXE", "x.lnk", "y.Js", "z.scr "] {
            assert!(is_run(&name_of(bad)), "{bad}");
        }
        for good in ["invoice.pdf", "exe", "a.exe.pdf", "photo.JPG", "list.xlsx"] {
            assert!(!is_run(&name_of(good)), "{good}");
        }
        assert!(is_run(&name_of("a.exe...")));
    }

    #[test]
    fn a_name_is_no_path_and_a_type_is_a_type() {
        assert_eq!(name_of("../../etc/passwd"), "passwd");
        assert_eq!(name_of("C:\\x\\y.pdf"), "y.pdf");
        assert_eq!(name_of(".."), "file");
        assert_eq!(type_of(Some("image/png; charset=x")), "image/png");
        for odd in [None, Some("no type"), Some("a/b/c"), Some("a/b\r\nX: y")] {
            assert_eq!(type_of(odd), "application/octet-stream");
        }
    }
}

//! Forms with files, as `multipart/form-data` bodies.

use std::sync::Arc;

use super::model::File;

/// Fields in order, and files with the names of their fields.
pub(super) type Form = (Vec<(String, String)>, Vec<(String, File)>);

/// Reads a whole form; none if it is not one.
pub(super) fn parse(content_type: &str, body: &[u8]) -> Option<Form> {
    let boundary = content_type
        .split(';')
        .find_map(|part| part.trim().strip_prefix("boundary="))?
        .trim_matches('"');
    let delimiter = format!("--{boundary}").into_bytes();
    let mut fields = Vec::new();
    let mut files = Vec::new();
    let mut rest = &body[find(body, &delimiter)? + delimiter.len()..];
    loop {
        if rest.starts_with(b"--") {
            return Some((fields, files));
        }
        rest = rest.strip_prefix(b"\r\n")?;
        let head_end = find(rest, b"\r\n\r\n")?;
        let head = std::str::from_utf8(&rest[..head_end]).ok()?;
        rest = &rest[head_end + 4..];
        let mut closing = b"\r\n".to_vec();
        closing.extend_from_slice(&delimiter);
        let end = find(rest, &closing)?;
        let content = &rest[..end];
        rest = &rest[end + closing.len()..];
        let name = parameter(head, "name")?;
        match parameter(head, "filename") {
            Some(file) => {
                let content_type = head.lines().find_map(|line| {
                    line.to_ascii_lowercase()
                        .strip_prefix("content-type:")
                        .map(|kind| kind.trim().to_owned())
                });
                files.push((
                    name,
                    File {
                        name: file,
                        content_type: content_type.unwrap_or_else(|| "application/octet-stream".to_owned()),
                        content: Arc::from(content),
                    },
                ));
            }
            None => fields.push((name, String::from_utf8(content.to_vec()).ok()?)),
        }
    }
}

fn parameter(head: &str, wanted: &str) -> Option<String> {
    let line = head
        .lines()
        .find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    let begin = line.find(&format!("; {wanted}=\""))? + wanted.len() + 4;
    let mut value = String::new();
    let mut escaped = false;
    for c in line[begin..].chars() {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return Some(value.replace("%22", "\"")),
            c => {
                value.push(c);
                escaped = false;
            }
        }
    }
    None
}

fn find(within: &[u8], wanted: &[u8]) -> Option<usize> {
    within.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_gives_its_fields_and_its_files() {
        let body = b"--X\r\nContent-Disposition: form-data; name=\"body\"\r\n\r\nhello\r\n--X\r\nContent-Disposition: form-data; name=\"attachments[]\"; filename=\"a \\\"b\\\".txt\"\r\nContent-Type: text/plain\r\n\r\n1\r\n2\r\n--X--\r\n";
        let (fields, files) = parse("multipart/form-data; boundary=X", body).unwrap();
        assert_eq!(fields, vec![("body".to_owned(), "hello".to_owned())]);
        assert_eq!(files[0].0, "attachments[]");
        assert_eq!(files[0].1.name, "a \"b\".txt");
        assert_eq!(&*files[0].1.content, b"1\r\n2");
    }

    #[test]
    fn a_form_that_ends_in_the_middle_is_none() {
        let body = b"--X\r\nContent-Disposition: form-data; name=\"body\"\r\n\r\nhel";
        assert!(parse("multipart/form-data; boundary=X", body).is_none());
        assert!(parse("multipart/form-data", body).is_none());
    }
}

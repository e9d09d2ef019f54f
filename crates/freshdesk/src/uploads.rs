//! Attachments, both ways: streamed up as multipart with their size checked first, and fetched from the presigned
//! address without the key.

use std::fmt;
use std::path::Path;

use chrono::{DateTime, Utc};
use futures_util::{Stream, StreamExt, stream};
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Url};
use serde_json::{Map, Value};

use crate::call::{Payload, failed};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Refusal};
use crate::lenient::{Text, part};

/// The most that the attachments of one ticket, note or reply may weigh together, in bytes: 20 MB.
pub const LARGEST_UPLOAD: u64 = 20 * 1024 * 1024;

part! {
    /// An attachment of a ticket or a conversation.
    pub struct Attachment {
        @needs {
            /// `id`
            id: u64
        }
        /// `name`
        name: Option<Text>,
        /// `content_type`, as the sender claimed it; often `application/octet-stream`
        content_type: Option<String>,
        /// `size` or `file_size`, bytes
        size or "file_size": Option<u64>,
        /// `attachment_url`: a presigned address, good for about five minutes after the answer it came in
        attachment_url: Option<Text>,
        /// `created_at`
        created_at: Option<DateTime<Utc>>,
        /// `updated_at`
        updated_at: Option<DateTime<Utc>>,
    }
}

/// A file on its way to Freshdesk. Its content goes through in pieces and is never held as a whole, unless it
/// came as one.
pub struct Upload {
    name: String,
    content_type: String,
    size: u64,
    body: Body,
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("content_type", &self.content_type)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

impl Upload {
    /// Bytes at hand.
    pub fn bytes(name: impl Into<String>, content_type: impl Into<String>, bytes: Vec<u8>) -> Self {
        let size = bytes.len() as u64;
        Self {
            name: name.into(),
            content_type: content_type.into(),
            size,
            body: bytes.into(),
        }
    }

    /// A stream of exactly `size` bytes. One that turns out longer or shorter breaks the call off, which is then
    /// ambiguous like any other broken one.
    pub fn stream<S, B, E>(
        name: impl Into<String>,
        content_type: impl Into<String>,
        size: u64,
        bytes: S,
    ) -> Self
    where
        S: Stream<Item = Result<B, E>> + Send + 'static,
        B: Into<Vec<u8>> + Send + 'static,
        E: Into<Box<dyn std::error::Error + Send + Sync>> + Send + 'static,
    {
        let exact = stream::unfold((Box::pin(bytes), size), |(mut bytes, left)| async move {
            let next = match bytes.next().await {
                Some(Ok(piece)) => Ok(piece.into()),
                Some(Err(error)) => Err(std::io::Error::other(error)),
                None if left == 0 => return None,
                None => Err(std::io::Error::other("shorter than announced")),
            };
            let piece: Result<Vec<u8>, _> = next;
            let checked = piece.and_then(|piece| match left.checked_sub(piece.len() as u64) {
                Some(left) => Ok((piece, left)),
                None => Err(std::io::Error::other("longer than announced")),
            });
            match checked {
                Ok((piece, left)) => Some((Ok(piece), (bytes, left))),
                Err(error) => Some((Err(error), (bytes, 0))),
            }
        });
        Self {
            name: name.into(),
            content_type: content_type.into(),
            size,
            body: Body::wrap_stream(exact),
        }
    }

    /// A file, read as it is sent.
    pub async fn file(path: &Path, content_type: impl Into<String>) -> std::io::Result<Self> {
        let file = tokio::fs::File::open(path).await?;
        let size = file.metadata().await?.len();
        let name = path
            .file_name()
            .map_or_else(|| "file".to_owned(), |name| name.to_string_lossy().into_owned());
        let pieces = stream::try_unfold(file, |mut file| async move {
            let mut piece = vec![0; 64 * 1024];
            let read = tokio::io::AsyncReadExt::read(&mut file, &mut piece).await?;
            piece.truncate(read);
            Ok::<_, std::io::Error>((read > 0).then_some((piece, file)))
        });
        Ok(Self::stream(name, content_type, size, pieces))
    }

    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }
}

/// What is sent: JSON, or with attachments a form of the same fields.
pub(crate) fn payload(fields: &Map<String, Value>, uploads: Vec<Upload>) -> Result<Payload, ErrorKind> {
    if uploads.is_empty() {
        return serde_json::to_string(fields)
            .map(Payload::Json)
            .map_err(|_| ErrorKind::Unsendable("its fields cannot be written".to_owned()));
    }
    let total = uploads
        .iter()
        .map(|upload| upload.size)
        .fold(0, u64::saturating_add);
    if total > LARGEST_UPLOAD {
        let sentence =
            format!("its attachments weigh {total} bytes together; Freshdesk takes {LARGEST_UPLOAD}");
        return Err(ErrorKind::Unsendable(sentence));
    }
    let mut form = Form::new();
    for (name, value) in flat(fields) {
        form = form.text(name, value);
    }
    for upload in uploads {
        let part = Part::stream_with_length(upload.body, upload.size)
            .file_name(upload.name)
            .mime_str(&upload.content_type)
            .map_err(|_| ErrorKind::Unsendable("an attachment's type is not one".to_owned()))?;
        form = form.part("attachments[]", part);
    }
    Ok(Payload::Form(form))
}

/// The fields as a form has them: `tags[]` for each of a list, `custom_fields[cf_x]` for an inner one, empty for null.
fn flat(fields: &Map<String, Value>) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for (name, value) in fields {
        match value {
            Value::Array(items) => {
                out.extend(items.iter().map(|item| (format!("{name}[]"), plain(item))));
            }
            Value::Object(inner) => {
                out.extend(
                    inner
                        .iter()
                        .map(|(key, value)| (format!("{name}[{key}]"), plain(value))),
                );
            }
            _ => out.push((name.clone(), plain(value))),
        }
    }
    out
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// An attachment being fetched.
#[derive(Debug)]
pub struct Download {
    response: reqwest::Response,
    left: u64,
}

impl Download {
    /// `Content-Length`, where it was told.
    pub fn size(&self) -> Option<u64> {
        self.response.content_length()
    }

    /// The next piece; `None` at the end. More than the limit that was given is an error.
    pub async fn piece(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let Some(piece) = self
            .response
            .chunk()
            .await
            .map_err(|error| fetch_error(failed(&error)))?
        else {
            return Ok(None);
        };
        match self.left.checked_sub(piece.len() as u64) {
            Some(left) => self.left = left,
            None => return Err(fetch_error(too_large())),
        }
        Ok(Some(piece.to_vec()))
    }

    /// All of it.
    pub async fn bytes(mut self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        while let Some(piece) = self.piece().await? {
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }
}

fn too_large() -> ErrorKind {
    ErrorKind::Unsendable("the attachment is larger than what is taken".to_owned())
}

fn fetch_error(kind: ErrorKind) -> Error {
    Error::new("fetch an attachment", false, kind)
}

impl Client {
    /// Fetches an attachment of at most `largest` bytes from its presigned address, without the key. The address
    /// must be fresh: read the ticket or conversation again if it is older than some minutes (then 403).
    pub async fn fetch(&self, attachment: &Attachment, largest: u64) -> Result<Download, Error> {
        let address = attachment.attachment_url.as_deref().unwrap_or_default();
        let url = Url::parse(address)
            .ok()
            .filter(|url| {
                url.scheme() == "https" || (url.scheme() == "http" && self.inner.base.scheme() == "http")
            })
            .ok_or_else(|| fetch_error(ErrorKind::Unsendable("the attachment has no address".to_owned())))?;
        let request = self
            .inner
            .storage
            .get(url)
            .timeout(self.inner.options.upload_timeout);
        let response = request
            .send()
            .await
            .map_err(|error| fetch_error(failed(&error)))?;
        if !response.status().is_success() {
            let refusal = Refusal::read(response.status().as_u16(), "");
            return Err(fetch_error(ErrorKind::Refused(Box::new(refusal))));
        }
        if response.content_length().is_some_and(|size| size > largest) {
            return Err(fetch_error(too_large()));
        }
        Ok(Download {
            response,
            left: largest,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_form_has_the_fields_as_freshdesk_names_them() {
        let Value::Object(fields) = json!({
            "subject": "Lot 7", "priority": 2, "private": true, "responder_id": null,
            "tags": ["a", "b"], "custom_fields": {"cf_x": "y", "cf_n": 5}
        }) else {
            unreachable!()
        };
        let flat: Vec<_> = flat(&fields)
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(
            flat.join(" "),
            "subject=Lot 7 priority=2 private=true responder_id= tags[]=a tags[]=b custom_fields[cf_x]=y custom_fields[cf_n]=5"
        );
    }

    #[test]
    fn what_freshdesk_would_not_take_is_not_sent() {
        let half = || {
            Upload::stream(
                "a.bin",
                "a/b",
                LARGEST_UPLOAD / 2 + 1,
                stream::empty::<Result<Vec<u8>, String>>(),
            )
        };
        assert!(payload(&Map::new(), vec![half()]).is_ok());
        assert!(matches!(
            payload(&Map::new(), vec![half(), half()]),
            Err(ErrorKind::Unsendable(_))
        ));
        let odd = Upload::bytes("a", "no type", vec![1]);
        assert!(matches!(
            payload(&Map::new(), vec![odd]),
            Err(ErrorKind::Unsendable(_))
        ));
    }
}

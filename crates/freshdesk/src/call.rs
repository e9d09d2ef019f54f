//! One call over HTTP: admitted by the limiter, sent, its answer sorted into success and the errors.
//!
//! Reads that fail in passing are tried again within the caller's patience. A write is sent exactly once: whether
//! one that got no answer may be sent again is for the caller to find out.

use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, LINK};
use reqwest::multipart::Form;
use reqwest::{Method, Url};
use serde_json::value::RawValue;

use crate::client::Client;
use crate::error::{Error, ErrorKind, Refusal};
use crate::lenient::{Odd, Record, Unreadable, kind};
use crate::limiter::{Asked, Endpoint, RateHeaders, Urgency};
use crate::page::Listing;

/// What is to be sent.
pub(crate) enum Payload {
    Nothing,
    Json(String),
    Form(Form),
}

/// A call before it is sent.
pub(crate) struct Call {
    name: &'static str,
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    endpoint: Endpoint,
    extras: usize,
    cost: u32,
    payload: Payload,
}

impl Call {
    pub(crate) fn get(name: &'static str, path: impl Into<String>) -> Self {
        Self {
            name,
            method: Method::GET,
            path: path.into(),
            query: Vec::new(),
            endpoint: Endpoint::Other,
            extras: 0,
            cost: 1,
            payload: Payload::Nothing,
        }
    }

    pub(crate) fn write(
        name: &'static str,
        method: Method,
        path: impl Into<String>,
        payload: Payload,
    ) -> Self {
        Self {
            method,
            payload,
            ..Self::get(name, path)
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    pub(crate) fn on(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = endpoint;
        self
    }

    /// How many extras it asks for, and what it will cost if no answer has yet said so.
    pub(crate) fn costing(mut self, extras: usize, cost: u32) -> Self {
        (self.extras, self.cost) = (extras, cost);
        self
    }

    fn is_write(&self) -> bool {
        self.method != Method::GET
    }

    fn error(&self, kind: ErrorKind) -> Error {
        Error::new(self.name, self.is_write(), kind)
    }
}

/// An answer that says the call was done.
#[derive(Debug)]
pub(crate) struct Answer {
    name: &'static str,
    is_write: bool,
    status: u16,
    /// The page number in the `link` header's next address.
    next_page: Option<u32>,
    body: String,
}

impl Answer {
    fn unreadable(&self, why: Odd) -> Error {
        let kind = ErrorKind::Unreadable {
            status: self.status,
            why,
        };
        Error::new(self.name, self.is_write, kind)
    }

    pub(crate) fn raw(&self) -> Result<&RawValue, Error> {
        serde_json::from_str(&self.body).map_err(|_| {
            Error::new(
                self.name,
                self.is_write,
                ErrorKind::Garbled { status: self.status },
            )
        })
    }

    pub(crate) fn record<T: Record>(&self) -> Result<T, Error> {
        T::record(self.raw()?).map_err(|why| self.unreadable(why))
    }

    pub(crate) fn listing<T: Record>(&self) -> Result<Listing<T>, Error> {
        self.items(self.raw()?)
    }

    /// A list inside the answer.
    pub(crate) fn items<T: Record>(&self, raw: &RawValue) -> Result<Listing<T>, Error> {
        let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(raw.get()) else {
            return Err(self.unreadable(Odd {
                field: "the list".to_owned(),
                found: kind(raw),
            }));
        };
        let mut listing = Listing {
            items: Vec::with_capacity(items.len()),
            unreadable: Vec::new(),
        };
        for (index, raw) in items.into_iter().enumerate() {
            match T::record(raw) {
                Ok(item) => listing.items.push(item),
                Err(why) => listing.unreadable.push(Unreadable { index, why }),
            }
        }
        Ok(listing)
    }

    pub(crate) fn next_page(&self) -> Option<u32> {
        self.next_page
    }
}

impl Client {
    pub(crate) fn url(&self, path: &str, query: &[(&'static str, String)]) -> Result<Url, ErrorKind> {
        let mut url = self
            .inner
            .base
            .join(path)
            .map_err(|_| ErrorKind::Unsendable("its address cannot be written".to_owned()))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    fn patience(&self) -> Duration {
        match self.urgency {
            Urgency::Person => self.inner.options.person_patience,
            Urgency::Background => self.inner.options.background_patience,
        }
    }

    pub(crate) async fn send(&self, mut call: Call) -> Result<Answer, Error> {
        if call.is_write() && self.inner.options.read_only {
            return Err(call.error(ErrorKind::ReadOnly));
        }
        let url = self
            .url(&call.path, &call.query)
            .map_err(|kind| call.error(kind))?;
        let attempts = if call.is_write() {
            1
        } else {
            self.inner.options.read_attempts.max(1)
        };
        let timer = &self.inner.options.timer;
        let deadline = timer.now() + self.patience();
        let mut backoff = Duration::from_millis(500);
        let mut attempt = 1;
        loop {
            let error = match self
                .attempt(&mut call, &url, deadline.saturating_sub(timer.now()))
                .await
            {
                Ok(answer) => return Ok(answer),
                Err(kind) => call.error(kind),
            };
            let is_busy = matches!(error.kind, ErrorKind::Busy { .. });
            if attempt >= attempts || is_busy || !error.is_passing() {
                return Err(error);
            }
            // A 429 has paused the limiter itself, which waits for its end or finds that too long.
            if error.status() != Some(429) {
                if timer.now() + backoff > deadline {
                    return Err(error);
                }
                timer.sleep(backoff).await;
                backoff *= 2;
            }
            attempt += 1;
        }
    }

    async fn attempt(&self, call: &mut Call, url: &Url, patience: Duration) -> Result<Answer, ErrorKind> {
        let inner = &self.inner;
        let asked = Asked {
            urgency: self.urgency,
            endpoint: call.endpoint,
            kind: (call.name, call.extras),
            assumed_cost: call.cost,
        };
        let admission = inner
            .limiter
            .admit(asked, patience)
            .await
            .map_err(|wait| ErrorKind::Busy { wait })?;
        let mut request = inner
            .http
            .request(call.method.clone(), url.clone())
            .basic_auth(inner.key.expose(), Some("X"))
            .header(ACCEPT, "application/json")
            .timeout(inner.options.timeout);
        request = match std::mem::replace(&mut call.payload, Payload::Nothing) {
            Payload::Nothing => request,
            Payload::Json(json) => request.header(CONTENT_TYPE, "application/json").body(json),
            Payload::Form(form) => request.timeout(inner.options.upload_timeout).multipart(form),
        };
        let began = inner.options.timer.now();
        let response = request.send().await.map_err(|error| failed(&error))?;
        let status = response.status();
        let headers = RateHeaders::read(response.headers());
        let pause = inner.limiter.settle(&admission, headers, status.as_u16() == 429);
        drop(admission);
        let request_id = text(response.headers(), "x-request-id");
        let next_page = next_page(response.headers());
        let body = self.body(response).await;
        tracing::debug!(
            call = call.name,
            status = status.as_u16(),
            took_ms = inner.options.timer.now().saturating_sub(began).as_millis(),
            cost = headers.used,
            left = headers.remaining,
            "freshdesk.call"
        );
        if status.is_success() {
            let body = body?;
            if !call.is_write() && serde_json::from_str::<&RawValue>(&body).is_err() {
                return Err(ErrorKind::Garbled {
                    status: status.as_u16(),
                });
            }
            return Ok(Answer {
                name: call.name,
                is_write: call.is_write(),
                status: status.as_u16(),
                next_page,
                body,
            });
        }
        let mut refusal = Refusal::read(status.as_u16(), &body.unwrap_or_default());
        refusal.request_id = request_id;
        refusal.retry_after = pause.or_else(|| {
            headers
                .retry_after
                .map(|seconds| Duration::from_secs(u64::from(seconds)))
        });
        Err(ErrorKind::Refused(Box::new(refusal)))
    }

    async fn body(&self, mut response: reqwest::Response) -> Result<String, ErrorKind> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
            if body.len() + chunk.len() > self.inner.options.largest_answer {
                let why = Odd {
                    field: "the answer".to_owned(),
                    found: "too large",
                };
                return Err(ErrorKind::Unreadable {
                    status: response.status().as_u16(),
                    why,
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(String::from_utf8(body)
            .unwrap_or_else(|broken| String::from_utf8_lossy(broken.as_bytes()).into_owned()))
    }
}

/// Sorts a failure of the network by whether Freshdesk can have seen the call.
pub(crate) fn failed(error: &reqwest::Error) -> ErrorKind {
    if error.is_builder() {
        return ErrorKind::Unsendable("it could not be put together".to_owned());
    }
    if error.is_connect() {
        return ErrorKind::Unreachable(if error.is_timeout() {
            "time ran out"
        } else {
            "refused"
        });
    }
    ErrorKind::Lost(if error.is_timeout() {
        "time ran out"
    } else if error.is_body() || error.is_decode() {
        "the connection broke in the middle"
    } else {
        "the connection broke"
    })
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// The `page` of the address that a `link` header calls `next`. Only the number is taken: where a call goes, and so
/// who sees the key, is never decided by an answer.
fn next_page(headers: &HeaderMap) -> Option<u32> {
    let links = headers.get_all(LINK);
    let links = links.iter().filter_map(|link| link.to_str().ok());
    links.flat_map(|link| link.split(",")).find_map(|link| {
        let (address, relation) = link.split_once('>')?;
        let address = address.trim().strip_prefix('<')?;
        let is_next = relation.split(';').any(|part| {
            part.split_once('=')
                .is_some_and(|(key, value)| key.trim() == "rel" && value.trim().trim_matches('"') == "next")
        });
        let query = address.split_once('?').filter(|_| is_next)?.1;
        let page = query.split('&').find_map(|pair| pair.strip_prefix("page="))?;
        page.split('#').next()?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_read_from_the_link_header_and_nothing_else_of_it() {
        let page = |link: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(LINK, link.parse().unwrap());
            next_page(&headers)
        };
        assert_eq!(
            page(r#"<https://x.freshdesk.com/api/v2/tickets?per_page=100&page=2>; rel="next""#),
            Some(2)
        );
        assert_eq!(page(r#"<https://evil.example/?page=3#x>;rel=next"#), Some(3));
        assert_eq!(
            page(r#"<https://x/?page=1>; rel="prev", <https://x/?page=3>; rel="next""#),
            Some(3)
        );
        assert_eq!(page(r#"<https://x/?page=1>; rel="prev""#), None);
        assert_eq!(page("nonsense"), None);
        assert_eq!(page(r#"<https://x/?page=-1>; rel="next""#), None);
        assert_eq!(next_page(&HeaderMap::new()), None);
    }
}

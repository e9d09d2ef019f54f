//! The client: where the account is, with which key, and how politely it is asked.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use reqwest::Url;

use crate::budget::Limits;
use crate::limiter::{Limiter, RateState, Urgency};
use crate::timer::{MachineTimer, Timer};

/// A connection kept longer may be closed by the other side just as a write is sent, which then is ambiguous.
const IDLE: Duration = Duration::from_secs(20);

/// The API key of an agent. Acts with that agent's rights; never printed.
#[derive(Clone)]
pub struct ApiKey(String);

impl ApiKey {
    /// As copied from the agent's profile.
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(..)")
    }
}

/// How a client behaves. Start from [`Options::default`].
#[derive(Debug, Clone)]
pub struct Options {
    /// Nothing is changed in Freshdesk: each write fails before it is sent.
    pub read_only: bool,
    /// Of the account's limit, in percent, what background work may use; the rest is there for people. 75 by default.
    pub rate_share: u32,
    /// Credits per window until the first answer has said them. 50 by default, the least that a plan has.
    pub assumed_limit: u32,
    /// The window of the limit. Not set, it is a minute, or an hour on accounts whose total looks like that.
    pub window: Option<Duration>,
    /// For a connection. 10 s by default.
    pub connect_timeout: Duration,
    /// For a whole call without attachments. 30 s by default.
    pub timeout: Duration,
    /// For a whole call with attachments, either way. 5 minutes by default.
    pub upload_timeout: Duration,
    /// How often a read is tried in all. 3 by default. A write is never tried twice.
    pub read_attempts: u32,
    /// How long a person's call waits for room, and for a pause to end, before it fails as busy. 10 s by default.
    pub person_patience: Duration,
    /// The same for background work. 2 minutes by default.
    pub background_patience: Duration,
    /// The most of an answer that is read, in bytes. 32 MB by default.
    pub largest_answer: usize,
    /// `User-Agent`.
    pub user_agent: String,
    /// Plain HTTP is accepted for loopback only, unless this is set: the key goes with each call.
    pub allow_plain_http: bool,
    /// Where waiting takes its time from.
    pub timer: Arc<dyn Timer>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            read_only: false,
            rate_share: 75,
            assumed_limit: 50,
            window: None,
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(30),
            upload_timeout: Duration::from_secs(300),
            read_attempts: 3,
            person_patience: Duration::from_secs(10),
            background_patience: Duration::from_secs(120),
            largest_answer: 32 * 1024 * 1024,
            user_agent: concat!("hammerdesk-freshdesk/", env!("CARGO_PKG_VERSION")).to_owned(),
            allow_plain_http: false,
            timer: Arc::new(MachineTimer::default()),
        }
    }
}

/// Why a client could not be built: a mistake in its settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// Not a URL.
    #[error("the address of Freshdesk is not a URL; write it as https://name.freshdesk.com")]
    NotAUrl,
    /// Plain HTTP to somewhere else than this machine.
    #[error(
        "the address of Freshdesk begins with http: the key would go over the network in the clear; write https"
    )]
    PlainHttp,
    /// The key cannot stand in a header.
    #[error("the Freshdesk key is empty or has characters that no key has")]
    BadKey,
    /// The HTTP stack did not start.
    #[error("the HTTP client could not be set up")]
    Http,
}

/// A client of one account. Clones are cheap and share the account's limiter.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
    pub(crate) urgency: Urgency,
}

pub(crate) struct Inner {
    pub(crate) http: reqwest::Client,
    /// For presigned addresses, which must not see the key.
    pub(crate) storage: reqwest::Client,
    /// Ends in `/api/v2/`.
    pub(crate) base: Url,
    pub(crate) key: ApiKey,
    pub(crate) options: Options,
    pub(crate) limiter: Limiter,
    /// Learned: which of two names the account knows a parameter by.
    pub(crate) contacts_take_second_name: AtomicBool,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Freshdesk")
            .field("base", &self.base.as_str())
            .field("read_only", &self.options.read_only)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// For the account at `base`, such as `https://name.freshdesk.com`; a path `/api/v2` may be there or not.
    pub fn new(base: &str, key: ApiKey, options: Options) -> Result<Self, SetupError> {
        let base = api_base(base, options.allow_plain_http)?;
        if key.expose().is_empty() || !key.expose().bytes().all(|b| b.is_ascii_graphic()) {
            return Err(SetupError::BadKey);
        }
        let is_here = base.host_str().is_some_and(is_loopback);
        let builder = || {
            let builder = reqwest::Client::builder()
                .user_agent(options.user_agent.clone())
                .connect_timeout(options.connect_timeout)
                .pool_idle_timeout(IDLE)
                .referer(false);
            if is_here { builder.no_proxy() } else { builder }
        };
        let http = builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|_| SetupError::Http)?;
        let storage = builder()
            .redirect(reqwest::redirect::Policy::limited(3))
            .build()
            .map_err(|_| SetupError::Http)?;
        let limits = Limits {
            share_percent: options.rate_share,
            assumed: options.assumed_limit,
            window: options.window,
        };
        let limiter = Limiter::new(limits, options.timer.clone());
        let inner = Arc::new(Inner {
            http,
            storage,
            base,
            key,
            options,
            limiter,
            contacts_take_second_name: AtomicBool::new(false),
        });
        Ok(Self {
            inner,
            urgency: Urgency::Background,
        })
    }

    /// The same client for calls that a person waits for.
    pub fn for_person(&self) -> Self {
        self.with(Urgency::Person)
    }

    /// The same client for calls of that urgency.
    pub fn with(&self, urgency: Urgency) -> Self {
        Self {
            inner: self.inner.clone(),
            urgency,
        }
    }

    /// Whether it changes nothing.
    pub fn is_read_only(&self) -> bool {
        self.inner.options.read_only
    }

    /// How much of the account's limit is used, for metrics.
    pub fn rate(&self) -> RateState {
        self.inner.limiter.snapshot()
    }

    /// Where a person sees a ticket in the helpdesk.
    pub fn ticket_url(&self, ticket: u64) -> String {
        let mut url = self.inner.base.clone();
        url.set_path(&format!("/a/tickets/{ticket}"));
        url.into()
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn api_base(base: &str, allow_plain_http: bool) -> Result<Url, SetupError> {
    let mut url = Url::parse(base.trim()).map_err(|_| SetupError::NotAUrl)?;
    let is_loopback = is_loopback(url.host_str().ok_or(SetupError::NotAUrl)?);
    match url.scheme() {
        "https" => {}
        "http" if is_loopback || allow_plain_http => {}
        "http" => return Err(SetupError::PlainHttp),
        _ => return Err(SetupError::NotAUrl),
    }
    let path = url
        .path()
        .trim_end_matches('/')
        .trim_end_matches("/api/v2")
        .to_owned();
    url.set_path(&format!("{path}/api/v2/"));
    url.set_query(None);
    url.set_fragment(None);
    if !url.username().is_empty() || url.password().is_some() {
        return Err(SetupError::NotAUrl);
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(text: &str) -> Result<String, SetupError> {
        api_base(text, false).map(String::from)
    }

    #[test]
    fn the_address_is_taken_with_and_without_the_api_path() {
        for text in [
            "https://x.freshdesk.com",
            "https://x.freshdesk.com/",
            "https://x.freshdesk.com/api/v2",
            " https://x.freshdesk.com/api/v2/?a#b",
        ] {
            assert_eq!(base(text).unwrap(), "https://x.freshdesk.com/api/v2/");
        }
        assert_eq!(
            base("http://127.0.0.1:9/fd").unwrap(),
            "http://127.0.0.1:9/fd/api/v2/"
        );
    }

    #[test]
    fn a_key_never_travels_in_the_clear_over_a_network() {
        assert_eq!(base("http://x.freshdesk.com"), Err(SetupError::PlainHttp));
        assert_eq!(base("ftp://x.freshdesk.com"), Err(SetupError::NotAUrl));
        assert_eq!(base("x.freshdesk.com"), Err(SetupError::NotAUrl));
        assert!(base("http://[::1]:8080").is_ok() && base("http://localhost").is_ok());
    }

    #[test]
    fn a_key_is_not_printed() {
        let client = Client::new(
            "https://x.freshdesk.com",
            ApiKey::new("s3cret"),
            Options::default(),
        )
        .unwrap();
        assert!(!format!("{client:?} {:?}", ApiKey::new("s3cret")).contains("s3cret"));
        assert_eq!(client.ticket_url(7), "https://x.freshdesk.com/a/tickets/7");
        for bad in ["", "two words", "new\nline"] {
            assert_eq!(
                Client::new("https://x.freshdesk.com", ApiKey::new(bad), Options::default()).err(),
                Some(SetupError::BadKey)
            );
        }
    }
}

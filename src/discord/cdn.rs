//! Fetches files that people attached on Discord, from its storage and from nowhere else: what names the
//! address is a message, and a message must not make us ask other hosts.

use std::time::Duration;

use reqwest::{Client, Url};

/// Where Discord keeps attachments.
const ORIGINS: [&str; 2] = ["https://cdn.discordapp.com", "https://media.discordapp.net"];
const CONNECTING: Duration = Duration::from_secs(5);
const FETCHING: Duration = Duration::from_secs(60);

/// Discord's storage.
#[derive(Debug, Clone)]
pub struct Cdn {
    client: Option<Client>,
    origins: Vec<String>,
}

/// Why a file was not fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfetched {
    /// It is not in the storage.
    Elsewhere,
    /// It is not there any more.
    Gone,
    /// It is larger than what is taken.
    TooLarge,
    /// It may work later; why it did not, without the address.
    Later(String),
}

impl Default for Cdn {
    fn default() -> Self {
        Self::at(ORIGINS.map(str::to_owned).to_vec())
    }
}

impl Cdn {
    /// Another storage than Discord's: `scheme://host:port` of each.
    pub fn at(origins: Vec<String>) -> Self {
        let client = Client::builder()
            .connect_timeout(CONNECTING)
            .timeout(FETCHING)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .build()
            .ok();
        Self { client, origins }
    }

    fn address(&self, from: &str) -> Option<Url> {
        let url = Url::parse(from).ok()?;
        let is_plain = url.username().is_empty() && url.password().is_none();
        let origin = url.origin().ascii_serialization();
        (is_plain && self.origins.contains(&origin)).then_some(url)
    }

    /// Is that an address in it?
    pub fn holds(&self, from: &str) -> bool {
        self.address(from).is_some()
    }

    /// Fetches a file of at most so many bytes.
    pub async fn fetch(&self, from: &str, largest: u64) -> Result<Vec<u8>, Unfetched> {
        let url = self.address(from).ok_or(Unfetched::Elsewhere)?;
        let client = self
            .client
            .as_ref()
            .ok_or_else(|| Unfetched::Later("no HTTP client".to_owned()))?;
        let broken = |error: reqwest::Error| {
            Unfetched::Later(if error.is_timeout() {
                "the file did not come in time".to_owned()
            } else {
                "the file could not be fetched".to_owned()
            })
        };
        let mut response = client.get(url).send().await.map_err(broken)?;
        let status = response.status();
        if status.is_server_error() || matches!(status.as_u16(), 408 | 429) {
            return Err(Unfetched::Later(format!("the file's storage answered {status}")));
        }
        if !status.is_success() {
            return Err(Unfetched::Gone);
        }
        if response.content_length().is_some_and(|length| length > largest) {
            return Err(Unfetched::TooLarge);
        }
        let mut content = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(broken)? {
            if (content.len() + piece.len()) as u64 > largest {
                return Err(Unfetched::TooLarge);
            }
            content.extend_from_slice(&piece);
        }
        Ok(content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_discords_own_storage_is_asked() {
        let cdn = Cdn::default();
        assert!(cdn.holds("https://cdn.discordapp.com/attachments/1/2/a.pdf?ex=1"));
        assert!(cdn.holds("https://media.discordapp.net:443/attachments/1/2/a.png"));
        for other in [
            "http://cdn.discordapp.com/a",
            "https://cdn.discordapp.com.evil.example/a",
            "https://evil.example/https://cdn.discordapp.com/a",
            "https://cdn.discordapp.com@evil.example/a",
            "https://user@cdn.discordapp.com/a",
            "https://cdn.discordapp.com:8443/a",
            "file:///etc/passwd",
            "http://169.254.169.254/latest",
            "",
        ] {
            assert!(!cdn.holds(other), "{other}");
        }
    }
}

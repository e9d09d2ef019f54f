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

    /// Answers each request with the next of these, on a port of loopback.
    async fn storage(answers: Vec<String>) -> String {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            for answer in answers {
                let (mut socket, _) = listener.accept().await.unwrap();
                let mut request = [0; 4096];
                assert!(socket.read(&mut request).await.unwrap() > 0);
                socket.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        origin
    }

    #[tokio::test]
    async fn a_file_is_fetched_within_its_limit_and_nowhere_else_is_gone_to() {
        let answer = |head: &str, body: &str| format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n{body}");
        let origin = storage(vec![
            answer("200 OK", "words"),
            answer("200 OK", "too many words"),
            answer("200 OK\r\nContent-Length: 900", ""),
            answer("404 Not Found", ""),
            answer("302 Found\r\nLocation: http://169.254.169.254/", ""),
            answer("503 Busy", ""),
        ])
        .await;
        let cdn = Cdn::at(vec![origin.clone()]);
        let file = format!("{origin}/attachments/1/2/a.txt");
        assert_eq!(cdn.fetch(&file, 5).await, Ok(b"words".to_vec()));
        assert_eq!(cdn.fetch(&file, 5).await, Err(Unfetched::TooLarge));
        assert_eq!(cdn.fetch(&file, 5).await, Err(Unfetched::TooLarge));
        assert_eq!(cdn.fetch(&file, 5).await, Err(Unfetched::Gone));
        assert_eq!(cdn.fetch(&file, 5).await, Err(Unfetched::Gone));
        assert!(matches!(cdn.fetch(&file, 5).await, Err(Unfetched::Later(_))));
        assert_eq!(
            cdn.fetch("http://127.0.0.1:1/a", 5).await,
            Err(Unfetched::Elsewhere)
        );
    }
}

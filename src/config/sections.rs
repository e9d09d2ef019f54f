//! The small sections of the config.

use serde::{Deserialize, Serialize};

/// `[store]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreSection {
    /// `sqlite:hammerdesk.db` or `postgres://user:password@host/database`.
    pub url: String,
    /// A file that holds the url, where it has a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_file: Option<String>,
}

impl Default for StoreSection {
    fn default() -> Self {
        Self {
            url: "sqlite:hammerdesk.db".to_owned(),
            url_file: None,
        }
    }
}

/// `[http]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpSection {
    /// Address and port.
    pub listen: String,
}

impl Default for HttpSection {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".to_owned(),
        }
    }
}

/// `[console]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConsoleSection {
    /// Serve the web console. It has no sign-in yet, so it is refused unless `http.listen` is loopback.
    pub enabled: bool,
}

/// `[ageing]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AgeingSection {
    /// Upper ends of the bands in days past due.
    pub bands: Vec<i64>,
}

impl Default for AgeingSection {
    fn default() -> Self {
        Self {
            bands: vec![0, 30, 60, 90],
        }
    }
}

/// `[pace]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PaceSection {
    /// Questions about accounts that one person may ask a minute.
    pub per_minute: u32,
    /// How many may come at once.
    pub burst: u32,
}

impl Default for PaceSection {
    fn default() -> Self {
        Self {
            per_minute: 30,
            burst: 20,
        }
    }
}

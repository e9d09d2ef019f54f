//! Discord's ids.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use serde_json::Value;

/// The first instant that Discord's ids can name, in milliseconds of Unix time.
const EPOCH: i64 = 1_420_070_400_000;

/// An id of anything: a number that begins with its time, written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub u64);

impl Id {
    /// The number.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The smallest id of that instant.
    pub(super) fn at(instant: DateTime<Utc>) -> Self {
        Self(u64::try_from(instant.timestamp_millis() - EPOCH).unwrap_or(0) << 22)
    }

    /// When it was made.
    pub fn made_at(self) -> DateTime<Utc> {
        let millis = i64::try_from(self.0 >> 22).unwrap_or(0).saturating_add(EPOCH);
        DateTime::from_timestamp_millis(millis).unwrap_or_default()
    }

    /// From text or a number, as requests carry either.
    pub(super) fn read(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Self::parse(text),
            other => other.as_u64().map(Self),
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        (!text.starts_with('+'))
            .then(|| text.parse().ok())
            .flatten()
            .map(Self)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// An instant as Discord writes it.
pub(super) fn stamp(instant: DateTime<Utc>) -> String {
    instant.format("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string()
}

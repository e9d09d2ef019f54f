//! Reading what Freshdesk answers, field by field.
//!
//! Live accounts differ from the documentation and from each other by plan and year, so that each field is read on
//! its own: one that is missing or null is `None` or empty, one of another type is the same and is remembered in
//! [`Odd`] by its name. Nothing inside a field, however deep, large or broken, reaches its neighbours; only a
//! record without its id is left out, and its page says so.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;

use chrono::{DateTime, NaiveDate, Utc};
use serde::de::{Deserialize, Deserializer, Error as _, Visitor};
use serde_json::value::RawValue;

/// A field that was there in a shape that could not be read. Holds its name, never its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Odd {
    /// Where it was, such as `stats.resolved_at` or `attachments[2].id`.
    pub field: String,
    /// What was found there, such as `a list`.
    pub found: &'static str,
}

impl fmt::Display for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}", self.field, self.found)
    }
}

/// A record of a list that could not be read at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Its place in the list, from 0.
    pub index: usize,
    /// What was wrong with it.
    pub why: Odd,
}

/// Words of a customer or an agent: read like a `str`, but `Debug` prints only their length, so that no log line
/// and no failed assertion carries them by accident.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text(String);

impl Text {
    /// The words themselves.
    pub fn into_string(self) -> String {
        self.0
    }

    /// The words themselves.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// A record as it came, for keeping; `Debug` prints only its length.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct RawRecord(Box<str>);

impl RawRecord {
    pub(crate) fn of(raw: &RawValue) -> Self {
        Self(raw.get().into())
    }

    /// The JSON.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RawRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawRecord({} bytes)", self.0.len())
    }
}

impl From<&str> for Text {
    fn from(words: &str) -> Self {
        Self(words.to_owned())
    }
}

impl From<String> for Text {
    fn from(words: String) -> Self {
        Self(words)
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} characters]", self.0.chars().count())
    }
}

impl<'de> Deserialize<'de> for Text {
    /// Reads half a surrogate pair, which a cut-off emoji leaves behind, as a replacement character.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;
        impl Visitor<'_> for Words {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: serde::de::Error>(self, words: &str) -> Result<Text, E> {
                Ok(Text(words.to_owned()))
            }

            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Text, E> {
                Ok(Text(String::from_utf8_lossy(bytes).into_owned()))
            }
        }
        deserializer.deserialize_bytes(Words)
    }
}

/// What kind of JSON value that is, in words.
pub(crate) fn kind(raw: &RawValue) -> &'static str {
    match raw.get().trim_start().as_bytes().first() {
        Some(b'"') => "a string",
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b't' | b'f') => "true or false",
        Some(b'n') => "null",
        Some(b'-' | b'0'..=b'9') => "a number",
        _ => "nothing",
    }
}

/// A value that can stand in a field, alone or in a list.
pub(crate) trait Part: Sized {
    /// Reads it; where that fails, says so in `odd` under `path`.
    fn part(raw: &RawValue, path: &str, odd: &mut Vec<Odd>) -> Option<Self>;
}

/// A value without inner parts.
pub(crate) trait Scalar: Sized {
    fn scalar(raw: &RawValue) -> Option<Self>;
}

impl<T: Scalar> Part for T {
    fn part(raw: &RawValue, path: &str, odd: &mut Vec<Odd>) -> Option<Self> {
        let value = T::scalar(raw);
        if value.is_none() {
            odd.push(Odd {
                field: path.to_owned(),
                found: kind(raw),
            });
        }
        value
    }
}

/// A whole field: present or not.
pub(crate) trait Field: Sized {
    fn field(raw: Option<&RawValue>, path: &str, odd: &mut Vec<Odd>) -> Self;
}

impl<T: Part> Field for Option<T> {
    fn field(raw: Option<&RawValue>, path: &str, odd: &mut Vec<Odd>) -> Self {
        raw.filter(|raw| raw.get() != "null")
            .and_then(|raw| T::part(raw, path, odd))
    }
}

impl<T: Part> Field for Vec<T> {
    fn field(raw: Option<&RawValue>, path: &str, odd: &mut Vec<Odd>) -> Self {
        let Some(raw) = raw.filter(|raw| raw.get() != "null") else {
            return Self::new();
        };
        let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(raw.get()) else {
            odd.push(Odd {
                field: path.to_owned(),
                found: kind(raw),
            });
            return Self::new();
        };
        let mut read = Self::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            read.extend(T::part(item, &format!("{path}[{index}]"), odd));
        }
        read
    }
}

/// Custom fields by name (`cf_..`), each whatever Freshdesk holds there: strings, numbers, booleans, dates as
/// strings; decimals come as strings such as `"124.0"`.
pub type CustomFields = serde_json::Map<String, serde_json::Value>;

impl Field for CustomFields {
    fn field(raw: Option<&RawValue>, path: &str, odd: &mut Vec<Odd>) -> Self {
        let mut read = Self::new();
        let Some(raw) = raw.filter(|raw| raw.get() != "null") else {
            return read;
        };
        for (name, raw) in entries(raw, path, odd) {
            match serde_json::from_str(raw.get()) {
                Ok(value) => {
                    read.insert(name.into_string(), value);
                }
                Err(_) => odd.push(Odd {
                    field: format!("{path}.{}", name.as_str()),
                    found: kind(raw),
                }),
            }
        }
        read
    }
}

/// The entries of an object in their order; none, and a note in `odd`, if it is no object.
pub(crate) fn entries<'a>(raw: &'a RawValue, path: &str, odd: &mut Vec<Odd>) -> Vec<(Text, &'a RawValue)> {
    struct InOrder<'a>(Vec<(Text, &'a RawValue)>);
    impl<'de: 'a, 'a> Deserialize<'de> for InOrder<'a> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Entries;
            impl<'de> Visitor<'de> for Entries {
                type Value = Vec<(Text, &'de RawValue)>;

                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("an object")
                }

                fn visit_map<M: serde::de::MapAccess<'de>>(
                    self,
                    mut map: M,
                ) -> Result<Self::Value, M::Error> {
                    let mut entries = Vec::new();
                    while let Some(entry) = map.next_entry()? {
                        entries.push(entry);
                    }
                    Ok(entries)
                }
            }
            deserializer
                .deserialize_map(Entries)
                .map(InOrder)
                .map_err(D::Error::custom)
        }
    }
    match serde_json::from_str::<InOrder<'a>>(raw.get()) {
        Ok(InOrder(entries)) => entries,
        Err(_) => {
            odd.push(Odd {
                field: path.to_owned(),
                found: kind(raw),
            });
            Vec::new()
        }
    }
}

/// An opened object whose fields are taken one by one.
pub(crate) struct Fields<'a> {
    fields: BTreeMap<Text, &'a RawValue>,
    path: &'a str,
}

impl<'a> Fields<'a> {
    /// Opens it, or notes that it is no object.
    pub(crate) fn open(raw: &'a RawValue, path: &'a str, odd: &mut Vec<Odd>) -> Option<Self> {
        match serde_json::from_str(raw.get()) {
            Ok(fields) => Some(Self { fields, path }),
            Err(_) => {
                odd.push(Odd {
                    field: path.to_owned(),
                    found: kind(raw),
                });
                None
            }
        }
    }

    /// Reads the field under the first of its names that is there.
    pub(crate) fn take<T: Field>(&self, names: &[&str], odd: &mut Vec<Odd>) -> T {
        let found = names
            .iter()
            .find_map(|name| self.fields.get(&Text::from(*name)).map(|raw| (*name, *raw)));
        match found {
            Some((name, raw)) => T::field(Some(raw), &join(self.path, name), odd),
            None => T::field(None, self.path, odd),
        }
    }

    /// A field as it stands, unless it is null.
    pub(crate) fn raw(&self, name: &str) -> Option<&'a RawValue> {
        let raw = self.fields.get(&Text::from(name)).copied();
        raw.filter(|raw| raw.get() != "null")
    }

    /// Reads a field without which the record means nothing.
    pub(crate) fn need<T: Part>(&self, name: &str, odd: &mut Vec<Odd>) -> Option<T> {
        let path = join(self.path, name);
        match self.fields.get(&Text::from(name)) {
            Some(raw) => T::part(raw, &path, odd),
            None => {
                odd.push(Odd {
                    field: path,
                    found: "missing",
                });
                None
            }
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// Digits, bare or in quotes; a fraction of zeros is no fraction.
fn digits(raw: &RawValue) -> Option<String> {
    let bare = match kind(raw) {
        "a number" => raw.get().to_owned(),
        "a string" => String::scalar(raw)?.trim().to_owned(),
        _ => return None,
    };
    match bare.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|b| b == b'0') => {
            Some(whole.to_owned())
        }
        Some(_) => None,
        None => Some(bare),
    }
}

impl Scalar for u64 {
    fn scalar(raw: &RawValue) -> Option<Self> {
        digits(raw)?.parse().ok()
    }
}

impl Scalar for i64 {
    fn scalar(raw: &RawValue) -> Option<Self> {
        digits(raw)?.parse().ok()
    }
}

impl Scalar for bool {
    fn scalar(raw: &RawValue) -> Option<Self> {
        match raw.get() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }
}

impl Scalar for Text {
    fn scalar(raw: &RawValue) -> Option<Self> {
        serde_json::from_str(raw.get())
            .ok()
            .filter(|_| kind(raw) == "a string")
    }
}

impl Scalar for String {
    fn scalar(raw: &RawValue) -> Option<Self> {
        Text::scalar(raw).map(Text::into_string)
    }
}

impl Scalar for DateTime<Utc> {
    fn scalar(raw: &RawValue) -> Option<Self> {
        let words = String::scalar(raw)?;
        DateTime::parse_from_rfc3339(&words)
            .or_else(|_| DateTime::parse_from_str(&words, "%Y-%m-%dT%H:%M:%S%z"))
            .ok()
            .map(|instant| instant.to_utc())
    }
}

impl Scalar for NaiveDate {
    fn scalar(raw: &RawValue) -> Option<Self> {
        let words = String::scalar(raw)?;
        words.get(..10)?.parse().ok()
    }
}

/// A record of a resource: what a call answers, or an item of its list.
pub(crate) trait Record: Part {
    /// Reads one; an error names what made it meaningless.
    fn record(raw: &RawValue) -> Result<Self, Odd> {
        let mut odd = Vec::new();
        Self::part(raw, "", &mut odd).ok_or_else(|| {
            odd.pop().unwrap_or_else(|| Odd {
                field: String::new(),
                found: kind(raw),
            })
        })
    }
}

/// Defines an inner part of a record: its odd fields are listed by the record around it.
macro_rules! part {
    ($(#[$meta:meta])* pub struct $name:ident {
        $( @needs { $(#[$rmeta:meta])* $rfield:ident : $rty:ty } )?
        $( $(#[$fmeta:meta])* $field:ident $( = $key:literal )? $( or $alt:literal )* : $ty:ty ),* $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct $name {
            $( $(#[$rmeta])* pub $rfield: $rty, )?
            $( $(#[$fmeta])* pub $field: $ty, )*
        }

        impl $crate::lenient::Part for $name {
            fn part(
                raw: &serde_json::value::RawValue,
                path: &str,
                odd: &mut Vec<$crate::lenient::Odd>,
            ) -> Option<Self> {
                let fields = $crate::lenient::Fields::open(raw, path, odd)?;
                Some(Self {
                    $( $rfield: fields.need(stringify!($rfield), odd)?, )?
                    $( $field: fields.take(&[$crate::lenient::name!($field $( = $key )?) $(, $alt)*], odd), )*
                })
            }
        }
    };
}

/// Defines a record with the list of its odd fields.
macro_rules! record {
    ($(#[$meta:meta])* pub struct $name:ident {
        $( @needs { $(#[$rmeta:meta])* $rfield:ident : $rty:ty } )?
        $( $(#[$fmeta:meta])* $field:ident $( = $key:literal )? $( or $alt:literal )* : $ty:ty ),* $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct $name {
            $( $(#[$rmeta])* pub $rfield: $rty, )?
            $( $(#[$fmeta])* pub $field: $ty, )*
            /// Fields that were there in a shape that could not be read; each of them is `None` or empty above.
            pub odd: Vec<$crate::lenient::Odd>,
            /// The record as it came.
            pub raw: $crate::lenient::RawRecord,
        }

        impl $crate::lenient::Part for $name {
            fn part(
                raw: &serde_json::value::RawValue,
                path: &str,
                outer: &mut Vec<$crate::lenient::Odd>,
            ) -> Option<Self> {
                let fields = $crate::lenient::Fields::open(raw, path, outer)?;
                let mut odd = Vec::new();
                $( let $rfield = fields.need(stringify!($rfield), outer)?; )?
                $( let $field =
                    fields.take(&[$crate::lenient::name!($field $( = $key )?) $(, $alt)*], &mut odd); )*
                let raw = $crate::lenient::RawRecord::of(raw);
                Some(Self { $( $rfield, )? $( $field, )* odd, raw })
            }
        }

        impl $crate::lenient::Record for $name {}
    };
}

/// The JSON name of a field: its own, unless another is given.
macro_rules! name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident = $key:literal) => {
        $key
    };
}

pub(crate) use {name, part, record};

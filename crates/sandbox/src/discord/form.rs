//! Says what is wrong with a body, in the form in which Discord says it.
//!
//! A [`Form`] collects flaws under the path of the field; [`Form::finish`] makes of them the nested `errors` of
//! code 50035. Flaws that Discord lets pass but that are certainly mistakes (a key that nothing reads) carry
//! a code that begins with `SIM_`.

use serde_json::{Map, Value, json};

use super::id::Id;
use super::refusal::Refusal;

/// The flaws found so far, and the place that is being looked at.
#[derive(Debug, Default)]
pub(super) struct Form {
    path: Vec<String>,
    flaws: Vec<Flaw>,
}

#[derive(Debug)]
struct Flaw {
    path: Vec<String>,
    code: &'static str,
    message: String,
}

/// A step down in a body: a key, or a place in a list.
#[derive(Debug)]
pub(super) struct Step(String);

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self(key.to_owned())
    }
}

impl From<&String> for Step {
    fn from(key: &String) -> Self {
        Self(key.clone())
    }
}

impl From<usize> for Step {
    fn from(place: usize) -> Self {
        Self(place.to_string())
    }
}

/// Which addresses a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Address {
    /// Where a click leads.
    Link,
    /// What Discord fetches: an attachment of the message too.
    Picture,
}

impl Form {
    /// Notes a flaw at the present place.
    pub(super) fn flaw(&mut self, code: &'static str, message: impl Into<String>) {
        self.flaws.push(Flaw {
            path: self.path.clone(),
            code,
            message: message.into(),
        });
    }

    /// Looks at a part.
    pub(super) fn at<R>(&mut self, key: impl Into<Step>, look: impl FnOnce(&mut Self) -> R) -> R {
        self.path.push(key.into().0);
        let result = look(self);
        self.path.pop();
        result
    }

    /// Notes a flaw at a part.
    pub(super) fn flaw_at(&mut self, key: impl Into<Step>, code: &'static str, message: impl Into<String>) {
        self.at(key, |form| form.flaw(code, message));
    }

    /// The object, or a flaw.
    pub(super) fn object<'v>(&mut self, value: &'v Value) -> Option<&'v Map<String, Value>> {
        if value.as_object().is_none() {
            self.flaw(
                "MODEL_TYPE_CONVERT",
                "Only dictionaries may be used in a ModelType",
            );
        }
        value.as_object()
    }

    /// Every key must be one that somebody reads.
    pub(super) fn keys(&mut self, object: &Map<String, Value>, known: &[&str]) {
        for key in object.keys().filter(|key| !known.contains(&key.as_str())) {
            self.flaw_at(key, "SIM_UNKNOWN_KEY", "Nothing reads this key.");
        }
    }

    /// An optional text whose length, without the blanks around it, is within bounds.
    pub(super) fn text<'v>(
        &mut self,
        object: &'v Map<String, Value>,
        key: &str,
        (least, most): (usize, usize),
    ) -> Option<&'v str> {
        match object.get(key) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => {
                let length = text.trim().chars().count();
                if length == 0 && least > 0 {
                    self.flaw_at(key, "BASE_TYPE_REQUIRED", "This field is required");
                } else if length < least || length > most {
                    self.flaw_at(
                        key,
                        "BASE_TYPE_BAD_LENGTH",
                        format!("Must be between {least} and {most} in length."),
                    );
                }
                Some(text)
            }
            Some(_) => {
                self.flaw_at(key, "STRING_TYPE_CONVERT", "Could not interpret value as string.");
                None
            }
        }
    }

    /// The same, and it must be there.
    pub(super) fn required_text<'v>(
        &mut self,
        object: &'v Map<String, Value>,
        key: &str,
        bounds: (usize, usize),
    ) -> Option<&'v str> {
        if object.get(key).is_none_or(Value::is_null) {
            self.flaw_at(key, "BASE_TYPE_REQUIRED", "This field is required");
            return None;
        }
        self.text(object, key, bounds)
    }

    /// An optional yes or no.
    pub(super) fn truth(&mut self, object: &Map<String, Value>, key: &str) -> Option<bool> {
        match object.get(key) {
            None | Some(Value::Null) => None,
            Some(Value::Bool(truth)) => Some(*truth),
            Some(_) => {
                self.flaw_at(key, "BOOLEAN_TYPE_CONVERT", "Must be either true or false.");
                None
            }
        }
    }

    /// An optional whole number within bounds.
    pub(super) fn integer(
        &mut self,
        object: &Map<String, Value>,
        key: &str,
        (least, most): (i64, i64),
    ) -> Option<i64> {
        match object.get(key) {
            None | Some(Value::Null) => None,
            Some(value) => match value.as_i64() {
                Some(number) if (least..=most).contains(&number) => Some(number),
                Some(_) => {
                    self.flaw_at(
                        key,
                        "NUMBER_TYPE_RANGE",
                        format!("int value should be between {least} and {most}."),
                    );
                    None
                }
                None => {
                    let said = format!("Value \"{value}\" is not int.");
                    self.flaw_at(key, "NUMBER_TYPE_COERCE", said);
                    None
                }
            },
        }
    }

    /// An optional id.
    pub(super) fn id(&mut self, object: &Map<String, Value>, key: &str) -> Option<Id> {
        match object.get(key) {
            None | Some(Value::Null) => None,
            Some(value) => {
                let id = Id::read(value);
                if id.is_none() {
                    let said = format!("Value \"{value}\" is not snowflake.");
                    self.flaw_at(key, "NUMBER_TYPE_COERCE", said);
                }
                id
            }
        }
    }

    /// An optional list of so many at most.
    pub(super) fn list<'v>(
        &mut self,
        object: &'v Map<String, Value>,
        key: &str,
        (least, most): (usize, usize),
    ) -> Option<&'v [Value]> {
        match object.get(key) {
            None | Some(Value::Null) => None,
            Some(Value::Array(list)) => {
                if list.len() < least || list.len() > most {
                    self.flaw_at(
                        key,
                        "BASE_TYPE_BAD_LENGTH",
                        format!("Must be between {least} and {most} in length."),
                    );
                }
                Some(list)
            }
            Some(_) => {
                self.flaw_at(
                    key,
                    "LIST_TYPE_CONVERT",
                    "Only iterables may be used in a ListType",
                );
                None
            }
        }
    }

    /// An optional address of a scheme that Discord takes.
    pub(super) fn address(&mut self, object: &Map<String, Value>, key: &str, kind: Address, most: usize) {
        let Some(text) = self.text(object, key, (1, most)) else {
            return;
        };
        let web = text.starts_with("https://") || text.starts_with("http://");
        let taken = match kind {
            Address::Link => web || text.starts_with("discord://"),
            Address::Picture => web || text.starts_with("attachment://"),
        };
        if !taken {
            let said = format!("Scheme of \"{text}\" must be one of ('http', 'https').");
            self.flaw_at(key, "URL_TYPE_INVALID_SCHEME", said);
        } else if text.split_once("://").is_none_or(|(_, rest)| rest.is_empty())
            || text
                .chars()
                .any(|letter| letter.is_whitespace() || letter.is_control())
        {
            self.flaw_at(key, "URL_TYPE_INVALID_URL", "Not a well formed URL.");
        }
    }

    /// Nothing, or the refusal that names every flaw.
    pub(super) fn finish(self) -> Result<(), Refusal> {
        if self.flaws.is_empty() {
            return Ok(());
        }
        let details = self
            .flaws
            .iter()
            .map(|flaw| format!("{}: {}: {}", flaw.path.join("."), flaw.code, flaw.message))
            .collect();
        let mut errors = json!({});
        for flaw in &self.flaws {
            let mut place = &mut errors;
            for step in &flaw.path {
                place = &mut place[step.as_str()];
            }
            let said = json!({"code": flaw.code, "message": flaw.message});
            match &mut place["_errors"] {
                Value::Array(list) => list.push(said),
                other => *other = json!([said]),
            }
        }
        Err(Refusal::form(errors, details))
    }
}

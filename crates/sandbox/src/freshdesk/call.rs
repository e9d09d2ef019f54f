//! One call of the API: its parameters, its body, where its answer goes.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::json::Show;
use super::model::File;
use super::requests::Route;
use super::shape::Refusal;
use super::state::State;
use super::{list, people, search, tickets};

/// A call that was let in: known route, known agent, right content type.
pub(super) struct Call<'a> {
    pub(super) state: &'a mut State,
    pub(super) now: DateTime<Utc>,
    /// Whose key it is.
    pub(super) agent: u64,
    pub(super) ids: Vec<String>,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Body,
    /// `http://host`.
    pub(super) base: String,
    /// The path, for the address of the next page.
    pub(super) path: String,
}

/// What came with a call.
#[derive(Debug, Clone)]
pub(super) enum Body {
    None,
    Json(Value),
    Form(Vec<(String, String)>, Vec<(String, File)>),
}

/// What a call is answered with.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Option<Value>,
    pub(super) headers: Vec<(&'static str, String)>,
}

pub(super) type Outcome = Result<Answer, Refusal>;

impl Answer {
    pub(super) const fn of(status: u16, body: Value) -> Self {
        Self {
            status,
            body: Some(body),
            headers: Vec::new(),
        }
    }

    pub(super) const fn ok(body: Value) -> Self {
        Self::of(200, body)
    }

    pub(super) fn empty() -> Self {
        Self {
            status: 204,
            ..Self::default()
        }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// A page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) number: usize,
    pub(super) size: usize,
}

impl Call<'_> {
    pub(super) fn id(&self) -> u64 {
        self.ids.first().and_then(|id| id.parse().ok()).unwrap_or(0)
    }

    pub(super) fn show(&self) -> Show<'_> {
        Show {
            state: self.state,
            base: &self.base,
            now: self.now,
        }
    }

    /// A parameter's value.
    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Refuses parameters that this route does not know, and a body where none belongs.
    pub(super) fn only(&self, params: &[&str]) -> Result<(), Refusal> {
        if !matches!(self.body, Body::None) {
            return Err(
                Refusal::invalid("body", "Unexpected/invalid field in request", "invalid_field").noted(),
            );
        }
        match self
            .query
            .iter()
            .find(|(name, _)| !params.contains(&name.as_str()))
        {
            Some((name, _)) => {
                Err(Refusal::invalid(name, "Unexpected/invalid field in request", "invalid_field").noted())
            }
            None => Ok(()),
        }
    }

    /// The page asked for.
    pub(super) fn page(&self) -> Result<Page, Refusal> {
        let number = |name: &str, default: usize, most: usize| match self.param(name) {
            None => Ok(default),
            Some(text) => match text.parse::<usize>() {
                Ok(number) if (1..=most).contains(&number) => Ok(number),
                _ => {
                    let message = if most == usize::MAX {
                        "It should be a Positive Integer".to_owned()
                    } else {
                        format!("It should be a Positive Integer less than or equal to {most}")
                    };
                    Err(Refusal::invalid(name, &message, "invalid_value").noted())
                }
            },
        };
        Ok(Page {
            number: number("page", 1, usize::MAX)?,
            size: number("per_page", 30, 100)?,
        })
    }

    /// The answer with a page of things; `things` may yield one more than the page holds.
    pub(super) fn paged(&self, page: Page, mut things: Vec<Value>) -> Answer {
        let more = things.len() > page.size;
        things.truncate(page.size);
        let answer = Answer::ok(Value::Array(things));
        if more {
            answer.with("link", self.next_page(page))
        } else {
            answer
        }
    }

    fn next_page(&self, page: Page) -> String {
        let mut parts: Vec<String> = self
            .query
            .iter()
            .filter(|(name, _)| name != "page")
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        parts.push(format!("page={}", page.number + 1));
        format!("<{}{}?{}>; rel=\"next\"", self.base, self.path, parts.join("&"))
    }

    /// A page of things that are all there.
    pub(super) fn page_of(&self, things: impl Iterator<Item = Value>) -> Outcome {
        let page = self.page()?;
        let skipped = (page.number - 1).saturating_mul(page.size);
        Ok(self.paged(page, things.skip(skipped).take(page.size + 1).collect()))
    }

    /// The body's keys and files, held against the keys that it may have.
    pub(super) fn fields(
        &mut self,
        keys: &[super::shape::Key],
    ) -> Result<(Map<String, Value>, Vec<File>), Refusal> {
        if let Some((name, _)) = self.query.first() {
            let refusal = Refusal::invalid(name, "Unexpected/invalid field in request", "invalid_field");
            return Err(refusal.noted());
        }
        let (map, named) = match std::mem::replace(&mut self.body, Body::None) {
            Body::Json(Value::Object(map)) => (map, Vec::new()),
            Body::Json(_) | Body::None => {
                let refusal = Refusal::flat(400, "invalid_json", "Request body has invalid json format");
                return Err(refusal.noted());
            }
            Body::Form(parts, files) => (super::shape::from_form(&parts, keys), files),
        };
        if let Some((name, _)) = named.iter().find(|(name, _)| name != "attachments[]") {
            let refusal = Refusal::invalid(name, "Unexpected/invalid field in request", "invalid_field");
            return Err(refusal.noted());
        }
        super::shape::check(&map, keys)?;
        let files: Vec<File> = named.into_iter().map(|(_, file)| file).collect();
        let size: usize = files.iter().map(|file| file.content.len()).sum();
        let limit = self.state.options.attachment_limit;
        if size > limit {
            let message = format!(
                "The size of all the attachments should not exceed {} MB",
                limit / (1024 * 1024)
            );
            return Err(Refusal::invalid("attachments", &message, "invalid_size"));
        }
        Ok((map, files))
    }

    /// A call that takes no body and no parameters.
    pub(super) fn bare(&self) -> Result<(), Refusal> {
        self.only(&[])
    }

    /// Does what the route asks for.
    pub(super) fn answer(&mut self, route: Route) -> Outcome {
        match route {
            Route::ListTickets => list::list(self),
            Route::Search => search::search(self),
            Route::CreateTicket => tickets::create(self),
            Route::OutboundTicket => tickets::outbound(self),
            Route::ViewTicket => tickets::view(self),
            Route::ArchivedTicket => tickets::archived(self),
            Route::UpdateTicket => tickets::update(self),
            Route::DeleteTicket => tickets::delete(self),
            Route::RestoreTicket => tickets::restore(self),
            Route::Reply => tickets::reply(self),
            Route::Note => tickets::note(self),
            Route::Forward => tickets::forward(self),
            Route::Conversations => tickets::conversations(self),
            Route::UpdateConversation => tickets::update_conversation(self),
            Route::DeleteConversation => tickets::delete_conversation(self),
            Route::MergeTickets => super::bulk::merge(self),
            Route::BulkUpdate | Route::BulkDelete => super::bulk::bulk(self, route),
            Route::Job => super::bulk::job(self),
            Route::Watchers | Route::Watch | Route::Unwatch => super::bulk::watch(self, route),
            Route::AssociatedTickets => super::bulk::associated(self),
            Route::TicketRatings | Route::Ratings => people::ratings(self, route),
            Route::ListContacts => people::contacts(self),
            Route::CreateContact => people::create_contact(self),
            Route::ViewContact => people::contact(self),
            Route::UpdateContact => people::update_contact(self),
            Route::DeleteContact => people::delete_contact(self),
            Route::ListCompanies => people::companies(self),
            Route::CreateCompany => people::create_company(self),
            Route::ViewCompany => people::company(self),
            Route::UpdateCompany => people::update_company(self),
            Route::ListAgents => people::agents(self),
            Route::Me => people::me(self),
            Route::ViewAgent => people::agent(self),
            Route::ListGroups => people::groups(self),
            Route::ViewGroup => people::group(self),
            Route::TicketFields => super::settings::ticket_fields(self),
            Route::SlaPolicies => super::settings::policies(self),
            Route::ListBusinessHours => super::settings::all_hours(self),
            Route::ViewBusinessHours => super::settings::hours(self),
            Route::Surveys => super::settings::surveys(self),
            Route::Products => super::settings::products(self),
            Route::EmailConfigs => super::settings::email_configs(self),
            Route::Roles => super::settings::roles(self),
            Route::Attachment => Err(Refusal::not_found()),
        }
    }
}

/// Percent-encoded, as a query's value.
pub(super) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A query string's names and values, in order.
pub(super) fn decoded_query(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (decoded(name), decoded(value))
        })
        .collect()
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = bytes
            .get(at + 1..at + 3)
            .and_then(|pair| std::str::from_utf8(pair).ok());
        match (byte, hex.and_then(|pair| u8::from_str_radix(pair, 16).ok())) {
            (b'%', Some(decoded)) => {
                out.push(decoded);
                at += 2;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

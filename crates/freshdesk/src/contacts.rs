//! Contacts: the people who write, and the companies they belong to.

use std::sync::atomic::Ordering;

use chrono::{DateTime, NaiveDate, Utc};

use crate::call::Call;
use crate::client::Client;
use crate::error::Error;
use crate::lenient::{CustomFields, Text, part, record};
use crate::limiter::Endpoint;
use crate::page::Page;
use crate::tickets::{LARGEST_PAGE, instant};

/// Freshdesk advises against pages of contacts after this one: their records are then unreliable.
pub const LAST_CONTACT_PAGE: u32 = 500;

record! {
    /// A contact.
    pub struct Contact {
        @needs {
            /// `id`
            id: u64
        }
        /// `name`
        name: Option<Text>,
        /// `first_name`
        first_name: Option<Text>,
        /// `last_name`
        last_name: Option<Text>,
        /// `email`, the first
        email: Option<Text>,
        /// `other_emails`
        other_emails: Vec<Text>,
        /// `phone`
        phone: Option<Text>,
        /// `mobile`
        mobile: Option<Text>,
        /// `other_phone_numbers`
        other_phone_numbers: Vec<Text>,
        /// `address`
        address: Option<Text>,
        /// `job_title`
        job_title: Option<Text>,
        /// `description`
        description: Option<Text>,
        /// `company_id`, the first
        company_id: Option<u64>,
        /// `other_companies`
        other_companies: Vec<OtherCompany>,
        /// `view_all_tickets` of the company
        view_all_tickets: Option<bool>,
        /// `active`: has confirmed the address
        active: Option<bool>,
        /// `deleted`; there only when true
        deleted: Option<bool>,
        /// `language`, a code
        language: Option<String>,
        /// `time_zone`, a Rails name; see [`crate::zone_of`]
        time_zone: Option<String>,
        /// `unique_external_id`, of another system
        unique_external_id: Option<Text>,
        /// `tags`
        tags: Vec<String>,
        /// `custom_fields`
        custom_fields: CustomFields,
        /// `created_at`, whole seconds
        created_at: Option<DateTime<Utc>>,
        /// `updated_at`, whole seconds
        updated_at: Option<DateTime<Utc>>,
    }
}

part! {
    /// One more company of a contact.
    pub struct OtherCompany {
        /// `company_id`
        company_id: Option<u64>,
        /// `view_all_tickets`
        view_all_tickets: Option<bool>,
    }
}

record! {
    /// A company.
    pub struct Company {
        @needs {
            /// `id`
            id: u64
        }
        /// `name`
        name: Option<Text>,
        /// `description`
        description: Option<Text>,
        /// `note`
        note: Option<Text>,
        /// `domains` of its mail addresses
        domains: Vec<Text>,
        /// `health_score`, a label
        health_score: Option<String>,
        /// `account_tier`, a label
        account_tier: Option<String>,
        /// `renewal_date`
        renewal_date: Option<NaiveDate>,
        /// `industry`, a label
        industry: Option<String>,
        /// `custom_fields`
        custom_fields: CustomFields,
        /// `created_at`, whole seconds
        created_at: Option<DateTime<Utc>>,
        /// `updated_at`, whole seconds
        updated_at: Option<DateTime<Utc>>,
    }
}

/// `state` of a list of contacts. Without one, Freshdesk leaves out the blocked and the deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContactState {
    /// `blocked`
    Blocked,
    /// `deleted`
    Deleted,
    /// `unverified`
    Unverified,
    /// `verified`
    Verified,
}

/// Which contacts to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContactQuery {
    /// `email`, exactly
    pub email: Option<String>,
    /// `phone`, exactly as it is written in Freshdesk
    pub phone: Option<String>,
    /// `mobile`, exactly as it is written in Freshdesk
    pub mobile: Option<String>,
    /// `company_id`
    pub company_id: Option<u64>,
    /// `state`
    pub state: Option<ContactState>,
    /// `_updated_since`, or `updated_since` on accounts that want it so
    pub updated_since: Option<DateTime<Utc>>,
    /// `page`, from 1; 0 is taken for 1
    pub page: u32,
}

impl ContactQuery {
    /// Those changed since.
    pub fn since(instant: DateTime<Utc>) -> Self {
        Self {
            updated_since: Some(instant),
            ..Self::default()
        }
    }

    /// The same question's page of that number.
    #[must_use]
    pub fn page(mut self, page: u32) -> Self {
        self.page = page;
        self
    }

    fn call(&self, since: &'static str) -> Call {
        let mut call = Call::get("list contacts", "contacts").on(Endpoint::ContactList);
        let texts = [
            ("email", &self.email),
            ("phone", &self.phone),
            ("mobile", &self.mobile),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                call = call.with(name, text);
            }
        }
        if let Some(id) = self.company_id {
            call = call.with("company_id", id.to_string());
        }
        if let Some(state) = self.state {
            call = call.with(
                "state",
                match state {
                    ContactState::Blocked => "blocked",
                    ContactState::Deleted => "deleted",
                    ContactState::Unverified => "unverified",
                    ContactState::Verified => "verified",
                },
            );
        }
        if let Some(at) = self.updated_since {
            call = call.with(since, instant(at));
        }
        call.with("per_page", LARGEST_PAGE.to_string())
            .with("page", self.page.max(1).to_string())
    }
}

impl Client {
    /// One page of a list: `GET /contacts`. After page 500 it is [`crate::More::Capped`].
    pub async fn contacts(&self, query: &ContactQuery) -> Result<Page<Contact>, Error> {
        if query.page > LAST_CONTACT_PAGE {
            return Ok(Page::capped());
        }
        // Sources disagree on the name of this one parameter: the account that refuses one gets the other.
        const NAMES: [&str; 2] = ["_updated_since", "updated_since"];
        let is_second = self.inner.contacts_take_second_name.load(Ordering::Relaxed);
        let sent = self.send(query.call(NAMES[usize::from(is_second)])).await;
        let answer = match sent {
            Err(error) if query.updated_since.is_some() && is_unknown_parameter(&error) => {
                let answer = self.send(query.call(NAMES[usize::from(!is_second)])).await?;
                self.inner
                    .contacts_take_second_name
                    .store(!is_second, Ordering::Relaxed);
                answer
            }
            sent => sent?,
        };
        let page = Page::of(answer.listing()?, answer.next_page(), LAST_CONTACT_PAGE);
        Ok(if query.page == LAST_CONTACT_PAGE {
            page.last_given(LARGEST_PAGE)
        } else {
            page
        })
    }

    /// The contacts with that address: `GET /contacts?email=`.
    pub async fn contacts_by_email(&self, email: &str) -> Result<Page<Contact>, Error> {
        let query = ContactQuery {
            email: Some(email.to_owned()),
            ..ContactQuery::default()
        };
        self.contacts(&query).await
    }

    /// The contacts with that number, as phone or as mobile: two calls. Freshdesk compares as written.
    pub async fn contacts_by_phone(&self, number: &str) -> Result<Page<Contact>, Error> {
        let phone = ContactQuery {
            phone: Some(number.to_owned()),
            ..ContactQuery::default()
        };
        let mobile = ContactQuery {
            mobile: Some(number.to_owned()),
            ..ContactQuery::default()
        };
        let mut found = self.contacts(&phone).await?;
        let more = self.contacts(&mobile).await?;
        found.unreadable.extend(more.unreadable);
        for contact in more.items {
            if !found.items.iter().any(|known| known.id == contact.id) {
                found.items.push(contact);
            }
        }
        Ok(found)
    }

    /// One contact: `GET /contacts/{id}`.
    pub async fn contact(&self, id: u64) -> Result<Contact, Error> {
        self.send(Call::get("read a contact", format!("contacts/{id}")))
            .await?
            .record()
    }

    /// One page of the companies: `GET /companies`.
    pub async fn companies(&self, page: u32) -> Result<Page<Company>, Error> {
        self.one_page("list companies", "companies", page).await
    }

    /// One company: `GET /companies/{id}`.
    pub async fn company(&self, id: u64) -> Result<Company, Error> {
        self.send(Call::get("read a company", format!("companies/{id}")))
            .await?
            .record()
    }
}

fn is_unknown_parameter(error: &Error) -> bool {
    error.status() == Some(400)
        && error
            .refusal()
            .is_some_and(|refusal| refusal.has_code("invalid_field"))
}

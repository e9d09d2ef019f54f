//! Contacts, companies, agents and groups, and what customers thought.

use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Outcome};
use super::json::Show;
use super::list::instant;
use super::model::{Company, Contact};
use super::requests::Route;
use super::shape::{self, Refusal};
use super::tickets::{is_address, texts};

/// `GET /contacts`.
pub(super) fn contacts(call: &mut Call<'_>) -> Outcome {
    let since = if call.state.options.unknowns.contacts_underscore {
        "_updated_since"
    } else {
        "updated_since"
    };
    call.only(&[
        "email",
        "mobile",
        "phone",
        "company_id",
        "unique_external_id",
        "state",
        since,
        "page",
        "per_page",
    ])?;
    let after = match call.param(since) {
        None => None,
        Some(text) => Some(instant(text).ok_or_else(|| {
            let message = "It should be in the 'combined date and time ISO8601' format";
            Refusal::invalid(since, message, "invalid_date").noted()
        })?),
    };
    let kept = call.param("state");
    if kept.is_some_and(|kept| !["blocked", "deleted", "unverified", "verified"].contains(&kept)) {
        let message = "It should be one of these values: 'blocked,deleted,unverified,verified'";
        return Err(Refusal::invalid("state", message, "invalid_value").noted());
    }
    let same = |param: &str, value: &Option<String>| {
        call.param(param).is_none_or(|wanted| {
            value
                .as_deref()
                .is_some_and(|value| value.eq_ignore_ascii_case(wanted))
        })
    };
    let company = call.param("company_id").and_then(|id| id.parse::<u64>().ok());
    let takes = |contact: &&Contact| {
        let state = match kept {
            Some("deleted") => contact.deleted,
            Some("blocked") => contact.blocked,
            Some("verified") => !contact.deleted && contact.active,
            Some(_) => !contact.deleted && !contact.active,
            None => !contact.deleted && !contact.blocked,
        };
        state
            && same("email", &contact.email)
            && same("mobile", &contact.mobile)
            && same("phone", &contact.phone)
            && same("unique_external_id", &contact.unique_external_id)
            && company.is_none_or(|id| contact.company_id == Some(id))
            && after.is_none_or(|after| contact.updated_at >= after)
    };
    let show = call.show();
    call.page_of(
        call.state
            .contacts
            .values()
            .filter(takes)
            .map(|contact| show.contact(contact, false)),
    )
}

/// `GET /contacts/{id}`.
pub(super) fn contact(call: &mut Call<'_>) -> Outcome {
    call.bare()?;
    let show = call.show();
    let found = call.state.contacts.get(&call.id());
    found
        .map(|contact| Answer::ok(show.contact(contact, true)))
        .ok_or_else(Refusal::not_found)
}

/// `POST /contacts`.
pub(super) fn create_contact(call: &mut Call<'_>) -> Outcome {
    let (fields, _) = call.fields(shape::CONTACT)?;
    if fields.get("name").and_then(Value::as_str).is_none() {
        return Err(Refusal::invalid("name", "It should be a/an String", "missing_field").noted());
    }
    let ways = ["email", "phone", "mobile", "twitter_id", "unique_external_id"];
    if !ways
        .iter()
        .any(|way| fields.get(*way).is_some_and(Value::is_string))
    {
        let message =
            "Please fill at least 1 of email, mobile, phone, twitter_id, unique_external_id fields.";
        return Err(Refusal::invalid("email", message, "missing_field").noted());
    }
    held(call, &fields, None)?;
    let mut contact = Contact::default();
    fill(&mut contact, &fields);
    let id = call.state.add_contact(contact, call.now);
    let shown = call
        .state
        .contacts
        .get(&id)
        .map(|contact| call.show().contact(contact, true));
    let location = format!("{}/api/v2/contacts/{id}", call.base);
    Ok(Answer::of(201, shown.unwrap_or_default()).with("location", location))
}

/// `PUT /contacts/{id}`.
pub(super) fn update_contact(call: &mut Call<'_>) -> Outcome {
    let (fields, _) = call.fields(shape::CONTACT)?;
    let id = call.id();
    held(call, &fields, Some(id))?;
    let now = call.now;
    let contact = call
        .state
        .contacts
        .get_mut(&id)
        .filter(|contact| !contact.deleted);
    let contact = contact.ok_or_else(Refusal::not_found)?;
    let before = contact.email.as_ref().map(|email| email.to_lowercase());
    fill(contact, &fields);
    contact.updated_at = now;
    let after = contact.email.as_ref().map(|email| email.to_lowercase());
    if before != after {
        before.map(|email| call.state.contact_by_email.remove(&email));
        after.map(|email| call.state.contact_by_email.insert(email, id));
    }
    call.state.changed();
    let shown = call
        .state
        .contacts
        .get(&id)
        .map(|contact| call.show().contact(contact, true));
    Ok(Answer::ok(shown.unwrap_or_default()))
}

/// `DELETE /contacts/{id}`.
pub(super) fn delete_contact(call: &mut Call<'_>) -> Outcome {
    call.bare()?;
    let (id, now) = (call.id(), call.now);
    let contact = call
        .state
        .contacts
        .get_mut(&id)
        .filter(|contact| !contact.deleted);
    let contact = contact.ok_or_else(Refusal::not_found)?;
    contact.deleted = true;
    contact.updated_at = now;
    call.state.changed();
    Ok(Answer::empty())
}

/// Is everything that a contact is to hold possible?
fn held(call: &Call<'_>, fields: &Map<String, Value>, own: Option<u64>) -> Result<(), Refusal> {
    if let Some(email) = fields.get("email").and_then(Value::as_str) {
        if !is_address(email) {
            let message = "It should be in the 'valid email address' format";
            return Err(Refusal::invalid("email", message, "invalid_value"));
        }
        let other = call
            .state
            .contact_by_email
            .get(&email.to_lowercase())
            .filter(|id| Some(**id) != own);
        if let Some(other) = other {
            let mut refusal = Refusal::invalid("email", "It should be a unique value", "duplicate_value");
            refusal.status = 409;
            if let Some(error) = refusal
                .body
                .as_mut()
                .and_then(|body| body.pointer_mut("/errors/0"))
            {
                error["additional_info"] = json!({"user_id": other});
            }
            return Err(refusal);
        }
    }
    let company = fields.get("company_id").and_then(Value::as_u64);
    if company.is_some_and(|id| !call.state.companies.contains_key(&id)) {
        let message = "There is no company matching the given company_id";
        return Err(Refusal::invalid("company_id", message, "invalid_value"));
    }
    Ok(())
}

fn fill(contact: &mut Contact, fields: &Map<String, Value>) {
    for (name, value) in fields {
        let text = value.as_str().map(ToOwned::to_owned);
        match name.as_str() {
            "name" => contact.name = text.unwrap_or_default(),
            "email" => contact.email = text,
            "phone" => contact.phone = text,
            "mobile" => contact.mobile = text,
            "unique_external_id" => contact.unique_external_id = text,
            "address" => contact.address = text,
            "job_title" => contact.job_title = text,
            "description" => contact.description = text,
            "language" => contact.language = text,
            "time_zone" => contact.time_zone = text,
            "company_id" => contact.company_id = value.as_u64(),
            "view_all_tickets" => contact.view_all_tickets = value.as_bool().unwrap_or_default(),
            "other_emails" => contact.other_emails = texts(Some(value)),
            "tags" => contact.tags = texts(Some(value)),
            "custom_fields" => contact
                .custom_fields
                .extend(value.as_object().cloned().unwrap_or_default()),
            _ => {}
        }
    }
}

/// `GET /companies`.
pub(super) fn companies(call: &mut Call<'_>) -> Outcome {
    call.only(&["page", "per_page"])?;
    call.page_of(call.state.companies.values().map(Show::company))
}

/// `GET /companies/{id}`.
pub(super) fn company(call: &mut Call<'_>) -> Outcome {
    call.bare()?;
    let found = call.state.companies.get(&call.id());
    found
        .map(|company| Answer::ok(Show::company(company)))
        .ok_or_else(Refusal::not_found)
}

fn fill_company(company: &mut Company, fields: &Map<String, Value>) {
    for (name, value) in fields {
        let text = value.as_str().map(ToOwned::to_owned);
        match name.as_str() {
            "name" => company.name = text.unwrap_or_default(),
            "description" => company.description = text,
            "note" => company.note = text,
            "domains" => company.domains = texts(Some(value)),
            "custom_fields" => company
                .custom_fields
                .extend(value.as_object().cloned().unwrap_or_default()),
            _ => {}
        }
    }
}

/// `POST /companies`.
pub(super) fn create_company(call: &mut Call<'_>) -> Outcome {
    let (fields, _) = call.fields(shape::COMPANY)?;
    let Some(name) = fields.get("name").and_then(Value::as_str) else {
        return Err(Refusal::invalid("name", "It should be a/an String", "missing_field").noted());
    };
    if call
        .state
        .companies
        .values()
        .any(|company| company.name.eq_ignore_ascii_case(name))
    {
        let mut refusal = Refusal::invalid("name", "It should be a unique value", "duplicate_value");
        refusal.status = 409;
        return Err(refusal);
    }
    let mut company = Company {
        id: call.state.fresh_id(),
        created_at: call.now,
        updated_at: call.now,
        ..Company::default()
    };
    fill_company(&mut company, &fields);
    let shown = Show::company(&company);
    call.state.companies.insert(company.id, company);
    call.state.changed();
    Ok(Answer::of(201, shown))
}

/// `PUT /companies/{id}`.
pub(super) fn update_company(call: &mut Call<'_>) -> Outcome {
    let (fields, _) = call.fields(shape::COMPANY)?;
    let (id, now) = (call.id(), call.now);
    let company = call.state.companies.get_mut(&id).ok_or_else(Refusal::not_found)?;
    fill_company(company, &fields);
    company.updated_at = now;
    let shown = Show::company(company);
    call.state.changed();
    Ok(Answer::ok(shown))
}

/// `GET /agents`.
pub(super) fn agents(call: &mut Call<'_>) -> Outcome {
    call.only(&["email", "mobile", "phone", "state", "page", "per_page"])?;
    let email = call.param("email");
    let show = call.show();
    let found = call.state.agents.values().filter(|agent| {
        !agent.deactivated && email.is_none_or(|email| agent.email.eq_ignore_ascii_case(email))
    });
    call.page_of(found.map(|agent| show.agent(agent, false)))
}

/// `GET /agents/me`: whose key it is.
pub(super) fn me(call: &mut Call<'_>) -> Outcome {
    call.bare()?;
    let found = call.state.agents.get(&call.agent);
    found
        .map(|agent| Answer::ok(call.show().agent(agent, true)))
        .ok_or_else(Refusal::not_found)
}

/// `GET /agents/{id}`.
pub(super) fn agent(call: &mut Call<'_>) -> Outcome {
    call.bare()?;
    let found = call.state.agents.get(&call.id());
    found
        .map(|agent| Answer::ok(call.show().agent(agent, true)))
        .ok_or_else(Refusal::not_found)
}

/// `GET /groups`.
pub(super) fn groups(call: &mut Call<'_>) -> Outcome {
    call.only(&["page", "per_page"])?;
    call.page_of(call.state.groups.values().map(Show::group))
}

/// `GET /groups/{id}`.
pub(super) fn group(call: &mut Call<'_>) -> Outcome {
    call.bare()?;
    let found = call.state.groups.get(&call.id());
    found
        .map(|group| Answer::ok(Show::group(group)))
        .ok_or_else(Refusal::not_found)
}

/// Ratings of one ticket, or of all since an instant.
pub(super) fn ratings(call: &mut Call<'_>, route: Route) -> Outcome {
    let show = call.show();
    if route == Route::TicketRatings {
        call.only(&["page", "per_page"])?;
        let ticket = call.state.ticket(call.id()).ok_or_else(Refusal::not_found)?;
        return call.page_of(ticket.ratings.iter().map(|rating| show.rating(ticket, rating)));
    }
    call.only(&["created_since", "user_id", "page", "per_page"])?;
    let since = call.param("created_since").and_then(instant);
    let rated = call
        .state
        .tickets
        .values()
        .flat_map(|ticket| ticket.ratings.iter().map(move |rating| (ticket, rating)));
    let wanted = rated.filter(|(_, rating)| since.is_none_or(|since| rating.created_at >= since));
    call.page_of(wanted.map(|(ticket, rating)| show.rating(ticket, rating)))
}

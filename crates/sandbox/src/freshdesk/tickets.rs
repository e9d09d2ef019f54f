//! Tickets and what is said in them: made, shown, changed.

use serde_json::{Map, Value, json};

use super::call::{Answer, Body, Call, Outcome};
use super::html;
use super::json::{SOURCES, Within};
use super::list::includes;
use super::model::{Contact, CustomField, MailKind, Performer, source};
use super::shape::{self, Refusal, error};
use super::state::{NewTicket, Saying};

/// `POST /tickets`.
pub(super) fn create(call: &mut Call<'_>) -> Outcome {
    let form = matches!(call.body, Body::Form(..));
    let (mut fields, files) = call.fields(shape::CREATE_TICKET)?;
    valid(call, &fields)?;
    let related = ids(fields.get("related_ticket_ids"));
    if related.iter().any(|id| !call.state.tickets.contains_key(id)) {
        let message = "Tracker ticket can't be created as related_ticket_ids are invalid";
        return Err(Refusal::flat(400, "cannot_create_tracker", message));
    }
    let parent = fields.get("parent_id").and_then(Value::as_u64);
    if parent.is_some_and(|id| !call.state.tickets.contains_key(&id)) {
        return Err(Refusal::invalid(
            "parent_id",
            "There is no ticket matching the given parent_id",
            "invalid_value",
        ));
    }
    let requester_id = requester(call, &fields)?;
    clean(call, &mut fields, "description");
    settle_custom(call, &mut fields);
    let new = NewTicket {
        requester_id,
        source: source::PORTAL,
        fields,
        files,
        ..NewTicket::default()
    };
    let id = call
        .state
        .open_ticket(new, Performer::Agent(call.agent), call.now);
    associate(call, id, parent, related);
    let shown = shown(call, id, Within::Created, form);
    let location = format!("{}/api/v2/tickets/{id}", call.base);
    Ok(Answer::of(201, shown).with("location", location))
}

fn associate(call: &mut Call<'_>, id: u64, parent: Option<u64>, related: Vec<u64>) {
    let now = call.now;
    if let Some(parent) = parent {
        call.state.amend(parent, now, |ticket| {
            ticket.association_type = Some(1);
            ticket.associated.push(id);
        });
        call.state.amend(id, now, |ticket| {
            ticket.association_type = Some(2);
            ticket.associated.push(parent);
        });
    }
    if !related.is_empty() {
        for other in &related {
            call.state.amend(*other, now, |ticket| {
                ticket.association_type = Some(4);
                ticket.associated.push(id);
            });
        }
        call.state.amend(id, now, |ticket| {
            ticket.association_type = Some(3);
            ticket.associated = related;
        });
    }
}

/// A ticket as the call answers it that made or changed it; a ticket made by a form comes without its kind of
/// association.
fn shown(call: &Call<'_>, id: u64, within: Within, form: bool) -> Value {
    let ticket = call.state.ticket(id);
    let mut shown = ticket
        .map(|ticket| call.show().ticket(ticket, within, &[]))
        .unwrap_or_default();
    if let (true, Some(map)) = (form, shown.as_object_mut()) {
        map.shift_remove("association_type");
    }
    shown
}

/// `POST /tickets/outbound_email`: mails the customer.
pub(super) fn outbound(call: &mut Call<'_>) -> Outcome {
    let form = matches!(call.body, Body::Form(..));
    let (mut fields, files) = call.fields(shape::OUTBOUND)?;
    valid(call, &fields)?;
    if fields.get("email_config_id").and_then(Value::as_u64) != Some(call.state.email_config) {
        let message = "There is no email_config matching the given email_config_id";
        return Err(Refusal::invalid("email_config_id", message, "invalid_value"));
    }
    let requester_id = requester(call, &fields)?;
    clean(call, &mut fields, "description");
    settle_custom(call, &mut fields);
    fields.entry("status").or_insert_with(|| json!(5));
    let names = files.iter().map(|file| file.name.clone()).collect();
    let text = |name: &str| {
        fields
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let (subject, body) = (text("subject"), text("description"));
    let cc = texts(fields.get("cc_emails"));
    let new = NewTicket {
        requester_id,
        source: source::OUTBOUND_EMAIL,
        support_email: Some(call.state.options.support_email.clone()),
        fields,
        files,
        ..NewTicket::default()
    };
    let id = call
        .state
        .open_ticket(new, Performer::Agent(call.agent), call.now);
    let to = call.state.email_of(requester_id).into_iter().collect();
    call.state.mails.push(super::model::Mail {
        at: call.now,
        why: MailKind::Outbound,
        ticket_id: id,
        conversation_id: None,
        to,
        cc,
        bcc: Vec::new(),
        subject,
        body,
        attachments: names,
    });
    let shown = shown(call, id, Within::Created, form);
    let location = format!("{}/api/v2/tickets/{id}", call.base);
    Ok(Answer::of(201, shown).with("location", location))
}

/// The contact that a body names; made if it is new.
fn requester(call: &mut Call<'_>, fields: &Map<String, Value>) -> Result<u64, Refusal> {
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    if let Some(id) = fields.get("requester_id").and_then(Value::as_u64) {
        let agent = call
            .state
            .agents
            .get(&id)
            .map(|agent| (agent.email.clone(), agent.name.clone()));
        return match agent {
            Some((email, name)) => Ok(call.state.contact_of_email(&email, Some(&name), call.now)),
            None => Ok(id),
        };
    }
    if let Some(email) = text("email") {
        return Ok(call.state.contact_of_email(email, text("name"), call.now));
    }
    if let Some(phone) = text("phone") {
        return Ok(call.state.contact_of_phone(phone, text("name"), call.now));
    }
    if let Some(external) = text("unique_external_id") {
        let is = |contact: &&Contact| contact.unique_external_id.as_deref() == Some(external);
        if let Some(known) = call.state.contacts.values().find(is) {
            return Ok(known.id);
        }
        let contact = Contact {
            name: text("name").unwrap_or(external).to_owned(),
            unique_external_id: Some(external.to_owned()),
            ..Contact::default()
        };
        return Ok(call.state.add_contact(contact, call.now));
    }
    let message = "One of these fields must be present: requester_id, phone, email, twitter_id, facebook_id, unique_external_id";
    Err(Refusal::invalid("requester_id", message, "missing_field").noted())
}

/// Holds values against what the account knows.
pub(super) fn valid(call: &Call<'_>, fields: &Map<String, Value>) -> Result<(), Refusal> {
    let state = &call.state;
    let mut errors = Vec::new();
    let mut refuse = |field: &str, message: &str, code: &str| errors.push(error(field, message, code));
    let number = |name: &str| fields.get(name).and_then(Value::as_i64);
    let id = |name: &str| fields.get(name).and_then(Value::as_u64);
    let one_of = |codes: &[i64]| {
        let mut codes = codes.to_vec();
        codes.sort_unstable();
        let listed = codes
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(",");
        format!("It should be one of these values: '{listed}'")
    };
    let statuses: Vec<i64> = state.statuses.iter().map(|(code, ..)| *code).collect();
    if number("status").is_some_and(|code| !statuses.contains(&code)) {
        refuse("status", &one_of(&statuses), "invalid_value");
    }
    if number("priority").is_some_and(|code| !(1..=4).contains(&code)) {
        refuse("priority", &one_of(&[1, 2, 3, 4]), "invalid_value");
    }
    let own = state.options.unknowns.sources.iter().map(|(_, code)| *code);
    let sources: Vec<i64> = SOURCES.iter().map(|(_, code)| *code).chain(own).collect();
    if number("source").is_some_and(|code| !sources.contains(&code)) {
        refuse("source", &one_of(&sources), "invalid_value");
    }
    if let Some(kind) = fields.get("type").and_then(Value::as_str)
        && !state.types.iter().any(|known| known == kind)
    {
        let message = format!("It should be one of these values: '{}'", state.types.join(","));
        refuse("type", &message, "invalid_value");
    }
    let references = [
        (
            "group_id",
            id("group_id").is_none_or(|id| state.groups.contains_key(&id)),
            "group",
        ),
        (
            "responder_id",
            id("responder_id").is_none_or(|id| state.agents.contains_key(&id)),
            "agent",
        ),
        (
            "company_id",
            id("company_id").is_none_or(|id| state.companies.contains_key(&id)),
            "company",
        ),
        (
            "requester_id",
            id("requester_id")
                .is_none_or(|id| state.contacts.contains_key(&id) || state.agents.contains_key(&id)),
            "contact",
        ),
    ];
    for (field, known, what) in references {
        if !known {
            refuse(
                field,
                &format!("There is no {what} matching the given {field}"),
                "invalid_value",
            );
        }
    }
    for name in ["email"] {
        if fields
            .get(name)
            .and_then(Value::as_str)
            .is_some_and(|text| !is_address(text))
        {
            refuse(
                name,
                "It should be in the 'valid email address' format",
                "invalid_value",
            );
        }
    }
    for (name, value) in fields
        .get("custom_fields")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        match state.custom_fields.iter().find(|field| field.name == *name) {
            None => refuse(name, "Unexpected/invalid field in request", "invalid_field"),
            Some(field) if !custom_fits(field, value) => {
                refuse(
                    &format!("custom_fields.{name}"),
                    "The value is not of the field's type",
                    "datatype_mismatch",
                );
            }
            Some(_) => {}
        }
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Refusal::invalids(&errors))
    }
}

pub(super) fn is_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, domain)| {
        !name.is_empty() && domain.contains('.') && !text.chars().any(|c| c.is_whitespace() || c == '<')
    })
}

fn custom_fits(field: &CustomField, value: &Value) -> bool {
    if value.is_null() {
        return true;
    }
    match field.kind.as_str() {
        "custom_number" => value.is_i64() || value.as_str().is_some_and(|text| text.parse::<i64>().is_ok()),
        "custom_checkbox" => {
            value.is_boolean() || value.as_str().is_some_and(|text| text.parse::<bool>().is_ok())
        }
        "custom_dropdown" => field
            .choices
            .as_array()
            .is_some_and(|choices| choices.contains(value)),
        "custom_decimal" => value.is_number() || value.is_string(),
        _ => value.is_string(),
    }
}

/// Custom values as the account keeps them: a decimal as text, a number as a number, a tick as a flag.
fn settle_custom(call: &Call<'_>, fields: &mut Map<String, Value>) {
    let Some(values) = fields.get_mut("custom_fields").and_then(Value::as_object_mut) else {
        return;
    };
    for (name, value) in values {
        let field = call.state.custom_fields.iter().find(|field| field.name == *name);
        let kept = match (field.map(|field| field.kind.as_str()), &*value) {
            (Some("custom_number"), Value::String(text)) => text.parse::<i64>().ok().map(Value::from),
            (Some("custom_decimal"), Value::Number(number)) => {
                let text = number.to_string();
                Some(Value::from(if text.contains('.') {
                    text
                } else {
                    format!("{text}.0")
                }))
            }
            (Some("custom_checkbox"), Value::String(text)) => text.parse::<bool>().ok().map(Value::from),
            _ => None,
        };
        if let Some(kept) = kept {
            *value = kept;
        }
    }
}

fn clean(call: &Call<'_>, fields: &mut Map<String, Value>, name: &str) {
    if let Some(Value::String(text)) = fields.get_mut(name) {
        *text = html::cleaned(text, call.state.options.unknowns.keeps_comments);
    }
}

pub(super) fn texts(value: Option<&Value>) -> Vec<String> {
    let list = value
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    list.iter()
        .filter_map(Value::as_str)
        .map(ToOwned::to_owned)
        .collect()
}

pub(super) fn ids(value: Option<&Value>) -> Vec<u64> {
    let list = value
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    list.iter().filter_map(Value::as_u64).collect()
}

/// Is that ticket there for calls that read or change it?
fn there(call: &Call<'_>, deleted_too: bool) -> Result<u64, Refusal> {
    let id = call.id();
    match call.state.ticket(id) {
        Some(ticket) if !ticket.archived && (deleted_too || !ticket.deleted) => {
            if call.state.sees(call.agent, ticket) {
                Ok(id)
            } else {
                Err(denied())
            }
        }
        _ => Err(Refusal::not_found()),
    }
}

/// Not for this agent.
pub(super) fn denied() -> Refusal {
    Refusal::flat(
        403,
        "access_denied",
        "You are not authorized to perform this action.",
    )
}

/// `GET /tickets/{id}`.
pub(super) fn view(call: &mut Call<'_>) -> Outcome {
    call.only(&["include"])?;
    let include = includes(call, &["conversations", "requester", "company", "stats"])?;
    let id = there(call, call.state.options.unknowns.deleted_is_shown)?;
    let ticket = call.state.ticket(id).cloned().ok_or_else(Refusal::not_found)?;
    Ok(Answer::ok(call.show().ticket(&ticket, Within::View, &include)))
}

/// `GET /tickets/archived/{id}`: only on plans that have it.
pub(super) fn archived(call: &mut Call<'_>) -> Outcome {
    call.only(&["include"])?;
    if !call.state.options.archive_readable {
        return Err(denied());
    }
    let include = includes(call, &["conversations", "requester", "company", "stats"])?;
    let ticket = call
        .state
        .ticket(call.id())
        .filter(|ticket| ticket.archived)
        .cloned();
    let ticket = ticket.ok_or_else(Refusal::not_found)?;
    Ok(Answer::ok(call.show().ticket(&ticket, Within::View, &include)))
}

/// `PUT /tickets/{id}`.
pub(super) fn update(call: &mut Call<'_>) -> Outcome {
    let (mut fields, files) = call.fields(shape::UPDATE_TICKET)?;
    let id = there(call, false)?;
    valid(call, &fields)?;
    if ["email", "phone", "unique_external_id"]
        .iter()
        .any(|name| fields.contains_key(*name))
    {
        let requester_id = requester(call, &fields)?;
        fields.insert("requester_id".to_owned(), json!(requester_id));
    }
    clean(call, &mut fields, "description");
    settle_custom(call, &mut fields);
    call.state
        .update(id, &fields, files, Performer::Agent(call.agent), call.now);
    Ok(Answer::ok(shown(call, id, Within::Updated, false)))
}

/// `DELETE /tickets/{id}`.
pub(super) fn delete(call: &mut Call<'_>) -> Outcome {
    call.bare()?;
    let id = there(call, false)?;
    call.state.delete(id, Performer::Agent(call.agent), call.now);
    Ok(Answer::empty())
}

/// `PUT /tickets/{id}/restore`.
pub(super) fn restore(call: &mut Call<'_>) -> Outcome {
    call.bare()?;
    let id = there(call, true)?;
    if call.state.ticket(id).is_some_and(|ticket| !ticket.deleted) {
        return Err(Refusal::not_found());
    }
    call.state.restore(id, Performer::Agent(call.agent), call.now);
    Ok(Answer::empty())
}

/// Who speaks: the key's agent, or another one it names.
fn speaker(call: &Call<'_>, fields: &Map<String, Value>) -> Result<u64, Refusal> {
    match fields.get("user_id").and_then(Value::as_u64) {
        Some(id) if call.state.agents.contains_key(&id) || call.state.contacts.contains_key(&id) => Ok(id),
        Some(_) => Err(Refusal::invalid(
            "user_id",
            "There is no user matching the given user_id",
            "invalid_value",
        )),
        None => Ok(call.agent),
    }
}

fn body_of(call: &Call<'_>, fields: &Map<String, Value>) -> String {
    let body = fields.get("body").and_then(Value::as_str).unwrap_or_default();
    html::cleaned(body, call.state.options.unknowns.keeps_comments)
}

/// `POST /tickets/{id}/reply`: mails the customer at once.
pub(super) fn reply(call: &mut Call<'_>) -> Outcome {
    let (fields, files) = call.fields(shape::REPLY)?;
    let id = there(call, false)?;
    if call
        .state
        .agents
        .get(&call.agent)
        .is_some_and(|agent| agent.kind == "collaborator")
    {
        return Err(denied());
    }
    let agent = speaker(call, &fields)?;
    let body = body_of(call, &fields);
    let Some(mut saying) = call.state.reply(id, agent, body, files) else {
        let message = "The requester has no email address to reply to";
        return Err(Refusal::flat(400, "inconsistent_state", message));
    };
    saying.cc = texts(fields.get("cc_emails"));
    saying.bcc = texts(fields.get("bcc_emails"));
    if let Some(from) = fields.get("from_email").and_then(Value::as_str) {
        if from != call.state.options.support_email {
            let message = "There is no reply email matching the given from_email";
            return Err(Refusal::invalid("from_email", message, "invalid_value"));
        }
        saying.from = Some(from.to_owned());
    }
    said(call, id, saying)
}

/// `POST /tickets/{id}/notes`.
pub(super) fn note(call: &mut Call<'_>) -> Outcome {
    let (fields, files) = call.fields(shape::NOTE)?;
    let id = there(call, false)?;
    let agent = speaker(call, &fields)?;
    let flag = |name: &str, default: bool| fields.get(name).and_then(Value::as_bool).unwrap_or(default);
    let mut saying = call
        .state
        .note(id, agent, body_of(call, &fields), flag("private", true));
    saying.incoming = flag("incoming", false);
    saying.files = files;
    let notified = texts(fields.get("notify_emails"));
    if !notified.is_empty() {
        saying.to = notified;
        saying.mail = Some(MailKind::NoteNotification);
    }
    said(call, id, saying)
}

/// `POST /tickets/{id}/forward`.
pub(super) fn forward(call: &mut Call<'_>) -> Outcome {
    let (fields, files) = call.fields(shape::FORWARD)?;
    let id = there(call, false)?;
    let to = texts(fields.get("to_emails"));
    let saying = Saying {
        body: body_of(call, &fields),
        private: true,
        user_id: Some(call.agent),
        source: 8,
        category: 6,
        to: to.clone(),
        from: Some(call.state.options.support_email.clone()),
        cc: texts(fields.get("cc_emails")),
        bcc: texts(fields.get("bcc_emails")),
        files,
        mail: Some(MailKind::Forward),
        ..Saying::default()
    };
    call.state
        .amend(id, call.now, |ticket| ticket.fwd_emails.extend(to));
    said(call, id, saying)
}

fn said(call: &mut Call<'_>, id: u64, saying: Saying) -> Outcome {
    let agent = call.agent;
    let conversation = call.state.say(id, saying, Performer::Agent(agent), call.now);
    let ticket = call.state.ticket(id).cloned().ok_or_else(Refusal::not_found)?;
    let said = ticket
        .conversations
        .iter()
        .find(|said| Some(said.id) == conversation);
    let shown = said.map(|said| call.show().said(said));
    Ok(Answer::of(201, shown.unwrap_or_default()))
}

/// `GET /tickets/{id}/conversations`.
pub(super) fn conversations(call: &mut Call<'_>) -> Outcome {
    call.only(&["page", "per_page"])?;
    let id = there(call, call.state.options.unknowns.deleted_is_shown)?;
    let ticket = call.state.ticket(id).cloned().ok_or_else(Refusal::not_found)?;
    let show = call.show();
    call.page_of(ticket.conversations.iter().map(|said| show.conversation(said)))
}

/// `PUT /conversations/{id}`: notes only.
pub(super) fn update_conversation(call: &mut Call<'_>) -> Outcome {
    let (fields, files) = call.fields(shape::CONVERSATION)?;
    let id = call.id();
    let found = call
        .state
        .conversation_ticket
        .get(&id)
        .copied()
        .ok_or_else(Refusal::not_found)?;
    let body = body_of(call, &fields);
    if call.state.edit(id, body, files, call.agent, call.now).is_none() {
        return Err(denied());
    }
    let ticket = call.state.ticket(found).cloned().ok_or_else(Refusal::not_found)?;
    let said = ticket.conversations.iter().find(|said| said.id == id);
    Ok(Answer::ok(
        said.map(|said| call.show().said(said)).unwrap_or_default(),
    ))
}

/// `DELETE /conversations/{id}`: not what customers said.
pub(super) fn delete_conversation(call: &mut Call<'_>) -> Outcome {
    call.bare()?;
    let id = call.id();
    let ticket = call
        .state
        .conversation_ticket
        .get(&id)
        .and_then(|ticket| call.state.tickets.get(ticket));
    let said = ticket.and_then(|ticket| ticket.conversations.iter().find(|said| said.id == id));
    let said = said.ok_or_else(Refusal::not_found)?;
    if said.incoming {
        return Err(denied());
    }
    call.state.remove(id, call.agent, call.now);
    Ok(Answer::empty())
}

//! Calls that concern several tickets: merging, bulk actions and their jobs, watching, associations.

use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Outcome};
use super::deeds::Merging;
use super::html;
use super::json::{Within, signature};
use super::model::Performer;
use super::requests::Route;
use super::shape::{self, Refusal};
use super::state::Saying;
use super::tickets::{ids, valid};

/// `PUT /tickets/merge`.
pub(super) fn merge(call: &mut Call<'_>) -> Outcome {
    let (fields, _) = call.fields(shape::MERGE)?;
    let primary = fields.get("primary_id").and_then(Value::as_u64).unwrap_or(0);
    let others = ids(fields.get("ticket_ids"));
    let there = |id: &u64| {
        call.state
            .ticket(*id)
            .is_some_and(|ticket| !ticket.deleted && !ticket.archived)
    };
    if !there(&primary) {
        let message = "There is no ticket matching the given primary_id";
        return Err(Refusal::invalid("primary_id", message, "invalid_value"));
    }
    if others.is_empty() || others.contains(&primary) || !others.iter().all(there) {
        let message = "There are no tickets matching the given ticket_ids";
        return Err(Refusal::invalid("ticket_ids", message, "invalid_value"));
    }
    let agent = call.agent;
    let note = |name: &str| {
        let note = fields.get(name)?;
        Some(Saying {
            body: html::cleaned(
                note.get("body")?.as_str()?,
                call.state.options.unknowns.keeps_comments,
            ),
            private: note.get("private").and_then(Value::as_bool).unwrap_or(true),
            user_id: Some(agent),
            source: 2,
            category: 2,
            ..Saying::default()
        })
    };
    let (in_primary, in_secondary) = (note("note_in_primary"), note("note_in_secondary"));
    if fields.get("convert_recepients_to_cc").and_then(Value::as_bool) == Some(true) {
        let copied: Vec<String> = others
            .iter()
            .filter_map(|id| call.state.ticket(*id))
            .filter_map(|ticket| call.state.email_of(ticket.requester_id))
            .collect();
        call.state
            .amend(primary, call.now, |ticket| ticket.cc_emails.extend(copied));
    }
    let merging = Merging {
        primary,
        others,
        in_primary,
        in_secondary,
    };
    call.state.merge(merging, agent, call.now);
    Ok(Answer::empty())
}

/// `bulk_update` and `bulk_delete`: done at once, and told as a job.
pub(super) fn bulk(call: &mut Call<'_>, route: Route) -> Outcome {
    let (fields, _) = call.fields(shape::BULK)?;
    let action = fields
        .get("bulk_action")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    let chosen = ids(action.get("ids"));
    if chosen.is_empty() {
        return Err(Refusal::invalid("ids", "It should be a/an Array", "missing_field").noted());
    }
    let who = Performer::Agent(call.agent);
    let empty = Map::new();
    let properties = action
        .get("properties")
        .and_then(Value::as_object)
        .unwrap_or(&empty);
    valid(call, properties)?;
    let reply = action
        .get("reply")
        .and_then(|reply| reply.get("body"))
        .and_then(Value::as_str);
    for id in &chosen {
        if call.state.ticket(*id).is_none_or(|ticket| ticket.deleted) {
            continue;
        }
        if route == Route::BulkDelete {
            call.state.delete(*id, who, call.now);
            continue;
        }
        call.state.update(*id, properties, Vec::new(), who, call.now);
        let body = reply.map(|body| html::cleaned(body, call.state.options.unknowns.keeps_comments));
        if let Some(saying) = body.and_then(|body| call.state.reply(*id, call.agent, body, Vec::new())) {
            call.state.say(*id, saying, who, call.now);
        }
    }
    let job = signature(call.state.options.seed, call.state.fresh_id(), "job");
    let done = json!({"id": job, "status": "completed", "progress": 100, "download_url": null});
    call.state.jobs.insert(job.clone(), done);
    let href = format!("{}/api/v2/jobs/{job}", call.base);
    Ok(Answer::of(
        call.state.options.unknowns.bulk_status,
        json!({"job_id": job, "href": href}),
    ))
}

/// `GET /jobs/{id}`.
pub(super) fn job(call: &mut Call<'_>) -> Outcome {
    call.bare()?;
    let job = call.ids.first().and_then(|id| call.state.jobs.get(id));
    job.map(|job| Answer::ok(job.clone()))
        .ok_or_else(Refusal::not_found)
}

/// Who watches a ticket; beginning and ending it.
pub(super) fn watch(call: &mut Call<'_>, route: Route) -> Outcome {
    let id = call.id();
    let watchers = call
        .state
        .ticket(id)
        .map(|ticket| ticket.watchers.clone())
        .ok_or_else(Refusal::not_found)?;
    match route {
        Route::Watch => {
            let (fields, _) = call.fields(shape::WATCH)?;
            let agent = fields
                .get("user_id")
                .and_then(Value::as_u64)
                .unwrap_or(call.agent);
            if !call.state.agents.contains_key(&agent) {
                let message = "There is no agent matching the given user_id";
                return Err(Refusal::invalid("user_id", message, "invalid_value"));
            }
            if !watchers.contains(&agent) {
                call.state
                    .amend(id, call.now, |ticket| ticket.watchers.push(agent));
            }
            Ok(Answer::empty())
        }
        Route::Unwatch => {
            call.bare()?;
            let agent = call.agent;
            call.state.amend(id, call.now, |ticket| {
                ticket.watchers.retain(|watcher| *watcher != agent);
            });
            Ok(Answer::empty())
        }
        _ => {
            call.bare()?;
            Ok(Answer::ok(json!({"watcher_ids": watchers})))
        }
    }
}

/// `GET /tickets/{id}/associated_tickets`.
pub(super) fn associated(call: &mut Call<'_>) -> Outcome {
    call.only(&["page", "per_page"])?;
    let ticket = call
        .state
        .ticket(call.id())
        .cloned()
        .ok_or_else(Refusal::not_found)?;
    let show = call.show();
    let others = ticket.associated.iter().filter_map(|id| call.state.ticket(*id));
    call.page_of(others.map(|ticket| show.ticket(ticket, Within::List, &[])))
}

//! What an account is set up with: fields, policies, hours, and the small lists.

use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Outcome};
use super::json::{SOURCES, Show, time};
use super::shape::Refusal;

/// `GET /ticket_fields`: choices in every shape that recordings have.
pub(super) fn ticket_fields(call: &mut Call<'_>) -> Outcome {
    call.only(&["type"])?;
    let state = &*call.state;
    let named = |pairs: Vec<(String, Value)>| Value::Object(pairs.into_iter().collect::<Map<_, _>>());
    let statuses = state
        .statuses
        .iter()
        .map(|(code, agents, customers)| (code.to_string(), json!([agents, customers])));
    let sources = SOURCES
        .iter()
        .map(|(label, code)| ((*label).to_owned(), json!(code)));
    let own_sources = state
        .options
        .unknowns
        .sources
        .iter()
        .map(|(label, code)| (label.clone(), json!(code)));
    let priorities = ["Low", "Medium", "High", "Urgent"].into_iter().zip(1..);
    let groups = state
        .groups
        .values()
        .map(|group| (group.name.clone(), json!(group.id)));
    let agents = state
        .agents
        .values()
        .map(|agent| (agent.name.clone(), json!(agent.id)));
    let products = state.products.iter().map(|(id, name)| (name.clone(), json!(id)));
    let defaults: [(&str, &str, &str, Option<Value>); 13] = [
        ("requester", "Search a requester", "default_requester", None),
        ("subject", "Subject", "default_subject", None),
        (
            "ticket_type",
            "Type",
            "default_ticket_type",
            Some(json!(state.types)),
        ),
        (
            "source",
            "Source",
            "default_source",
            Some(named(sources.chain(own_sources).collect())),
        ),
        (
            "status",
            "Status",
            "default_status",
            Some(named(statuses.collect())),
        ),
        (
            "priority",
            "Priority",
            "default_priority",
            Some(named(
                priorities
                    .map(|(label, code)| (label.to_owned(), json!(code)))
                    .collect(),
            )),
        ),
        ("group", "Group", "default_group", Some(named(groups.collect()))),
        ("agent", "Agent", "default_agent", Some(named(agents.collect()))),
        ("internal_group", "Internal Group", "default_internal_group", None),
        ("internal_agent", "Internal Agent", "default_internal_agent", None),
        (
            "product",
            "Product",
            "default_product",
            Some(named(products.collect())),
        ),
        ("description", "Description", "default_description", None),
        ("company", "Company", "default_company", None),
    ];
    let own = state.custom_fields.iter().map(|field| {
        let choices = (!field.choices.is_null()).then(|| field.choices.clone());
        (
            field.name.as_str(),
            field.label.as_str(),
            field.kind.as_str(),
            choices,
        )
    });
    let shown = defaults.into_iter().chain(own).enumerate().map(|(at, (name, label, kind, choices))| {
        let default = kind.starts_with("default_");
        let mut shown = json!({
            "id": 103_000_278_654_u64 + at as u64,
            "name": name,
            "label": label,
            "description": default.then(|| format!("Ticket {}", label.to_lowercase())),
            "position": at + 1,
            "required_for_closure": false,
            "required_for_agents": matches!(name, "requester" | "subject" | "status" | "priority" | "description"),
            "type": kind,
            "default": default,
            "customers_can_edit": !default,
            "customers_can_filter": false,
            "label_for_customers": label,
            "required_for_customers": matches!(name, "requester" | "subject" | "description"),
            "displayed_to_customers": true,
            "created_at": time(state.created_at),
            "updated_at": time(state.created_at),
        });
        if let Some(map) = shown.as_object_mut() {
            if let Some(choices) = choices {
                map.insert("choices".to_owned(), choices);
            }
            if name == "requester" {
                map.insert("portal_cc".to_owned(), json!(false));
                map.insert("portal_cc_to".to_owned(), json!("company"));
            }
        }
        shown
    });
    let wanted = call.param("type");
    let shown = shown.filter(|field| wanted.is_none_or(|wanted| field["type"] == wanted));
    Ok(Answer::ok(shown.collect()))
}

/// `GET /sla_policies`, in the order in which they are tried.
pub(super) fn policies(call: &mut Call<'_>) -> Outcome {
    call.only(&["page", "per_page"])?;
    let own = call.state.policies.iter().filter(|policy| !policy.is_default);
    let fallback = call.state.policies.iter().filter(|policy| policy.is_default);
    call.page_of(
        own.chain(fallback)
            .enumerate()
            .map(|(at, policy)| Show::policy(policy, at + 1)),
    )
}

/// `GET /business_hours`.
pub(super) fn all_hours(call: &mut Call<'_>) -> Outcome {
    call.only(&["page", "per_page"])?;
    call.page_of(call.state.calendars.iter().map(Show::business_hours))
}

/// `GET /business_hours/{id}`.
pub(super) fn hours(call: &mut Call<'_>) -> Outcome {
    call.bare()?;
    let id = call.id();
    let found = call.state.calendars.iter().find(|hours| hours.id == id);
    found
        .map(|hours| Answer::ok(Show::business_hours(hours)))
        .ok_or_else(Refusal::not_found)
}

/// `GET /surveys`.
pub(super) fn surveys(call: &mut Call<'_>) -> Outcome {
    call.only(&["state", "page", "per_page"])?;
    let survey = json!({
        "id": call.state.email_config + 3,
        "title": "How was our service?",
        "active": true,
        "questions": [{
            "id": "default_question",
            "label": "How would you rate your overall satisfaction?",
            "accepted_ratings": [103, 100, -103],
            "default": true,
        }],
        "created_at": time(call.state.created_at),
        "updated_at": time(call.state.created_at),
    });
    Ok(Answer::ok(json!([survey])))
}

/// `GET /products`.
pub(super) fn products(call: &mut Call<'_>) -> Outcome {
    call.only(&["page", "per_page"])?;
    let created_at = time(call.state.created_at);
    let shown = call.state.products.iter().map(|(id, name)| {
        json!({"id": id, "name": name, "description": null, "default": false, "primary_email": null,
               "created_at": created_at, "updated_at": created_at})
    });
    call.page_of(shown)
}

/// `GET /email_configs`.
pub(super) fn email_configs(call: &mut Call<'_>) -> Outcome {
    call.only(&["page", "per_page"])?;
    let created_at = time(call.state.created_at);
    let mailbox = json!({
        "id": call.state.email_config,
        "name": call.state.options.helpdesk_name,
        "product_id": null,
        "to_email": call.state.options.support_email,
        "reply_email": call.state.options.support_email,
        "group_id": null,
        "primary_role": true,
        "active": true,
        "created_at": created_at,
        "updated_at": created_at,
    });
    call.page_of(std::iter::once(mailbox))
}

/// `GET /roles`.
pub(super) fn roles(call: &mut Call<'_>) -> Outcome {
    call.only(&["page", "per_page"])?;
    let created_at = time(call.state.created_at);
    let role = json!({
        "id": call.state.email_config + 2,
        "name": "Agent",
        "description": "Can log, view, reply, update and resolve tickets and manage contacts.",
        "default": true,
        "agent_type": 1,
        "created_at": created_at,
        "updated_at": created_at,
    });
    call.page_of(std::iter::once(role))
}

//! What the helpdesk's key may do, found by asking.

use hammerdesk_freshdesk::{self as fd, AgentKind, Client, ContactQuery, TicketQuery, TicketScope};

use crate::config::FreshdeskSection;

/// Each thing that was tried, and whether it is as it should be. Nothing is changed over there.
pub(super) async fn look(section: &FreshdeskSection) -> Vec<(bool, String)> {
    let client = match section.client() {
        Ok(client) => client.for_person(),
        Err(error) => return vec![(false, error.to_string())],
    };
    let mut found = Vec::new();
    match client.me().await {
        Ok(me) => found.extend(about(&me)),
        Err(error) if error.is_unauthorised() => {
            found.push((
                false,
                "the key is not taken; copy it from the agent's profile again (an occasional agent's is reset each night)"
                    .to_owned(),
            ));
            return found;
        }
        Err(error) if error.is_forbidden() => {
            found.push((true, "whose key it is may not be asked with it".to_owned()));
        }
        Err(error) => {
            found.push((false, format!("cannot be reached: {error}; check freshdesk.url")));
            return found;
        }
    }
    found.extend(may(&client).await);
    if section.webhook_secret.is_none() {
        found.push((
            true,
            "takes no webhooks, so changes are seen only when it is polled; set freshdesk.webhook_secret"
                .to_owned(),
        ));
    }
    found
}

async fn may(client: &Client) -> Vec<(bool, String)> {
    let newest = TicketQuery {
        order: fd::TicketOrder::NewestFirst,
        per_page: 1,
        ..TicketQuery::default()
    };
    let tries = [
        ("tickets", true, client.tickets(&newest).await.err()),
        (
            "contacts",
            true,
            client.contacts(&ContactQuery::default()).await.err(),
        ),
        ("agents", true, client.agents().await.err()),
        ("groups", true, client.groups().await.err()),
        ("ticket fields", false, client.ticket_fields().await.err()),
        ("companies", false, client.companies(1).await.err()),
    ];
    let (allowed, refused): (Vec<_>, Vec<_>) = tries.into_iter().partition(|(.., error)| error.is_none());
    let mut found = Vec::new();
    if !allowed.is_empty() {
        let names: Vec<&str> = allowed.iter().map(|(name, ..)| *name).collect();
        found.push((true, format!("the key may read {}", names.join(", "))));
    }
    for (name, is_needed, error) in refused {
        let why = error.map(|error| error.to_string()).unwrap_or_default();
        let says = if is_needed {
            format!("the key may not read {name} ({why}); give its agent a role that may")
        } else {
            format!("the key may not read {name} ({why}); what needs them is left out")
        };
        found.push((!is_needed, says));
    }
    let limit = client.rate().account;
    if limit.is_known {
        found.push((
            true,
            format!(
                "{} calls {}, of which {} for work in the background",
                limit.limit,
                if limit.window.as_secs() > 60 {
                    "an hour"
                } else {
                    "a minute"
                },
                limit.background_limit
            ),
        ));
    }
    found
}

/// What an agent's profile says of what its key is good for.
fn about(me: &fd::Agent) -> Vec<(bool, String)> {
    let name = me
        .contact
        .as_ref()
        .and_then(|contact| contact.name.as_ref())
        .map_or("an agent without a name", |name| name.as_str());
    let mut found = vec![(true, format!("the key is that of {name}"))];
    if me.deactivated == Some(true) {
        found.push((false, "that agent is deactivated".to_owned()));
    }
    if matches!(me.kind, Some(AgentKind::Collaborator)) {
        found.push((
            false,
            "that agent is a collaborator, who cannot reply to customers; use a full agent".to_owned(),
        ));
    }
    if me.occasional == Some(true) {
        found.push((
            false,
            "that agent is occasional: its key is reset each night; make it full-time".to_owned(),
        ));
    }
    match me.ticket_scope {
        Some(TicketScope::Group | TicketScope::Restricted) => found.push((
            false,
            "that agent sees only some tickets, so others would be missing; give it global access".to_owned(),
        )),
        Some(_) => found.push((true, "that agent sees every ticket".to_owned())),
        None => {}
    }
    found
}

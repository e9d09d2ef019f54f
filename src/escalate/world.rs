//! What a decision about one escalation looks at, as the store knows it at that moment.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use hammerdesk_domain::escalation::model::{ClientFacts, Matched};
use hammerdesk_domain::escalation::{Desk, Escalation};
use hammerdesk_domain::ids::{LocationId, PersonId};
use hammerdesk_domain::model::Client;
use hammerdesk_store::{StoreError, View};

/// The clients that an escalation may be about, and who had the last one of theirs.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    pub(super) clients: Vec<Client>,
    pub(super) facts: Vec<ClientFacts>,
    pub(super) last_handler: Option<PersonId>,
}

impl Known {
    pub(super) async fn look(view: &mut View, escalation: &Escalation) -> Result<Self, StoreError> {
        let mut known = Self::default();
        for no in escalation.matched.clients() {
            if let Some(client) = view.client(no).await? {
                known.facts.push(ClientFacts::of(&client));
                known.clients.push(client);
            }
        }
        if let Matched::Found(client) = &escalation.matched {
            known.last_handler = view.last_handler(client, escalation.id()).await?;
        }
        Ok(known)
    }
}

/// Where there is a sale on that day.
pub(super) fn sales_at(desk: &Desk, now: DateTime<Utc>) -> BTreeSet<LocationId> {
    desk.rotas()
        .filter(|rota| rota.is_sale_day(now))
        .map(|rota| rota.location.clone())
        .collect()
}

//! Where in chat an escalation stands, and who of those asked reads there.

use hammerdesk_commands::escalate::card::may_read;
use hammerdesk_commands::settings::Settings;
use hammerdesk_domain::access::{Asker, Permission};
use hammerdesk_domain::chat::Channel;
use hammerdesk_domain::escalation::Escalation;
use hammerdesk_domain::ids::LocationId;
use hammerdesk_domain::model::{Client, Confidentiality};

use crate::bridge::readers_of;

/// A channel, and whether everybody in it may know whom the escalation is about.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) channel: Channel,
    pub(super) readers: Asker,
    /// Not everybody may: what stands there names nobody and nothing.
    pub(super) is_bare: bool,
}

impl Place {
    pub(super) fn at(channel: Channel, escalation: &Escalation, clients: &[Client]) -> Self {
        let readers = readers_of(&channel);
        let is_bare = !channel.is_internal() || !may_read(&readers, escalation, clients);
        Self {
            channel,
            readers,
            is_bare,
        }
    }

    /// The best place: where everybody may know; the saleroom's own before one for all. Whatever there is
    /// about a restricted client goes to those who may see such clients, where they have a channel.
    pub(super) fn best(
        settings: &Settings,
        escalation: &Escalation,
        clients: &[Client],
        location: Option<&LocationId>,
    ) -> Option<Self> {
        let is_restricted = clients
            .iter()
            .any(|client| client.confidentiality == Confidentiality::Restricted);
        let is_vip = clients
            .iter()
            .any(|client| client.confidentiality == Confidentiality::Vip);
        settings
            .channels()
            .into_iter()
            .filter(|channel| channel.platforms().next().is_some())
            .map(|channel| Self::at(channel, escalation, clients))
            .min_by_key(|place| {
                let channel = &place.channel;
                let needs = |permission| channel.needs.contains(&permission);
                // Fewer read what fewer need to know.
                let is_for_few = needs(Permission::RestrictedClients) || needs(Permission::VipClients);
                (
                    place.is_bare,
                    !channel.is_internal(),
                    is_for_few != (is_restricted || is_vip),
                    match &channel.location {
                        own if own.as_ref() == location && own.is_some() => 0,
                        None => 1,
                        Some(_) => 2,
                    },
                    channel.open,
                    needs(Permission::Debtors),
                    channel.id.clone(),
                )
            })
    }
}

/// A channel in which that person reads, for those who are not in the escalation's own.
pub(super) fn where_reads(settings: &Settings, person: &Asker) -> Option<Channel> {
    settings
        .channels()
        .into_iter()
        .filter(|channel| channel.platforms().next().is_some() && channel.admits(person))
        .min_by_key(|channel| {
            (
                !channel.is_internal(),
                channel.location.is_none(),
                channel.open,
                channel.id.clone(),
            )
        })
}

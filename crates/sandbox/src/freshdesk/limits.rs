//! Calls a minute, for the account and for single routes, and webhooks an hour.
//!
//! Promises: windows are whole minutes and hours of the account's clock; every call counts, the refused too.

use chrono::{DateTime, Utc};

use super::options::Options;
use super::requests::Route;

/// What was used in the running minute and hour.
#[derive(Debug, Clone, Default)]
pub(super) struct Window {
    minute: i64,
    used: u32,
    by_route: [u32; 4],
    hour: i64,
    webhooks: u32,
}

/// What a call was charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Charge {
    pub(super) total: u32,
    pub(super) remaining: u32,
    pub(super) cost: u32,
    /// Seconds until the next window, if the call was refused.
    pub(super) refused_for: Option<u32>,
}

impl Window {
    pub(super) fn charge(
        &mut self,
        options: &Options,
        route: Option<Route>,
        cost: u32,
        now: DateTime<Utc>,
    ) -> Charge {
        let minute = now.timestamp().div_euclid(60);
        if minute != self.minute {
            self.minute = minute;
            self.used = 0;
            self.by_route = [0; 4];
        }
        let limits = &options.limits;
        self.used = self.used.saturating_add(cost);
        let mut total = limits.per_minute;
        let mut remaining = limits.per_minute.saturating_sub(self.used);
        let mut fits = self.used <= limits.per_minute;
        let own = match route {
            Some(Route::CreateTicket) => limits.ticket_create.map(|limit| (0, limit)),
            Some(Route::UpdateTicket) => limits.ticket_update.map(|limit| (1, limit)),
            Some(Route::ListTickets) => limits.ticket_list.map(|limit| (2, limit)),
            Some(Route::ListContacts) => limits.contact_list.map(|limit| (3, limit)),
            _ => None,
        };
        if let Some((at, limit)) = own {
            self.by_route[at] += 1;
            fits &= self.by_route[at] <= limit;
            if options.unknowns.total_shows_sub_limit {
                total = limit;
                remaining = limit.saturating_sub(self.by_route[at]).min(remaining);
            }
        }
        let until_next = u32::try_from(60 - now.timestamp().rem_euclid(60)).unwrap_or(60);
        Charge {
            total,
            remaining,
            cost,
            refused_for: (!fits).then_some(until_next),
        }
    }

    pub(super) fn webhook_fits(&mut self, now: DateTime<Utc>, limit: u32) -> bool {
        let fits = self.webhook_would_fit(now, limit);
        let hour = now.timestamp().div_euclid(3600);
        if hour != self.hour {
            self.hour = hour;
            self.webhooks = 0;
        }
        self.webhooks += u32::from(fits);
        fits
    }

    pub(super) const fn webhook_would_fit(&self, now: DateTime<Utc>, limit: u32) -> bool {
        now.timestamp().div_euclid(3600) != self.hour || self.webhooks < limit
    }
}

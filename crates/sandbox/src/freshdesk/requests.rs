//! What the account was asked: the routes it knows, and a record of every request with a verdict.

use chrono::{DateTime, Utc};

/// Something that can be asked of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are those of the API's documentation")]
pub enum Route {
    ListTickets,
    CreateTicket,
    OutboundTicket,
    BulkUpdate,
    BulkDelete,
    MergeTickets,
    ArchivedTicket,
    ViewTicket,
    UpdateTicket,
    DeleteTicket,
    RestoreTicket,
    Reply,
    Note,
    Forward,
    Conversations,
    TicketRatings,
    Watchers,
    Watch,
    Unwatch,
    AssociatedTickets,
    UpdateConversation,
    DeleteConversation,
    Search,
    ListContacts,
    CreateContact,
    ViewContact,
    UpdateContact,
    DeleteContact,
    ListCompanies,
    CreateCompany,
    ViewCompany,
    UpdateCompany,
    ListAgents,
    Me,
    ViewAgent,
    ListGroups,
    ViewGroup,
    TicketFields,
    SlaPolicies,
    ListBusinessHours,
    ViewBusinessHours,
    Ratings,
    Surveys,
    Products,
    EmailConfigs,
    Roles,
    Job,
    Attachment,
}

/// Method, path with `{}` for ids, route.
const TABLE: &[(&str, &str, Route)] = &[
    ("GET", "tickets", Route::ListTickets),
    ("POST", "tickets", Route::CreateTicket),
    ("POST", "tickets/outbound_email", Route::OutboundTicket),
    ("POST", "tickets/bulk_update", Route::BulkUpdate),
    ("PUT", "tickets/bulk_update", Route::BulkUpdate),
    ("POST", "tickets/bulk_delete", Route::BulkDelete),
    ("PUT", "tickets/bulk_delete", Route::BulkDelete),
    ("PUT", "tickets/merge", Route::MergeTickets),
    ("GET", "tickets/archived/{}", Route::ArchivedTicket),
    ("GET", "tickets/{}", Route::ViewTicket),
    ("PUT", "tickets/{}", Route::UpdateTicket),
    ("DELETE", "tickets/{}", Route::DeleteTicket),
    ("PUT", "tickets/{}/restore", Route::RestoreTicket),
    ("POST", "tickets/{}/reply", Route::Reply),
    ("POST", "tickets/{}/notes", Route::Note),
    ("POST", "tickets/{}/forward", Route::Forward),
    ("GET", "tickets/{}/conversations", Route::Conversations),
    ("GET", "tickets/{}/satisfaction_ratings", Route::TicketRatings),
    ("GET", "tickets/{}/watchers", Route::Watchers),
    ("POST", "tickets/{}/watch", Route::Watch),
    ("PUT", "tickets/{}/unwatch", Route::Unwatch),
    ("GET", "tickets/{}/associated_tickets", Route::AssociatedTickets),
    ("PUT", "conversations/{}", Route::UpdateConversation),
    ("DELETE", "conversations/{}", Route::DeleteConversation),
    ("GET", "search/tickets", Route::Search),
    ("GET", "contacts", Route::ListContacts),
    ("POST", "contacts", Route::CreateContact),
    ("GET", "contacts/{}", Route::ViewContact),
    ("PUT", "contacts/{}", Route::UpdateContact),
    ("DELETE", "contacts/{}", Route::DeleteContact),
    ("GET", "companies", Route::ListCompanies),
    ("POST", "companies", Route::CreateCompany),
    ("GET", "companies/{}", Route::ViewCompany),
    ("PUT", "companies/{}", Route::UpdateCompany),
    ("GET", "agents", Route::ListAgents),
    ("GET", "agents/me", Route::Me),
    ("GET", "agents/{}", Route::ViewAgent),
    ("GET", "groups", Route::ListGroups),
    ("GET", "groups/{}", Route::ViewGroup),
    ("GET", "ticket_fields", Route::TicketFields),
    ("GET", "sla_policies", Route::SlaPolicies),
    ("GET", "business_hours", Route::ListBusinessHours),
    ("GET", "business_hours/{}", Route::ViewBusinessHours),
    ("GET", "surveys/satisfaction_ratings", Route::Ratings),
    ("GET", "surveys", Route::Surveys),
    ("GET", "products", Route::Products),
    ("GET", "email_configs", Route::EmailConfigs),
    ("GET", "roles", Route::Roles),
    ("GET", "jobs/{}", Route::Job),
];

/// What a method and a path come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Resolved {
    /// A route, with the parts of the path that are ids.
    Found(Route, Vec<String>),
    /// The path is known, the method is not; these are.
    WrongMethod(String),
    /// No such path.
    Nothing,
}

/// Finds the route of a path below `/api/v2/`.
pub(super) fn resolve(method: &str, path: &str) -> Resolved {
    let parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    let mut allowed = Vec::new();
    for (known, pattern, route) in TABLE {
        let pattern: Vec<&str> = pattern.split('/').collect();
        let mut ids = Vec::new();
        let fits = pattern.len() == parts.len()
            && pattern.iter().zip(&parts).all(|(pattern, part)| {
                if *pattern == "{}" {
                    ids.push((*part).to_owned());
                    let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
                    digits || *route == Route::Job
                } else {
                    pattern == part
                }
            });
        if fits && *known == method {
            return Resolved::Found(*route, ids);
        }
        if fits {
            allowed.push(*known);
        }
    }
    if allowed.is_empty() {
        Resolved::Nothing
    } else {
        Resolved::WrongMethod(allowed.join(", "))
    }
}

/// A request that was received, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// When, by the account's clock.
    pub at: DateTime<Utc>,
    /// Method.
    pub method: String,
    /// Path with the query.
    pub path: String,
    /// The route, if there is such a one.
    pub route: Option<Route>,
    /// The body, as far as it is text; cut after 64 KiB.
    pub body: String,
    /// The status that was answered; 0 if nothing was.
    pub status: u16,
    /// Credits it cost.
    pub cost: u32,
    /// What is to be said about it.
    pub verdict: Verdict,
}

/// What is to be said about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It had the documented shape.
    Ok,
    /// It had not; the sentence says what.
    Violation(String),
    /// It was one too many.
    TooMany,
    /// It met a fault that was ordered.
    Faulted(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_route_a_wrong_method_or_nothing() {
        let found =
            |route, ids: &[&str]| Resolved::Found(route, ids.iter().map(|id| (*id).to_owned()).collect());
        assert_eq!(
            resolve("GET", "tickets/7/conversations"),
            found(Route::Conversations, &["7"])
        );
        assert_eq!(resolve("PUT", "tickets/merge"), found(Route::MergeTickets, &[]));
        assert_eq!(
            resolve("PATCH", "tickets/7"),
            Resolved::WrongMethod("GET, PUT, DELETE".to_owned())
        );
        assert_eq!(resolve("GET", "tickets/seven"), Resolved::Nothing);
        assert_eq!(resolve("GET", "helpdesk"), Resolved::Nothing);
    }
}

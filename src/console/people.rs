//! Who sits at the browser.
//!
//! The console has no passwords: it is for a desk where one person plays every role, and it is off unless
//! the config turns it on. A cookie remembers the choice; it names a person, never a permission, so that
//! what somebody may do is read from the config at each request.

use axum::http::{HeaderMap, header};
use chrono_tz::Tz;
use hammerdesk_commands::settings::Settings;
use hammerdesk_domain::access::{Asker, Permission, Scope};
use hammerdesk_domain::ids::PersonId;

const COOKIE: &str = "hammerdesk_person";

/// The person that the cookie names, if the config still knows them.
pub(super) fn seated<'a>(headers: &HeaderMap, settings: &'a Settings) -> Option<&'a Asker> {
    let cookies = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let value = cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE).then_some(value))?;
    settings
        .people
        .values()
        .find(|person| written(&person.id) == value)
}

/// The header that seats that person: only our own pages send it back, and no script reads it.
pub(super) fn seat(person: &PersonId) -> String {
    format!(
        "{COOKIE}={}; Path=/console; HttpOnly; SameSite=Strict",
        written(person)
    )
}

/// An id as a cookie may hold it: anything but letters, digits, `-` and `_` as its bytes in hex.
fn written(person: &PersonId) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let bytes = person.as_str().bytes();
    bytes
        .map(|b| {
            if plain(b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}

/// The zone in which that person reads instants: their only or first saleroom's, else UTC.
pub(super) fn zone(person: &Asker, settings: &Settings) -> Tz {
    match &person.scope {
        Scope::All => Tz::UTC,
        Scope::Only(locations) => settings.zone(locations.iter().next()),
    }
}

/// Whose accounts they may ask about, in words.
pub(super) fn scope(person: &Asker, settings: &Settings) -> String {
    match &person.scope {
        Scope::All => "all locations".to_owned(),
        Scope::Only(locations) if locations.is_empty() => "no location".to_owned(),
        Scope::Only(locations) => {
            let name = |id| {
                settings
                    .house
                    .location(id)
                    .map_or_else(|| id.as_str().to_owned(), |l| l.name.clone())
            };
            locations.iter().map(name).collect::<Vec<_>>().join(", ")
        }
    }
}

/// How their answers differ from others', in words: for the person switcher.
pub(super) fn sees(person: &Asker) -> String {
    let subjects = [
        (Permission::Balance, "balances"),
        (Permission::Release, "releases"),
        (Permission::Deposit, "deposits"),
        (Permission::Client, "clients"),
    ];
    let may: Vec<&str> = subjects
        .iter()
        .filter(|(p, _)| person.may(*p))
        .map(|(_, word)| *word)
        .collect();
    let mut out = match may.split_last() {
        None => "May ask nothing about accounts".to_owned(),
        Some((last, [])) => format!("Asks about {last}"),
        Some((last, rest)) => format!("Asks about {} and {last}", rest.join(", ")),
    };
    let reasons = if person.may(Permission::Internal) {
        "internal reasons"
    } else {
        "client-safe sentences only"
    };
    out.push_str("; reads ");
    out.push_str(reasons);
    let more = [
        (Permission::RestrictedHolds, "restricted holds"),
        (Permission::VipClients, "VIP clients"),
        (Permission::RestrictedClients, "restricted clients"),
        (Permission::ReleaseRecipient, "who collected"),
    ];
    for (_, word) in more.iter().filter(|(permission, _)| person.may(*permission)) {
        out.push_str(", ");
        out.push_str(word);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use hammerdesk_domain::access::Role;

    fn person(id: &str, permissions: &[Permission]) -> Asker {
        let role = Arc::new(Role::new("r", "R", permissions));
        Asker {
            id: PersonId::new(id),
            name: id.to_owned(),
            role,
            scope: Scope::All,
        }
    }

    #[test]
    fn a_cookie_seats_only_people_whom_the_config_knows() {
        let mut settings = Settings::default();
        for id in ["amara", "zoë; Path=/", "ann=b"] {
            settings.people.insert(PersonId::new(id), person(id, &[]));
        }
        let seated_by = |cookie: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, cookie.parse().unwrap());
            seated(&headers, &settings).map(|person| person.id.as_str().to_owned())
        };
        assert_eq!(
            seated_by("a=b; hammerdesk_person=amara"),
            Some("amara".to_owned())
        );
        assert_eq!(seated_by("hammerdesk_person=stranger"), None);
        assert_eq!(seated_by("other=amara"), None);
        for id in settings.people.keys() {
            let cookie = seat(id);
            let pair = cookie.split(';').next().unwrap();
            assert_eq!(seated_by(pair), Some(id.as_str().to_owned()));
        }
    }

    #[test]
    fn the_switcher_says_in_words_how_answers_differ() {
        use Permission::{Balance, Deposit, Internal, Release, RestrictedHolds};
        assert_eq!(
            sees(&person(
                "c",
                &[Balance, Release, Deposit, Internal, RestrictedHolds]
            )),
            "Asks about balances, releases and deposits; reads internal reasons, restricted holds"
        );
        assert_eq!(
            sees(&person("s", &[Release])),
            "Asks about releases; reads client-safe sentences only"
        );
        assert_eq!(
            sees(&person("n", &[])),
            "May ask nothing about accounts; reads client-safe sentences only"
        );
    }
}

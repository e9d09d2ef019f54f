//! Freshdesk calls time zones by the names of Ruby on Rails. Most of them are the city at the end of an IANA name;
//! the others are listed here.

use chrono_tz::{TZ_VARIANTS, Tz};

/// Names that are no IANA city, or are the city of another zone.
const NAMED: &[(&str, Tz)] = &[
    ("Abu Dhabi", Tz::Asia__Muscat),
    ("Alaska", Tz::America__Juneau),
    ("American Samoa", Tz::Pacific__Pago_Pago),
    ("Arizona", Tz::America__Phoenix),
    ("Astana", Tz::Asia__Dhaka),
    ("Atlantic Time (Canada)", Tz::America__Halifax),
    ("Beijing", Tz::Asia__Shanghai),
    ("Bern", Tz::Europe__Zurich),
    ("Brasilia", Tz::America__Sao_Paulo),
    ("Canberra", Tz::Australia__Melbourne),
    ("Cape Verde Is.", Tz::Atlantic__Cape_Verde),
    ("Central America", Tz::America__Guatemala),
    ("Central Time (US & Canada)", Tz::America__Chicago),
    ("Chatham Is.", Tz::Pacific__Chatham),
    ("Chennai", Tz::Asia__Kolkata),
    ("Eastern Time (US & Canada)", Tz::America__New_York),
    ("Edinburgh", Tz::Europe__London),
    ("Ekaterinburg", Tz::Asia__Yekaterinburg),
    ("Georgetown", Tz::America__Guyana),
    ("Greenland", Tz::America__Nuuk),
    ("Guadalajara", Tz::America__Mexico_City),
    ("Hanoi", Tz::Asia__Bangkok),
    ("Hawaii", Tz::Pacific__Honolulu),
    ("Indiana (East)", Tz::America__Indiana__Indianapolis),
    ("International Date Line West", Tz::Pacific__Midway),
    ("Islamabad", Tz::Asia__Karachi),
    ("Kyev", Tz::Europe__Kyiv),
    ("Kyiv", Tz::Europe__Kyiv),
    ("Marshall Is.", Tz::Pacific__Majuro),
    ("Mid-Atlantic", Tz::Atlantic__South_Georgia),
    ("Midway Island", Tz::Pacific__Midway),
    ("Mountain Time (US & Canada)", Tz::America__Denver),
    ("Mumbai", Tz::Asia__Kolkata),
    ("New Caledonia", Tz::Pacific__Noumea),
    ("New Delhi", Tz::Asia__Kolkata),
    ("Newfoundland", Tz::America__St_Johns),
    ("Nuku'alofa", Tz::Pacific__Tongatapu),
    ("Osaka", Tz::Asia__Tokyo),
    ("Pacific Time (US & Canada)", Tz::America__Los_Angeles),
    ("Pretoria", Tz::Africa__Johannesburg),
    ("Quito", Tz::America__Lima),
    ("Samoa", Tz::Pacific__Apia),
    ("Sapporo", Tz::Asia__Tokyo),
    ("Saskatchewan", Tz::America__Regina),
    ("Solomon Is.", Tz::Pacific__Guadalcanal),
    ("Sri Jayawardenepura", Tz::Asia__Colombo),
    ("St. Petersburg", Tz::Europe__Moscow),
    ("Tokelau Is.", Tz::Pacific__Fakaofo),
    ("Wellington", Tz::Pacific__Auckland),
    ("West Central Africa", Tz::Africa__Algiers),
];

/// Where the cities of Rails lie; other regions of IANA are old aliases.
const REGIONS: &[&str] = &[
    "Africa/",
    "America/",
    "Asia/",
    "Atlantic/",
    "Australia/",
    "Europe/",
    "Indian/",
    "Pacific/",
];

/// The zone of a Rails name such as `Eastern Time (US & Canada)` or `Magadan`, or of an IANA name.
pub fn zone_of(name: &str) -> Option<Tz> {
    let name = name.trim();
    if let Some((_, zone)) = NAMED.iter().find(|(rails, _)| rails.eq_ignore_ascii_case(name)) {
        return Some(*zone);
    }
    let city = name.replace(' ', "_");
    let by_city = TZ_VARIANTS.iter().find(|zone| {
        let iana = zone.name();
        let is_city = iana
            .rsplit_once('/')
            .is_some_and(|(_, last)| last.eq_ignore_ascii_case(&city));
        is_city && REGIONS.iter().any(|region| iana.starts_with(region))
    });
    by_city.copied().or_else(|| name.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rails_names_are_known_by_list_by_city_and_iana_names_as_they_are() {
        for (name, iana) in [
            ("Magadan", "Asia/Magadan"),
            ("Buenos Aires", "America/Argentina/Buenos_Aires"),
            ("La Paz", "America/La_Paz"),
            ("Port Moresby", "Pacific/Port_Moresby"),
            ("Eastern Time (US & Canada)", "America/New_York"),
            ("Samoa", "Pacific/Apia"),
            ("Berlin", "Europe/Berlin"),
            ("UTC", "UTC"),
            ("Hong Kong", "Asia/Hong_Kong"),
            ("Singapore", "Asia/Singapore"),
            ("America/New_York", "America/New_York"),
            (" london ", "Europe/London"),
        ] {
            assert_eq!(zone_of(name).map(Tz::name), Some(iana), "{name}");
        }
        assert_eq!(zone_of("Atlantis"), None);
        assert_eq!(zone_of(""), None);
    }

    #[test]
    fn the_list_holds_only_what_the_cities_do_not() {
        for (name, _) in NAMED {
            assert!(name.trim() == *name && !name.is_empty());
        }
        assert!(NAMED.is_sorted_by_key(|(name, _)| *name));
    }
}

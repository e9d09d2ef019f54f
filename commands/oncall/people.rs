//! Which person of the house is meant.

use hammerdesk_domain::access::Asker;
use hammerdesk_domain::ids::PersonId;
use hammerdesk_domain::text::{clean, fold};

use crate::errors::UserError;
use crate::settings::Settings;

/// `me`, an id, a whole name, or words of one that fit one person only.
pub(crate) fn named(settings: &Settings, asker: &Asker, typed: &str) -> Result<PersonId, UserError> {
    let wanted = fold(typed.trim());
    if wanted == "me" {
        return if settings.people.contains_key(&asker.id) {
            Ok(asker.id.clone())
        } else {
            Err(UserError::unknown(
                "You are not among [[people]] of the config, so you have no shifts. Ask your administrator.",
            ))
        };
    }
    if let Some(person) = settings.people.get(&PersonId::new(typed.trim())) {
        return Ok(person.id.clone());
    }
    let fits = |test: &dyn Fn(&str) -> bool| -> Vec<&Asker> {
        settings
            .people
            .values()
            .filter(|person| test(&fold(&person.name)))
            .collect()
    };
    let has_words = |name: &str| {
        !wanted.is_empty()
            && wanted
                .split_whitespace()
                .all(|word| name.split_whitespace().any(|part| part.starts_with(word)))
    };
    for found in [fits(&|name| name == wanted), fits(&has_words)] {
        match found.as_slice() {
            [] => {}
            [one] => return Ok(one.id.clone()),
            several => {
                let names: Vec<String> = several
                    .iter()
                    .take(5)
                    .map(|person| format!("{} ({})", clean(&person.name, 60), person.id))
                    .collect();
                return Err(UserError::malformed(format!(
                    "“{}” may be {}. Give the id in brackets.",
                    clean(typed, 40),
                    names.join(", ")
                )));
            }
        }
    }
    Err(UserError::unknown(format!(
        "There is nobody called “{}” among the people of the house.",
        clean(typed, 40)
    )))
}

//! Freshdesk's business hours and SLA policies as a first configuration, and what of them it cannot say.
//!
//! Nothing is guessed: what has no counterpart, or is not told by the helpdesk, is named, so that whoever takes
//! the configuration over knows what to look at.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use chrono::{NaiveTime, Weekday};
use hammerdesk_domain::sla::event::Channel;
use hammerdesk_freshdesk::{BusinessHours, Group, Notice, SlaPolicy, Target};

/// A day, in seconds: Freshdesk counts so many of them as business days.
const DAY: u64 = 86_400;

const DAYS: [(Weekday, &str); 7] = [
    (Weekday::Mon, "mon"),
    (Weekday::Tue, "tue"),
    (Weekday::Wed, "wed"),
    (Weekday::Thu, "thu"),
    (Weekday::Fri, "fri"),
    (Weekday::Sat, "sat"),
    (Weekday::Sun, "sun"),
];

/// What was made of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CarriedOver {
    /// TOML: `[[locations]]` and `[[sla.policies]]`.
    pub config: String,
    /// What it does not say, in sentences.
    pub not: Vec<String>,
}

/// Makes a configuration of what the helpdesk tells.
pub fn carry_over(hours: &[BusinessHours], policies: &[SlaPolicy], groups: &[Group]) -> CarriedOver {
    let mut made = CarriedOver::default();
    let mut ids = BTreeSet::new();
    for calendar in hours {
        location(calendar, &mut ids, groups, &mut made);
    }
    if !hours.is_empty() {
        made.not.push(
            "Holidays: Freshdesk does not tell them. Add them under holidays of each location.".to_owned(),
        );
        made.not
            .push("entity: give each location the company code that bills there.".to_owned());
    }
    let mut ordered: Vec<&SlaPolicy> = policies.iter().collect();
    // The default one is for what is left, whatever its position says.
    ordered.sort_by_key(|policy| {
        (
            policy.is_default.unwrap_or_default(),
            policy.position.unwrap_or(u64::MAX),
            policy.id,
        )
    });
    let mut names = BTreeSet::new();
    for policy in ordered {
        if policy.active == Some(false) {
            made.not.push(format!(
                "Policy {}: it is not active, so it was left out.",
                named(policy)
            ));
            continue;
        }
        promises(policy, &mut names, &mut made);
    }
    if !policies.is_empty() {
        made.not.push(
            "Which statuses stop the clock: Freshdesk does not tell. pauses = [\"pending\"] is its own default; add \
             your account's others by number."
                .to_owned(),
        );
    }
    made
}

fn named(policy: &SlaPolicy) -> String {
    policy
        .name
        .clone()
        .unwrap_or_else(|| format!("number {}", policy.id))
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// An id of a name, unlike all before.
fn id_of(name: &str, taken: &mut BTreeSet<String>) -> String {
    let folded = hammerdesk_domain::text::fold(name);
    let words: Vec<&str> = folded
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let base = if words.is_empty() {
        "unnamed".to_owned()
    } else {
        words.join("-")
    };
    let mut id = base.clone();
    let mut n = 2;
    while !taken.insert(id.clone()) {
        id = format!("{base}-{n}");
        n += 1;
    }
    id
}

fn put(made: &mut CarriedOver, line: &str) {
    let written = writeln!(made.config, "{line}");
    debug_assert!(written.is_ok(), "a String takes everything");
}

fn location(calendar: &BusinessHours, ids: &mut BTreeSet<String>, groups: &[Group], made: &mut CarriedOver) {
    let name = calendar
        .name
        .clone()
        .unwrap_or_else(|| format!("Business hours {}", calendar.id));
    let Some(zone) = calendar.zone() else {
        made.not.push(format!(
            "Business hours {name}: the time zone {:?} is not known here, so they were left out. Add a location with \
             an IANA zone such as Europe/London.",
            calendar.time_zone.as_deref().unwrap_or("none")
        ));
        return;
    };
    let id = id_of(&name, ids);
    put(made, "[[locations]]");
    put(made, &format!("id = {}", quoted(&id)));
    put(made, &format!("name = {}", quoted(&name)));
    put(made, &format!("entity = {}          # to be given", quoted(&id)));
    put(made, &format!("time_zone = {}", quoted(zone.name())));
    let week = calendar.week.unwrap_or_default();
    let closed: Vec<String> = DAYS
        .iter()
        .filter(|(day, _)| week.on(*day).is_none())
        .map(|(_, word)| quoted(word))
        .collect();
    if closed.len() == DAYS.len() {
        made.not.push(format!(
            "Business hours {name}: they are open on no day that can be read. Office hours stand in their place."
        ));
    } else {
        put(made, &format!("weekend = [{}]", closed.join(", ")));
        put(made, "");
        put(made, "[locations.hours]");
        for (day, word) in DAYS {
            if let Some(open) = week.on(day) {
                put(made, &format!("{word} = [{}]", pieces(open.from, open.until)));
            }
        }
    }
    put(made, "");
    for calendar_of in &calendar_groups(groups, calendar.id) {
        made.not.push(format!(
            "Group {calendar_of} works on these hours ({name}): let its [[bridge]] rule lead to a channel of the \
             location {id}."
        ));
    }
}

fn calendar_groups(groups: &[Group], calendar: u64) -> Vec<String> {
    groups
        .iter()
        .filter(|group| group.business_hour_id == Some(calendar))
        .map(|group| {
            group
                .name
                .clone()
                .unwrap_or_else(|| format!("number {}", group.id))
        })
        .collect()
}

/// Midnight is the end of a day, as is a minute before it, which is how Freshdesk writes a whole day; an end
/// before the beginning is the next morning's.
fn pieces(from: NaiveTime, until: NaiveTime) -> String {
    let time = |time: NaiveTime| time.format("%H:%M").to_string();
    let is_midnight = until == NaiveTime::MIN || until.format("%H:%M").to_string() == "23:59";
    let end = if is_midnight || until <= from {
        "24:00".to_owned()
    } else {
        time(until)
    };
    format!("[{}, {}]", quoted(&time(from)), quoted(&end))
}

fn promises(policy: &SlaPolicy, names: &mut BTreeSet<String>, made: &mut CarriedOver) {
    let name = named(policy);
    let targets = policy.sla_target.clone().unwrap_or_default();
    let by_priority = [
        ("urgent", targets.urgent),
        ("high", targets.high),
        ("medium", targets.medium),
        ("low", targets.low),
    ];
    let (when, could_not) = conditions(policy);
    for what in could_not {
        made.not.push(format!("Policy {name}: {what}"));
    }
    let warnings = warnings(policy, &name, made);
    for (priority, target) in by_priority {
        let Some(target) = target else {
            made.not.push(format!(
                "Policy {name}: it promises nothing for priority {priority}, nor does what was made of it."
            ));
            continue;
        };
        let id = id_of(&format!("{name} {priority}"), names);
        put(made, "[[sla.policies]]");
        put(made, &format!("id = {}", quoted(&id)));
        let promised = [
            ("first_response", target.respond_within),
            ("next_response", target.next_respond_within),
            ("resolution", target.resolve_within),
        ];
        for (clock, seconds) in promised {
            if let Some(seconds) = seconds.filter(|seconds| *seconds > 0) {
                put(made, &format!("{clock} = {}", quoted(&length(seconds, &target))));
            }
        }
        if !warnings.is_empty() {
            put(made, &format!("warnings = [{}]", warnings.join(", ")));
        }
        put(made, "pauses = [\"pending\"]");
        let mut all = vec![format!("priority = [{}]", quoted(priority))];
        all.extend(when.clone());
        put(made, &format!("when = {{ {} }}", all.join(", ")));
        put(made, "");
    }
}

/// Whole days are business days where business hours count, as the account itself counts them.
fn length(seconds: u64, target: &Target) -> String {
    let is_business = target.business_hours.unwrap_or_default();
    if is_business && seconds.is_multiple_of(DAY) {
        return match seconds / DAY {
            1 => "1 business day".to_owned(),
            days => format!("{days} business days"),
        };
    }
    let parts: Vec<String> = [
        (seconds / 3_600, 'h'),
        (seconds / 60 % 60, 'm'),
        (seconds % 60, 's'),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, unit)| format!("{count}{unit}"))
    .collect();
    let length = parts.join(" ");
    if is_business {
        length
    } else {
        format!("{length} elapsed")
    }
}

fn conditions(policy: &SlaPolicy) -> (Vec<String>, Vec<String>) {
    let applies = policy.applicable_to.clone().unwrap_or_default();
    let (mut when, mut not) = (Vec::new(), Vec::new());
    if !applies.group_ids.is_empty() {
        let groups: Vec<String> = applies
            .group_ids
            .iter()
            .map(|group| quoted(&group.to_string()))
            .collect();
        when.push(format!("group = [{}]", groups.join(", ")));
    }
    if !applies.ticket_types.is_empty() {
        let types: Vec<String> = applies.ticket_types.iter().map(|kind| quoted(kind)).collect();
        when.push(format!("type = [{}]", types.join(", ")));
    }
    if !applies.sources.is_empty() {
        let channels: BTreeSet<Channel> = applies
            .sources
            .iter()
            .map(|source| Channel::of_source(*source))
            .collect();
        if channels.contains(&Channel::Other) {
            not.push("some of its sources have no name here; they are all \"other\".".to_owned());
        }
        let channels: Vec<String> = channels.iter().map(|channel| quoted(channel.word())).collect();
        when.push(format!("channel = [{}]", channels.join(", ")));
    }
    if !applies.company_ids.is_empty() {
        not.push(format!(
            "it is for {} companies only, which is no condition here; give their clients a tier and add it to when.",
            applies.company_ids.len()
        ));
    }
    if !applies.product_ids.is_empty() {
        not.push(format!(
            "it is for {} products only, which is no condition here; use a tag or a type.",
            applies.product_ids.len()
        ));
    }
    (when, not)
}

/// Reminders as warnings before the due instant; who is told is the config's.
fn warnings(policy: &SlaPolicy, name: &str, made: &mut CarriedOver) -> Vec<String> {
    let Some(escalation) = &policy.escalation else {
        return Vec::new();
    };
    let reminders = [
        &escalation.reminder_response,
        &escalation.reminder_next_response,
        &escalation.reminder_resolution,
    ];
    let before: BTreeSet<u64> = reminders
        .into_iter()
        .flatten()
        .filter_map(|notice| notice.escalation_time)
        .map(i64::unsigned_abs)
        .filter(|seconds| *seconds > 0)
        .collect();
    if before.len() > 1 {
        made.not.push(format!(
            "Policy {name}: its reminders differ between promises; here all of a policy's promises warn at each of \
             them."
        ));
    }
    let late: Vec<&Notice> = [&escalation.response, &escalation.next_response]
        .into_iter()
        .flatten()
        .chain(escalation.resolution.iter().flat_map(|levels| {
            [&levels.level_1, &levels.level_2, &levels.level_3, &levels.level_4]
                .into_iter()
                .flatten()
        }))
        .collect();
    if !late.is_empty() {
        made.not.push(format!(
            "Policy {name}: {} notices by e-mail to named agents. Here the managers of the location are told, and told \
             again; see [sla.alerts] and [escalation].managers.",
            late.len()
        ));
    }
    let mut longest_first: Vec<u64> = before.into_iter().collect();
    longest_first.reverse();
    let plain = Target {
        business_hours: Some(true),
        ..Target::default()
    };
    longest_first
        .into_iter()
        .map(|seconds| quoted(&format!("{} before", length(seconds.min(DAY - 1), &plain))))
        .collect()
}

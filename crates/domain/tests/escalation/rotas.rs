//! Who is on when: nights, holidays, sale days, clock changes, swaps, hand-overs and calendars.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use hammerdesk_domain::escalation::choose::Loads;
use hammerdesk_domain::escalation::desk::Changes;
use hammerdesk_domain::escalation::handover::{carry, handovers, next_handover, summary};
use hammerdesk_domain::escalation::hours::Piece;
use hammerdesk_domain::escalation::ical::{export, import};
use hammerdesk_domain::escalation::model::What;
use hammerdesk_domain::escalation::rota::{Duty, Rota, duties_of};
use hammerdesk_domain::escalation::routing::Subject;
use hammerdesk_domain::escalation::{Desk, Kind, Rulebook, Severity};
use hammerdesk_domain::ids::ClientNo;
use proptest::prelude::*;

use crate::desk::*;

fn rota(shifts: &str) -> Rota {
    let text = format!("[[rotas]]\nid = \"r\"\nlocation = \"london\"\n{shifts}");
    let rules: Rulebook = toml::from_str(&text).unwrap_or_else(|error| panic!("{error}"));
    rules.rotas[0].clone().at(&house())
}

fn names(duties: &[Duty]) -> Vec<&str> {
    duties.iter().map(|duty| duty.person.as_str()).collect()
}

fn on(rota: &Rota, local: &str) -> Vec<String> {
    let local: chrono::NaiveDateTime = local.parse().unwrap();
    let instant = local.and_local_timezone(rota.zone()).earliest().unwrap().to_utc();
    names(&rota.on_at(instant, None))
        .into_iter()
        .map(str::to_owned)
        .collect()
}

fn written(duties: &[Duty]) -> String {
    let line = |duty: &Duty| {
        let local = |at: DateTime<Utc>| {
            at.with_timezone(&Tz::Europe__London)
                .format("%a %-d %b %H:%M")
                .to_string()
        };
        format!("{} - {}  {}", local(duty.from), local(duty.until), duty.person)
    };
    duties.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_night_shift_belongs_to_the_day_on_which_it_begins() {
    let rota = rota(
        "shifts = [{ id = \"night\", people = [\"ada\"], days = [\"fri\"], hours = [\"22:00-06:00\"] }]",
    );
    assert_eq!(on(&rota, "2026-11-20T21:59:59"), [""; 0]);
    assert_eq!(on(&rota, "2026-11-20T22:00:00"), ["ada"]);
    assert_eq!(on(&rota, "2026-11-21T05:59:59"), ["ada"]);
    assert_eq!(on(&rota, "2026-11-21T06:00:00"), [""; 0]);
    assert_eq!(on(&rota, "2026-11-20T05:00:00"), [""; 0]);
}

#[test]
fn a_shift_over_a_clock_change_is_as_long_as_the_wall_says() {
    let rota = rota(
        "shifts = [{ id = \"night\", people = [\"ada\"], days = [\"sat\"], hours = [\"22:00-06:00\"] }]",
    );
    let length = |day: &str| {
        let duties = rota.duties(at(day), at(day) + TimeDelta::days(1));
        (duties[0].until - duties[0].from).num_hours()
    };
    assert_eq!(length("2026-03-28T12:00:00Z"), 7, "the clocks go forward");
    assert_eq!(length("2026-10-24T12:00:00Z"), 9, "the clocks go back");
    assert_eq!(length("2026-11-21T12:00:00Z"), 8);
}

#[test]
fn a_holiday_stops_every_shift_but_those_that_name_it_and_a_sale_brings_its_own() {
    let rota = rota(
        "sale_days = [\"2026-12-25\", \"2026-12-26\"]
shifts = [
  { id = \"day\", people = [\"ada\"], days = [\"weekdays\"], hours = [\"09:00-12:30\", \"13:30-18:00\"] },
  { id = \"holiday\", people = [\"ben\"], days = [\"holidays\"], hours = [\"10:00-14:00\"] },
  { id = \"sale\", people = [\"sue\"], days = [\"sale_days\"], hours = [\"12:00-23:00\"] },
  { id = \"weekend\", people = [\"amir\"], days = [\"weekend\"], hours = [\"10:00-14:00\"] },
]",
    );
    assert_eq!(on(&rota, "2026-12-24T12:29:00"), ["ada"]);
    assert_eq!(
        on(&rota, "2026-12-24T13:00:00"),
        [""; 0],
        "lunch is a gap between two pieces"
    );
    assert_eq!(on(&rota, "2026-12-25T10:30:00"), ["ben"]);
    assert_eq!(on(&rota, "2026-12-25T13:00:00"), ["ben", "sue"]);
    assert_eq!(on(&rota, "2026-12-26T12:30:00"), ["amir", "sue"]);
    assert_eq!(on(&rota, "2026-12-26T20:00:00"), ["sue"], "the evening of a sale");
}

#[test]
fn a_rotation_goes_round_from_its_first_day_backwards_and_forwards() {
    let rota = rota(
        "shifts = [{ id = \"week\", people = [\"ada\", \"ben\", \"sue\"], days = [\"weekdays\", \"weekend\"], hours = [\"00:00-24:00\"], rotate = { every_days = 7, from = \"2026-11-16\" } }]",
    );
    assert_eq!(on(&rota, "2026-11-20T12:00:00"), ["ada"]);
    assert_eq!(on(&rota, "2026-11-23T12:00:00"), ["ben"]);
    assert_eq!(on(&rota, "2026-11-30T12:00:00"), ["sue"]);
    assert_eq!(on(&rota, "2026-12-07T12:00:00"), ["ada"]);
    assert_eq!(
        on(&rota, "2026-11-15T12:00:00"),
        ["sue"],
        "the week before the first"
    );
}

#[test]
fn a_swap_and_a_cover_cut_the_shift_where_they_begin_and_end() {
    let rota = rota(
        "shifts = [{ id = \"day\", people = [\"ada\", \"ben\"], days = [\"weekdays\"], hours = [\"09:00-17:00\"] }]
overrides = [
  { from = \"2026-11-23T12:00\", until = \"2026-11-23T14:00\", out = \"ada\", in = \"sue\" },
  { from = \"2026-11-24\", until = \"2026-11-24\", out = \"ben\" },
  { from = \"2026-11-24T20:00\", until = \"2026-11-24T22:00\", in = \"amir\" },
]",
    );
    let duties = rota.duties(at("2026-11-23T00:00:00Z"), at("2026-11-25T00:00:00Z"));
    insta::assert_snapshot!(written(&duties), @r#"
    Mon 23 Nov 09:00 - Mon 23 Nov 12:00  ada
    Mon 23 Nov 09:00 - Mon 23 Nov 17:00  ben
    Mon 23 Nov 12:00 - Mon 23 Nov 14:00  sue
    Mon 23 Nov 14:00 - Mon 23 Nov 17:00  ada
    Tue 24 Nov 09:00 - Tue 24 Nov 17:00  ada
    Tue 24 Nov 20:00 - Tue 24 Nov 22:00  amir
    "#);
}

#[test]
fn what_was_changed_in_chat_counts_like_what_was_configured() {
    let desk = desk("");
    let changes = Changes {
        absences: toml::from_str::<Rulebook>(
            "[[absences]]\nperson = \"ada\"\nfrom = \"2026-11-23\"\nuntil = \"2026-11-23\"\ncover = \"sue\"",
        )
        .unwrap()
        .absences,
        overrides: vec![(
            "london".to_owned(),
            toml::from_str("from = \"2026-11-23\"\nuntil = \"2026-11-23\"\nout = \"ben\"\nin = \"amir\"")
                .unwrap(),
        )],
    };
    let desk = desk.amended(&changes);
    let monday = at("2026-11-23T10:00:00Z");
    let duties = desk.rota("london").unwrap().on_at(monday, Some("coordinator"));
    assert_eq!(names(&duties), ["ada", "amir"]);
    let mut story = Story::of(desk, opening(monday, Kind::Other, "Hello"), Vec::new());
    story.loads.give(&who("amir"), monday);
    story.looked_at();
    assert_eq!(
        story.escalation.handler(),
        Some(&who("sue")),
        "who covers for the least loaded"
    );
}

fn round_the_world() -> Desk {
    let mut rules = rules("");
    rules.rotas = toml::from_str::<Rulebook>(
        "
[[rotas]]
id = \"hong-kong\"
location = \"hong-kong\"
hands_over_to = \"london\"
shifts = [{ id = \"day\", people = [\"mei\"], days = [\"weekdays\"], hours = [\"09:00-13:00\", \"14:00-18:00\"] }]
[[rotas]]
id = \"london\"
location = \"london\"
hands_over_to = \"new-york\"
carries = \"everything\"
shifts = [{ id = \"day\", people = [\"amir\"], days = [\"weekdays\"], hours = [\"09:00-17:30\"] }]
[[rotas]]
id = \"new-york\"
location = \"new-york\"
hands_over_to = \"hong-kong\"
shifts = [{ id = \"day\", people = [\"dora\"], days = [\"weekdays\"], hours = [\"10:00-18:00\"] }]
",
    )
    .unwrap()
    .rotas;
    Desk::new(rules, people(), &house()).unwrap()
}

#[test]
fn the_queue_follows_the_sun_and_lunch_is_no_hand_over() {
    let desk = round_the_world();
    let found = handovers(&desk, at("2026-11-23T00:00:00Z"), at("2026-11-24T06:00:00Z"));
    let lines: Vec<String> = found
        .iter()
        .map(|one| format!("{} {} -> {}", one.at.format("%a %H:%M UTC"), one.from, one.to))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    Mon 10:00 UTC hong-kong -> london
    Mon 17:30 UTC london -> new-york
    Tue 01:00 UTC new-york -> hong-kong
    "#);
    assert_eq!(
        next_handover(&desk, at("2026-11-23T00:00:00Z")),
        Some(at("2026-11-23T10:00:00Z"))
    );
    let weekend = handovers(&desk, at("2026-11-27T22:00:00Z"), at("2026-11-29T22:00:00Z"));
    assert_eq!(weekend, [], "nobody is there to take it on a weekend");
}

#[test]
fn a_hand_over_carries_what_those_who_go_off_have_to_those_who_may_have_it() {
    let desk = round_the_world();
    let now = at("2026-11-23T09:30:00Z");
    let handover = handovers(&desk, now, at("2026-11-23T12:00:00Z")).remove(0);
    let mut opening = opening(now, Kind::Release, "May it go?");
    opening.severity = Severity::High;
    opening.matched = hammerdesk_domain::escalation::model::Matched::Found(ClientNo::parse("2001").unwrap());
    let mut client = client("2001", "hong-kong", Some("mei"));
    let mut story = Story::of(desk.clone(), opening, vec![client.clone()]);
    story.looked_at();
    assert_eq!(story.escalation.handler(), Some(&who("mei")));
    let subject = |client: &_| {
        Subject::of(
            &story.escalation,
            std::slice::from_ref(client),
            &std::collections::BTreeSet::new(),
            None,
        )
    };
    let loads = Loads::default();
    let carried = carry(&desk, &story.escalation, &subject(&client), &handover, &loads);
    let Some(What::Reassigned { to, why }) = carried else {
        panic!("it goes over")
    };
    assert_eq!(
        (to.as_str(), why.as_str()),
        ("amir", "hong-kong hands over to london")
    );
    let summary = summary(&desk, &handover, std::slice::from_ref(&story.escalation));
    assert_eq!(
        summary.headline,
        "hong-kong hands over to london (Amir): 1 open escalation, 1 of them high or worse."
    );
    assert_eq!(summary.lines[0].had, Some(who("mei")));

    client.confidentiality = hammerdesk_domain::model::Confidentiality::Vip;
    let carried = carry(&desk, &story.escalation, &subject(&client), &handover, &loads);
    assert_eq!(carried, None, "it stays where nobody over there has the rights");

    story.acknowledges("mei");
    let subject = Subject::of(&story.escalation, &story.clients, &story.sales_at, None);
    assert_eq!(
        carry(&desk, &story.escalation, &subject, &handover, &loads),
        None,
        "Hong Kong hands over only what nobody took"
    );
}

const CALENDAR: &str = "BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//somewhere//EN\r
BEGIN:VEVENT\r
UID:week\r
SUMMARY:Ada (senior)\r
DTSTART;TZID=Europe/London:20261019T090000\r
DTEND;TZID=Europe/London:20261019T170000\r
RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20261116T235959Z\r
EXDATE;TZID=Europe/London:20261102T090000\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:week\r
RECURRENCE-ID;TZID=Europe/London:20261109T090000\r
SUMMARY:On call:\r
  Ben\r
DTSTART;TZID=Europe/London:20261109T120000\r
DURATION:PT2H\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:floating\r
SUMMARY:sue\r
DTSTART:20261020T220000\r
DTEND:20261021T060000\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:all-day\r
SUMMARY:Amir\r
DTSTART;VALUE=DATE:20261025\r
DTEND;VALUE=DATE:20261026\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:gone\r
STATUS:CANCELLED\r
SUMMARY:Dora\r
DTSTART:20261020T090000Z\r
DTEND:20261020T170000Z\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:stranger\r
SUMMARY:Christmas party\r
DTSTART:20261020T090000Z\r
DTEND:20261020T170000Z\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:backwards\r
SUMMARY:Ada\r
DTSTART:20261020T170000Z\r
DTEND:20261020T090000Z\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:odd\r
SUMMARY:Ben\r
DTSTART;TZID=Mars/Olympus:20261020T170000\r
DTEND;TZID=Mars/Olympus:20261020T180000\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:rule\r
SUMMARY:Ben\r
DTSTART:20261020T170000Z\r
DTEND:20261020T180000Z\r
RRULE:FREQ=SOMETIMES\r
END:VEVENT\r
END:VCALENDAR\r
";

#[test]
fn a_calendar_is_read_with_its_repetitions_and_what_is_odd_is_said() {
    let imported = import(
        CALENDAR,
        Tz::Europe__London,
        &people(),
        (at("2026-10-01T00:00:00Z"), at("2026-12-01T00:00:00Z")),
    );
    insta::assert_snapshot!(written(&imported.duties), @r#"
    Mon 19 Oct 09:00 - Mon 19 Oct 17:00  ada
    Tue 20 Oct 22:00 - Wed 21 Oct 06:00  sue
    Sun 25 Oct 00:00 - Mon 26 Oct 00:00  amir
    Mon 26 Oct 09:00 - Mon 26 Oct 17:00  ada
    Mon 9 Nov 12:00 - Mon 9 Nov 14:00  ben
    Mon 16 Nov 09:00 - Mon 16 Nov 17:00  ada
    "#);
    insta::assert_snapshot!(imported.problems.join("\n"), @r#"
    the event "Christmas party" is left out: its summary names no one person of the config; write "NAME (ROLE)"
    the event "Ada" is left out: it ends before it begins
    the event "Ben" is left out: "Mars/Olympus" is not an IANA time zone
    the event "Ben" is left out: its repetition "FREQ=SOMETIMES" cannot be read (RRule parsing error: `SOMETIMES` is not a valid frequency.)
    "#);
    let roles: Vec<_> = imported
        .duties
        .iter()
        .filter_map(|duty| duty.role.as_deref())
        .collect();
    assert_eq!(roles, ["senior"; 3]);
}

#[test]
fn what_is_no_calendar_is_said_and_brings_nobody() {
    for text in [
        "",
        "hello",
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n",
        "BEGIN:VCARD\r\nEND:VCARD\r\n",
    ] {
        let imported = import(
            text,
            Tz::UTC,
            &people(),
            (at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z")),
        );
        assert_eq!(imported.duties, [], "{text:?}");
    }
    let imported = import(
        "hello",
        Tz::UTC,
        &people(),
        (at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z")),
    );
    assert_eq!(
        imported.problems,
        ["this is not an iCalendar file; it must begin with BEGIN:VCALENDAR"]
    );
}

#[test]
fn a_persons_shifts_come_back_from_their_own_export() {
    let desk = desk("");
    let (from, until) = (at("2026-11-16T00:00:00Z"), at("2026-11-30T00:00:00Z"));
    let ben = who("ben");
    let duties = duties_of(&ben, desk.rotas(), from, until);
    let text = export("Ben", &duties, at("2026-11-16T00:00:00Z"));
    assert_eq!(text, export("Ben", &duties, at("2026-11-16T00:00:00Z")));
    assert!(text.contains("SUMMARY:london: sale (sale)"), "{text}");
    // The summaries name the shift, as the person wants to read it; for the way back they name the person.
    let back = text
        .replace("london: day (coordinator)", "Ben")
        .replace("london: sale (sale)", "Ben");
    let imported = import(&back, Tz::UTC, desk.people(), (from, until));
    assert_eq!(imported.problems, [""; 0]);
    let spans = |duties: &[Duty]| -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
        let mut spans: Vec<_> = duties.iter().map(|duty| (duty.from, duty.until)).collect();
        spans.sort();
        spans
    };
    assert_eq!(spans(&imported.duties), spans(&duties["london"]));
    assert_eq!(imported.duties.len(), 11);
}

proptest! {
    #[test]
    fn who_is_on_at_an_instant_is_who_has_a_duty_then(
        begins in 0_u32..24, ends in 0_u32..=24, from in 0_i64..300, length in 1_i64..100, minutes in 0_i64..40_000,
    ) {
        prop_assume!(begins != ends);
        let rota = rota(&format!(
            "shifts = [
  {{ id = \"a\", people = [\"ada\", \"ben\"], days = [\"weekdays\"], hours = [\"{begins:02}:00-{ends:02}:00\"] }},
  {{ id = \"b\", people = [\"sue\"], days = [\"weekend\", \"holidays\"], hours = [\"{begins:02}:00-{ends:02}:00\"] }},
]
overrides = [{{ from = \"{}\", until = \"{}\", out = \"ada\", in = \"amir\" }}]",
            (at("2026-10-20T00:00:00Z") + TimeDelta::hours(from)).to_rfc3339(),
            (at("2026-10-20T00:00:00Z") + TimeDelta::hours(from + length)).to_rfc3339(),
        ));
        let (first, last) = (at("2026-10-20T00:00:00Z"), at("2026-11-20T00:00:00Z"));
        let all = rota.duties(first, last);
        let instant = first + TimeDelta::minutes(minutes);
        let mut expected: Vec<&str> = all
            .iter()
            .filter(|duty| duty.from <= instant && instant < duty.until)
            .map(|duty| duty.person.as_str())
            .collect();
        expected.sort_unstable();
        expected.dedup();
        let now = rota.on_at(instant, None);
        let mut found = names(&now);
        found.sort_unstable();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_piece_is_written_as_it_is_read(from in 0_u32..1440, to in 0_u32..=1440) {
        let text = format!("{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60);
        match text.parse::<Piece>() {
            Ok(piece) => prop_assert_eq!(piece.to_string(), text),
            Err(_) => prop_assert_eq!(from, to),
        }
    }
}

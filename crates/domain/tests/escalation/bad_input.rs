//! What is wrong with rules, people and rotas has a defined, visible outcome, and nothing is dropped.

use std::collections::BTreeSet;

use crate::desk::*;
use chrono::{DateTime, Utc};
use hammerdesk_domain::escalation::choose::{Decision, Loads, route};
use hammerdesk_domain::escalation::lint::lint;
use hammerdesk_domain::escalation::model::{ClientFacts, Matched, Opening};
use hammerdesk_domain::escalation::routing::Subject;
use hammerdesk_domain::escalation::{Desk, Escalation, Kind, Rulebook};
use hammerdesk_domain::model::Confidentiality;

fn routed(desk: &Desk, opening: Opening, clients: &[ClientFacts], loads: &Loads) -> Decision {
    let now = opening.at;
    let mut opening = opening;
    opening.matched = match clients {
        [] => Matched::Nobody,
        [one] => Matched::Found(one.no.clone()),
        several => Matched::Several(several.iter().map(|client| client.no.clone()).collect()),
    };
    let subject = Subject::of(&Escalation::open(opening), clients, &BTreeSet::new(), None);
    route(desk, &subject, loads, now)
}

fn explained(decision: &Decision) -> String {
    let mut lines = Vec::new();
    for rule in &decision.rules {
        let holds = if rule.holds { "holds" } else { "does not hold" };
        lines.push(format!("{} {holds}", rule.rule));
        for condition in &rule.conditions {
            let mark = if condition.holds { "+" } else { "-" };
            lines.push(format!("  {mark} {}: {}", condition.key, condition.says));
        }
    }
    for one in &decision.candidates {
        let mark = if one.taken { "*" } else { " " };
        lines.push(format!("{mark} {} ({}): {}", one.target, one.by, one.says));
    }
    lines.push(format!("-> {}: {}", decision.to, decision.why));
    lines.join("\n")
}

fn monday() -> DateTime<Utc> {
    at("2026-11-23T10:00:00Z")
}

fn sunday_night() -> DateTime<Utc> {
    at("2026-11-22T23:00:00Z")
}

#[test]
fn an_unknown_client_goes_by_the_senders_location_and_each_rule_says_why() {
    let decision = routed(
        &desk(""),
        opening(monday(), Kind::BalanceQuery, "I am nobody"),
        &[],
        &Loads::default(),
    );
    insta::assert_snapshot!(explained(&decision), @r#"
    sale-day does not hold
      - kind: it is balance_query, not no_bid_review or payment_problem
      - sale_day_at: there is no sale at london
      - severity_from: it is normal, asked for is high or worse
    chargebacks does not hold
      - kind: it is balance_query, not chargeback
      - amount_from: no amount is known
    hong-kong does not hold
      - location: it is london, not hong-kong
    everything-else holds
      owner (rule everything-else): the client is not known, so neither is the owner
    * on_shift:london/coordinator (rule everything-else): Ada is on shift at london as coordinator
    -> ada: Ada is on shift at london as coordinator
    "#);
}

#[test]
fn nobody_on_shift_and_it_goes_to_the_locations_manager() {
    let only_shifts = "[[routing]]\nid = \"x\"\nto = [\"on_shift:london/coordinator\"]\n";
    let mut rules = rules("");
    rules.routing = toml::from_str::<Rulebook>(only_shifts).unwrap().routing;
    let desk = Desk::new(rules, people(), &house()).unwrap();
    let decision = routed(
        &desk,
        opening(sunday_night(), Kind::Release, "Anybody there?"),
        &[],
        &Loads::default(),
    );
    insta::assert_snapshot!(explained(&decision), @r#"
    x holds
      on_shift:london/coordinator (rule x): nobody is on shift at london as coordinator
    * manager (the location's manager): Lena is the location's manager
    -> lena: Lena is the location's manager
    "#);
}

#[test]
fn a_rule_to_a_person_who_does_not_exist_is_found_by_lint_and_passed_over() {
    let ghost = "[[routing]]\nid = \"x\"\nto = [\"person:ghost\", \"team:spirits\", \"on_shift:limbo\"]\n";
    let mut rules = rules("");
    rules.routing = toml::from_str::<Rulebook>(ghost).unwrap().routing;
    let desk = Desk::new(rules, people(), &house()).unwrap();
    let found: Vec<String> = lint(&desk, monday())
        .iter()
        .filter(|finding| finding.is_error)
        .map(|finding| format!("{}: {}", finding.place, finding.says))
        .collect();
    insta::assert_snapshot!(found.join("\n"), @r#"
    [[routing]] "x": there is no person "ghost"; add them under [[people]] or name another
    [[routing]] "x": there is no team "spirits"; add it under [[teams]] or name another
    [[routing]] "x": there is no rota "limbo"; add it under [[rotas]] or name another
    "#);
    let decision = routed(
        &desk,
        opening(monday(), Kind::Other, "Hello"),
        &[],
        &Loads::default(),
    );
    insta::assert_snapshot!(explained(&decision), @r#"
    x holds
      person:ghost (rule x): there is no person ghost in the config
      team:spirits (rule x): there is no team spirits
      on_shift:limbo (rule x): there is no rota limbo
    * manager (the location's manager): Lena is the location's manager
    -> lena: Lena is the location's manager
    "#);
}

#[test]
fn a_loop_of_covers_is_found_by_lint_and_ends_with_the_manager() {
    let circle = "
[[absences]]
person = \"ada\"
from = \"2026-11-20\"
until = \"2026-11-27\"
cover = \"ben\"

[[absences]]
person = \"ben\"
from = \"2026-11-22\"
until = \"2026-11-24\"
cover = \"ada\"
";
    let desk = desk(circle);
    let found: Vec<String> = lint(&desk, monday())
        .into_iter()
        .filter(|finding| finding.is_error)
        .map(|finding| format!("{}: {}", finding.place, finding.says))
        .collect();
    insta::assert_snapshot!(found.join("\n"), @r#"[[absences]] of ben: the covers go round in a circle: ben -> ada -> ben; name somebody who is there"#);
    let decision = routed(
        &desk,
        opening(monday(), Kind::Other, "Hello"),
        &[client("1001", "london", Some("ada"))],
        &Loads::default(),
    );
    assert_eq!(decision.to, who("lena"));
    assert!(
        decision
            .candidates
            .iter()
            .any(|one| one.says == "the covers go round in a circle: Ada -> Ben -> Ada"),
        "{}",
        explained(&decision)
    );
}

#[test]
fn a_gap_in_a_rota_is_named_with_its_local_times() {
    let away = "[[absences]]\nperson = \"ben\"\nfrom = \"2026-11-01\"\nuntil = \"2026-12-31\"\n";
    let mut rules = rules(away);
    rules.rotas[0].overrides = toml::from_str::<Rulebook>(
        "[[rotas]]\nid = \"london\"\nlocation = \"london\"\nshifts = []\noverrides = [{ from = \"2026-11-24T12:00\", until = \"2026-11-24T14:00\", out = \"ada\" }]",
    )
    .unwrap()
    .rotas[0]
        .overrides
        .clone();
    let desk = Desk::new(rules, people(), &house()).unwrap();
    let found: Vec<String> = lint(&desk, monday())
        .into_iter()
        .filter(|finding| finding.place.contains("rotas"))
        .map(|finding| format!("{}: {}", finding.place, finding.says))
        .collect();
    insta::assert_snapshot!(found.join("\n"), @r#"[[rotas]] "london": nobody is on as coordinator from Tue 24 Nov 12:00 to Tue 24 Nov 14:00; the location's manager gets what comes in"#);
}

#[test]
fn a_restricted_client_goes_to_its_own_list_and_never_by_the_rules() {
    let mut secret = client("1001", "london", Some("ada"));
    secret.confidentiality = Confidentiality::Restricted;
    let decision = routed(
        &desk(""),
        opening(monday(), Kind::Complaint, "Hello"),
        &[secret.clone()],
        &Loads::default(),
    );
    assert_eq!(
        (decision.to.as_str(), decision.by.as_str()),
        ("carl", "the restricted list")
    );
    // One of several candidates is enough.
    let decision = routed(
        &desk("[[absences]]\nperson = \"carl\"\nfrom = \"2026-11-01\"\nuntil = \"2026-12-31\"\n"),
        opening(monday(), Kind::Complaint, "Hello"),
        &[client("1002", "london", Some("ada")), secret],
        &Loads::default(),
    );
    assert_eq!(
        (decision.to.as_str(), decision.by.as_str()),
        ("marta", "the last resort")
    );
}

#[test]
fn whoever_is_full_is_passed_over_and_it_is_said() {
    let mut loads = Loads::default();
    for _ in 0..3 {
        loads.give(&who("ada"), monday());
    }
    let decision = routed(
        &desk(""),
        opening(monday(), Kind::Other, "Hello"),
        &[client("1001", "london", Some("ada"))],
        &loads,
    );
    assert_eq!(decision.to, who("ben"));
    assert_eq!(
        decision.candidates[0].says,
        "Ada has 3 open already, and 3 is the most"
    );
}

#[test]
fn a_desk_where_nobody_may_see_every_client_is_refused() {
    let mut people = people();
    people.remove(&who("marta"));
    let error = Desk::new(rules(""), people, &house()).unwrap_err();
    assert!(
        error.starts_with("[escalation] last_resort needs somebody who may see every client"),
        "{error}"
    );
}

#[test]
fn lint_names_rules_that_are_never_reached_or_never_hold() {
    let text = "
[[routing]]
id = \"all-releases\"
when = { kind = [\"release\", \"complaint\"] }
to = [\"person:ada\"]

[[routing]]
id = \"london-releases\"
when = { kind = [\"release\"], location = [\"london\"] }
to = [\"person:ben\"]

[[routing]]
id = \"strange\"
when = { way = [\"chat\"], partner = [\"call-centre\"] }
to = [\"assigned\"]
ladder = \"nowhere\"
";
    let mut rules = rules("");
    rules.routing = toml::from_str::<Rulebook>(text).unwrap().routing;
    let desk = Desk::new(rules, people(), &house()).unwrap();
    let found: Vec<String> = lint(&desk, monday())
        .into_iter()
        .filter(|finding| finding.is_error)
        .map(|finding| format!("{}: {}", finding.place, finding.says))
        .collect();
    insta::assert_snapshot!(found.join("\n"), @r#"
    [[routing]] "london-releases": rule "all-releases" before it holds whenever this one does, so it is reached only where that one has nobody; put the narrower rule first
    [[routing]] "strange": "assigned" is for ladders; before routing nobody has it
    [[routing]] "strange": there is no ladder "nowhere"; add it under [[ladders]] or name another
    [[routing]] "strange": it can never hold: only what comes in through the intake has a partner
    "#);
}

#[test]
fn the_rules_of_the_stories_themselves_have_no_fault() {
    let errors: Vec<_> = lint(&desk(""), monday())
        .into_iter()
        .filter(|one| one.is_error)
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn words_that_are_none_are_refused_when_the_config_is_read() {
    for (wrong, says) in [
        (
            "[[routing]]\nid = \"x\"\nto = [\"boss\"]",
            "is not a target; write owner",
        ),
        (
            "[[routing]]\nid = \"x\"\nto = []\nwhen = { amount_from = [\"lots\"] }",
            "write it like \"GBP 10,000.00\"",
        ),
        (
            "[[rotas]]\nid = \"x\"\nlocation = \"y\"\nshifts = [{ id = \"a\", people = [], days = [\"mon\"], hours = [\"9-5\"] }]",
            "write 09:00-17:30",
        ),
        (
            "[[absences]]\nperson = \"a\"\nfrom = \"soon\"\nuntil = \"later\"",
            "neither a day nor a time",
        ),
        ("[escalation]\njoin_within = \"never\"", "is not a duration"),
        (
            "[[routing]]\nid = \"x\"\nto = []\nwehn = {}",
            "unknown field `wehn`",
        ),
    ] {
        let error = toml::from_str::<Rulebook>(wrong).unwrap_err().to_string();
        assert!(error.contains(says), "{wrong}: {error}");
    }
}

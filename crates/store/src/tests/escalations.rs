//! Escalations are read as they were written, found when they are due, and written by one at a time.

use chrono::{DateTime, TimeDelta, Utc};
use hammerdesk_domain::escalation::model::{
    About, Actor, Caller, Event, Matched, Opening, Sign, Snapshot, State, What,
};
use hammerdesk_domain::escalation::{Escalation, EscalationId, Kind, Severity, Way};
use hammerdesk_domain::ids::{PersonId, new_id};

use super::{at, no};
use crate::Store;
use crate::escalations::{Entry, NewKey};
use crate::testing::each_engine;

pub(super) fn opening(now: DateTime<Utc>, severity: Severity) -> Opening {
    Opening {
        id: EscalationId(new_id(now)),
        way: Way::Intake,
        partner: Some("call-centre".to_owned()),
        reference: Some("CC-1".to_owned()),
        ticket: Some(4711),
        kind: Kind::DepositRefund,
        severity,
        location: Some("london".into()),
        language: Some("zh-Hant".to_owned()),
        matched: Matched::Found(no("1001")),
        about: About {
            amounts: vec!["GBP 1,234.50".parse().unwrap(), "JPY 100".parse().unwrap()],
            ..About::default()
        },
        said: "“Où est\u{202e} ma caution?” \n<b>退款</b> 'O''Brien'; DROP TABLE escalation; --".to_owned(),
        caller: Caller {
            phone: Some("+44 20 7946 0000".to_owned()),
            ..Caller::default()
        },
        snapshot: Some(Snapshot {
            taken_at: now,
            facts: serde_json::json!({ "as_of": { "sap": "2026-11-20T06:00:00Z" } }),
        }),
        deadline: Some(now + TimeDelta::hours(2)),
        at: now,
    }
}

fn by_the_desk(at: DateTime<Utc>, what: What) -> Entry {
    Event {
        at,
        by: Actor::Desk,
        what,
    }
    .into()
}

fn routed(to: &str) -> What {
    What::Routed {
        to: PersonId::new(to),
        by: "rule x".to_owned(),
        why: "on shift".to_owned(),
        ladder: "standard".to_owned(),
        severity: Severity::High,
    }
}

/// Opens one and gives it to somebody.
async fn given(store: &Store, now: DateTime<Utc>, severity: Severity, to: &str) -> Escalation {
    let entries = [by_the_desk(now, What::Created), by_the_desk(now, routed(to))];
    let mut escalation = Escalation::open(opening(now, severity));
    for entry in &entries {
        escalation = escalation.apply(&entry.event).unwrap();
    }
    let mut unit = store.write().await.unwrap();
    unit.open_escalation(
        Some("client:1001|deposit_refund|"),
        &entries,
        &escalation,
        Some(now),
    )
    .await
    .unwrap();
    unit.commit().await.unwrap();
    escalation
}

/// Applies and keeps one more event.
async fn then(
    store: &Store,
    before: &Escalation,
    entry: Entry,
    next_at: Option<DateTime<Utc>>,
) -> Option<Escalation> {
    let after = before.apply(&entry.event).unwrap();
    let mut unit = store.write().await.unwrap();
    let kept = unit
        .record_escalation(before, &[entry], &after, next_at)
        .await
        .unwrap();
    unit.commit().await.unwrap();
    kept.then_some(after)
}

#[tokio::test]
async fn an_escalation_is_what_its_events_make_of_it_word_for_word() {
    each_engine(async |store: Store| {
        let now = at("2026-11-20T10:00:00Z");
        let written = given(&store, now, Severity::Normal, "ada").await;
        let mut entry = by_the_desk(now, What::Progressed { sign: Sign::Note });
        entry.detail = Some(serde_json::json!({ "why": ["a", "b"] }));
        let written = then(&store, &written, entry.clone(), None).await.unwrap();
        let mut view = store.read().await.unwrap();
        let read = view.escalation(written.id()).await.unwrap().unwrap();
        assert_eq!(read, written);
        let entries = view.escalation_entries(written.id()).await.unwrap();
        assert_eq!(entries.len(), 3);
        assert_eq!(entries[2], entry);
        assert_eq!(view.escalation(EscalationId(new_id(now))).await.unwrap(), None);
        assert_eq!(view.escalation_of_ticket(4711).await.unwrap(), Some(written.id()));
        assert_eq!(view.escalation_of_ticket(1).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn of_two_who_act_at_once_the_slower_is_told_and_nothing_of_theirs_is_kept() {
    each_engine(async |store: Store| {
        let now = at("2026-11-20T10:00:00Z");
        let seen = given(&store, now, Severity::Normal, "ada").await;
        let take = |id: &str| {
            by_the_desk(
                now,
                What::Acknowledged {
                    by: PersonId::new(id),
                },
            )
        };
        assert!(then(&store, &seen, take("ada"), None).await.is_some());
        assert!(then(&store, &seen, take("ben"), None).await.is_none());
        let mut view = store.read().await.unwrap();
        let read = view.escalation(seen.id()).await.unwrap().unwrap();
        assert_eq!((read.handler(), read.events), (Some(&PersonId::new("ada")), 3));
        assert_eq!(view.escalation_entries(seen.id()).await.unwrap().len(), 3);
    })
    .await;
}

#[tokio::test]
async fn only_what_is_due_is_found_the_most_severe_first() {
    each_engine(async |store: Store| {
        let now = at("2026-11-20T10:00:00Z");
        let minutes = |n| now + TimeDelta::minutes(n);
        let old = given(&store, minutes(-9), Severity::Low, "ada").await;
        let bad = given(&store, minutes(-1), Severity::Critical, "ben").await;
        let later = given(&store, minutes(5), Severity::Critical, "ben").await;
        let done = given(&store, minutes(-5), Severity::High, "ada").await;
        let resolved = by_the_desk(
            now,
            What::Resolved {
                how: "said".to_owned(),
            },
        );
        then(&store, &done, resolved, None).await.unwrap();
        let mut view = store.read().await.unwrap();
        // What a rule raised to high stays behind what came in as critical.
        assert_eq!(view.due_escalations(now, 10).await.unwrap(), [bad.id(), old.id()]);
        assert_eq!(view.due_escalations(now, 1).await.unwrap(), [bad.id()]);
        assert_eq!(view.due_escalations(minutes(-10), 10).await.unwrap(), []);
        assert_eq!(view.next_escalation_at().await.unwrap(), Some(minutes(-9)));
        assert_eq!(view.open_escalations().await.unwrap(), 3);
        let loads = view.escalation_loads().await.unwrap();
        let open = |id: &str| loads.open.get(&PersonId::new(id)).copied();
        assert_eq!((open("ada"), open("ben"), open("sue")), (Some(1), Some(2), None));
        assert_eq!(
            loads.given_at[&PersonId::new("ada")],
            minutes(-5),
            "turns outlive what was resolved"
        );
        let queue = view
            .escalation_queue(Some(&PersonId::new("ben")), 10)
            .await
            .unwrap();
        let ids: Vec<_> = queue.iter().map(|line| line.id).collect();
        assert_eq!(ids, [bad.id(), later.id()]);
        assert_eq!(queue[0].state, State::Routed);
        assert_eq!(view.escalation_queue(None, 10).await.unwrap().len(), 3);
        assert_eq!(
            view.last_handler(&no("1001"), done.id()).await.unwrap(),
            Some(PersonId::new("ben"))
        );
        assert_eq!(view.last_handler(&no("1002"), later.id()).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn the_same_matter_is_found_while_it_is_open_and_fresh() {
    each_engine(async |store: Store| {
        let now = at("2026-11-20T10:00:00Z");
        let matter = "client:1001|deposit_refund|";
        let first = given(&store, now, Severity::Normal, "ada").await;
        let joined = What::Joined {
            way: Way::Intake,
            said: "again".to_owned(),
            reference: None,
            ticket: None,
            severity: Severity::Normal,
        };
        let later = now + TimeDelta::hours(20);
        let twice = then(&store, &first, by_the_desk(later, joined), None)
            .await
            .unwrap();
        let mut view = store.read().await.unwrap();
        let since = now + TimeDelta::hours(1);
        assert_eq!(
            view.same_matter(matter, since).await.unwrap(),
            Some(first.id()),
            "it came again"
        );
        assert_eq!(
            view.same_matter(matter, later + TimeDelta::hours(1))
                .await
                .unwrap(),
            None
        );
        assert_eq!(
            view.same_matter("client:1002|deposit_refund|", now)
                .await
                .unwrap(),
            None
        );
        drop(view);
        let resolved = by_the_desk(
            later,
            What::Resolved {
                how: "said".to_owned(),
            },
        );
        then(&store, &twice, resolved, None).await.unwrap();
        let mut view = store.read().await.unwrap();
        assert_eq!(view.same_matter(matter, now).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_key_is_kept_once_and_a_receipt_speaks_to_its_partner_alone() {
    each_engine(async |store: Store| {
        let now = at("2026-11-20T10:00:00Z");
        let escalation = given(&store, now, Severity::Normal, "ada").await;
        let receipt = new_id(now);
        let key = NewKey {
            partner: "call-centre",
            key: "k-1",
            body_sha256: "abc",
            receipt,
            escalation: escalation.id(),
            at: now,
        };
        let mut unit = store.write().await.unwrap();
        assert!(unit.keep_intake_key(&key).await.unwrap());
        let again = NewKey {
            receipt: new_id(now),
            body_sha256: "other",
            ..key.clone()
        };
        assert!(!unit.keep_intake_key(&again).await.unwrap());
        let elsewhere = NewKey {
            partner: "other",
            receipt: new_id(now),
            ..key.clone()
        };
        assert!(
            unit.keep_intake_key(&elsewhere).await.unwrap(),
            "another partner's key is another key"
        );
        unit.commit().await.unwrap();
        let mut view = store.read().await.unwrap();
        let kept = view.intake_key("call-centre", "k-1").await.unwrap().unwrap();
        assert_eq!((kept.receipt, kept.body_sha256.as_str()), (receipt, "abc"));
        assert_eq!(
            view.receipt("call-centre", receipt).await.unwrap(),
            Some(escalation.id())
        );
        assert_eq!(view.receipt("other", receipt).await.unwrap(), None);
        drop(view);
        let mut unit = store.write().await.unwrap();
        let tomorrow = now + TimeDelta::days(1);
        assert_eq!(
            unit.forget_intake_keys(tomorrow).await.unwrap(),
            0,
            "it is open yet"
        );
        unit.commit().await.unwrap();
        let resolved = by_the_desk(
            now,
            What::Resolved {
                how: "said".to_owned(),
            },
        );
        then(&store, &escalation, resolved, None).await.unwrap();
        let mut unit = store.write().await.unwrap();
        assert_eq!(unit.forget_intake_keys(tomorrow).await.unwrap(), 2);
        unit.commit().await.unwrap();
    })
    .await;
}

//! What comes in twice at once becomes one; what people changed about the rotas stands until it is over;
//! who was not reached is dealt with once.

use chrono::TimeDelta;
use hammerdesk_domain::chat::Platform;
use hammerdesk_domain::escalation::desk::Absence;
use hammerdesk_domain::escalation::model::{Actor, Event, State, What};
use hammerdesk_domain::escalation::rota::Override;
use hammerdesk_domain::escalation::{EscalationId, Severity};
use hammerdesk_domain::ids::{PersonId, new_id};

use super::at;
use super::escalations::opening;
use crate::escalations::{AskedHandover, Happened, RotaChange, StoredRotaChange, TakenIn, Unreached};
use crate::testing::each_engine;

const DAY: TimeDelta = TimeDelta::hours(24);

#[tokio::test]
async fn ten_who_bring_the_same_matter_at_once_make_one_escalation_that_counts_ten() {
    each_engine(async |store| {
        let now = at("2026-11-20");
        let brought = (0..10).map(|n| {
            let store = store.clone();
            async move {
                let mut unit = store.write().await.unwrap();
                let mut one = opening(now, Severity::Normal);
                one.reference = Some(format!("CC-{n}"));
                let taken = unit
                    .take_in_escalation(&one, Actor::Partner("call-centre".to_owned()), DAY)
                    .await
                    .unwrap();
                unit.commit().await.unwrap();
                taken
            }
        });
        let taken = futures_util::future::join_all(brought).await;
        let opened = taken
            .iter()
            .filter(|taken| matches!(taken, TakenIn::Opened(_)))
            .count();
        assert_eq!(opened, 1);
        let mut view = store.read().await.unwrap();
        assert_eq!(view.open_escalations().await.unwrap(), 1);
        let id = taken[0].escalation().id();
        assert_eq!(view.escalation(id).await.unwrap().unwrap().times, 10);
    })
    .await;
}

#[tokio::test]
async fn what_happens_is_due_at_once_and_what_cannot_be_is_refused_in_words() {
    each_engine(async |store| {
        let now = at("2026-11-20");
        let ada = PersonId::new("ada");
        let mut unit = store.write().await.unwrap();
        let mut one = opening(now, Severity::Normal);
        one.ticket = None;
        let id = unit
            .take_in_escalation(&one, Actor::Desk, DAY)
            .await
            .unwrap()
            .escalation()
            .id();
        let event = |what| Event {
            at: now + TimeDelta::minutes(1),
            by: Actor::Person(ada.clone()),
            what,
        };
        let too_soon = event(What::Acknowledged { by: ada.clone() });
        match unit.escalation_happens(id, too_soon.clone()).await.unwrap() {
            Happened::Refused(why) => assert_eq!(
                why.to_string(),
                "this escalation cannot be acknowledged: nobody was given it yet"
            ),
            other => panic!("{other:?}"),
        }
        let nowhere = EscalationId(new_id(now));
        assert_eq!(
            unit.escalation_happens(nowhere, too_soon).await.unwrap(),
            Happened::Unknown
        );
        let done = event(What::Resolved {
            how: "explained".to_owned(),
        });
        match unit.escalation_happens(id, done).await.unwrap() {
            Happened::Kept(kept) => assert_eq!(kept.1.state(), State::Resolved),
            other => panic!("{other:?}"),
        }
        unit.escalation_told(id, 1).await.unwrap();
        unit.commit().await.unwrap();
        let mut view = store.read().await.unwrap();
        let later = now + TimeDelta::minutes(1);
        assert_eq!(view.due_escalations(later, 9).await.unwrap(), [id]);
        assert_eq!(view.escalation_told_up_to(id).await.unwrap(), 1);
        for name in [id.handle(), format!("E-{}", id.handle()), id.to_string()] {
            assert_eq!(view.escalations_called(&name).await.unwrap(), [id], "{name}");
        }
        assert_eq!(view.escalations_called("' OR 1=1").await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn a_change_of_a_rota_stands_until_it_is_over_or_taken_back() {
    each_engine(async |store| {
        let now = at("2026-11-20");
        let ada = PersonId::new("ada");
        let absence = Absence {
            person: ada.clone(),
            from: "2026-11-20".parse().unwrap(),
            until: "2026-11-21".parse().unwrap(),
            cover: Some(PersonId::new("kit")),
            location: None,
            reason: Some("ill".to_owned()),
        };
        let swap = Override {
            from: "2026-11-23T09:00".parse().unwrap(),
            until: "2026-11-23T17:00".parse().unwrap(),
            off: Some(ada.clone()),
            on: Some(PersonId::new("kit")),
            role: None,
        };
        let stored = |change, until| StoredRotaChange {
            id: new_id(now),
            change,
            made_by: ada.clone(),
            made_at: now,
            until_at: at(until),
        };
        let away = stored(
            RotaChange::Absence {
                absence: absence.clone(),
            },
            "2026-11-22T00:00:00Z",
        );
        let swapped = stored(
            RotaChange::Override {
                rota: "london".to_owned(),
                change: swap.clone(),
            },
            "2026-11-23T17:00:00Z",
        );
        let mut unit = store.write().await.unwrap();
        for change in [&away, &swapped, &away] {
            unit.change_rota(change).await.unwrap();
        }
        unit.commit().await.unwrap();
        let mut view = store.read().await.unwrap();
        assert_eq!(
            view.rota_changes(now).await.unwrap(),
            [away.clone(), swapped.clone()]
        );
        let changes = view.desk_changes(at("2026-11-22")).await.unwrap();
        assert_eq!(changes.absences, [], "the absence is over");
        assert_eq!(changes.overrides, [("london".to_owned(), swap)]);
        drop(view);
        let mut unit = store.write().await.unwrap();
        assert!(unit.withdraw_rota_change(swapped.id, &ada, now).await.unwrap());
        assert!(!unit.withdraw_rota_change(swapped.id, &ada, now).await.unwrap());
        assert_eq!(unit.rota_changes(now).await.unwrap(), [away]);
    })
    .await;
}

#[tokio::test]
async fn a_hand_over_that_was_asked_for_is_done_once() {
    each_engine(async |store| {
        let now = at("2026-11-20");
        let asked = AskedHandover {
            id: new_id(now),
            from: "london".to_owned(),
            to: "new-york".to_owned(),
            by: PersonId::new("ada"),
            at: now,
        };
        let mut unit = store.write().await.unwrap();
        unit.ask_for_handover(&asked).await.unwrap();
        unit.ask_for_handover(&asked).await.unwrap();
        assert_eq!(
            unit.handovers_asked().await.unwrap(),
            std::slice::from_ref(&asked)
        );
        assert!(unit.handover_done(asked.id, 3, now).await.unwrap());
        assert!(!unit.handover_done(asked.id, 3, now).await.unwrap());
        assert_eq!(unit.handovers_asked().await.unwrap(), []);
        unit.move_escalation_mark("handovers", now).await.unwrap();
        unit.move_escalation_mark("handovers", now - DAY).await.unwrap();
        assert_eq!(unit.escalation_mark("handovers").await.unwrap(), Some(now));
    })
    .await;
}

#[tokio::test]
async fn who_was_not_reached_is_dealt_with_once() {
    each_engine(async |store| {
        let now = at("2026-11-20");
        let left = Unreached::new(
            "escalation:1:2",
            Platform::Discord,
            &PersonId::new("ada"),
            "left the server",
            now,
        );
        let mut unit = store.write().await.unwrap();
        unit.note_unreached(&left).await.unwrap();
        unit.note_unreached(&left).await.unwrap();
        assert_eq!(unit.unreached(9).await.unwrap(), std::slice::from_ref(&left));
        assert!(unit.unreached_handled(&left, now).await.unwrap());
        assert!(!unit.unreached_handled(&left, now).await.unwrap());
        unit.note_unreached(&left).await.unwrap();
        assert_eq!(unit.unreached(9).await.unwrap(), []);
        assert_eq!(unit.forget_unreached(now + DAY).await.unwrap(), 1);
    })
    .await;
}

//! Tickets: kept once, told once, recognised, matched.

use chrono::{DateTime, Utc};
use hammerdesk_domain::helpdesk::{
    By, Conversation, EventKind, Gone, Requester, Ticket, TicketId, TicketTimes, Traits, mark, status,
};
use hammerdesk_domain::ids::new_id;
use hammerdesk_domain::record::Entity;
use serde_json::json;

use super::{at, given, no};
use crate::Store;
use crate::helpdesk::{
    Happened, Hint, HintDue, Kept, NewRecord, NewWebhook, Origin, RecordKind, SaidReading, Taken, TicketKept,
    TicketReading, WebhookWaiting,
};
use crate::testing::each_engine;

const T: TicketId = TicketId(4711);

fn minute(n: i64) -> DateTime<Utc> {
    at("2026-11-20T10:00:00Z") + chrono::TimeDelta::minutes(n)
}

fn reading(change: impl FnOnce(&mut Ticket)) -> TicketReading {
    let mut ticket = Ticket {
        id: T,
        subject: "Lot 45 \u{0} <b>".into(),
        status: status::OPEN,
        priority: 1,
        source: 1,
        kind: None,
        requester: Some(9_000_000_001),
        responder: None,
        group: None,
        company: None,
        product: None,
        support_email: None,
        tags: vec!["vip".into()],
        custom: serde_json::Map::new(),
        due_at: None,
        first_response_due_at: None,
        is_escalated: false,
        times: TicketTimes::default(),
        created_at: minute(0),
        updated_at: minute(0),
        gone: Gone::Here,
        merged_into: None,
    };
    change(&mut ticket);
    TicketReading {
        ticket,
        has_times: true,
        description: None,
        description_text: None,
        attachments: None,
        raw: json!({ "id": 4711, "subject": "\u{0}" }),
    }
}

fn said(id: i64, text: &str) -> Conversation {
    Conversation {
        id,
        ticket: T,
        source: 2,
        incoming: false,
        private: true,
        author: Some(3),
        automatic: false,
        from: None,
        to: Vec::new(),
        cc: Vec::new(),
        html: format!("<p>{text}</p>"),
        text: text.into(),
        created_at: minute(id),
        updated_at: minute(id),
    }
}

async fn keep(store: &Store, reading: &TicketReading) -> TicketKept {
    let mut unit = store.write().await.unwrap();
    let kept = unit
        .keep_ticket(reading, Origin::read(i64::MAX), minute(60))
        .await
        .unwrap();
    unit.commit().await.unwrap();
    kept
}

async fn keep_said(store: &Store, all: &[Conversation], as_of: Option<DateTime<Utc>>) -> Kept {
    let mut unit = store.write().await.unwrap();
    let kept = unit
        .keep_conversations(
            T,
            &SaidReading {
                all,
                files: &[],
                as_of,
                began: i64::MAX,
            },
            minute(61),
        )
        .await
        .unwrap();
    unit.commit().await.unwrap();
    kept
}

async fn trail(store: &Store) -> Vec<EventKind> {
    let mut view = store.read().await.unwrap();
    let trail = view.ticket_trail(T).await.unwrap();
    trail.into_iter().map(|happened| happened.event.kind).collect()
}

#[tokio::test]
async fn a_state_is_kept_once_and_what_changed_is_told_once() {
    each_engine(async |store| {
        let first = reading(|_| ());
        assert_eq!(keep(&store, &first).await, TicketKept::New);
        assert_eq!(keep(&store, &first).await, TicketKept::Same);
        let told = trail(&store).await.len();
        let later = reading(|ticket| {
            ticket.priority = 4;
            ticket.updated_at = minute(5);
        });
        assert_eq!(keep(&store, &later).await, TicketKept::Changed);
        assert_eq!(keep(&store, &later).await, TicketKept::Same);
        assert_eq!(keep(&store, &first).await, TicketKept::Stale);
        assert_eq!(trail(&store).await[told..], [EventKind::Priority]);
        let mut view = store.read().await.unwrap();
        let stored = view.ticket(T).await.unwrap().unwrap();
        assert_eq!((stored.ticket.priority, stored.version), (4, 2));
        assert_eq!(stored.ticket.subject, "Lot 45  <b>");
        assert_eq!(stored.changed_seq, view.newest_change().await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn an_answer_without_times_or_description_takes_none_away() {
    each_engine(async |store| {
        let full = TicketReading {
            description: Some("<p>Dear</p>".into()),
            ..reading(|ticket| ticket.times.first_responded_at = Some(minute(3)))
        };
        keep(&store, &full).await;
        let bare = TicketReading {
            has_times: false,
            ..reading(|ticket| ticket.updated_at = minute(9))
        };
        assert_eq!(keep(&store, &bare).await, TicketKept::Changed);
        let mut view = store.read().await.unwrap();
        let stored = view.ticket(T).await.unwrap().unwrap();
        assert_eq!(stored.ticket.times.first_responded_at, Some(minute(3)));
        assert_eq!(stored.description.as_deref(), Some("<p>Dear</p>"));
    })
    .await;
}

#[tokio::test]
async fn words_that_are_gone_are_marked_and_edited_ones_told() {
    each_engine(async |store| {
        keep(&store, &reading(|_| ())).await;
        let kept = keep_said(&store, &[said(1, "one"), said(2, "two")], Some(minute(0))).await;
        assert_eq!(
            kept,
            Kept {
                new: 2,
                edited: 0,
                removed: 0
            }
        );
        let again = [said(2, "two, better")];
        assert_eq!(
            keep_said(&store, &again, None).await,
            Kept {
                new: 0,
                edited: 1,
                removed: 1
            }
        );
        assert_eq!(keep_said(&store, &again, None).await, Kept::default());
        let told = trail(&store).await;
        assert_eq!(
            told[told.len() - 4..],
            [
                EventKind::Note,
                EventKind::Note,
                EventKind::Edited,
                EventKind::Removed
            ]
        );
        let mut view = store.read().await.unwrap();
        let row = &view.ticket_rows(0, 10).await.unwrap()[0];
        assert_eq!(row.conversations, [2]);
        assert_eq!(view.ticket(T).await.unwrap().unwrap().said_as_of, Some(minute(0)));
    })
    .await;
}

#[tokio::test]
async fn a_reading_that_was_overtaken_takes_nothing_back() {
    each_engine(async |store| {
        keep(&store, &reading(|_| ())).await;
        let began = store.read().await.unwrap().newest_change().await.unwrap();
        let now = reading(|ticket| ticket.priority = 3);
        assert_eq!(keep(&store, &now).await, TicketKept::Changed);
        keep_said(&store, &[said(1, "said meanwhile")], None).await;
        let mut unit = store.write().await.unwrap();
        let late = unit
            .keep_ticket(&reading(|_| ()), Origin::read(began), minute(62))
            .await
            .unwrap();
        assert_eq!(late, TicketKept::Stale);
        let nothing = SaidReading {
            all: &[],
            files: &[],
            as_of: None,
            began,
        };
        assert_eq!(
            unit.keep_conversations(T, &nothing, minute(62)).await.unwrap(),
            Kept::default()
        );
        unit.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn our_own_note_is_known_by_its_mark_and_by_its_id_and_by_nothing_else() {
    each_engine(async |store| {
        keep(&store, &reading(|_| ())).await;
        let (marked, by_id, unknown) = (new_id(minute(1)), new_id(minute(1)), new_id(minute(1)));
        let mut unit = store.write().await.unwrap();
        for token in [marked, by_id] {
            unit.intend_write(token, "note", Some(T), minute(1))
                .await
                .unwrap();
        }
        unit.commit().await.unwrap();
        let with = |id, token| {
            let mut note = said(id, "same words");
            note.html.push_str(&mark(token));
            note
        };
        let forged = Conversation {
            incoming: true,
            private: false,
            ..with(3, marked)
        };
        let all = [with(1, marked), said(2, "same words"), forged, with(4, unknown)];
        keep_said(&store, &all, None).await;
        let mut unit = store.write().await.unwrap();
        unit.note_write_landed(by_id, T, Some(2), minute(2))
            .await
            .unwrap();
        unit.commit().await.unwrap();
        let mut view = store.read().await.unwrap();
        let tokens: Vec<_> = view
            .conversations(T)
            .await
            .unwrap()
            .into_iter()
            .map(|stored| stored.token)
            .collect();
        assert_eq!(tokens, [Some(marked), Some(by_id), None, None]);
        let ours: Vec<_> = view
            .ticket_trail(T)
            .await
            .unwrap()
            .into_iter()
            .filter(Happened::is_ours)
            .map(|happened| happened.event.conversation)
            .collect();
        assert_eq!(ours, [Some(1), Some(2)]);
        let write = view.ticket_write(marked).await.unwrap().unwrap();
        assert_eq!(write.conversation, Some(1));
    })
    .await;
}

#[tokio::test]
async fn each_reader_follows_the_changes_at_its_own_pace() {
    each_engine(async |store| {
        keep(&store, &reading(|_| ())).await;
        let mut unit = store.write().await.unwrap();
        let changed = unit.tickets_changed_after(0, 10).await.unwrap();
        assert_eq!(changed.iter().map(|c| c.ticket()).collect::<Vec<_>>(), [T]);
        assert_eq!(unit.helpdesk_position("bridge").await.unwrap(), None);
        unit.move_helpdesk_position("bridge", changed[0].seq, minute(1))
            .await
            .unwrap();
        unit.move_helpdesk_position("bridge", 1, minute(2)).await.unwrap();
        unit.commit().await.unwrap();
        let mut view = store.read().await.unwrap();
        let seq = view.helpdesk_position("bridge").await.unwrap().unwrap();
        assert_eq!(view.tickets_changed_after(seq, 10).await.unwrap(), []);
        assert_eq!(view.happened_after(seq, 10).await.unwrap(), []);
        drop(view);
        keep_said(&store, &[said(1, "one")], None).await;
        let mut view = store.read().await.unwrap();
        assert_eq!(view.tickets_changed_after(seq, 10).await.unwrap().len(), 1);
        let kinds: Vec<_> = view.happened_after(seq, 10).await.unwrap();
        assert_eq!(
            kinds.iter().map(|h| h.event.kind).collect::<Vec<_>>(),
            [EventKind::Note]
        );
    })
    .await;
}

#[tokio::test]
async fn a_ticket_that_vanished_is_told_and_told_again_when_it_is_back() {
    each_engine(async |store| {
        keep(&store, &reading(|_| ())).await;
        let mut unit = store.write().await.unwrap();
        assert!(unit.ticket_went(T, Gone::Deleted, minute(9)).await.unwrap());
        assert!(!unit.ticket_went(T, Gone::Deleted, minute(10)).await.unwrap());
        assert!(
            !unit
                .ticket_went(TicketId(1), Gone::Deleted, minute(10))
                .await
                .unwrap()
        );
        unit.commit().await.unwrap();
        let mut view = store.read().await.unwrap();
        assert_eq!(view.tickets_gone(Gone::Deleted).await.unwrap(), [T]);
        drop(view);
        assert_eq!(keep(&store, &reading(|_| ())).await, TicketKept::Changed);
        let told = trail(&store).await;
        assert_eq!(told[told.len() - 2..], [EventKind::Deleted, EventKind::Restored]);
    })
    .await;
}

#[tokio::test]
async fn a_note_of_a_merge_on_a_closed_ticket_says_into_which() {
    each_engine(async |store| {
        let merged = said(1, "This ticket is closed and merged into ticket 4712");
        keep(&store, &reading(|_| ())).await;
        keep_said(&store, std::slice::from_ref(&merged), None).await;
        let into = async || {
            let mut view = store.read().await.unwrap();
            view.ticket(T).await.unwrap().unwrap().ticket.merged_into
        };
        assert_eq!(into().await, None, "an open ticket was not merged");
        keep(
            &store,
            &reading(|ticket| {
                ticket.status = status::CLOSED;
                ticket.updated_at = minute(1);
            }),
        )
        .await;
        let second = said(2, "This ticket is closed and merged into ticket 4713");
        keep_said(&store, &[merged, second], None).await;
        assert_eq!(into().await, Some(TicketId(4713)));
        assert!(trail(&store).await.contains(&EventKind::Merged));
    })
    .await;
}

#[tokio::test]
async fn hints_about_one_ticket_fold_together_and_one_asked_meanwhile_stays() {
    each_engine(async |store| {
        let hint = |whole, urgency, due| Hint {
            whole,
            urgency,
            why: "test",
            due_at: minute(due),
        };
        let mut unit = store.write().await.unwrap();
        unit.hint_ticket(T, hint(false, Hint::BACKGROUND, 9), minute(0))
            .await
            .unwrap();
        unit.hint_ticket(T, hint(true, Hint::LIVE, 5), minute(0))
            .await
            .unwrap();
        unit.hint_ticket(TicketId(1), hint(true, Hint::ORDINARY, 0), minute(0))
            .await
            .unwrap();
        assert_eq!(unit.hints_due(minute(4), 0..=2, 10).await.unwrap().len(), 1);
        let due = unit.hints_due(minute(5), 0..=2, 10).await.unwrap();
        assert_eq!(
            due.iter().map(|d| (d.ticket(), d.whole)).collect::<Vec<_>>(),
            [(T, true), (TicketId(1), true)]
        );
        unit.hint_ticket(T, hint(false, Hint::ORDINARY, 6), minute(5))
            .await
            .unwrap();
        for due in &due {
            unit.hint_followed(due).await.unwrap();
        }
        let left = unit.hints_due(minute(9), 0..=2, 10).await.unwrap();
        assert_eq!(left.iter().map(HintDue::ticket).collect::<Vec<_>>(), [T]);
        unit.hint_later(&left[0], minute(20)).await.unwrap();
        assert_eq!(unit.next_hint_at().await.unwrap(), Some(minute(20)));
        assert_eq!(unit.hint_counts().await.unwrap().waiting, 1);
        unit.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_webhook_that_waits_already_is_counted_and_one_that_was_dealt_with_comes_again() {
    each_engine(async |store| {
        let webhook = NewWebhook {
            source: "freshdesk",
            digest: "d1",
            content_type: "application/json",
            body: b"\x00{",
            ticket: Some(T),
            received_at: minute(0),
        };
        let mut unit = store.write().await.unwrap();
        assert_eq!(unit.take_webhook(&webhook).await.unwrap(), Taken::New);
        assert_eq!(unit.take_webhook(&webhook).await.unwrap(), Taken::Waiting);
        let waiting = unit.webhooks_waiting("freshdesk", 10).await.unwrap();
        assert_eq!(
            waiting.iter().map(WebhookWaiting::ticket).collect::<Vec<_>>(),
            [Some(T)]
        );
        unit.webhook_handled(waiting[0].id, minute(1)).await.unwrap();
        assert_eq!(unit.take_webhook(&webhook).await.unwrap(), Taken::New);
        let counts = unit.webhook_counts("freshdesk").await.unwrap();
        assert_eq!((counts.stored, counts.came, counts.waiting), (2, 3, 1));
        assert_eq!(unit.forget_webhooks(minute(9)).await.unwrap(), 1);
        unit.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_a_ticket_says_of_its_requester_never_replaces_the_contact() {
    each_engine(async |store| {
        let contact = |name: &str, is_partial| NewRecord {
            kind: RecordKind::Contact,
            id: 5,
            name: name.into(),
            email: Some("Ada@Example.org ".into()),
            raw: json!({ "name": name }),
            is_partial,
            updated_at: None,
        };
        let mut unit = store.write().await.unwrap();
        for record in [contact("A", true), contact("Ada", false), contact("A.", true)] {
            unit.keep_helpdesk_record(&record, minute(0)).await.unwrap();
        }
        let found = unit
            .helpdesk_records_by_email(RecordKind::Contact, "ADA@example.org")
            .await
            .unwrap();
        assert_eq!(found.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(), ["Ada"]);
        assert_eq!(
            unit.helpdesk_records_complete(RecordKind::Contact, minute(1), minute(2))
                .await
                .unwrap(),
            1
        );
        assert_eq!(unit.helpdesk_record_count(RecordKind::Contact).await.unwrap(), 0);
        let gone = unit
            .helpdesk_record(RecordKind::Contact, 5)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(gone.gone_at, Some(minute(2)));
        unit.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_cursor_comes_back_as_it_was_saved() {
    each_engine(async |store| {
        let mut unit = store.write().await.unwrap();
        unit.save_helpdesk_cursor("tickets", &json!({ "at": 1 }), minute(0))
            .await
            .unwrap();
        unit.save_helpdesk_cursor("tickets", &json!({ "at": 2 }), minute(1))
            .await
            .unwrap();
        let cursor: Option<serde_json::Value> = unit.helpdesk_cursor("tickets").await.unwrap();
        assert_eq!(cursor, Some(json!({ "at": 2 })));
        unit.drop_helpdesk_cursor("tickets").await.unwrap();
        assert_eq!(
            unit.helpdesk_cursor::<serde_json::Value>("tickets")
                .await
                .unwrap(),
            None
        );
    })
    .await;
}

#[tokio::test]
async fn a_ticket_is_matched_by_address_phone_number_and_paddle() {
    each_engine(async |store| {
        let merged = [("client", "1009"), ("name", "Old"), ("merged_into", "1001")];
        given(
            &store,
            Entity::Client,
            &[
                &[("client", "1001"), ("name", "Ada")],
                &[("client", "1002")],
                &merged,
            ],
        )
        .await;
        let alias = |client, kind, value| [("client", client), ("kind", kind), ("value", value)];
        given(
            &store,
            Entity::Alias,
            &[
                &alias("1001", "email", "Ada@Example.org"),
                &alias("1009", "email", "old@example.org"),
                &alias("1002", "phone", "+44 20 7946 0000"),
                &alias("1002", "freshdesk", "55"),
                &[
                    ("client", "1001"),
                    ("kind", "paddle"),
                    ("value", "117"),
                    ("sale", "L1"),
                ],
                &[
                    ("client", "1002"),
                    ("kind", "paddle"),
                    ("value", "117"),
                    ("sale", "L2"),
                ],
            ],
        )
        .await;
        let ask = async |requester: Requester, text: &str| {
            let mut view = store.read().await.unwrap();
            let traits = Traits::of(requester, text, "");
            let found = view.candidates(&traits).await.unwrap();
            found
                .into_iter()
                .map(|c| (c.client.short().to_owned(), c.by))
                .collect::<Vec<_>>()
        };
        let email = |email: &str| Requester {
            emails: vec![email.into()],
            ..Requester::default()
        };
        let one = |client: &str, by| vec![(client.to_owned(), by)];
        assert_eq!(ask(email("ADA@example.org"), "").await, one("1001", By::Email));
        assert_eq!(ask(email("old@example.org"), "").await, one("1001", By::Email));
        let phone = Requester {
            phones: vec!["0044 20 79460000".into()],
            ..Requester::default()
        };
        assert_eq!(ask(phone, "").await, one("1002", By::Phone));
        let contact = Requester {
            contact: Some(55),
            ..Requester::default()
        };
        assert_eq!(ask(contact, "").await, one("1002", By::Contact));
        assert_eq!(
            ask(Requester::default(), "client 1002 please").await,
            one("1002", By::Number)
        );
        assert_eq!(ask(Requester::default(), "client 1003 please").await, []);
        assert_eq!(
            ask(Requester::default(), "paddle 117, sale L2").await,
            one("1002", By::Paddle)
        );
        assert_eq!(ask(Requester::default(), "paddle 117").await, []);
        keep(&store, &reading(|_| ())).await;
        let mut unit = store.write().await.unwrap();
        let traits = Traits::of(email("ada@example.org"), "account 1002", "");
        assert!(unit.match_ticket(T, &traits, minute(1)).await.unwrap());
        assert!(!unit.match_ticket(T, &traits, minute(2)).await.unwrap());
        let (verdict, found) = unit.ticket_match(T).await.unwrap().unwrap();
        assert!(verdict.is_mismatch() && found.len() == 2, "{verdict:?}");
        assert_eq!(unit.tickets_of_client(&no("1002"), 10).await.unwrap(), [T]);
        unit.commit().await.unwrap();
    })
    .await;
}

//! Conversations: order, privacy, files, marks.

use hammerdesk_domain::ids::{PersonId, new_id};
use serde_json::json;
use uuid::Uuid;

use super::at;
use crate::Store;
use crate::chat::{ChatFile, ChatMessage, Unread};
use crate::testing::each_engine;

fn person(id: &str) -> PersonId {
    PersonId::new(id)
}

fn message(author: &str, only_for: Option<&str>, thread: Option<Uuid>) -> ChatMessage {
    let now = at("2026-11-20T10:00:00.123456Z");
    ChatMessage {
        id: new_id(now),
        channel: "shipping".to_owned(),
        thread,
        author: person(author),
        only_for: only_for.map(person),
        at: now,
        body: json!({ "kind": "talk", "text": "王翬 \u{0} \"quoted\"", "z": 1, "a": 2 }),
    }
}

fn token() -> Uuid {
    new_id(at("2026-11-20"))
}

async fn keep(store: &Store, message: &ChatMessage) {
    let mut unit = store.write().await.unwrap();
    assert!(unit.chat_post(message, &[], token()).await.unwrap());
    unit.commit().await.unwrap();
}

#[tokio::test]
async fn a_message_comes_back_word_for_word_to_those_who_may_read_it() {
    each_engine(async |store| {
        let open = message("ada", None, None);
        let private = message("ada", Some("ada"), None);
        keep(&store, &open).await;
        keep(&store, &private).await;
        let mut view = store.read().await.unwrap();
        let hers = view
            .chat_page(&person("ada"), "shipping", None, 10)
            .await
            .unwrap();
        assert_eq!(hers, [open.clone(), private.clone()]);
        assert_eq!(
            view.chat_page(&person("ben"), "shipping", None, 10)
                .await
                .unwrap(),
            std::slice::from_ref(&open)
        );
        assert_eq!(
            view.chat_since(&person("ben"), Uuid::nil(), 10).await.unwrap(),
            std::slice::from_ref(&open)
        );
        assert_eq!(view.chat_message(&person("ben"), private.id).await.unwrap(), None);
        assert_eq!(
            view.chat_message(&person("ada"), private.id).await.unwrap(),
            Some(private.clone())
        );
        assert_eq!(view.chat_newest().await.unwrap(), Some(private.id));
        let before = view
            .chat_page(&person("ada"), "shipping", Some(private.id), 10)
            .await
            .unwrap();
        assert_eq!(before, [open]);
    })
    .await;
}

#[tokio::test]
async fn what_is_sent_twice_with_one_token_is_kept_once() {
    each_engine(async |store| {
        let (first, second) = (message("ada", None, None), message("ada", None, None));
        let one = token();
        let file = ChatFile {
            name: "a.csv".into(),
            media_type: "text/csv".into(),
            content: vec![0, 255],
        };
        let mut unit = store.write().await.unwrap();
        assert!(
            unit.chat_post(&first, std::slice::from_ref(&file), one)
                .await
                .unwrap()
        );
        assert!(
            !unit
                .chat_post(&second, std::slice::from_ref(&file), one)
                .await
                .unwrap()
        );
        unit.commit().await.unwrap();
        let mut view = store.read().await.unwrap();
        assert_eq!(
            view.chat_sent(&person("ada"), one).await.unwrap(),
            Some(first.clone())
        );
        assert_eq!(view.chat_sent(&person("ben"), one).await.unwrap(), None);
        assert_eq!(
            view.chat_file(&person("ben"), first.id, 0).await.unwrap(),
            Some(file)
        );
        assert_eq!(view.chat_file(&person("ben"), first.id, 1).await.unwrap(), None);
        assert_eq!(view.chat_file(&person("ben"), second.id, 0).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_file_of_a_private_message_is_as_private_as_the_message() {
    each_engine(async |store| {
        let private = message("ada", Some("ada"), None);
        let file = ChatFile {
            name: "a.csv".into(),
            media_type: "text/csv".into(),
            content: b"x".to_vec(),
        };
        let mut unit = store.write().await.unwrap();
        unit.chat_post(&private, &[file], token()).await.unwrap();
        unit.commit().await.unwrap();
        let mut view = store.read().await.unwrap();
        assert!(
            view.chat_file(&person("ada"), private.id, 0)
                .await
                .unwrap()
                .is_some()
        );
        assert_eq!(view.chat_file(&person("ben"), private.id, 0).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn threads_and_counts_show_each_person_only_what_they_may_read() {
    each_engine(async |store| {
        let root = message("ada", None, None);
        keep(&store, &root).await;
        let open = message("ben", None, Some(root.id));
        let private = message("ben", Some("ben"), Some(root.id));
        keep(&store, &open).await;
        keep(&store, &private).await;
        let mut view = store.read().await.unwrap();
        for (who, answers) in [("ada", 1), ("ben", 2)] {
            let who = person(who);
            let counted = view.chat_answers(&who, "shipping", root.id).await.unwrap();
            assert_eq!(
                counted.iter().map(|a| (a.thread, a.answers)).collect::<Vec<_>>(),
                [(root.id, answers)]
            );
            let thread = view.chat_thread(&who, root.id, 10).await.unwrap();
            assert_eq!(i64::try_from(thread.len()), Ok(answers));
            let threads = view.chat_threads(&who, Uuid::nil(), 10).await.unwrap();
            assert_eq!(threads, std::slice::from_ref(&root));
            assert_eq!(
                view.chat_page(&who, "shipping", None, 10).await.unwrap(),
                std::slice::from_ref(&root)
            );
        }
        assert_eq!(
            view.chat_threads(&person("ada"), private.id, 10).await.unwrap(),
            []
        );
    })
    .await;
}

#[tokio::test]
async fn unread_is_what_others_wrote_after_the_mark_and_a_mark_never_goes_back() {
    each_engine(async |store| {
        let (first, second) = (message("ada", None, None), message("ada", None, None));
        let secret = message("ada", Some("ada"), None);
        let answer = message("ada", None, Some(first.id));
        for message in [&first, &second, &secret, &answer] {
            keep(&store, message).await;
        }
        let unread = async |who: &str| {
            let mut view = store.read().await.unwrap();
            let mut all = view.chat_unread(&person(who), Uuid::nil()).await.unwrap();
            all.sort_by_key(|unread| unread.thread);
            all
        };
        let mark = async |thread, up_to| {
            let mut unit = store.write().await.unwrap();
            unit.chat_read(&person("ben"), "shipping", thread, up_to)
                .await
                .unwrap();
            unit.commit().await.unwrap();
        };
        let count = |thread, count| Unread {
            channel: "shipping".to_owned(),
            thread,
            count,
        };
        assert_eq!(unread("ada").await, []);
        assert_eq!(unread("ben").await, [count(None, 2), count(Some(first.id), 1)]);
        mark(None, second.id).await;
        mark(None, first.id).await;
        assert_eq!(unread("ben").await, [count(Some(first.id), 1)]);
        mark(Some(first.id), answer.id).await;
        assert_eq!(unread("ben").await, []);
    })
    .await;
}

//! Tickets as nobody would make them, through the real sync into chat: fields missing or of another type, a
//! subject without end, a status that nobody named, bodies with scripts in them.

use hammerdesk_domain::chat::{Platform, Post};
use hammerdesk_domain::helpdesk::TicketId;
use hammerdesk_sandbox::freshdesk::{Fault, Route};
use hammerdesk_store::testing;
use serde_json::json;

use crate::bridged::{self, Setup, account, channel, thread};

async fn head(app: &hammerdesk::App, ticket: u64) -> Post {
    let mut view = app.store.read().await.unwrap();
    let head = view
        .stored_post(&format!("ticket:{ticket}"), Platform::Console)
        .await;
    head.unwrap().expect("its card").post
}

#[tokio::test]
async fn a_ticket_whose_every_field_is_missing_or_of_another_type_is_kept_shown_and_put_right_later() {
    for fault in [Fault::Bare, Fault::WrongTypes] {
        testing::each_engine(async |store| {
            let (sim, clock) = account(|_| ()).await;
            let app = bridged::bot(&sim, &clock, store.clone(), &Setup::of(&sim));
            bridged::rest(&clock, &[&app]).await;
            let agent = sim.account().add_agent("Kit", "kit@house.test");
            let ticket = sim
                .account()
                .customer_mails("ada@buyer.test", "Ada", "Lot 45", "<p>When?</p>");
            sim.account()
                .agent_sets(agent, ticket, "tags", json!(["vip"]))
                .unwrap();
            sim.account()
                .agent_notes(agent, ticket, "<div>Called</div>", true)
                .unwrap();
            for route in [Route::ListTickets, Route::ViewTicket, Route::Conversations] {
                sim.account().fault(route, 10_000, &fault);
            }
            let other = sim
                .account()
                .customer_mails("ben@buyer.test", "Ben", "Another", "<p>Hi</p>");
            for _ in 0..60 {
                clock.advance(chrono::TimeDelta::seconds(31));
                app.engine().settle().await.unwrap();
            }
            // However odd, it is stored; and where it still says when it changed, its card stands in chat.
            let shown = channel(&app).await;
            for ticket in [ticket, other] {
                let id = TicketId(i64::try_from(ticket).unwrap());
                let mut view = app.store.read().await.unwrap();
                assert!(view.ticket(id).await.unwrap().is_some(), "{fault:?}");
                let title = format!("#{ticket} ");
                let is_shown = shown.iter().any(|card| card.contains(&title));
                assert!(is_shown || fault == Fault::WrongTypes, "{fault:?}: {shown:?}");
            }
            sim.account().end_faults();
            sim.account().customer_answers(ticket, "<p>And?</p>").unwrap();
            sim.account().customer_answers(other, "<p>And?</p>").unwrap();
            bridged::rest(&clock, &[&app]).await;
            let shown = channel(&app).await;
            assert!(
                shown.contains(&format!("[OPEN] #{ticket} Lot 45")),
                "{fault:?}: {shown:?}"
            );
            let said = thread(&app, ticket).await;
            for once in ["Called", "And?"] {
                let times = said.iter().filter(|words| words.contains(once)).count();
                assert_eq!(times, 1, "{fault:?}: {said:?}");
            }
            clock.advance(chrono::TimeDelta::hours(25));
            bridged::rest(&clock, &[&app]).await;
            assert_eq!(sim.account().violations(), []);
        })
        .await;
    }
}

#[tokio::test]
async fn a_subject_without_end_and_a_status_that_nobody_named_are_shown_as_far_as_they_go() {
    testing::each_engine(async |store| {
        let (sim, clock) = account(|_| ()).await;
        let app = bridged::bot(&sim, &clock, store, &Setup::of(&sim));
        bridged::rest(&clock, &[&app]).await;
        let agent = sim.account().add_agent("Kit", "kit@house.test");
        let subject = "Lot 45 \u{202e}and <b>more</b> @everyone ".repeat(300);
        let subject: String = subject.chars().take(10_000).collect();
        assert_eq!(subject.chars().count(), 10_000);
        let ticket = sim
            .account()
            .customer_mails("ada@buyer.test", "Ada", &subject, "<p>When?</p>");
        sim.account()
            .add_status(42, "Stuck with the bank", "Being processed");
        sim.account()
            .agent_sets(agent, ticket, "status", json!(42))
            .unwrap();
        bridged::rest(&clock, &[&app]).await;
        let card = head(&app, ticket).await;
        let title = &card.reply.cards[0].title;
        assert!(title.chars().count() <= 100, "{title}");
        assert!(title.starts_with(&format!("#{ticket} Lot 45 ")), "{title}");
        assert!(
            !title.contains('\u{202e}'),
            "what turns text round is left out: {title:?}"
        );
        let badge = card.reply.cards[0].badge.clone().unwrap_or_default();
        assert!(
            ["STATUS 42", "STUCK WITH THE BANK"].contains(&badge.as_str()),
            "{badge}"
        );
        let mut view = app.store.read().await.unwrap();
        let id = TicketId(i64::try_from(ticket).unwrap());
        let stored = view.ticket(id).await.unwrap().unwrap().ticket;
        assert_eq!((stored.subject, stored.status), (subject, 42), "stored as it is");
        drop(view);
        // Its name comes with the fields, and the card follows.
        clock.advance(chrono::TimeDelta::minutes(20));
        bridged::rest(&clock, &[&app]).await;
        sim.account()
            .agent_sets(agent, ticket, "priority", json!(2))
            .unwrap();
        bridged::rest(&clock, &[&app]).await;
        let card = head(&app, ticket).await;
        assert_eq!(card.reply.cards[0].badge.as_deref(), Some("STUCK WITH THE BANK"));
        let shown = bridged::ask(
            &app,
            hammerdesk_commands::request::What::Typed(format!("/ticket show {ticket}")),
        )
        .await;
        let text = hammerdesk_commands::render::plain(&shown);
        assert!(text.contains("Lot 45") && text.chars().count() < 4_000, "{text}");
    })
    .await;
}

#[tokio::test]
async fn html_and_scripts_are_words_in_chat() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("bad.db").display());
    let store = hammerdesk_store::Store::create(&url).await.unwrap();
    let (sim, clock) = account(|options| options.unknowns.keeps_comments = true).await;
    let app = bridged::bot(&sim, &clock, store, &Setup::of(&sim));
    let agent = sim
        .account()
        .add_agent("<img src=x onerror=alert(1)>", "kit@house.test");
    bridged::rest(&clock, &[&app]).await;
    let ticket = sim.account().customer_mails(
        "ada@buyer.test",
        "<script>alert('name')</script>",
        "<script>alert(1)</script> & \"quotes\"",
        "<p>When?</p><script>alert(2)</script><style>p{color:red}</style><!-- hidden -->\
         <a href=\"javascript:alert(3)\">link</a><img src=x onerror=\"alert(4)\">&lt;b&gt;bold&lt;/b&gt;",
    );
    sim.account()
        .agent_notes(
            agent,
            ticket,
            "<div onclick=\"alert(5)\">@everyone **loud** <iframe src=\"https://evil.test\"></iframe>[x](https://evil.test)</div>",
            true,
        )
        .unwrap();
    bridged::rest(&clock, &[&app]).await;
    let said = thread(&app, ticket).await;
    assert_eq!(said.len(), 2, "{said:#?}");
    insta::assert_snapshot!(said.join("\n"), @r"
    <script>alert('name')</script> (client): When? link <b>bold</b>
    <img src=x onerror=alert(1)> (private note): @everyone **loud** [x](https://evil.test)
    ");
    for words in &said {
        for gone in [
            "alert(2)",
            "alert(4)",
            "alert(5)",
            "javascript:",
            "<iframe",
            "color:red",
            "hidden",
        ] {
            assert!(!words.contains(gone), "{gone} in {words}");
        }
    }
    // The pages show words as words.
    let root = bridged::root(&app, ticket).await.unwrap();
    for path in [
        format!("/console/c/{}", bridged::CHANNEL),
        format!("/console/t/{root}"),
    ] {
        let page = page(&app, &path).await;
        assert!(page.contains("alert"), "it shows them: {path}");
        for bad in ["<script>alert", "<img src=x", "<iframe", "<b>bold"] {
            assert!(!page.contains(bad), "{bad} stands in {path}");
        }
    }
    app.store.close().await;
}

/// A page of the console, as a browser gets it.
async fn page(app: &hammerdesk::App, path: &str) -> String {
    use tower::ServiceExt as _;
    let request = axum::http::Request::get(path)
        .header(
            "cookie",
            format!("hammerdesk_person={}", crate::harness::COORDINATOR),
        )
        .body(axum::body::Body::empty())
        .unwrap();
    let answer = app.router().oneshot(request).await.unwrap();
    let bytes = axum::body::to_bytes(answer.into_body(), 10_000_000)
        .await
        .unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

//! Tickets from chat: what goes out, what never does, and who may not know of what.

mod ticket_desk;

use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use hammerdesk_commands::render::plain;
use hammerdesk_commands::{CREATE_TICKET, Picked};
use hammerdesk_domain::chat::{Platform, Post, Said, SaidFile, SaidHow};
use hammerdesk_domain::helpdesk::{HelpdeskWrite, TicketId, status};
use hammerdesk_domain::ids::{ChannelId, PersonId, new_id};
use hammerdesk_domain::message::{Outcome, Reply, Visibility};
use hammerdesk_store::testing::each_engine;
use hammerdesk_store::{Heard, Standing};
use ticket_desk::{CALLER, Desk, INES, KIT, NIA, ROSA, TOM, button, moment};

/// What people read, the same on both engines.
macro_rules! assert_reads {
    ($text:expr, @$wanted:literal) => {{
        let text = $text;
        insta::allow_duplicates! { insta::assert_snapshot!(text, @$wanted) }
    }};
}

const WORDS: &str = "Dear Ada,\n\n“It is due” on \"Friday\"; confirm:x is no option.\n\nNia";

#[tokio::test]
async fn a_reply_is_shown_before_it_goes_and_goes_once() {
    each_engine(async |store| {
        let desk = Desk::over(&store).await;
        let card = desk.ask(NIA, "/ticket show 47").await;
        let preview = desk.submit(NIA, button(&card, "Reply to client"), &[("text", WORDS)]).await;
        assert_eq!((preview.visibility, desk.waiting().await), (Visibility::Private, 0));
        assert_eq!(preview.facts["text"], WORDS);
        let shown = plain(&preview);
        for said in [
            "[NOT SENT]",
            "To Ada Lovelace <ada@example.org>",
            "Copies to colleague@example.org",
            "Subject Re: Invoice question of Ada Lovelace",
            "“It is due” on \"Friday\"; confirm:x is no option.",
            "Account Ada Lovelace · 1001, by the sender's address",
        ] {
            assert!(shown.contains(said), "{said}\n{shown}");
        }
        let send = button(&preview, "Send to client");
        assert_eq!(desk.woken.load(Ordering::SeqCst), 0, "a preview has nothing to send");
        let sent = desk.press(NIA, send).await;
        assert_eq!(desk.woken.load(Ordering::SeqCst), 1, "what was queued waits for the next look");
        assert_reads!(plain(&sent), @"Your reply to ada@example.org (copies to colleague@example.org) on ticket 47 goes out. Queued for Freshdesk; it shows in the thread when it is there.");
        for who in [NIA, ROSA] {
            let again = desk.press(who, send).await;
            assert_reads!(plain(&again), @"This reply on ticket 47 was sent before; it goes once. Write /ticket reply again to say more.");
        }
        let writes = desk.writes("47").await;
        let [HelpdeskWrite::Reply { ticket, html, cc, .. }] = writes.as_slice() else {
            panic!("{writes:?}")
        };
        assert_eq!(*ticket, TicketId(47));
        assert_eq!(*cc, ["colleague@example.org"]);
        assert_eq!(
            html,
            "Dear Ada,<br><br>“It is due” on &quot;Friday&quot;; confirm:x is no option.<br><br>Nia"
        );
    })
    .await;
}

#[tokio::test]
async fn a_confirmation_sends_no_other_words_and_not_to_a_conversation_that_went_on() {
    each_engine(async |store| {
        let desk = Desk::over(&store).await;
        let preview = desk.ask(NIA, "/ticket reply 47 text:On Friday.").await;
        let code = preview.facts["confirm"].as_str().unwrap().to_owned();
        for other in ["On Monday.", "On Friday", "on Friday."] {
            let reply = desk.ask(NIA, &format!("/ticket reply 47 text:\"{other}\" confirm:{code}")).await;
            assert!(reply.text.starts_with("Not sent: "), "{}", plain(&reply));
            assert_eq!(reply.facts["text"], other);
        }
        let elsewhere = desk.ask(ROSA, &format!("/ticket reply 471 text:\"On Friday.\" confirm:{code}")).await;
        assert!(elsewhere.text.starts_with("Not sent: "), "{}", plain(&elsewhere));
        desk.client_writes(47, 900, "Paid it just now!").await;
        let late = desk.press(NIA, button(&preview, "Send to client")).await;
        assert_reads!(late.text.clone(), @"Not sent: what you confirmed is not what would go now, because the words, the address or the conversation changed since. Look again. This is what the client will read. Nothing has been mailed yet.");
        assert_eq!(desk.waiting().await, 0);
        let sent = desk.press(NIA, button(&late, "Send to client")).await;
        assert!(sent.text.starts_with("Your reply to ada@example.org"), "{}", plain(&sent));
        assert_eq!(desk.waiting().await, 1);
    })
    .await;
}

#[tokio::test]
async fn payment_data_is_never_mailed_nor_kept_in_a_note() {
    each_engine(async |store| {
        let desk = Desk::over(&store).await;
        for line in [
            "/ticket reply 47 text:your card 4111 1111 1111 1111",
            "/ticket note 47 text:card 4111-1111-1111-1111",
            "/ticket create subject:\"4111111111111111\" text:x email:a@b.example",
            "/ticket reply 47 text:pay to GB29 NWBK 6016 1331 9268 19",
        ] {
            let reply = desk.ask(NIA, line).await;
            assert_eq!(reply.outcome, Outcome::Refused, "{}", plain(&reply));
        }
        assert_eq!(desk.waiting().await, 0);
        assert_reads!(desk.text(NIA, "/ticket reply 47 text:pay to GB29 NWBK 6016 1331 9268 19").await, @"That holds a bank account number (IBAN). Account numbers are never mailed from here: take it out, and point the client to the details on their invoice.");
    })
    .await;
}

#[tokio::test]
async fn notes_owners_and_statuses_are_queued_as_they_were_asked() {
    each_engine(async |store| {
        let desk = Desk::over(&store).await;
        assert_reads!(desk.text(NIA, "/ticket note 47 text:called at 5:30, no answer <b>").await, @"Your private note on ticket 47, which no client sees. Queued for Freshdesk; it shows in the thread when it is there.");
        assert_reads!(desk.text(NIA, "/ticket note 47 text:called at 5:30, no answer <b>").await, @"You left this note on ticket 47 just now; it is there once.");
        assert_reads!(desk.text(NIA, "/ticket assign 47 to:me").await, @"Ticket 47 goes to Nia Prosser. Queued for Freshdesk; it shows in the thread when it is there.");
        assert_reads!(desk.text(NIA, "/ticket status 47 to:\"being checked\"").await, @"Ticket 47 becomes With compliance. Queued for Freshdesk; it shows in the thread when it is there.");
        assert_reads!(desk.text(NIA, "/ticket status 47 to:gone").await, @"“gone” is no status here. There are Open, Pending, Resolved, Closed, With compliance.");
        assert_reads!(desk.text(NIA, "/ticket status 48 to:open").await, @"Ticket 48 is Open already.");
        assert_reads!(desk.text(ROSA, "/ticket assign 47 to:me").await, @r#"I do not know which agent you are in Freshdesk. Your administrator can set helpdesk = "your address" under [[people]]; meanwhile give the agent's name."#);
        let card = desk.ask(ROSA, "/ticket show 471").await;
        let give = button(&card, "Give it");
        let given = desk.submit(ROSA, give, &[("to", KIT)]).await;
        assert_reads!(plain(&given), @"Ticket 471 goes to Kwok Wing-yan. Queued for Freshdesk; it shows in the thread when it is there.");
        let unknown = desk.submit(ROSA, give, &[("to", "discord:77")]).await;
        assert!(plain(&unknown).contains("which agent that person is"), "{}", plain(&unknown));
        let choice = desk.ask(ROSA, "/ticket assign 47 to:nia").await;
        let options = choice.menu.unwrap().options;
        assert_eq!(options[0].label, "Nia Okafor (okafor@house.example)");
        desk.press(ROSA, &options[0]).await;
        let kinds: Vec<String> = desk
            .writes("47")
            .await
            .iter()
            .map(|write| serde_json::to_string(write).unwrap())
            .collect();
        assert_reads!(kinds.join("\n"), @r#"
        {"write":"note","ticket":47,"html":"<b>Nia &lt;b&gt;Prosser:</b><br>called at 5:30, no answer &lt;b&gt;","files":[]}
        {"write":"update","ticket":47,"change":{"responder":101}}
        {"write":"update","ticket":47,"change":{"status":9}}
        {"write":"update","ticket":47,"change":{"responder":102}}
        "#);
    })
    .await;
}

#[tokio::test]
async fn a_ticket_is_made_for_a_client_and_from_a_message_once() {
    each_engine(async |store| {
        let desk = Desk::over(&store).await;
        assert_reads!(desk.text(NIA, "/ticket create subject:Pickup text:Collects on Friday client:1001 priority:high").await, @"A ticket “Pickup” for ada@example.org. Queued for Freshdesk; it shows in the thread when it is there.");
        assert_reads!(desk.text(NIA, "/ticket create subject:x text:y").await, @"Say whose ticket it is: client: with a number or a name, or email: with an address.");
        assert_reads!(desk.text(NIA, "/ticket create subject:x text:y client:1004").await, @"I cannot show this account here. Please ask your manager.");
        assert_reads!(desk.text(NIA, "/ticket create subject:x text:y email:nobody").await, @"“nobody” is no e-mail address. Write it like ada@example.com.");
        let picked = Picked { author: "Kit".to_owned(), text: "Two\n\"lines\"".to_owned() };
        let nia = desk.commands.settings().people[&PersonId::new(NIA)].clone();
        let offer = desk.commands.pick_as(&nia, CREATE_TICKET, &picked).await;
        let action = button(&offer, "Create ticket");
        let fields = [("subject", "From chat"), ("email", "new@example.net"), ("client", "")];
        for _ in 0..2 {
            desk.submit(NIA, action, &fields).await;
        }
        assert_eq!(desk.waiting().await, 2);
        let tom = desk.commands.settings().people[&PersonId::new(TOM)].clone();
        let refused = desk.commands.pick_as(&tom, CREATE_TICKET, &picked).await;
        assert_eq!(refused.outcome, Outcome::Refused);
    })
    .await;
}

#[tokio::test]
async fn a_role_may_do_with_tickets_what_its_words_say() {
    each_engine(async |store| {
        let desk = Desk::over(&store).await;
        let lines = [
            "/ticket show 48",
            "/ticket search hours",
            "/queue nobody",
            "/ticket note 48 text:x",
            "/ticket assign 48 to:kwok",
            "/ticket status 48 to:closed",
            "/ticket create subject:x text:y email:a@b.example",
            "/ticket reply 48 text:x",
            "/ticket reply 48 text:x confirm:00",
        ];
        for (who, allowed) in [(NIA, 9), (TOM, 3), (CALLER, 0)] {
            for (at, line) in lines.iter().enumerate() {
                let reply = desk.ask(who, line).await;
                let is_open = reply.outcome != Outcome::Refused;
                assert_eq!(is_open, at < allowed, "{who} {line}: {}", plain(&reply));
            }
        }
        let card = desk.ask(TOM, "/ticket show 48").await;
        assert!(card.actions.is_empty(), "{}", plain(&card));
    })
    .await;
}

#[tokio::test]
async fn nobody_learns_of_a_ticket_whose_client_is_not_for_them() {
    each_engine(async |store| {
        let desk = Desk::over(&store).await;
        desk.ticket_as(474, 14, "Not looked at yet", |_| ()).await;
        for (who, seen) in [
            (NIA, vec![47, 48]),
            (KIT, vec![48, 471]),
            (TOM, vec![47, 48, 471]),
            (ROSA, vec![47, 48, 471, 472]),
            (INES, vec![47, 48, 471, 472, 473, 474]),
        ] {
            let mut lists = vec![desk.text(who, "/queue nobody").await];
            for words in ["invoice", "example", "1004", "zoltan", "473", "hidden", "looked"] {
                lists.push(desk.text(who, &format!("/ticket search {words}")).await);
            }
            for typed in ["4", "47", "473", "zoltan"] {
                lists.push(format!("{:?}", desk.complete(who, &format!("/ticket show {typed}")).await));
            }
            for id in [47, 48, 471, 472, 473, 474] {
                let shown = desk.text(who, &format!("/ticket show {id}")).await;
                let unknown = desk.text(who, "/ticket show 999").await.replace("999", &id.to_string());
                assert_eq!(shown != unknown, seen.contains(&id), "{who} {id}: {shown}");
            }
            let all = lists.join("\n");
            for (id, word) in [(472, "Viola"), (473, "Zoltan H"), (474, "looked at"), (471, "Mei Ling")] {
                assert_eq!(all.contains(word), seen.contains(&id), "{who} {word}: {all}");
            }
        }
        for line in [
            "/ticket note 473 text:x",
            "/ticket assign 473 to:me",
            "/ticket status 473 to:closed",
            "/ticket reply 473 text:x",
            "/ticket reply 473 text:x confirm:00",
        ] {
            assert_reads!(desk.text(NIA, line).await, @"I do not know a ticket 473. A new one takes a moment to arrive; /ticket search finds others.");
        }
        assert_eq!(desk.waiting().await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_queue_goes_by_urgency_then_age_and_hostile_subjects_stay_one_line() {
    each_engine(async |store| {
        let desk = Desk::over(&store).await;
        for (id, priority, hours) in [(60, 1, 50), (61, 4, 3), (62, 4, 9)] {
            desk.ticket_as(id, 15, "Evil \u{202e}\n@everyone <script>", |ticket| {
                ticket.priority = priority;
                ticket.responder = Some(101);
                ticket.created_at = ticket_desk::moment() - chrono::TimeDelta::hours(hours);
            })
            .await;
        }
        desk.ticket_as(63, 15, "Over", |ticket| {
            ticket.responder = Some(101);
            ticket.status = status::CLOSED;
        })
        .await;
        let shown = desk.text(INES, "/queue prosser").await;
        assert!(!shown.contains("Over"), "{shown}");
        let places: Vec<Option<usize>> = ["#62", "#61", "#60"].iter().map(|id| shown.find(id)).collect();
        assert!(places.is_sorted() && places[0].is_some(), "{shown}");
        assert!(!shown.contains('\u{202e}'), "{shown}");
    })
    .await;
}

#[tokio::test]
async fn completion_knows_statuses_and_agents() {
    each_engine(async |store| {
        let desk = Desk::over(&store).await;
        let lines = async |line: &str| -> Vec<String> {
            desk.complete(NIA, line)
                .await
                .into_iter()
                .map(|one| one.line)
                .collect()
        };
        assert_eq!(
            lines("/ticket status 47 to:w").await,
            ["/ticket status 47 to:\"With compliance\" "]
        );
        assert_eq!(
            lines("/ticket assign 47 to:n").await,
            [
                "/ticket assign 47 to:\"Nia Okafor\" ",
                "/ticket assign 47 to:\"Nia Prosser\" "
            ]
        );
        assert_eq!(lines("/ticket show 47").await, ["/ticket show 47 "]);
    })
    .await;
}

#[tokio::test]
async fn a_card_says_how_a_ticket_stands_and_what_was_said() {
    each_engine(async |store| {
        let desk = Desk::over(&store).await;
        desk.client_writes(47, 900, "Is \u{1b}[31mit paid?").await;
        assert_reads!(desk.text(NIA, "/ticket show #47").await, @r"
        #47 Invoice question of Ada Lovelace  [OPEN]
          From Ada Lovelace <ada@example.org>
          Nobody has it yet · no group
          Since 20 Nov 05:00 UTC, last changed 20 Nov 09:00 UTC
          Account Ada Lovelace · 1001, by the sender's address
        Said
          20 Nov 05:00 UTC · Ada Lovelace <ada@example.org>: When is it due?
          20 Nov 10:00 UTC · Ada Lovelace, the client: Is [31mit paid?
        As of: Freshdesk 2026-11-20 10:00 UTC

        Open in Freshdesk: https://house.example/a/tickets/47

        > Reply to client: /ticket reply 47
        > Note: /ticket note 47
        > Take it: /ticket assign 47 to:me
        > Give it: /ticket assign 47
        > Resolve: /ticket status 47 to:resolved
        > Balance: /balance 0000001001
        ");
        assert_reads!(desk.text(ROSA, "/ticket search ada").await, @r"
        1 ticket
          Ticket  Subject                           From          Status  Priority  With    Age
          -------------------------------------------------------------------------------------
          #47     Invoice question of Ada Lovelace  Ada Lovelace  Open    low       nobody  5 h
        As of: Freshdesk 2026-11-20 10:00 UTC

        > Show #47: /ticket show 47
        ");
    })
    .await;
}

#[tokio::test]
async fn a_mismatch_is_shown_and_one_hidden_client_hides_the_ticket() {
    each_engine(async |store| {
        let desk = Desk::over(&store).await;
        for (id, text) in [(80, "about client 1002"), (81, "about client 1004")] {
            desk.ticket(id, 11, text, Some("ada@example.org")).await;
        }
        let shown = desk.text(ROSA, "/ticket show 80").await;
        for said in [
            "The sender and the text name different accounts. Check before you answer.",
            "Ada Lovelace · 1001, by the sender's address",
            "Chan Mei Ling · 1002, by the number in the text",
        ] {
            assert!(shown.contains(said), "{shown}");
        }
        for (who, id) in [(NIA, 80), (KIT, 80), (ROSA, 81), (NIA, 81)] {
            let reply = desk.ask(who, &format!("/ticket show {id}")).await;
            assert_eq!(reply.outcome, Outcome::Unknown, "{}", plain(&reply));
        }
    })
    .await;
}

#[tokio::test]
async fn what_freshdesk_refused_can_be_asked_again() {
    each_engine(async |store| {
        let desk = Desk::over(&store).await;
        for round in 0..2 {
            desk.ask(NIA, "/ticket note 47 text:x").await;
            let preview = desk.ask(NIA, "/ticket reply 47 text:y").await;
            desk.press(NIA, button(&preview, "Send to client")).await;
            assert_eq!(desk.waiting().await, 2, "round {round}");
            desk.refuse_all("47").await;
            assert_eq!(desk.waiting().await, 0);
        }
    })
    .await;
}

/// Somebody leaves a file in the thread of ticket 47, and takes it back or not.
#[expect(clippy::unwrap_used, reason = "a test stops where its world cannot be made")]
async fn leaves(desk: &Desk, who: &str, name: &str, how: SaidHow) {
    let head = Post::new(
        "ticket:47",
        ChannelId::new("accounts-london"),
        Reply::sentence(Outcome::Answered, "Ticket 47"),
    )
    .opening("Ticket 47");
    let mut unit = desk.store.write().await.unwrap();
    unit.post(&head, [Platform::Discord], moment()).await.unwrap();
    let stored = unit.stored_post("ticket:47", Platform::Discord).await.unwrap();
    let standing = Standing {
        place: "1".to_owned(),
        message: "2".to_owned(),
        thread: Some("3".to_owned()),
    };
    unit.post_shown(&stored.unwrap(), &standing, moment())
        .await
        .unwrap();
    let file = SaidFile {
        name: name.to_owned(),
        media_type: Some("application/pdf".to_owned()),
        size: 2_048,
        from: format!("https://cdn.discordapp.com/attachments/1/2/{name}"),
    };
    let heard = Heard {
        id: new_id(moment()),
        platform: Platform::Discord,
        place: "3".to_owned(),
        message: name.to_owned(),
        how,
        key: "ticket:47".to_owned(),
        said: Said {
            who: who.to_owned(),
            name: who.to_owned(),
            text: String::new(),
            files: if how == SaidHow::Deleted {
                Vec::new()
            } else {
                vec![file]
            },
        },
        at: moment() - TimeDelta::minutes(5),
    };
    unit.hear(&heard).await.unwrap();
    unit.commit().await.unwrap();
}

#[tokio::test]
async fn files_go_along_where_one_says_so_and_only_ones_own_that_still_stand() {
    each_engine(async |store| {
        let desk = Desk::over(&store).await;
        let line = "/ticket reply 47 text:\"As asked\" files:true";
        assert_reads!(desk.text(NIA, line).await, @"You left no files in the thread of ticket 47 within the last hour. Post them there, then ask again with files:true.");
        leaves(&desk, NIA, "receipt.pdf", SaidHow::Said).await;
        leaves(&desk, ROSA, "secret.pdf", SaidHow::Said).await;
        leaves(&desk, NIA, "wrong.pdf", SaidHow::Said).await;
        leaves(&desk, NIA, "wrong.pdf", SaidHow::Deleted).await;
        let preview = desk.ask(NIA, line).await;
        let shown = plain(&preview);
        assert!(shown.contains("Files receipt.pdf (2 kB)\n"), "{shown}");
        desk.press(NIA, button(&preview, "Send to client")).await;
        desk.ask(NIA, "/ticket note 47 text:Seen files:true").await;
        desk.ask(NIA, "/ticket note 47 text:Again").await;
        let files: Vec<usize> = desk
            .writes("47")
            .await
            .iter()
            .map(|write| match write {
                HelpdeskWrite::Reply { files, .. } | HelpdeskWrite::Note { files, .. } => {
                    assert!(files.iter().all(|file| file.name == "receipt.pdf"));
                    files.len()
                }
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(files, [1, 1, 0]);
    })
    .await;
}

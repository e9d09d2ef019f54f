//! What people get: the same answers as anywhere, private unless they are to be shared, to whom they are due.

use hammerdesk_commands::grammar;
use serde_json::json;

use super::{Chat, Different, ask, client, press};
use crate::harness::{CALL_CENTRE, COMPLIANCE, COORDINATOR, MANAGER};

#[tokio::test]
async fn every_command_of_the_grammar_is_offered_and_registered_once() {
    let chat = Chat::open().await;
    let names: Vec<String> = chat
        .sim
        .commands(Some(chat.guild))
        .iter()
        .filter_map(|command| command["name"].as_str().map(str::to_owned))
        .collect();
    for leaf in grammar::leaves() {
        let top = leaf.path.split(' ').next().unwrap();
        assert!(names.iter().any(|name| name == top), "{top} is not offered");
    }
    let puts = || {
        chat.sim
            .requests()
            .iter()
            .filter(|logged| logged.method == "PUT")
            .count()
    };
    assert_eq!(puts(), 1);
    // A new session finds nothing to change.
    chat.sim.gateway().invalidate(false);
    chat.put_right(2).await;
    assert_eq!(puts(), 1);
    chat.close().await;
}

#[tokio::test]
async fn commands_can_be_registered_everywhere() {
    let chat = Chat::with(Different {
        everywhere: true,
        ..Different::default()
    })
    .await;
    assert!(!chat.sim.commands(None).is_empty() && chat.sim.commands(Some(chat.guild)).is_empty());
    let (number, name) = chat.client("B8");
    let answer = ask(&chat.coordinator(), chat.accounts, "balance", client(&number)).await;
    assert!(answer.text().contains(&name), "{}", answer.text());
    chat.close().await;
}

#[tokio::test]
async fn a_balance_is_the_same_as_anywhere_and_for_its_asker_alone() {
    let chat = Chat::open().await;
    let (number, name) = chat.client("B8");
    let nia = chat.coordinator();
    let other = chat.person("Somebody Else", MANAGER);
    let answer = ask(&nia, chat.accounts, "balance", client(&number)).await;
    let text = answer.text();
    assert!(answer.is_ephemeral && !answer.was_deferred, "{answer:?}");
    assert!(text.contains(&name) && text.contains("As of: "), "{text}");
    let plain = chat.desk.text(COORDINATOR, &format!("/balance {number}")).await;
    for amount in plain
        .split_whitespace()
        .filter(|word| word.contains('.') && word.chars().all(|c| c.is_ascii_digit() || ",.()".contains(c)))
    {
        assert!(text.contains(amount), "{amount} is missing from {text}");
    }
    assert!(nia.sees(chat.accounts).len() == 1 && other.sees(chat.accounts).is_empty());
    chat.close().await;
}

#[tokio::test]
async fn a_shared_answer_is_asked_for_confirmed_and_names_who_shares_it() {
    let chat = Chat::open().await;
    let (number, name) = chat.client("B8");
    let (nia, other) = (chat.coordinator(), chat.person("Somebody Else", MANAGER));
    let answer = ask(&nia, chat.accounts, "balance", client(&number)).await;
    let confirm = press(&nia, &answer.message.unwrap(), "Share here")
        .outcome()
        .await;
    let confirm = confirm.message.unwrap();
    assert!(
        confirm.is_ephemeral && confirm.content.contains("Everybody who can read this channel"),
        "{}",
        confirm.text()
    );
    assert!(other.sees(chat.accounts).is_empty());
    let shared = press(&nia, &confirm, "Share").outcome().await;
    assert!(!shared.is_ephemeral || shared.was_deferred, "{}", shared.text());
    let seen = other.sees(chat.accounts);
    assert_eq!(
        seen.len(),
        1,
        "{shared:?} {:?}",
        chat.sim.all_messages(chat.accounts)
    );
    assert!(seen[0].text().contains(&name) && seen[0].text().contains("Nia Prosser shares this answer."));
    // Its buttons answer whoever presses them, alone.
    let pressed = press(&other, &seen[0], "Release").outcome().await;
    assert!(pressed.is_ephemeral, "{pressed:?}");
    assert_eq!(
        nia.sees(chat.accounts)
            .iter()
            .filter(|seen| !seen.is_ephemeral)
            .count(),
        1
    );
    chat.close().await;
}

#[tokio::test]
async fn nothing_internal_or_restricted_is_shared_where_others_read() {
    let chat = Chat::open().await;
    let (number, name) = chat.client("B8");
    let call_centre = chat.person("Caller", CALL_CENTRE);
    let share = json!({ "client": number, "share": true });
    let kept = ask(&chat.coordinator(), chat.call_centre, "balance", share.clone()).await;
    assert!(
        kept.is_ephemeral && kept.text().contains("Not shared"),
        "{}",
        kept.text()
    );
    let compliance = chat.person("Ines", COMPLIANCE);
    let kept = ask(&compliance, chat.accounts, "balance", share).await;
    assert!(
        kept.is_ephemeral && !kept.text().contains(&name),
        "{}",
        kept.text()
    );
    let open = ask(&compliance, chat.managers, "balance", client(&number)).await;
    assert!(open.is_ephemeral);
    assert!(
        call_centre.sees(chat.call_centre).is_empty()
            && chat
                .sim
                .all_messages(chat.accounts)
                .iter()
                .all(|seen| seen.is_ephemeral)
    );
    chat.close().await;
}

#[tokio::test]
async fn in_an_open_channel_answers_stand_for_all_to_read() {
    let chat = Chat::open().await;
    let (number, name) = chat.client("B8");
    ask(
        &chat.person("Rosa", MANAGER),
        chat.managers,
        "balance",
        client(&number),
    )
    .await;
    let seen = chat.person("Another", MANAGER).sees(chat.managers);
    assert!(seen.len() == 1 && seen[0].text().contains(&name));
    chat.close().await;
}

#[tokio::test]
async fn who_loses_a_role_loses_everything_with_the_next_press() {
    let chat = Chat::open().await;
    let (number, name) = chat.client("B8");
    let nia = chat.coordinator();
    let answer = ask(&nia, chat.accounts, "balance", client(&number))
        .await
        .message
        .unwrap();
    chat.sim.set_roles(chat.guild, nia.id, &[]);
    let pressed = press(&nia, &answer, "Release").outcome().await;
    assert!(
        pressed.text().contains("I do not know you yet") && !pressed.text().contains(&name),
        "{}",
        pressed.text()
    );
    let form = press(&nia, &answer, "Share here").outcome().await;
    assert!(form.text().contains("I do not know you yet"), "{}", form.text());
    let typed = nia
        .autocomplete(chat.accounts, "balance", &client(&name[..4]), "client")
        .unwrap()
        .outcome()
        .await;
    assert_eq!(typed.choices, Some(Vec::new()));
    let asked = ask(&nia, chat.accounts, "balance", client(&number)).await;
    assert!(asked.text().contains("I do not know you yet"));
    // Another role is another's access: the call centre may not ask for balances.
    chat.sim.set_roles(chat.guild, nia.id, &[chat.roles[CALL_CENTRE]]);
    let asked = ask(&nia, chat.accounts, "balance", client(&number)).await;
    assert!(asked.text().contains("not open to the role"), "{}", asked.text());
    chat.close().await;
}

#[tokio::test]
async fn completions_show_only_whom_the_asker_may_see() {
    let chat = Chat::open().await;
    let (number, name) = chat.client("B8");
    let typed = |who: &hammerdesk_sandbox::discord::Person| {
        who.autocomplete(chat.accounts, "balance", &client(&name[..5]), "client")
            .unwrap()
    };
    let found = typed(&chat.coordinator()).outcome().await.choices.unwrap();
    let short = number.trim_start_matches('0');
    assert!(
        found
            .iter()
            .any(|(label, value)| label.contains(&name) && value == short),
        "{found:?}"
    );
    let stranger = chat.sim.person(chat.guild, "Stranger", &[]);
    assert_eq!(typed(&stranger).outcome().await.choices, Some(Vec::new()));
    chat.close().await;
}

#[tokio::test]
async fn an_ambiguous_name_is_a_menu_that_asks_on() {
    let chat = Chat::open().await;
    let nia = chat.coordinator();
    let answer = ask(&nia, chat.accounts, "client find", json!({ "text": "an" })).await;
    let message = answer.message.unwrap();
    if let Some(menu) = message.menus().first() {
        let options = message.options(menu);
        assert!(options.len() > 1 && options.len() <= 25);
        let chosen = nia
            .select(message.id, menu, &[&options[0].1])
            .unwrap()
            .outcome()
            .await;
        let name = options[0].0.split(" · ").next().unwrap().to_owned();
        assert!(
            chosen.is_ephemeral && chosen.text().contains(&name),
            "{}",
            chosen.text()
        );
    } else {
        assert!(
            !message.buttons().is_empty() || !message.embeds.is_empty(),
            "{}",
            message.text()
        );
    }
    chat.close().await;
}

#[tokio::test]
async fn a_form_is_a_modal_whose_mistakes_can_be_put_right() {
    let chat = Chat::open().await;
    let (number, name) = chat.client("B8");
    let nia = chat.coordinator();
    let answer = ask(&nia, chat.accounts, "balance", client(&number))
        .await
        .message
        .unwrap();
    let shown = press(&nia, &answer, "Another day");
    let modal = shown.outcome().await.modal.expect("a modal");
    assert!(modal.to_string().contains("What happens"), "{modal}");
    let field = modal["components"][0]["components"][0]["custom_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let wrong = nia
        .submit_modal(&shown, &[(&field, "yesterday")])
        .unwrap()
        .outcome()
        .await;
    assert!(
        wrong.text().contains("write the date as 2026-03-31"),
        "{}",
        wrong.text()
    );
    let again = press(&nia, &wrong.message.unwrap(), "Fill it in again");
    assert!(again.outcome().await.modal.is_some());
    let right = nia
        .submit_modal(&again, &[(&field, "2026-10-31")])
        .unwrap()
        .outcome()
        .await;
    assert!(
        right.is_ephemeral && right.text().contains(&name),
        "{}",
        right.text()
    );
    chat.close().await;
}

#[tokio::test]
async fn an_answer_explains_itself_to_whoever_may_read_it() {
    let chat = Chat::open().await;
    let (number, _) = chat.client("B8");
    let nia = chat.coordinator();
    let answer = ask(&nia, chat.accounts, "balance", client(&number))
        .await
        .message
        .unwrap();
    let why = press(&nia, &answer, "How was this computed").outcome().await;
    let message = why.message.unwrap();
    let file: String = message
        .files
        .iter()
        .map(|file| String::from_utf8_lossy(&file.bytes).into_owned())
        .collect();
    assert!(
        message.is_ephemeral && format!("{}{file}", message.content).contains("B8"),
        "{}{file}",
        message.text()
    );
    chat.close().await;
}

#[tokio::test]
async fn a_forged_or_forgotten_button_is_answered_with_what_to_do() {
    let chat = Chat::open().await;
    let nia = chat.coordinator();
    let (number, _) = chat.client("B8");
    let message = ask(&nia, chat.accounts, "balance", client(&number))
        .await
        .message
        .unwrap();
    for forged in [
        "a:ask-00000000000000000000000000000000",
        "/balance 1",
        "x",
        "s:ask-00",
        "w:ask-00",
    ] {
        let answer = nia.press_forged(message.id, forged).unwrap().outcome().await;
        assert!(
            answer.is_ephemeral && answer.text().contains("not known here any more"),
            "{forged}: {}",
            answer.text()
        );
    }
    chat.close().await;
}

#[tokio::test]
async fn a_server_that_is_not_configured_gets_nothing() {
    let chat = Chat::open().await;
    let (number, name) = chat.client("B8");
    let nia = chat.coordinator();
    let message = ask(&nia, chat.accounts, "balance", client(&number))
        .await
        .message
        .unwrap();
    assert!(message.text().contains(&name));
    let elsewhere = chat.sim.guild("Another House");
    let channel = chat.sim.channel(elsewhere, "general");
    chat.sim.join(elsewhere, nia.id, &[]);
    assert!(
        nia.slash(channel, "balance", &client(&number)).is_err(),
        "its commands are not offered there"
    );
    chat.close().await;
}

#[tokio::test]
async fn a_message_becomes_a_ticket_by_its_menu_once_it_is_said_whose_it_is() {
    let chat = Chat::open().await;
    let nia = chat.coordinator();
    let said = nia
        .says(chat.accounts, "The client asks for *lot 38* @everyone", &[])
        .unwrap();
    let picked = nia
        .context_menu(said, "Create ticket from this message")
        .unwrap()
        .outcome()
        .await;
    let asked = picked.message.unwrap();
    assert!(
        asked.is_ephemeral && asked.text().contains("Nothing is made yet"),
        "{}",
        asked.text()
    );
    let shown = press(&nia, &asked, "Create ticket");
    let modal = shown.outcome().await.modal.expect("a modal");
    assert!(modal.to_string().contains("Nothing is mailed"), "{modal}");
    let made = nia
        .submit_modal(
            &shown,
            &[
                ("subject", "Lot 38"),
                ("email", "ada@example.com"),
                ("priority", "HIGH"),
            ],
        )
        .unwrap()
        .outcome()
        .await;
    assert!(
        made.is_ephemeral && made.text().contains("Lot 38"),
        "{}",
        made.text()
    );
    let wrong = press(&nia, &asked, "Create ticket");
    wrong.outcome().await;
    let wrong = nia
        .submit_modal(&wrong, &[("subject", "Lot 38"), ("priority", "soon")])
        .unwrap()
        .outcome()
        .await;
    assert!(wrong.text().contains("write one of"), "{}", wrong.text());
    let stranger = chat.sim.person(chat.guild, "Stranger", &[]);
    let refused = stranger
        .context_menu(said, "Create ticket from this message")
        .unwrap()
        .outcome()
        .await;
    assert!(refused.text().contains("I do not know you yet"));
    chat.close().await;
}

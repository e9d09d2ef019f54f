//! What `hammerdesk check` finds at Discord, and what answers look like there.

use hammerdesk::config::Secret;
use hammerdesk::discord::{self, Setup};
use hammerdesk_sandbox::discord::Rights;
use serde_json::json;

use super::{Chat, ask, client};

async fn found(setup: &Setup) -> (bool, String) {
    let all = discord::check(setup).await;
    let lines: Vec<String> = all
        .iter()
        .map(|finding| format!("{} {}", if finding.ok { "ok" } else { "FIX" }, finding.says))
        .collect();
    (all.iter().all(|finding| finding.ok), lines.join("\n"))
}

#[tokio::test]
async fn a_good_setup_is_in_order_and_the_invitation_is_printed() {
    let chat = Chat::open().await;
    let (ok, says) = found(&chat.setup).await;
    assert!(ok, "{says}");
    let link = format!(
        "https://discord.com/oauth2/authorize?client_id={}&scope=bot+applications.commands&permissions=",
        chat.sim.bot()
    );
    assert!(
        says.contains(&link) && says.contains("call-centre: has every right that it needs"),
        "{says}"
    );
    chat.close().await;
}

#[tokio::test]
async fn each_missing_right_is_named_with_its_channel() {
    let chat = Chat::open().await;
    let role = chat.sim.bot_role(chat.guild).unwrap();
    let denied = Rights::EMBED_LINKS | Rights::CREATE_PUBLIC_THREADS;
    chat.sim.overwrite(chat.accounts, role, Rights::NONE, denied);
    let (ok, says) = found(&chat.setup).await;
    assert!(
        !ok && says
            .contains("FIX accounts-london: the bot lacks Create Public Threads, Embed Links; give it"),
        "{says}"
    );
    chat.sim
        .overwrite(chat.accounts, role, Rights::NONE, Rights::VIEW_CHANNEL);
    chat.sim.delete_channel(chat.managers);
    let (_, says) = found(&chat.setup).await;
    assert!(
        says.contains("accounts-london: ")
            && says.contains(&format!("managers: there is no channel {}", chat.managers)),
        "{says}"
    );
    chat.close().await;
}

#[tokio::test]
async fn a_wrong_token_server_or_role_is_a_sentence() {
    let chat = Chat::open().await;
    let mut setup = chat.setup.clone();
    setup.token = Secret::from("MTA1.wrong.token");
    let (ok, says) = found(&setup).await;
    assert!(
        !ok && says.contains("does not accept discord.token") && !says.contains("wrong"),
        "{says}"
    );
    let mut setup = chat.setup.clone();
    setup.guilds.push(999_999_999_999_999);
    let (_, says) = found(&setup).await;
    assert!(
        says.contains("FIX discord.guilds 999999999999999: the bot is not on that server"),
        "{says}"
    );
    chat.sim.delete_role(chat.guild, chat.roles["shipping"]);
    let (_, says) = found(&chat.setup).await;
    assert!(
        says.contains(&format!(
            "[discord.roles] {}: no server has that role",
            chat.roles["shipping"]
        )),
        "{says}"
    );
    chat.close().await;
}

#[tokio::test]
async fn answers_look_like_this() {
    let chat = Chat::open().await;
    let nia = chat.coordinator();
    let (number, _) = chat.client("B8");
    let balance = ask(&nia, chat.accounts, "balance", client(&number)).await;
    insta::assert_snapshot!(balance.text(), @r#"
    London: GBP 40,737.60 overdue, oldest 143 days.
    Hugo Thistlethwaite · 1400008
    **OVERDUE** · London · 1000 · GBP
    ```
      Billed and open  GBP 40,737.60
    ! Overdue          GBP 40,737.60  oldest 143 days
    ```
    **Ageing, days past due**
    ```
      current       GBP 0.00
      1-30     GBP 12,464.00  2 items
      31-60    GBP 17,384.00  2 items
      61-90         GBP 0.00
      90+      GBP 10,889.60  3 items
    ```
    **Overdue**
    ```
    Invoice     Due         Days           Open
    -------------------------------------------
    1400008001  2026-06-30   143   GBP 6,297.60
    1400008002  2026-06-30   143   GBP 1,180.80
    1400008003  2026-08-19    93   GBP 3,411.20
    1400008004  2026-09-28    53  GBP 16,400.00
    1400008005  2026-09-28    53     GBP 984.00
    ```
    2 more; the whole list is in the file
    - ▲ **B8** GBP 40,737.60 overdue in 7 items, the oldest by 143 days.
    - → Collections: client accounts London.
    **You may tell the client**
    > GBP 40,737.60 is past its due date.
    As of: ledger 2026-11-20 09:13 UTC; 4 other sources, the oldest bank statements 2026-11-20 08:25 UTC
    [Invoice 1400008001]
    [Invoice 1400008002]
    [Invoice 1400008003]
    [Release]
    [Deposits]
    [Client]
    [Another day]
    [Share here]
    [How was this computed]
    (open-items-1400008-2026-11-20.csv)
    "#);
    let release = ask(&nia, chat.accounts, "release", json!({ "client": number })).await;
    insta::assert_snapshot!(release.text(), @r#"
    Hugo Thistlethwaite · 1400008
    **BLOCKED** · Release of 7 lots
    - ▲ Not to be released yet.
    **Lots**
    ```
    Lot        Title                      Status   Because
    ------------------------------------------------------
    L1801/38   An English longcase clock  BLOCKED  R01
    L1801/138  An English longcase clock  BLOCKED  R01
    L1802/38   An English longcase clock  BLOCKED  R01
    L1803/38   An English longcase clock  BLOCKED  R01
    L1803/138  An English longcase clock  BLOCKED  R01
    L1804/38   An English longcase clock  BLOCKED  R01
    L1804/138  An English longcase clock  BLOCKED  R01
    ```
    **What blocks it**
    - ▲ **R01** unpaid (lot L1801/38): GBP 6,297.60 of invoice 1400008001 is open. To clear: payment applied. Who: coordinator (posting) or the client (payment).
    - ▲ **R01** unpaid (lot L1801/138): GBP 1,180.80 of invoice 1400008002 is open. To clear: payment applied. Who: coordinator (posting) or the client (payment).
    - ▲ **R01** unpaid (lot L1802/38): GBP 3,411.20 of invoice 1400008003 is open. To clear: payment applied. Who: coordinator (posting) or the client (payment).
    - ▲ **R01** unpaid (lot L1803/38): GBP 16,400.00 of invoice 1400008004 is open. To clear: payment applied. Who: coordinator (posting) or the client (payment).
    - ▲ **R01** unpaid (lot L1803/138): GBP 984.00 of invoice 1400008005 is open. To clear: payment applied. Who: coordinator (posting) or the client (payment).
    - ▲ **R01** unpaid (lot L1804/38): GBP 4,067.20 of invoice 1400008006 is open. To clear: payment applied. Who: coordinator (posting) or the client (payment).
    - ▲ **R01** unpaid (lot L1804/138): GBP 8,396.80 of invoice 1400008007 is open. To clear: payment applied. Who: coordinator (posting) or the client (payment).
    **You may tell the client**
    > We cannot release lots L1801/38, L1801/138, L1802/38, L1803/38, L1803/138 and 2 more yet: payment is outstanding.
    As of: ledger 2026-11-20 09:13 UTC; 6 other sources, the oldest bank statements 2026-11-20 08:25 UTC
    [Show balance]
    [Show invoice 1400008001]
    [Show invoice 1400008002]
    [Share here]
    [How was this computed]
    "#);
    let (number, _) = chat.client("D4");
    let deposit = ask(&nia, chat.accounts, "deposit", client(&number)).await;
    insta::assert_snapshot!(deposit.text(), @r#"
    Íñigo Echeverría · 1600004
    **HELD** · Deposit D1600004003 · 1000 · GBP
    ```
      Deposit  GBP 5,000.00
      Sale     L1805
    ```
    - **P5** will be applied to invoice 1600004001
    - Next: accounts receivable.
    **Not met**
    - ▲ **D4** invoice 1600004001 is open
    **You may tell the client**
    > Your deposit of GBP 5,000.00 will be applied to invoice 1600004001.
    As of: ledger 2026-11-20 09:13 UTC; 6 other sources, the oldest bank statements 2026-11-20 08:25 UTC
    [Show balance]
    [Show release]
    [Share here]
    [How was this computed]
    "#);
    chat.close().await;
}

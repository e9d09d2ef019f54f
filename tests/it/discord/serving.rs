//! The service as a process of its own, pointed at the simulated Discord by its config alone.

use std::time::Duration;

use hammerdesk_sandbox::discord::{DiscordSim, Options, Rights};

use super::{PATIENCE, ask, client};
use crate::process::{Home, config};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_service_works_wherever_its_config_says_that_discord_is() {
    let sim = DiscordSim::start(Options::default()).await.unwrap();
    let guild = sim.guild("The House");
    let channel = sim.channel(guild, "accounts");
    let role = sim.role(guild, "Accounts", Rights::NONE);
    let nia = sim.person(guild, "Nia", &[role]);
    let discord = format!(
        "[discord]\ntoken_file = \"token\"\nguilds = [{guild}]\napi_url = \"{}\"\n[discord.roles]\n{role} = \"all\"\n",
        sim.api_url()
    );
    let token = sim.token();
    let (home, serving) = tokio::task::spawn_blocking(move || {
        let home = Home::new();
        home.write("token", format!("{token}\n"));
        let serving = home.serve(&config(&discord));
        (home, serving)
    })
    .await
    .unwrap();
    let deadline = tokio::time::Instant::now() + PATIENCE * 3;
    while sim.commands(Some(guild)).is_empty() || !sim.gateway().is_connected() {
        assert!(tokio::time::Instant::now() < deadline, "it did not connect");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let answer = ask(&nia, channel, "balance", client("12345")).await;
    assert!(
        answer.is_ephemeral && answer.text().contains("GBP 10.00"),
        "{}",
        answer.text()
    );
    sim.gateway().unparseable_interaction();
    ask(&nia, channel, "help", serde_json::json!({})).await;
    let (ready, metrics, (code, took, log)) = tokio::task::spawn_blocking(move || {
        let ready = serving.ready();
        let metrics = serving.http("GET /metrics", "").1;
        (ready, metrics, serving.stop())
    })
    .await
    .unwrap();
    assert_eq!(ready, (200, "ready\ndiscord: connected\n".to_owned()));
    let says = |name: &str| metrics.lines().any(|line| line.starts_with(name));
    assert!(says("hammerdesk_discord_connected 1"), "{metrics}");
    assert!(
        says("hammerdesk_discord_unread_events_total{kind=\"INTERACTION_CREATE\"} 1"),
        "{metrics}"
    );
    assert!(says("hammerdesk_discord_acknowledged_seconds"), "{metrics}");
    assert_eq!(code, Some(0), "{log}");
    assert!(took < Duration::from_secs(8), "{took:?}");
    assert!(
        log.contains("ERROR") && log.contains("discord sent an event that cannot be read"),
        "{log}"
    );
    assert!(!log.contains("12345") && !log.contains(&sim.token()), "{log}");
    drop(home);
}

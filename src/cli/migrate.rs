//! `hammerdesk migrate`.

use hammerdesk_store::Store;

use super::{Done, say};
use crate::config::Config;

pub(super) async fn run(config: &Config) -> anyhow::Result<Done> {
    let store = Store::connect(&config.store.url, true).await?;
    let before = store.schema().await?;
    let now = store.migrate().await?;
    say(&if before.is_current() {
        format!("The store already has schema {}.", now.found)
    } else {
        format!("Brought the store from schema {} to {}.", before.found, now.found)
    });
    Ok(Done::Ok)
}

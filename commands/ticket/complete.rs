//! Completions of ticket numbers, agents and statuses. Nobody completes a ticket that they may not see.

use hammerdesk_domain::access::Asker;
use hammerdesk_domain::helpdesk::TicketId;
use hammerdesk_domain::text::{clean, fold};
use hammerdesk_store::{StoreError, View};

use super::change::has_words;
use super::scene::{self, Scene, Statuses};

/// Looked at while somebody types.
const AT_ONCE: i64 = 30;
const PAGES: usize = 3;

/// Tickets whose number begins with the typed digits, or whose subject has the typed word: number and subject.
pub(crate) async fn tickets(
    view: &mut View,
    asker: &Asker,
    typed: &str,
    most: usize,
) -> Result<Vec<(TicketId, String)>, StoreError> {
    let typed = typed.trim().trim_start_matches('#');
    let number: Option<i64> = typed.parse().ok().filter(|number| *number > 0);
    let words: Vec<String> = typed.split_whitespace().map(str::to_owned).collect();
    let mut out = Vec::new();
    let mut before = i64::MAX;
    for _ in 0..PAGES {
        let ids = match number {
            Some(number) => view.tickets_numbered(number, before, AT_ONCE).await?,
            None => view.search_tickets(&words, before, AT_ONCE).await?,
        };
        for id in &ids {
            if let Some(scene) = Scene::look(view, asker, *id).await? {
                out.push((*id, format!("{} · {}", scene.subject(), scene.status())));
                if out.len() == most {
                    return Ok(out);
                }
            }
        }
        match ids.last() {
            Some(last) => before = last.0,
            None => break,
        }
    }
    Ok(out)
}

/// Names of agents that fit what was typed, `me` first.
pub(crate) async fn agents(view: &mut View, typed: &str, most: usize) -> Result<Vec<String>, StoreError> {
    let typed = fold(typed.trim());
    let mut out: Vec<String> = ["me".to_owned()]
        .into_iter()
        .filter(|me| me.starts_with(&typed))
        .collect();
    out.extend(
        scene::agents(view)
            .await?
            .into_iter()
            .filter(|agent| has_words(&agent.name, &typed))
            .map(|agent| clean(&agent.name, 80)),
    );
    out.dedup();
    out.truncate(most);
    Ok(out)
}

/// Statuses that begin with what was typed.
pub(crate) async fn statuses(view: &mut View, typed: &str, most: usize) -> Result<Vec<String>, StoreError> {
    let typed = fold(typed.trim());
    let mut labels = Statuses::of(view).await?.labels();
    labels.retain(|label| fold(label).starts_with(&typed));
    labels.truncate(most);
    Ok(labels)
}

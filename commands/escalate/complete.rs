//! Completions of escalations: open ones, by short name, kind or client. Nobody completes one that they may not
//! know of.

use hammerdesk_domain::access::Asker;
use hammerdesk_domain::ids::ClientNo;
use hammerdesk_domain::text::{clean, fold};
use hammerdesk_store::{StoreError, View};

use super::known::{may_know, short};

/// Looked at while somebody types.
const LOOKED_AT: i64 = 100;

/// Open escalations that fit what was typed, the most severe first: short name, and what it is about.
pub(crate) async fn escalations(
    view: &mut View,
    asker: &Asker,
    typed: &str,
    most: usize,
) -> Result<Vec<(String, String)>, StoreError> {
    let typed = fold(typed.trim());
    let mut out = Vec::new();
    for queued in view.escalation_queue(None, LOOKED_AT).await? {
        let Some(one) = view.escalation(queued.id).await? else {
            continue;
        };
        if !may_know(view, asker, &one).await? {
            continue;
        }
        let client = match one.matched.clients() {
            [no] => name(view, no).await?,
            _ => "client not known".to_owned(),
        };
        let label = short(queued.id);
        let detail = format!("{} · {} · {client}", queued.kind.label(), queued.severity);
        if fold(&label).contains(&typed) || fold(&detail).contains(&typed) {
            out.push((label, detail));
            if out.len() == most {
                break;
            }
        }
    }
    Ok(out)
}

async fn name(view: &mut View, no: &ClientNo) -> Result<String, StoreError> {
    let client = view.survivor(no).await?;
    Ok(client.map_or_else(|| no.short().to_owned(), |client| clean(&client.name, 40)))
}

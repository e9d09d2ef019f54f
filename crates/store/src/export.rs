//! Every stored record of one entity, for `export`.

use futures_util::TryStreamExt;
use hammerdesk_domain::record::{Entity, Record};
use sqlx::AssertSqlSafe;

use crate::engine::{View, run};
use crate::error::Result;
use crate::rows::record;

/// Records given out at a time.
const AT_ONCE: usize = 1_000;

/// Whole rows of an entity by its key.
pub(crate) fn select(entity: Entity) -> String {
    let columns: Vec<&str> = entity.columns().iter().map(|column| column.name).collect();
    format!(
        "SELECT {} FROM {} ORDER BY {}",
        columns.join(", "),
        entity.name(),
        entity.key().join(", ")
    )
}

impl View {
    /// Gives out every record of an entity by its key, some at a time, until there are no more or `take` says
    /// `false`. What only the store itself made up, such as a client that only the ledger names, is among them.
    pub async fn each_record(
        &mut self,
        entity: Entity,
        mut take: impl FnMut(Vec<Record>) -> bool,
    ) -> Result<()> {
        let sql = select(entity);
        let mut some = Vec::with_capacity(AT_ONCE);
        run!(self, |c| {
            let mut rows = sqlx::query(AssertSqlSafe(sql)).fetch(c);
            while let Some(row) = rows.try_next().await? {
                some.push(record(entity, &row)?);
                if some.len() == AT_ONCE && !take(std::mem::take(&mut some)) {
                    return Ok(());
                }
            }
        });
        if !some.is_empty() {
            take(some);
        }
        Ok(())
    }
}

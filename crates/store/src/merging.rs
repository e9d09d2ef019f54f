//! The statements of an import on its temporary tables; those of one entity are written by its schema.

use hammerdesk_domain::record::Entity;

use crate::engine::statements;

statements! {
    NOTE_SNAPSHOT = "INSERT INTO snapshot (source, company, extracted_at) SELECT $1, c.entity, $2 \
        FROM (SELECT DISTINCT entity FROM stage_row) c WHERE TRUE ON CONFLICT (source, company, extracted_at) DO NOTHING";
    ADD_STUBS = "INSERT INTO client (client, name, kind, confidentiality, stub, row_hash, seen_at, batch, fed_by) \
        SELECT s.client, s.name, 'person', 'normal', TRUE, 0, $1, $2, $3 FROM (SELECT client, max(value) AS name \
        FROM stage_name WHERE value <> '' GROUP BY client) s WHERE TRUE \
        ON CONFLICT (client) DO UPDATE SET name = excluded.name, seen_at = excluded.seen_at, \
        batch = excluded.batch, fed_by = excluded.fed_by \
        WHERE client.stub AND (client.seen_at, client.name) < (excluded.seen_at, excluded.name)";
    ADD_NAMELESS = "INSERT INTO client (client, name, kind, confidentiality, stub, row_hash, seen_at, batch, fed_by) \
        SELECT client, client, 'person', 'normal', TRUE, 0, $1, $2, $3 FROM stage_name WHERE value = '' \
        ON CONFLICT (client) DO NOTHING";
    ADD_SPELLINGS = "INSERT INTO alias (client, kind, value, sale, folded, row_hash, seen_at, batch, fed_by) \
        SELECT client, 'name', value, '', folded, row_hash, $1, $2, $3 FROM stage_name WHERE value <> '' \
        ON CONFLICT (client, kind, value, sale) DO NOTHING";
    RENAMED_BY_LEDGER = "INSERT INTO renamed (client) SELECT DISTINCT s.client FROM stage_name s WHERE \
        EXISTS (SELECT 1 FROM client c WHERE c.client = s.client AND c.batch = $1) OR \
        EXISTS (SELECT 1 FROM alias a WHERE a.client = s.client AND a.kind = 'name' AND a.value = s.value \
        AND a.sale = '' AND a.batch = $1)";
    RENAMED_CLIENTS = "INSERT INTO renamed (client) SELECT DISTINCT s.client FROM stage_row s \
        JOIN client c ON c.client = s.client WHERE c.batch = $1 ON CONFLICT (client) DO NOTHING";
    RENAMED_BY_ALIAS = "INSERT INTO renamed (client) SELECT DISTINCT s.client FROM stage_row s JOIN alias a \
        ON a.client = s.client AND a.kind = s.kind AND a.value = s.value AND a.sale = s.sale \
        WHERE a.batch = $1 AND a.kind = 'name' ON CONFLICT (client) DO NOTHING";
    FORGET_TOKENS = "DELETE FROM name_token WHERE client IN (SELECT client FROM renamed)";
    NAMES_END = "SELECT max(client) FROM (SELECT client FROM renamed WHERE client > $1 ORDER BY client LIMIT 4000) p";
    NAMES = "SELECT r.client AS client, 0 AS rank, c.name AS name FROM renamed r JOIN client c ON c.client = r.client \
        WHERE r.client > $1 AND r.client <= $2 UNION ALL \
        SELECT r.client, 1, a.value FROM renamed r JOIN alias a ON a.client = r.client AND a.kind = 'name' \
        WHERE r.client > $1 AND r.client <= $2 ORDER BY 1, 2, 3";
}
/// The columns of the staging table: the schema's, the folded value of an alias, the hash, the line, the
/// place in the file.
pub(crate) fn stage_columns(entity: Entity) -> Vec<&'static str> {
    let mut columns: Vec<&'static str> = entity.columns().iter().map(|column| column.name).collect();
    columns.extend((entity == Entity::Alias).then_some("folded"));
    columns.extend(["row_hash", "file_line", "file_order"]);
    columns
}

/// The columns that a merge writes from the staging table.
fn merged_columns(entity: Entity) -> Vec<&'static str> {
    let mut columns = stage_columns(entity);
    columns.truncate(columns.len() - 2);
    columns
}

pub(crate) fn stage_tables(entity: Entity) -> String {
    let columns = merged_columns(entity).join(", ");
    let name = entity.name();
    format!(
        "CREATE TEMPORARY TABLE stage_row AS SELECT {columns}, row_hash AS file_line, row_hash AS file_order FROM {name} WHERE 1 = 0; \
         CREATE TEMPORARY TABLE stage_name AS SELECT client, value, folded, row_hash FROM alias WHERE 1 = 0; \
         CREATE TEMPORARY TABLE renamed (client TEXT NOT NULL PRIMARY KEY)"
    )
}

fn on_key(entity: Entity, left: &str, right: &str) -> String {
    entity
        .key()
        .iter()
        .map(|key| format!("{left}.{key} = {right}.{key}"))
        .collect::<Vec<_>>()
        .join(" AND ")
}

pub(crate) fn count(entity: Entity) -> String {
    format!("SELECT count(*) FROM {}", entity.name())
}

/// How many clients a batch changed; nothing for an entity that belongs to none.
pub(crate) fn clients_of(entity: Entity) -> String {
    match entity.column_index("client") {
        Some(_) => format!(
            "SELECT count(DISTINCT client) FROM {} WHERE batch = $1",
            entity.name()
        ),
        None => String::new(),
    }
}

/// A row of equal content is seen again.
pub(crate) fn raise(entity: Entity) -> String {
    let name = entity.name();
    let key = on_key(entity, name, "s");
    let not_stub = if entity == Entity::Client {
        " AND NOT client.stub"
    } else {
        ""
    };
    format!(
        "UPDATE {name} SET seen_at = $1 FROM stage_row s WHERE {key} AND {name}.row_hash = s.row_hash \
         AND {name}.seen_at < $1{not_stub}"
    )
}

/// All rows go into an empty table.
pub(crate) fn fill(entity: Entity) -> String {
    let list = merged_columns(entity).join(", ");
    let name = entity.name();
    format!("INSERT INTO {name} ({list}, seen_at, batch, fed_by) SELECT {list}, $1, $2, $3 FROM stage_row")
}

/// Rows replace what is older. PostgreSQL does this and [`add`] faster than an upsert, SQLite slower.
pub(crate) fn replace(entity: Entity) -> String {
    let name = entity.name();
    let key = on_key(entity, name, "s");
    let mut set: Vec<String> = merged_columns(entity)
        .into_iter()
        .filter(|column| !entity.key().contains(column))
        .map(|column| format!("{column} = s.{column}"))
        .collect();
    set.extend((entity == Entity::Client).then(|| "stub = FALSE".to_owned()));
    let unless = if entity == Entity::Client {
        "client.stub OR "
    } else {
        ""
    };
    format!(
        "UPDATE {name} SET {set}, seen_at = $1, batch = $2, fed_by = $3 FROM stage_row s WHERE {key} \
         AND ({unless}({name}.seen_at, {name}.row_hash) < ($1, s.row_hash))",
        set = set.join(", "),
    )
}

/// Rows of new keys go in.
pub(crate) fn add(entity: Entity) -> String {
    let name = entity.name();
    let list = merged_columns(entity).join(", ");
    let key = on_key(entity, "t", "s");
    format!(
        "INSERT INTO {name} ({list}, seen_at, batch, fed_by) SELECT {list}, $1, $2, $3 FROM stage_row s \
         WHERE NOT EXISTS (SELECT 1 FROM {name} t WHERE {key})"
    )
}

/// New rows go in; others replace what is older.
pub(crate) fn merge(entity: Entity) -> String {
    let name = entity.name();
    let columns = merged_columns(entity);
    let list = columns.join(", ");
    let stub = entity == Entity::Client;
    let mut set: Vec<String> = columns
        .iter()
        .copied()
        .filter(|column| !entity.key().contains(column))
        .chain(["seen_at", "batch", "fed_by"])
        .map(|column| format!("{column} = excluded.{column}"))
        .collect();
    set.extend(stub.then(|| "stub = FALSE".to_owned()));
    format!(
        "INSERT INTO {name} ({list}, seen_at, batch, fed_by) SELECT {list}, $1, $2, $3 FROM stage_row WHERE TRUE \
         ON CONFLICT ({key}) DO UPDATE SET {set} \
         WHERE {unless}({name}.seen_at, {name}.row_hash) < (excluded.seen_at, excluded.row_hash)",
        key = entity.key().join(", "),
        set = set.join(", "),
        unless = if stub { "client.stub OR " } else { "" },
    )
}

/// The rows that contradict the one that stays of their key, and how to drop every row but that one.
pub(crate) fn repeats(entity: Entity) -> (String, String) {
    let key = entity.key().join(", ");
    let ranked = format!(
        "SELECT file_order, file_line, row_hash, row_number() OVER w AS place, first_value(file_line) OVER w AS kept, \
         first_value(row_hash) OVER w AS kept_hash FROM stage_row \
         WINDOW w AS (PARTITION BY {key} ORDER BY row_hash DESC, file_order)"
    );
    (
        format!(
            "SELECT file_line, kept FROM ({ranked}) r WHERE place > 1 AND row_hash <> kept_hash ORDER BY file_line"
        ),
        format!(
            "DELETE FROM stage_row WHERE file_order IN (SELECT file_order FROM ({ranked}) r WHERE place > 1)"
        ),
    )
}

/// The statements of one entity's load, for the test that prepares every one.
#[cfg(test)]
pub(crate) fn generated(entity: Entity) -> Vec<String> {
    let (contradicting, drop) = repeats(entity);
    vec![
        count(entity),
        clients_of(entity),
        fill(entity),
        raise(entity),
        replace(entity),
        add(entity),
        merge(entity),
        contradicting,
        drop,
    ]
    .into_iter()
    .filter(|sql| !sql.is_empty())
    .collect()
}

//! Many rows at once: the one path that differs per engine, because nothing portable is as fast.
//!
//! SQLite takes prepared inserts of many rows each, PostgreSQL takes `COPY`.

use hammerdesk_domain::record::Value;
use sqlx::{AssertSqlSafe, SqlSafeStr};

use crate::engine::Lone;
use crate::error::Result;

/// Values that one SQLite statement binds.
const BINDS: usize = 8_000;
/// Rows that one `COPY` takes, and the bytes it sends at once.
const COPY_ROWS: usize = 10_000;
const COPY_BYTES: usize = 1 << 20;

/// A table that rows are put into, with what was not sent yet.
#[derive(Debug)]
pub(crate) struct Sink {
    table: &'static str,
    columns: Vec<&'static str>,
    waiting: Vec<Value>,
    /// How many rows go at once.
    rows: usize,
    full: sqlx::SqlStr,
}

impl Sink {
    pub(crate) fn into(conn: &Lone, table: &'static str, columns: Vec<&'static str>) -> Self {
        let (rows, full) = match conn {
            Lone::Sqlite(_) => {
                let rows = (BINDS / columns.len()).max(1);
                (rows, insert(table, &columns, rows))
            }
            Lone::Postgres(_) => (COPY_ROWS, "".into_sql_str()),
        };
        Self {
            table,
            rows,
            waiting: Vec::with_capacity(rows * columns.len()),
            columns,
            full,
        }
    }

    /// Takes one row; its values in the order of the columns.
    pub(crate) async fn put(&mut self, conn: &mut Lone, row: impl IntoIterator<Item = Value>) -> Result<()> {
        self.waiting.extend(row);
        if self.waiting.len() >= self.rows * self.columns.len() {
            self.flush(conn).await?;
        }
        Ok(())
    }

    /// Sends what waits.
    pub(crate) async fn flush(&mut self, conn: &mut Lone) -> Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let rows = self.waiting.len() / self.columns.len();
        match conn {
            Lone::Sqlite(c) => {
                let is_full = rows == self.rows;
                let sql = if is_full {
                    self.full.clone()
                } else {
                    insert(self.table, &self.columns, rows)
                };
                let mut query = sqlx::query::<sqlx::Sqlite>(sql).persistent(is_full);
                for value in self.waiting.drain(..) {
                    query = match value {
                        Value::Null => query.bind(None::<i64>),
                        Value::Text(text) => query.bind(text),
                        Value::Int(number) => query.bind(number),
                        Value::Date(date) => query.bind(date),
                        Value::Instant(instant) => query.bind(instant),
                        Value::Bool(yes) => query.bind(yes),
                    };
                }
                query.execute(&mut **c).await?;
            }
            Lone::Postgres(c) => {
                let columns = self.columns.join(", ");
                let mut copy = c
                    .copy_in_raw(&format!("COPY {} ({columns}) FROM STDIN", self.table))
                    .await?;
                let mut bytes = Vec::with_capacity(COPY_BYTES + 4096);
                for row in self.waiting.chunks(self.columns.len()) {
                    copy_line(row, &mut bytes);
                    if bytes.len() >= COPY_BYTES {
                        copy.send(bytes.as_slice()).await?;
                        bytes.clear();
                    }
                }
                copy.send(bytes.as_slice()).await?;
                copy.finish().await?;
                self.waiting.clear();
            }
        }
        Ok(())
    }
}

fn insert(table: &str, columns: &[&str], rows: usize) -> sqlx::SqlStr {
    let row = format!("({})", vec!["?"; columns.len()].join(","));
    let sql = format!(
        "INSERT INTO {table} ({}) VALUES {}",
        columns.join(", "),
        vec![row; rows].join(",")
    );
    AssertSqlSafe(sql).into_sql_str()
}

/// One line in PostgreSQL's text format.
fn copy_line(row: &[Value], out: &mut Vec<u8>) {
    for (at, value) in row.iter().enumerate() {
        if at > 0 {
            out.push(b'\t');
        }
        match value {
            Value::Null => out.extend_from_slice(b"\\N"),
            Value::Int(number) => out.extend_from_slice(number.to_string().as_bytes()),
            Value::Date(date) => out.extend_from_slice(date.to_string().as_bytes()),
            Value::Instant(instant) => out.extend_from_slice(instant.to_rfc3339().as_bytes()),
            Value::Bool(yes) => out.push(if *yes { b't' } else { b'f' }),
            Value::Text(text) => {
                for byte in text.bytes() {
                    match byte {
                        b'\\' => out.extend_from_slice(b"\\\\"),
                        b'\t' => out.extend_from_slice(b"\\t"),
                        b'\n' => out.extend_from_slice(b"\\n"),
                        b'\r' => out.extend_from_slice(b"\\r"),
                        _ => out.push(byte),
                    }
                }
            }
        }
    }
    out.push(b'\n');
}

//! The canonical feed, whole and with bad rows.

use hammerdesk_domain::record::{Entity, Kind, Value};
use proptest::prelude::*;

use super::*;

const HEADER: &str = "entity,document,year,line,client,amount,currency,posted_on\n";

#[test]
fn columns_may_come_in_any_order_with_a_byte_order_mark_and_without_the_optional_ones() {
    let file = "\u{FEFF}posted_on,amount,currency,client,line,year,document,entity\r\n\
                2026-09-01,-1234.5,GBP,140105686,1,2026,0090000001,1000\r\n";
    let read = ledger(file).unwrap();
    let record = &read.records[0];
    assert_eq!(record.get("amount"), &Value::Int(-123_450));
    assert_eq!(record.get("client"), &text("0140105686"));
    assert_eq!(record.get("document"), &text("0090000001"));
    assert_eq!(record.get("posted_on"), &date("2026-09-01"));
    assert_eq!(
        record.get("kind"),
        &text("invoice"),
        "the default of an absent column"
    );
    assert_eq!(record.get("disputed"), &Value::Bool(false));
    assert_eq!(record.get("cleared_on"), &Value::Null);
}

#[test]
fn json_lines_say_the_same_as_csv() {
    let csv = ledger(&format!("{HEADER}1000,D1,2026,1,C-1,1234.10,JPY,2026-09-01\n"));
    assert_eq!(
        csv.unwrap().complaints(),
        ["2:amount: \"1234.10\" has more decimals than JPY has (0)"],
    );
    let line = r#"{"entity":"1000","document":"D1","year":2026,"line":1,"client":"C-1","amount":1234.10,"currency":"USD","posted_on":"2026-09-01","disputed":true,"due_on":null}"#;
    let profile = Profile::canonical(Entity::Ledger, Format::JsonLines);
    let json = read(&profile, format!("{line}\n\n{line}").as_bytes()).unwrap();
    let csv = ledger("entity,document,year,line,client,amount,currency,posted_on,disputed\n1000,D1,2026,1,C-1,1234.10,USD,2026-09-01,yes\n").unwrap();
    assert_eq!(json.records[0], csv.records[0]);
    assert_eq!(json.records.len(), 2);
}

#[test]
fn an_unknown_column_is_refused_with_the_one_that_was_meant() {
    let sentence = refusal(ledger(
        "entity,document,year,line,client,amont,currency,posted_on\n",
    ));
    assert_eq!(
        sentence,
        "The canonical ledger feed has no column \"amont\"; did you mean \"amount\"?"
    );
    let sentence = refusal(ledger("entity,document,year,line,client,currency,posted_on\n"));
    assert_eq!(
        sentence,
        "The header lacks the column amount; without it a row cannot be read."
    );
    let sentence = refusal(ledger("entity;document;year\n"));
    assert_eq!(
        sentence,
        "The header is one single cell: the file separates its columns by a semicolon. Declare the delimiter in a mapping."
    );
    let profile = Profile::canonical(Entity::Ledger, Format::JsonLines);
    let sentence = refusal(read(&profile, br#"{"postedon":"2026-01-01"}"#));
    assert_eq!(
        sentence,
        "Line 1: the canonical ledger feed has no column \"postedon\"; did you mean \"posted_on\"?"
    );
}

#[test]
fn each_bad_row_is_one_entry_with_its_line_its_first_bad_column_and_every_reason() {
    let file = format!(
        "{HEADER}1000,D1,2026,1,C-1,ten,USD,2026-09-01\n\
         1000,D 2,2026,1,C-1,1,USD,2026-02-30\n\
         1000,D3,2026,1,,1,USD,2026-09-01\n\
         1000,D4,2026,1,C-1,1,XXX,2026-09-01\n\
         1000,D5,2026,1,C-1,1,USD,0206-09-01\n\
         1000,D6,2026,1,C-1,1,USD\n\
         \"1000\",\"D\n7\",2026,1,C-1,1,USD,2026-09-01\n\
         1000,D8,2026,1,C-1,1,USD,2026-09-01\n"
    );
    let read = ledger(&file).unwrap();
    assert_eq!(
        read.complaints(),
        [
            "2:amount: \"ten\" is not an amount",
            "3:document: has a blank inside an identifier; posted_on: \"2026-02-30\" is no possible date (years 1900 to 2200)",
            "4:client: is blank",
            "5:currency: \"XXX\" is not an ISO 4217 currency; amount: has no currency to be an amount of",
            "6:posted_on: \"0206-09-01\" is no possible date (years 1900 to 2200)",
            "7:: the line has 7 cells and the header has 8",
            "8:document: has a hidden or control character inside an identifier",
        ]
    );
    assert_eq!(
        (read.totals.rows, read.totals.accepted, read.totals.quarantined),
        (8, 1, 7)
    );
    assert_eq!(read.totals.blanks.get("client"), Some(&1));
}

#[test]
fn control_totals_are_per_currency_and_count_quarantined_rows_whose_amount_can_be_read() {
    let file = format!(
        "{HEADER}1000,D1,2026,1,C-1,10.01,USD,2026-09-01\n\
         1000,D2,2026,1,C-1,-0.02,USD,2026-09-01\n\
         1000,D3,2026,1,C-1,7,GBP,2026-09-01\n\
         1000,D4,2026,1,C-1,5,USD,soon\n"
    );
    let read = ledger(&file).unwrap();
    let sums = read.totals.sums_text();
    let shown: Vec<String> = sums["amount"]
        .iter()
        .map(|(currency, sum)| format!("{currency} {sum}"))
        .collect();
    assert_eq!(shown, ["GBP 7.00", "USD 14.99"]);
}

#[test]
fn hostile_text_is_cleaned_where_it_is_text_and_quarantined_where_it_is_an_identifier() {
    let header = "entity,document,year,line,client,amount,currency,posted_on,client_name,reference\n";
    let long = "x".repeat(70);
    let file = format!(
        "{header}1000,D1,2026,1,C-1,1,USD,2026-09-01,\"Ada\u{202E}evil\n Love\u{7}lace\",<script>alert(1)</script>\n\
         1000,D\u{202E}2,2026,1,C-1,1,USD,2026-09-01,x,\n\
         1000,{long},2026,1,C-1,1,USD,2026-09-01,x,\n\
         1000,D4,2026,1,C-1,1,USD,2026-09-01,x,{}\n",
        "y".repeat(20_000)
    );
    let read = ledger(&file).unwrap();
    assert_eq!(read.column("client_name"), [&text("Adaevil Lovelace")]);
    assert_eq!(
        read.column("reference"),
        [&text("<script>alert(1)</script>")],
        "markup is the renderers' duty"
    );
    assert_eq!(
        read.complaints(),
        [
            "4:document: has a hidden or control character inside an identifier",
            "5:document: is longer than 64 characters",
            "6:reference: is longer than 10000 bytes",
        ]
    );
}

#[test]
fn blank_lines_and_lines_of_blank_cells_are_no_rows() {
    let read = ledger(&format!(
        "{HEADER}\n,,,,,,,\n1000,D1,2026,1,C-1,1,USD,2026-09-01\n , ,,,,,,\n"
    ))
    .unwrap();
    assert_eq!((read.totals.rows, read.bad.len()), (1, 0));
}

#[test]
fn a_file_of_many_rows_keeps_line_numbers_and_order() {
    let mut file = HEADER.to_owned();
    for n in 0..5_000 {
        file.push_str(&format!("1000,D{n},2026,1,C-1,{n}.05,USD,2026-09-01\n"));
    }
    let profile = Profile::canonical(Entity::Ledger, Format::Csv);
    let reader = Reader::new(Box::new(std::io::Cursor::new(file.into_bytes())), &profile).unwrap();
    for (n, item) in reader.enumerate() {
        let Item::Record { line, record } = item.unwrap() else {
            panic!("line {n}")
        };
        assert_eq!(line, u64::try_from(n).unwrap() + 2);
        assert_eq!(record.get("document"), &text(&format!("D{n}")));
    }
}

/// A valid cell for a column.
fn sample(kind: Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Id => "Xy-1",
        Kind::Client => "0000012345",
        Kind::Int => "7",
        Kind::Money(_) => "12.50",
        Kind::Currency => "GBP",
        Kind::Date => "2026-09-30",
        Kind::Instant => "2026-09-30T17:00:00+02:00",
        Kind::Bool => "yes",
        Kind::Choice(words) => words[0],
    }
}

#[test]
fn every_entity_reads_a_row_with_every_column_filled_and_one_with_the_required_ones_only() {
    for entity in Entity::ALL {
        let columns = entity.columns();
        let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
        let full: Vec<&str> = columns.iter().map(|column| sample(column.kind)).collect();
        let least: Vec<&str> = columns
            .iter()
            .map(|column| if column.required { sample(column.kind) } else { "" })
            .collect();
        let file = format!("{}\n{}\n{}\n", names.join(","), full.join(","), least.join(","));
        let read = read(&Profile::canonical(*entity, Format::Csv), file.as_bytes()).unwrap();
        assert_eq!(read.complaints(), Vec::<String>::new(), "{}", entity.name());
        for (column, value) in columns.iter().zip(&read.records[0].values) {
            assert_ne!(value, &Value::Null, "{}.{}", entity.name(), column.name);
        }
        for (column, value) in columns.iter().zip(&read.records[1].values) {
            let is_filled = column.required || !column.default.is_empty();
            assert_eq!(
                value != &Value::Null,
                is_filled,
                "{}.{}",
                entity.name(),
                column.name
            );
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic_or_loop(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for format in [Format::Csv, Format::JsonLines] {
            let _ = read(&Profile::canonical(Entity::Alias, format), &bytes);
            let mut file = b"client,kind,value\n".to_vec();
            file.extend_from_slice(&bytes);
            let _ = read(&Profile::canonical(Entity::Alias, format), &file);
        }
    }
}

//! What ships beside the code: the mappings of `config/mappings` read what they are for, and
//! `docs/feeds.md` says of every column what its schema says.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use hammerdesk_domain::record::{Entity, Kind, Value};

use super::*;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn shipped(name: &str) -> Profile {
    let text = fs::read_to_string(root().join("config/mappings").join(name)).unwrap();
    Profile::from_toml(name, &text).unwrap()
}

#[test]
fn every_shipped_mapping_can_be_used() {
    let mut seen = 0;
    for entry in fs::read_dir(root().join("config/mappings")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name.ends_with(".toml"), "{name}");
        shipped(&name);
        seen += 1;
    }
    assert!(seen >= 3, "{seen}");
}

#[test]
fn the_receivables_mapping_tells_open_from_settled_and_names_both_blank_columns() {
    let header = "countryCode,customerID,PaperlessDate,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,Disputed,SettledDate,PaperlessBill,DaysToSettle,DaysLate\r\n";
    let file = format!(
        "{header}1,0001-AAAAA,4/6/2013,7000001,12/2/2012,1/1/2013,55.94,No,1/15/2013,Paper,13,0\r\n\
         1,0002-bbbbb,4/6/2013,7000002,9/2/2013,10/2/2013,1061.7,Yes,,Electronic,36,6\r\n\
         1,0002-BBBBB,,7000003,9/2/2013,10/2/2013,61.74,Yes,,,36,6\r\n"
    );
    let read = read(&shipped("ibm-receivables.toml"), file.as_bytes()).unwrap();
    assert_eq!(
        read.complaints(),
        ["4:PaperlessDate: PaperlessDate and PaperlessBill are blank"]
    );
    assert_eq!(read.column("entity"), [&text("1000"), &text("1000")]);
    assert_eq!(read.column("year"), [&Value::Int(2012), &Value::Int(2013)]);
    assert_eq!(read.column("amount"), [&Value::Int(5_594), &Value::Int(106_170)]);
    assert_eq!(read.column("due_on"), [&date("2013-01-01"), &date("2013-10-02")]);
    assert_eq!(read.column("cleared_on"), [&date("2013-01-15"), &Value::Null]);
    assert_eq!(read.column("disputed"), [&Value::Bool(false), &Value::Bool(true)]);
    assert_eq!(read.column("client")[1], &text("0002-BBBBB"));
}

#[test]
fn the_sap_mapping_reads_a_line_item_list_in_utf_16_with_tabs() {
    let header = "Company Code\tCustomer\tDocument Number\tFiscal Year\tLine item\tDocument Type\tSpecial G/L ind.\tPosting Date\tDocument Date\tNet due date\tAmount in doc. curr.\tDocument currency\tClearing date\tClearing Document\tInvoice reference\tDunning block\tAssignment\tReference\tText\r\n";
    let list = format!(
        "\u{FEFF}{header}1000\t0000012345\t0090000001\t2026\t1\tRV\t\t01.09.2026\t01.09.2026\t29.09.2026\t1.234.567,89\tGBP\t\t\t\t\tL26001\tPaddle 12\t5\" frame\r\n\
         1000\t0000012345\t1400000001\t2026\t2\tDZ\t\t15.09.2026\t15.09.2026\t15.09.2026\t500,00-\tGBP\t16.09.2026\t1400000001\t0090000001\tA\t\t\t\r\n\
         1000\t0000012345\t1400000003\t2026\t1\tDZ\tA\t15.09.2026\t15.09.2026\t15.09.2026\t9,00-\tGBP\t\t\t\t\t\t\tDeposit\r\n\
         1000\t0000012345\t1400000002\t2026\t1\tDZ\tF\t15.09.2026\t15.09.2026\t15.09.2026\t500,00\tGBP\t00.00.0000\t\t\t\t\t\t\r\n"
    );
    let bytes: Vec<u8> = list.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let read = read(&shipped("sap-fbl5n.toml"), &bytes).unwrap();
    assert_eq!(read.complaints(), Vec::<String>::new());
    assert_eq!(read.totals.skipped, 1);
    assert_eq!(
        read.column("amount"),
        [&Value::Int(123_456_789), &Value::Int(-50_000), &Value::Int(-900)]
    );
    assert_eq!(
        read.column("kind"),
        [&text("invoice"), &text("payment"), &text("deposit")]
    );
    assert_eq!(
        read.column("cleared_on"),
        [&Value::Null, &date("2026-09-16"), &Value::Null]
    );
    assert_eq!(
        read.column("blocked"),
        [&Value::Bool(false), &Value::Bool(true), &Value::Bool(false)]
    );
    assert_eq!(
        read.column("reference"),
        [
            &text("L26001 / Paddle 12 / 5\" frame"),
            &Value::Null,
            &text("Deposit")
        ]
    );
}

const OPEN_ITEMS: &str = "business_code,cust_number,name_customer,clear_date,buisness_year,doc_id,posting_date,document_create_date,due_in_date,invoice_currency,document type,total_open_amount,invoice_id,isOpen\n";

#[test]
fn the_open_items_mapping_reads_declared_decimals_and_refuses_what_a_spreadsheet_made_of_them() {
    let good = "U001,0200769623,Example Ltd,2020-02-11 00:00:00,2020.0,1930438491.0,2020-01-26,20200125,20200210.0,USD,RV,54273.28,1930438491.0,0\n";
    let open = "U001,CCU002,Example SA,,2020.0,1930438492.0,2020-01-26,20200125,20200210.0,CAD,RV,1.5,1930438492.0,1\n";
    let profile = shipped("highradius-open-items.toml");
    let outcome = read(&profile, format!("{OPEN_ITEMS}{good}{open}").as_bytes()).unwrap();
    assert_eq!(outcome.complaints(), Vec::<String>::new());
    assert_eq!(
        outcome.column("document"),
        [&text("1930438491"), &text("1930438492")]
    );
    assert_eq!(
        outcome.column("document_on"),
        [&date("2020-01-25"), &date("2020-01-25")]
    );
    assert_eq!(outcome.column("cleared_on"), [&date("2020-02-11"), &Value::Null]);

    let zeros_lost = good.replace("0200769623", "200769623");
    let sentence = refusal(read(&profile, format!("{OPEN_ITEMS}{zeros_lost}").as_bytes()));
    assert!(
        sentence.contains("A spreadsheet has taken the leading zeros away"),
        "{sentence}"
    );
    let dates_lost = good.replace("2020-01-26", "00:00.0");
    let sentence = refusal(read(&profile, format!("{OPEN_ITEMS}{dates_lost}").as_bytes()));
    assert!(
        sentence.contains("is a time of day where a date was expected"),
        "{sentence}"
    );
}

fn held(kind: Kind) -> String {
    match kind {
        Kind::Text => "text".to_owned(),
        Kind::Id => "identifier".to_owned(),
        Kind::Client => "client number".to_owned(),
        Kind::Int => "whole number".to_owned(),
        Kind::Money(currency) => format!("amount in `{currency}`"),
        Kind::Currency => "currency".to_owned(),
        Kind::Date => "date".to_owned(),
        Kind::Instant => "instant".to_owned(),
        Kind::Bool => "yes or no".to_owned(),
        Kind::Choice(words) => {
            let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            words.join(", ")
        }
    }
}

fn schemas() -> String {
    let mut out = String::new();
    for entity in Entity::ALL {
        let key: Vec<String> = entity.key().iter().map(|column| format!("`{column}`")).collect();
        let _ = writeln!(out, "### {}\n\nKey: {}.\n", entity.name(), key.join(", "));
        out.push_str("| Column | Holds | Filled | If blank | |\n|---|---|---|---|---|\n");
        for column in entity.columns() {
            let filled = if column.required { "always" } else { "" };
            let blank = if column.default.is_empty() {
                String::new()
            } else {
                format!("`{}`", column.default)
            };
            let _ = writeln!(
                out,
                "| `{}` | {} | {filled} | {blank} | {} |",
                column.name,
                held(column.kind),
                column.doc
            );
        }
        out.push('\n');
    }
    out
}

#[test]
fn the_documentation_of_the_feed_says_what_the_schemas_say() {
    const START: &str = "<!-- The rest is made from the schemas; see the note at the top. -->\n\n";
    let path = root().join("docs/feeds.md");
    let text = fs::read_to_string(&path).unwrap();
    let (prose, _) = text
        .split_once(START)
        .expect("the mark after which the schemas stand");
    let wanted = format!("{prose}{START}{}\n", schemas().trim_end());
    if std::env::var_os("HAMMERDESK_WRITE_DOCS").is_some() {
        fs::write(&path, &wanted).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap() == wanted,
        "docs/feeds.md is not what the schemas say; run the test with HAMMERDESK_WRITE_DOCS=1 and look at the difference"
    );
}

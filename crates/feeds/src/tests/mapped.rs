//! Mapping files: what they can say, and what is said of their mistakes.

use hammerdesk_domain::record::Value;

use super::*;

const INVOICES: &str = r#"
entity = "ledger"
threshold = "5%"
must_be_filled = ["PaperlessDate", "PaperlessBill"]

[dates]
format = "M/D/YYYY"

[columns]
document = "invoiceNumber"
client = "customerID"
posted_on = "InvoiceDate"
cleared_on = "SettledDate"
amount = "InvoiceAmount"
disputed.from = "Disputed"
disputed.map = { Yes = "yes", No = "no" }
entity.constant = "1000"
currency.constant = "USD"
line.constant = "1"
year.year_of = "posted_on"
"#;

fn mapped(mapping: &str, bytes: &[u8]) -> Result<Outcome, String> {
    read(
        &Profile::from_toml("test", mapping).map_err(|error| error.to_string())?,
        bytes,
    )
}

fn mistake(mapping: &str) -> String {
    match Profile::from_toml("test", mapping) {
        Ok(_) => panic!("the mapping was taken"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn an_export_with_names_of_its_own_becomes_ledger_rows() {
    let file = b"customerID,PaperlessDate,invoiceNumber,InvoiceDate,InvoiceAmount,Disputed,SettledDate,PaperlessBill,DaysLate\r\n\
        0042-testa,4/5/2013,700001,1/2/2013,51.30,No,1/15/2013,Paper,0\r\n\
        0043-TESTB,,7000770,1/26/2012,61.74,Yes,,,6\r\n\
        0043-TESTB,3/3/2012,7000771,1/26/2012,61.74,Yes,,Paper,6\r\n";
    let read = mapped(INVOICES, file).unwrap();
    assert_eq!(
        read.complaints(),
        ["3:PaperlessDate: PaperlessDate and PaperlessBill are blank"]
    );
    assert_eq!(read.column("client"), [&text("0042-TESTA"), &text("0043-TESTB")]);
    assert_eq!(read.column("year"), [&Value::Int(2013), &Value::Int(2012)]);
    assert_eq!(read.column("cleared_on"), [&date("2013-01-15"), &Value::Null]);
    assert_eq!(read.column("disputed"), [&Value::Bool(false), &Value::Bool(true)]);
    assert_eq!(read.column("currency"), [&text("USD"), &text("USD")]);
    assert_eq!(read.totals.blanks.get("PaperlessBill"), Some(&1));
}

const SAP: &str = r#"
entity = "ledger"
source = "sap"
delimiter = "\t"
encoding = "utf-16le"
header_row = 3
[dates]
format = "DD.MM.YYYY"
[numbers]
decimal = ","
group = "."
trailing_minus = true
[skip]
"Special G/L" = ["F"]
[columns]
entity = "Company Code"
document = "Document"
year.year_of = "posted_on"
line = "Item"
client.from = "Customer"
client.digits = 10
amount.from = "Amount"
amount.sign = { from = "D/C", debit = "S", credit = "H" }
currency = "Curr."
posted_on = "Posting"
cleared_on = "Clearing"
reference.from = ["Assignment", "Text"]
reference.join = " / "
"#;

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

const SAP_HEADER: &str = "Receivables\n\nCompany Code\tDocument\tItem\tCustomer\tAmount\tD/C\tCurr.\tPosting\tClearing\tAssignment\tText\tSpecial G/L\n";

#[test]
fn a_list_with_tabs_decimal_commas_and_debit_and_credit_in_utf_16_is_read_by_its_declarations() {
    let read = mapped(
        SAP,
        &utf16(&format!(
            "{SAP_HEADER}1000\t0090000001\t1\t0000012345\t1.234,56\tS\tGBP\t01.09.2026\t00.00.0000\tZürich\t王\t\n\
             1000\t0090000002\t1\t0000012345\t10,00\tH\tGBP\t02.09.2026\t03.09.2026\t\tT\t\n\
             1000\t0090000003\t1\t0000012345\t99,00\tS\tGBP\t02.09.2026\t\t\t\tF\n\
             1000\t0090000004\t1\t0000012345\t99,00\tX\tGBP\t02.09.2026\t\t\t\t\n"
        )),
    )
    .unwrap();
    assert_eq!(read.column("amount"), [&Value::Int(123_456), &Value::Int(-1_000)]);
    assert_eq!(read.column("cleared_on"), [&Value::Null, &date("2026-09-03")]);
    assert_eq!(read.column("reference"), [&text("Zürich / 王"), &text("T")]);
    assert_eq!(
        read.complaints(),
        ["7:Amount: D/C is \"X\", neither debit nor credit"]
    );
    assert_eq!((read.totals.rows, read.totals.skipped), (3, 1));
}

#[test]
fn a_declared_width_shows_lost_zeros_without_any_padded_neighbour() {
    let rows = format!("{SAP_HEADER}1000\t0090000001\t1\t12345\t1,00\tS\tGBP\t01.09.2026\t\t\t\t\n");
    let sentence = refusal(mapped(SAP, &utf16(&rows)));
    assert!(
        sentence.contains("Column Customer: 1 numbers are shorter than 10 digits"),
        "{sentence}"
    );
    assert!(sentence.contains("the mapping declares 10 digits"), "{sentence}");
}

#[test]
fn rows_that_contradict_the_declared_styles_refuse_the_file() {
    let amount = |amount: &str, day: &str| {
        refusal(mapped(
            SAP,
            &utf16(&format!(
                "{SAP_HEADER}1000\t0090000001\t1\t0000012345\t{amount}\tS\tGBP\t{day}\t\t\t\t\n"
            )),
        ))
    };
    assert!(
        amount("1,234.56", "01.09.2026")
            .starts_with("Line 4, column Amount: \"1,234.56\" contradicts the declared number style")
    );
    assert!(
        amount("1,00", "09.30.2026").contains(
            "contradicts the declared date format DD.MM.YYYY: day and month are the other way round"
        )
    );
}

const STATUS: &str = r#"
entity = "ledger"
[dates]
format = "YYYY-MM-DD"
[cleared]
column = "isOpen"
open = ["1"]
cleared = ["0"]
[columns]
entity = "business_code"
client = "cust_number"
document = { from = "doc_id", declared = "integer_as_decimal" }
year = { from = "buisness_year", declared = "integer_as_decimal" }
line.constant = "1"
amount = "total_open_amount"
currency = "invoice_currency"
posted_on = "posting_date"
due_on = { from = "due_in_date", date = "YYYYMMDD", declared = "date_as_decimal" }
cleared_on = { from = "clear_date", date = "YYYY-MM-DD hh:mm:ss" }
"#;

#[test]
fn integers_and_dates_written_as_decimals_are_read_where_they_are_declared() {
    let header = "business_code,cust_number,doc_id,buisness_year,total_open_amount,invoice_currency,posting_date,due_in_date,clear_date,isOpen\n";
    let file = format!(
        "{header}U001,0200769623,1930571429.0,2020.0,54273.28,USD,2020-01-26,20200210.0,2020-02-11 00:00:00,0\n\
         U001,0200980828,1930571430.0,2020.0,10.1,USD,2020-01-26,20200210.0,,1\n\
         U001,0200980828,1930571431.0,2020.0,10.1,USD,2020-01-26,20200210.0,,0\n\
         U001,0200980828,1930571432.0,2020.0,10.1,USD,2020-01-26,20200210.0,2020-02-11 00:00:00,1\n\
         U001,0200980828,1930571433.0,2020.0,10.1,USD,2020-01-26,20200210.0,,maybe\n"
    );
    let read = mapped(STATUS, file.as_bytes()).unwrap();
    assert_eq!(
        read.column("document"),
        [&text("1930571429"), &text("1930571430")]
    );
    assert_eq!(read.column("year"), [&Value::Int(2020), &Value::Int(2020)]);
    assert_eq!(read.column("due_on"), [&date("2020-02-10"), &date("2020-02-10")]);
    assert_eq!(read.column("cleared_on"), [&date("2020-02-11"), &Value::Null]);
    assert_eq!(
        read.complaints(),
        [
            "4:isOpen: says cleared, but there is no clearing date",
            "5:isOpen: says open, but there is a clearing date",
            "6:isOpen: \"maybe\" is neither open nor cleared",
        ]
    );
    let undated = STATUS.replace("cleared = [\"0\"]", "cleared = [\"0\"]\nundated = \"due_on\"");
    assert_eq!(
        mapped(&undated, file.as_bytes()).unwrap().column("cleared_on")[2],
        &date("2020-02-10")
    );
}

#[test]
fn a_key_that_nobody_knows_is_an_error_that_names_the_nearest_one() {
    let with = |line: &str| mistake(&format!("{line}\n{INVOICES}"));
    assert!(
        with("delimeter = \";\"").ends_with("it has the unknown key delimeter; did you mean \"delimiter\"?")
    );
    assert!(
        mistake(&format!("{INVOICES}\namuont = \"x\""))
            .contains("ledger has no column \"amuont\"; did you mean \"amount\"?")
    );
    assert!(
        mistake(&INVOICES.replace("[dates]", "[dates]\nformt = \"x\""))
            .contains("unknown key dates.formt; did you mean \"format\"?")
    );
    assert!(
        mistake(&INVOICES.replace("disputed.map", "disputed.mpa"))
            .contains("unknown key columns.disputed.mpa")
    );
    assert!(mistake(&INVOICES.replace("\"ledger\"", "\"leger\"")).contains("did you mean \"ledger\"?"));
}

#[test]
fn a_mapping_that_contradicts_itself_is_refused_with_a_sentence() {
    let changed = |from: &str, to: &str| mistake(&INVOICES.replace(from, to));
    assert_eq!(
        changed("amount = \"InvoiceAmount\"\n", ""),
        "The mapping test cannot be used: nothing fills amount; give it a from or a constant under [columns]."
    );
    assert!(
        changed("\"M/D/YYYY\"", "[\"M/D/YYYY\", \"D/M/YYYY\"]")
            .contains("read the same text as different days")
    );
    assert!(changed("\"M/D/YYYY\"", "\"M/D/YY\"").contains("unknown part \"YY\""));
    assert!(
        changed("[dates]", "[numbers]\ndecimal = \",\"\ngroup = \",\"\n[dates]").contains("same character")
    );
    assert!(
        changed(
            "line.constant = \"1\"",
            "line.constant = \"1\"\nline.from = \"x\""
        )
        .contains("exactly one of")
    );
    assert!(changed("year_of = \"posted_on\"", "year_of = \"client\"").contains("no date column"));
    assert!(changed("threshold = \"5%\"", "threshold = \"5\"").contains("is no percentage"));
    assert!(changed("threshold = \"5%\"", "encoding = \"klingon\"").contains("unknown"));
    assert!(
        changed(
            "disputed.from",
            "disputed.declared = \"integer_as_decimal\"\ndisputed.from"
        )
        .contains("does not fit")
    );
    assert!(mistake("entity = ").contains("is not valid TOML"));
}

#[test]
fn a_column_that_the_file_lacks_is_named_with_the_one_that_is_there() {
    let file = b"customerid,PaperlessDate,PaperlessBill,invoiceNumber,InvoiceDate,InvoiceAmount,Disputed,SettledDate\n";
    assert_eq!(
        refusal(mapped(INVOICES, file)),
        "The header lacks the column customerID; without it a row cannot be read. There is \"customerid\" where customerID was expected."
    );
}

#[test]
fn declared_control_totals_are_held_against_the_file() {
    let mapping = format!("{INVOICES}\n[totals]\nrows = 2\n[totals.sums.amount]\nUSD = \"113.04\"\n");
    let profile = Profile::from_toml("test", &mapping).unwrap();
    let file = b"customerID,PaperlessDate,invoiceNumber,InvoiceDate,InvoiceAmount,Disputed,SettledDate,PaperlessBill\n\
        A,4/5/2013,700001,1/2/2013,51.30,No,1/15/2013,Paper\n";
    let totals = read(&profile, file).unwrap().totals;
    assert_eq!(
        profile.judge(&totals).unwrap_err().to_string(),
        "The control totals do not tie. The file should hold 2 rows and holds 1. amount in USD should add up to 113.04 and adds up to 51.30."
    );
    let twice = [
        file.as_slice(),
        b"A,4/5/2013,700002,1/2/2013,61.74,No,1/15/2013,Paper\n",
    ]
    .concat();
    assert!(profile.judge(&read(&profile, &twice).unwrap().totals).is_ok());
}

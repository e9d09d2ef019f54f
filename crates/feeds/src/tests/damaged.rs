//! Files that are refused as a whole, each with the sentence that says what happened to it.

use super::*;

const HEADER: &str = "entity,document,year,line,client,amount,currency,posted_on\n";
const GOOD: &str = "1000,D1,2026,1,0140105686,1,USD,2026-09-01\n";

fn with(row: &str) -> String {
    refusal(ledger(&format!("{HEADER}{GOOD}{row}\n")))
}

#[test]
fn identifiers_that_became_numbers_are_named() {
    assert_eq!(
        with("1000,1930571429.0,2026,1,0140105686,1,USD,2026-09-01"),
        "Line 3, column document: \"1930571429.0\" is a number with decimals where an identifier was expected: a spreadsheet or script has turned the column into numbers; export it again and do not open it in a spreadsheet on the way, or declare the column as \"integer_as_decimal\" in the mapping."
    );
    assert!(
        with("1000,D2,2026,1,1.93E+09,1,USD,2026-09-01").contains("scientific notation where an identifier")
    );
    assert!(
        with("1000,D2,2020.0,1,0140105686,1,USD,2026-09-01").contains("where a whole number was expected")
    );
    assert!(with("1000,#REF!,2026,1,0140105686,1,USD,2026-09-01").contains("a spreadsheet's error"));
}

#[test]
fn dates_that_became_times_or_day_numbers_are_named() {
    assert_eq!(
        with("1000,D2,2026,1,0140105686,1,USD,05:23.4"),
        "Line 3, column posted_on: \"05:23.4\" is a time of day where a date was expected: a spreadsheet has shown the date as minutes and seconds and saved only those; export it again and do not open it in a spreadsheet on the way."
    );
    assert!(with("1000,D2,2026,1,0140105686,1,USD,00:00.0").contains("a time of day"));
    assert!(with("1000,D2,2026,1,0140105686,1,USD,43831").contains("day number"));
    assert!(with("1000,D2,2026,1,0140105686,1,USD,20200117.0").contains("date_as_decimal"));
}

#[test]
fn lost_leading_zeros_are_seen_at_the_end_of_the_file() {
    let sentence = with("1000,D2,2026,1,140105686,1,USD,2026-09-01");
    assert!(
        sentence.starts_with("Column client: 1 numbers are shorter than 10 digits (the first on line 3)"),
        "{sentence}"
    );
    assert!(
        sentence.contains("A spreadsheet has taken the leading zeros away"),
        "{sentence}"
    );
    let all_unpadded = format!(
        "{HEADER}1000,D1,2026,1,140105686,1,USD,2026-09-01\n1000,D2,2026,1,1200000000,1,USD,2026-09-01\n"
    );
    assert!(
        ledger(&all_unpadded).is_ok(),
        "client numbers may come without zeros"
    );
}

#[test]
fn references_of_many_systems_may_be_padded_or_not() {
    let refunds = "refund,amount,currency,state,method,reference\n\
        R1,1,GBP,pending,card,003312345678\n\
        R2,1,GBP,pending,wire,12345678\n";
    let profile = Profile::canonical(Entity::Refund, Format::Csv);
    assert_eq!(read(&profile, refunds.as_bytes()).unwrap().totals.rows, 2);
    let sentence = with(
        "1000,D2,2026,1,0140105686,1,USD,2026-09-01\n1000,0090000001,2026,1,0140105686,1,USD,2026-09-01\n1000,90000002,2026,1,0140105686,1,USD,2026-09-01",
    );
    assert!(
        sentence.starts_with("Column document: 1 numbers are shorter"),
        "{sentence}"
    );
}

#[test]
fn an_amount_in_another_number_style_contradicts_the_file() {
    assert_eq!(
        with("1000,D2,2026,1,0140105686,\"1.234,56\",USD,2026-09-01"),
        "Line 3, column amount: \"1.234,56\" contradicts the declared number style (a point for decimals, no groups): it has a comma where none belongs. Declare the style that the whole file has under [numbers] in the mapping."
    );
    assert!(with("1000,D2,2026,1,0140105686,1.5E+06,USD,2026-09-01").contains("scientific notation"));
}

#[test]
fn a_file_that_was_cut_off_is_told_from_one_that_only_lacks_its_last_line_end() {
    let cut = |tail: &str| refusal(ledger(&format!("{HEADER}{GOOD}{tail}")));
    assert_eq!(
        cut("1000,D2,2026,1,0140"),
        "The file is cut off: its last line, 3, has 5 of 8 cells and no line end. Export it again."
    );
    assert_eq!(
        cut("1000,\"D2,2026,1,0140105686,1,USD,2026-09-01\n"),
        "The file is cut off: a quote that opens in or after line 3 is never closed. Export it again."
    );
    let whole = format!("{HEADER}{GOOD}1000,D2,2026,1,0140105686,1,USD,2026-09-02");
    assert_eq!(
        ledger(&whole).unwrap().totals.rows,
        2,
        "a date cannot be cut and still be one"
    );
    let amount_last = "entity,document,year,line,client,currency,posted_on,amount\n1000,D2,2026,1,0140105686,USD,2026-09-02,12";
    assert!(refusal(ledger(amount_last)).starts_with("The file may be cut off"));
    assert!(ledger(&format!("{amount_last}\n")).is_ok());
    let mut profile = Profile::canonical(Entity::Ledger, Format::Csv);
    profile.expected.rows = Some(1);
    assert!(
        read(&profile, amount_last.as_bytes()).is_ok(),
        "control totals prove that it is whole"
    );
}

#[test]
fn json_lines_that_were_cut_off_are_refused() {
    let profile = Profile::canonical(Entity::DepositCover, Format::JsonLines);
    let sentence = refusal(read(
        &profile,
        b"{\"deposit\":\"d1\",\"sale\":\"s1\"}\n{\"deposit\":\"d2\",\"sa",
    ));
    assert_eq!(
        sentence,
        "The file is cut off: its last line, 2, ends in the middle of an object. Export it again."
    );
    assert!(refusal(read(&profile, b"deposit,sale\n")).starts_with("This is not JSON lines: line 1"));
}

#[test]
fn bytes_that_are_not_utf_8_name_their_line() {
    let mut bytes = format!("{HEADER}{GOOD}").into_bytes();
    bytes.extend_from_slice(b"1000,D\xFC2,2026,1,0140105686,1,USD,2026-09-01\n");
    assert_eq!(
        refusal(read(&Profile::canonical(Entity::Ledger, Format::Csv), &bytes)),
        "Line 3 is not UTF-8. Export the file as UTF-8, or declare its encoding in a mapping, as in encoding = \"windows-1252\"."
    );
    let json = Profile::canonical(Entity::Ledger, Format::JsonLines);
    assert!(refusal(read(&json, b"{\"entity\":\"\xFC\"}\n")).starts_with("Line 1 is not UTF-8"));
}

#[test]
fn what_is_no_list_at_all_is_refused_by_name() {
    let csv = Profile::canonical(Entity::Ledger, Format::Csv);
    assert!(refusal(read(&csv, b"PK\x03\x04 xl/workbook.xml")).starts_with("This is an Excel workbook"));
    assert_eq!(refusal(read(&csv, b"")), "The file is empty. Export it again.");
    let mut endless = format!("{HEADER}1000,\"").into_bytes();
    endless.resize(3 << 20, b'x');
    assert!(refusal(read(&csv, &endless)).starts_with("Line 2 is longer than a megabyte"));
}

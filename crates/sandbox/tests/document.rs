//! The page about the sample house says what the sample house holds.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use hammerdesk_sandbox::SampleHouse;

fn page() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/sample-house.md"))
}

fn document(now: &str, seed: u64) -> String {
    let now: DateTime<Utc> = now.parse().expect("an instant");
    SampleHouse::new(seed, now, 1).document()
}

#[test]
fn the_page_is_current() {
    if std::env::var_os("HAMMERDESK_WRITE_DOCS").is_some() {
        std::fs::write(page(), document("2026-11-23T10:30:00Z", 7)).expect("docs/sample-house.md");
    }
    let written = std::fs::read_to_string(page()).expect("docs/sample-house.md");
    let current = document("2026-11-23T10:30:00Z", 7);
    assert!(
        written == current,
        "docs/sample-house.md is not what the house says; run the test with HAMMERDESK_WRITE_DOCS=1 and look at the \
         difference"
    );
}

#[test]
fn the_page_depends_on_no_date_and_no_seed() {
    assert_eq!(
        document("2026-11-23T10:30:00Z", 7),
        document("2031-02-28T23:59:59Z", 99)
    );
}

//! Writes a ledger of a million rows and says how long it takes to read it.
#![expect(clippy::print_stdout, reason = "it is its output")]

use hammerdesk_domain::record::Entity;
use hammerdesk_feeds::{Format, Item, Profile, Reader};
use std::io::Write;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rows: u64 = std::env::args().nth(1).map_or(Ok(1_000_000), |n| n.parse())?;
    let path = std::env::temp_dir().join("hammerdesk-read-speed.csv");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path)?);
    writeln!(
        file,
        "entity,document,year,line,client,kind,amount,currency,posted_on,document_on,due_on,invoice,cleared_on,disputed,reference"
    )?;
    for n in 0..rows {
        writeln!(
            file,
            "1000,{:010},2026,1,{:010},invoice,{}.{:02},GBP,2026-{:02}-{:02},2026-01-02,2026-02-01,{:010},,no,Sale L26{:03} lot {}",
            n,
            n % 100_000,
            n % 90_000,
            n % 100,
            n % 12 + 1,
            n % 28 + 1,
            n,
            n % 400,
            n % 900
        )?;
    }
    file.flush()?;
    let started = std::time::Instant::now();
    let mut reader = Reader::open(&path, &Profile::canonical(Entity::Ledger, Format::Csv))?;
    let mut good = 0_u64;
    while let Some(item) = reader.next_item()? {
        good += u64::from(matches!(item, Item::Record { .. }));
    }
    println!(
        "{good} rows, {} bytes: {} ms",
        std::fs::metadata(&path)?.len(),
        started.elapsed().as_millis()
    );
    std::fs::remove_file(&path)?;
    Ok(())
}

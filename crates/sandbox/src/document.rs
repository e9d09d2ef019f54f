//! The showcases as a page of documentation, so that the page cannot tell another story than the house.
//!
//! Promises: the text depends on the stories alone, on no date and no seed.

use std::fmt::Write as _;

use crate::SampleHouse;
use crate::showcase::Showcase;

/// The tables, with the first letters of their rows.
const TABLES: [(&str, &str); 5] = [
    ("Balance", "B"),
    ("Release: reasons", "R0 R1 R2"),
    (
        "Release: outcomes",
        "RELEASED AUTHORISED RELEASABLE PARTIAL EXCEPTION",
    ),
    (
        "Deposit: what must hold (each question shows the one that fails)",
        "D",
    ),
    ("Deposit: situations", "P"),
];

const INTRODUCTION: &str = "\
# The sample house

`hammerdesk demo` opens an auction house with three salerooms: London (1000, GBP), New York (2000, USD) and
Hong Kong (3000, HKD). Two small companies for private sales, 1900 in London and 2900 in New York, are there to
show what late data does. 600 ordinary clients with 24 sales and 6,000 lots are made from a seed; around
them stand the clients below, one for every row of the decision tables. All dates are relative to the day on
which the house is made: yesterday's sale is always yesterday's.

A client's number tells its row: `1400008` is B8, `1500007` is R07, `1600003` is D3, `1700014` is P14. Each
saleroom has the same eight sales, `1801` to `1808` behind its letter (`L`, `N`, `H`):

| sale | is |
|---|---|
| 1801, 1802, 1803 | five, three and two months ago; `N1802` was rescinded |
| 1804 | a month ago: what is unpaid is overdue |
| 1805 | four days ago, results final, nothing due yet |
| 1806 | yesterday, results not final |
| 1807 | running |
| 1808 | in three weeks |

People to ask as: `coordinator-london`, `senior-london`, `coordinator-new-york`, `coordinator-hong-kong`,
`assistant-manager`, `manager`, `shipping`, `call-centre`, `compliance`. Switch between them on one question to see how the answer differs.
";

impl SampleHouse {
    /// The page `docs/sample-house.md`.
    pub fn document(&self) -> String {
        let mut page = INTRODUCTION.to_owned();
        for (title, rows) in TABLES {
            let of_table = |showcase: &&Showcase| {
                let is_outcome = showcase.row.len() > 3;
                rows.split(' ').any(|row| {
                    if is_outcome {
                        showcase.row == row
                    } else {
                        showcase.row.starts_with(row)
                    }
                })
            };
            let mut showcases: Vec<&Showcase> = self.showcases().iter().filter(of_table).collect();
            showcases.sort_by_key(|showcase| number(&showcase.row));
            let _ = write!(
                page,
                "\n## {title}\n\n| row | ask | as | client | story |\n|---|---|---|---|---|\n"
            );
            for showcase in showcases {
                let Showcase {
                    row,
                    question,
                    as_person,
                    name,
                    says,
                    ..
                } = showcase;
                let _ = writeln!(page, "| {row} | `{question}` | `{as_person}` | {name} | {says} |");
            }
        }
        page
    }
}

/// `P14` is 14; an outcome has no number and stays where it was told.
fn number(row: &str) -> u32 {
    row.get(1..).and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

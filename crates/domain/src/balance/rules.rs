//! Rows B5-B9, B14-B17, B19 and B20, each a small function of one block's ground or of the account as a whole.

use chrono::{Days, NaiveDate};

use super::figures::Ground;
use super::receipts::{deposits, disputed, held_third_party, payers, seen, similar};
use super::sources;
use super::{Block, Row, Ruling, Scene, Standing, days_said, said};
use crate::access::Asker;
use crate::exposure::{Agreements, is_in_force};
use crate::message::Tone;
use crate::model::{InvoiceState, ItemKind, LedgerItem, TermsAgreement, TermsState};
use crate::money::Money;

/// For how many days an item counts as recently reopened (B20).
const REOPENED_DAYS: u64 = 30;

impl Scene<'_> {
    /// B5, B6 where there is no block at all, B16, B19.
    pub(super) fn account_rules(
        &self,
        grounds: &[Ground<'_>],
        asker: &Asker,
        standing: &sources::Standing,
        is_known: bool,
    ) -> Vec<Ruling> {
        let b5 = self.no_activity().from(&standing.ledger);
        let mut rulings = Vec::new();
        if grounds.is_empty() {
            rulings.push(if !is_known {
                Ruling::not("B6", "What was asked about is not in the ledger.")
            } else if b5.row.is_some() {
                Ruling::not("B6", "There never was any account activity.")
            } else {
                self.nothing(self.last_cleared_anywhere()).from(&standing.ledger)
            });
        }
        rulings.push(b5);
        rulings.push(if grounds.len() > 1 {
            let names: Vec<String> = grounds
                .iter()
                .map(|g| format!("{} {}", g.account.entity, g.account.currency))
                .collect();
            let text = format!(
                "One block each for {}: they are never added up.",
                names.join(", ")
            );
            Ruling::applies("B16", text, None, Tone::Quiet)
        } else {
            Ruling::not("B16", "There is at most one entity and currency.")
        });
        rulings.extend(self.flags(asker));
        rulings
    }

    /// The last clearing of what was asked about: the whole account's is known beyond the loaded items.
    fn last_cleared_anywhere(&self) -> Option<NaiveDate> {
        if self.question.narrow.is_none() && self.question.entity.is_none() {
            return self.facts.last_cleared_on;
        }
        let day = self.account_day();
        let asked = |item: &&LedgerItem| {
            self.question
                .entity
                .as_ref()
                .is_none_or(|asked| *asked == item.entity)
        };
        let cleared = self
            .facts
            .items
            .iter()
            .filter(asked)
            .filter_map(|item| item.cleared_on);
        cleared.filter(|on| *on <= day).max()
    }

    fn no_activity(&self) -> Ruling {
        let facts = self.facts;
        let day = self.account_day();
        let never = !facts.has_history && facts.items.is_empty();
        let not_yet = self.moment.as_of.is_some()
            && facts.last_cleared_on.is_none()
            && facts.items.iter().all(|item| item.posted_on > day);
        let narrowed = self.question.narrow.is_some() || self.question.entity.is_some();
        if never && !narrowed {
            let safe = "There has been no activity on your account.";
            Ruling::applies(
                "B5",
                "No account activity.".to_owned(),
                Some(safe.to_owned()),
                Tone::Quiet,
            )
        } else if not_yet && !narrowed {
            let text = format!("No account activity up to {}.", said(day));
            Ruling::applies("B5", text.clone(), Some(text), Tone::Quiet)
        } else {
            Ruling::not("B5", "The ledger holds items of this client.")
        }
    }

    fn nothing(&self, last_cleared_on: Option<NaiveDate>) -> Ruling {
        let cleared = last_cleared_on.map_or(String::new(), |on| {
            format!(" The last item was cleared on {}.", said(on))
        });
        Ruling::applies(
            "B6",
            format!("Nothing outstanding.{cleared}"),
            Some("Nothing is outstanding on your account.".to_owned()),
            Tone::Good,
        )
    }

    /// B6-B15, B17-B20 of one block.
    pub(super) fn block_rules(&self, ground: &Ground<'_>, standing: &sources::Standing) -> Vec<Ruling> {
        let ledger = &standing.ledger;
        vec![
            self.outstanding(ground).from(ledger),
            credit(ground).from(ledger),
            self.overdue(ground).from(ledger),
            not_due(ground).from(ledger),
            seen(ground).from(&payers(ground.in_flight.iter().copied())),
            similar(ground).from(&payers(ground.similar.iter().copied())),
            held_third_party(ground).from(&payers(ground.held.iter().copied())),
            disputed(ground),
            self.terms(ground).from(ledger),
            self.breach(ground).from(ledger),
            self.superseded(ground).from(ledger),
            deposits(ground).from(ledger),
            blocked_items(ground).from(ledger),
            reopened(ground).from(ledger),
        ]
    }

    fn outstanding(&self, ground: &Ground<'_>) -> Ruling {
        let block = ground.figures();
        if !block.ledger_net.is_zero() {
            return Ruling::not("B6", format!("The ledger's balance is {}.", block.ledger_net));
        }
        if !block.in_flight.is_zero() || !ground.contested.is_empty() {
            return Ruling::not("B6", "A payment is on its way or contested.");
        }
        if !ground.gone.is_empty() {
            let total = Money::sum(block.currency, ground.gone.iter().map(|item| item.amount));
            let total = total.map_or_else(|_| "an unknown sum".to_owned(), |total| total.to_string());
            let text = format!(
                "The ledger lists nothing open, but {} of {total} left its list without a clearing: not to be called paid.",
                counted(ground.gone.len(), "item", "items")
            );
            let safe = "We are confirming the latest information.".to_owned();
            return Ruling::applies("B6", text, Some(safe), Tone::Warn)
                .next("Ask accounting how they were cleared.");
        }
        if block.billed_open.is_positive() {
            let text = format!(
                "Nothing outstanding: open bills and open credits of {} cancel out.",
                block.billed_open
            );
            let safe = "Nothing is outstanding on your account.".to_owned();
            return Ruling::applies("B6", text, Some(safe), Tone::Good)
                .next("Apply the credits to the bills.");
        }
        self.nothing(ground.last_cleared_on)
    }

    fn overdue(&self, ground: &Ground<'_>) -> Ruling {
        let block = ground.figures();
        if !block.overdue.is_positive() {
            return Ruling::not("B8", "Nothing is past due.");
        }
        let count = block
            .items
            .iter()
            .filter(|item| item.amount.is_positive() && item.days > 0)
            .count();
        let text = format!(
            "{} overdue in {}, the oldest by {}.",
            block.overdue,
            counted(count, "item", "items"),
            days_said(block.oldest_days)
        );
        Ruling::applies(
            "B8",
            text,
            Some(format!("{} is past its due date.", block.overdue)),
            Tone::Warn,
        )
        .next(format!("Collections: {}.", self.owner()))
    }

    fn agreements<'t>(&'t self, ground: &'t Ground<'_>) -> impl Iterator<Item = &'t TermsAgreement> {
        let agreements = Agreements::of(self.facts);
        self.facts.terms.iter().filter(move |terms| {
            ground
                .account
                .parts
                .iter()
                .any(|part| agreements.covers(terms, part.item))
        })
    }

    fn terms(&self, ground: &Ground<'_>) -> Ruling {
        let mut said_of: Vec<String> = Vec::new();
        let mut late = false;
        for terms in self
            .agreements(ground)
            .filter(|terms| is_in_force(terms, ground.day))
        {
            let (text, is_late) = instalments(terms, ground);
            said_of.push(text);
            late |= is_late;
        }
        if said_of.is_empty() {
            return Ruling::not("B14", "No terms agreement is in force for what is open.");
        }
        let safe = if late {
            "An instalment is past its due date."
        } else {
            "Your payment terms are in place."
        };
        let tone = if late { Tone::Warn } else { Tone::Plain };
        let ruling = Ruling::applies("B14", said_of.join(" "), Some(safe.to_owned()), tone);
        if late {
            ruling.next("Remind the client of the instalment before the agreement is breached.")
        } else {
            ruling
        }
    }

    fn breach(&self, ground: &Ground<'_>) -> Ruling {
        let broken: Vec<String> = self
            .agreements(ground)
            .filter(|terms| terms.state == TermsState::Breached)
            .map(|terms| {
                let follows = if terms.accelerates {
                    "the whole balance under it is due"
                } else {
                    "only the late instalments are due"
                };
                format!("Terms {} are breached: {follows}.", terms.id)
            })
            .collect();
        if broken.is_empty() {
            return Ruling::not("B15", "No terms agreement is breached.");
        }
        let safe = "Your payment terms were not kept.".to_owned();
        Ruling::applies("B15", broken.join(" "), Some(safe), Tone::Warn).next("Alert the manager.")
    }

    fn superseded(&self, ground: &Ground<'_>) -> Ruling {
        let asked =
            |number| matches!(&self.question.narrow, Some(super::Narrow::Invoice(asked)) if asked == number);
        let open = |number| {
            ground
                .account
                .parts
                .iter()
                .any(|part| part.item.invoice.as_ref() == Some(number))
        };
        let replaced: Vec<(String, String)> = self
            .facts
            .invoices
            .iter()
            .filter(|invoice| invoice.key.entity == ground.account.entity)
            .filter(|invoice| asked(&invoice.key.number) || open(&invoice.key.number))
            .filter_map(|invoice| {
                let number = &invoice.key.number;
                match (&invoice.superseded_by, invoice.state) {
                    (Some(by), _) => Some((
                        format!("Invoice {number} was replaced by {by}."),
                        format!("Invoice {number} was replaced by invoice {by}."),
                    )),
                    (None, InvoiceState::Superseded) => Some((
                        format!("Invoice {number} is being issued again; its replacement is not known yet."),
                        format!("Invoice {number} is being reissued."),
                    )),
                    (None, InvoiceState::Cancelled) => Some((
                        format!("Invoice {number} was cancelled; no replacement is recorded."),
                        format!("Invoice {number} was cancelled."),
                    )),
                    _ => None,
                }
            })
            .collect();
        if replaced.is_empty() {
            return Ruling::not("B17", "No invoice in question was superseded or cancelled.");
        }
        let join = |texts: Vec<&str>| texts.join(" ");
        let internal = join(replaced.iter().map(|(internal, _)| internal.as_str()).collect());
        let safe = join(replaced.iter().map(|(_, safe)| safe.as_str()).collect());
        Ruling::applies("B17", internal, Some(safe), Tone::Warn)
            .next("Answer from the replacement; check that the old invoice is not billed twice.")
    }
}

fn credit(ground: &Ground<'_>) -> Ruling {
    let block = ground.figures();
    if !block.ledger_net.is_negative() {
        return Ruling::not("B7", "The client is not in credit.");
    }
    let credit = block.ledger_net.abs();
    let memos = sum_of(block, |kind| kind == ItemKind::Credit);
    let on_account = sum_of(block, |kind| kind != ItemKind::Credit);
    let text = format!(
        "Credit of {credit}: credit memos {memos}, payments on account {on_account}. A deposit is not part of it."
    );
    Ruling::applies(
        "B7",
        text,
        Some(format!("There is a credit of {credit} on your account.")),
        Tone::Good,
    )
    .next("Suggest a review: refund it or apply it.")
}

fn sum_of(block: &Block, is: impl Fn(ItemKind) -> bool) -> Money {
    let items = block
        .items
        .iter()
        .filter(|item| item.amount.is_negative() && is(item.kind));
    let minor = items.fold(0_i64, |sum, item| sum.saturating_add(item.amount.abs().minor()));
    Money::from_minor(minor, block.currency)
}

fn not_due(ground: &Ground<'_>) -> Ruling {
    let block = ground.figures();
    if !block.billed_open.is_positive() {
        return Ruling::not("B9", "Nothing is billed and open.");
    }
    if block.overdue.is_positive() {
        return Ruling::not("B9", "Some of it is past due.");
    }
    let next = block.next_due_on.map_or(String::new(), |on| {
        if on == block.day {
            " Some of it is due today.".to_owned()
        } else {
            format!(" Next due on {}.", said(on))
        }
    });
    let safe = match block.next_due_on {
        Some(on) if on == block.day => format!(
            "{} is open, of which {} is due today.",
            block.billed_open, block.due_today
        ),
        Some(on) => format!(
            "{} is open; the next payment is due on {}.",
            block.billed_open,
            said(on)
        ),
        None => format!("{} is open.", block.billed_open),
    };
    Ruling::applies(
        "B9",
        format!("{} open, none of it overdue.{next}", block.billed_open),
        Some(safe),
        Tone::Plain,
    )
}

fn instalments(terms: &TermsAgreement, ground: &Ground<'_>) -> (String, bool) {
    let mut late = false;
    let open: Vec<String> = terms
        .instalments
        .iter()
        .filter(|i| i.amount.currency() == ground.account.currency)
        .filter_map(|instalment| {
            let left = instalment
                .amount
                .checked_sub(instalment.paid)
                .ok()
                .filter(|left| left.is_positive())?;
            let is_late = instalment.due_on < ground.day;
            late |= is_late;
            let mark = if is_late { ", late" } else { "" };
            Some(format!(
                "{} {left} due {}{mark}",
                instalment.n,
                said(instalment.due_on)
            ))
        })
        .collect();
    let plan = if open.is_empty() {
        "all instalments are paid".to_owned()
    } else {
        format!("instalments {}", listed(&open))
    };
    (format!("Terms {} are in force: {plan}.", terms.id), late)
}

fn blocked_items(ground: &Ground<'_>) -> Ruling {
    let parts = ground
        .account
        .parts
        .iter()
        .map(|part| part.item)
        .filter(|item| item.blocked);
    let credits = ground
        .account
        .credits
        .iter()
        .map(|credit| credit.item)
        .filter(|item| item.blocked);
    let mut blocked: Vec<&str> = parts.chain(credits).map(|item| item.document.as_str()).collect();
    blocked.dedup();
    if blocked.is_empty() {
        return Ruling::not("B19", "No payment block is set.");
    }
    let blocked: Vec<String> = blocked.into_iter().map(str::to_owned).collect();
    let text = format!("A payment or dunning block is set on {}.", listed(&blocked));
    let safe = format!("Please speak to {}.", ground.location.team);
    Ruling::applies("B19", text, Some(safe), Tone::Warn)
        .next("Ask the debt owner before speaking to the client.")
}

fn reopened(ground: &Ground<'_>) -> Ruling {
    let since = ground
        .day
        .checked_sub_days(Days::new(REOPENED_DAYS))
        .unwrap_or(NaiveDate::MIN);
    let mut found: Vec<(NaiveDate, String)> = ground
        .account
        .parts
        .iter()
        .filter_map(|part| part.item.reopened_on.map(|on| (on, part.item)))
        .filter(|(on, _)| since <= *on && *on <= ground.day)
        .map(|(on, item)| {
            (
                on,
                match &item.invoice {
                    Some(number) => format!("Invoice {number}"),
                    None => format!("Document {}", item.document),
                },
            )
        })
        .collect();
    found.dedup();
    if found.is_empty() {
        return Ruling::not("B20", "No item was reopened in the last 30 days.");
    }
    let texts: Vec<String> = found
        .iter()
        .map(|(on, number)| format!("{number} was reopened on {}", said(*on)))
        .collect();
    let text = format!("{}.", listed(&texts));
    Ruling::applies("B20", text.clone(), Some(text), Tone::Warn).next("Look up why the clearing was reset.")
}

/// What the block comes down to, from the rules that applied to it.
pub(super) fn standing(block: &Block, rows: &[Row]) -> Standing {
    let applies = |code| rows.iter().any(|row: &Row| row.code == code);
    if block.disputed.is_positive() {
        Standing::Disputed
    } else if applies("B10") {
        Standing::PaymentSeen
    } else if applies("B8") {
        Standing::Overdue
    } else if block.ledger_net.is_negative() {
        Standing::Credit
    } else if applies("B9") {
        Standing::NotDue
    } else if rows.iter().any(|row| row.code == "B6" && row.tone != Tone::Warn) {
        Standing::Nothing
    } else {
        Standing::Unclear
    }
}

/// What may be said to the client. A flag or a review silences everything else; a payment that was seen
/// is said instead of what it is expected to clear.
pub(super) fn client_safe(account: &[Row], block: &[Row]) -> String {
    let all = || block.iter().chain(account);
    if let Some(flag) = all()
        .filter(|row| row.code == "B19")
        .find_map(|row| row.client_safe.clone())
    {
        return flag;
    }
    let seen = block.iter().any(|row| row.code == "B10");
    let kept = all().filter(|row| !(seen && matches!(row.code, "B8" | "B9" | "B14")));
    let mut sentences: Vec<String> = kept.filter_map(|row| row.client_safe.clone()).collect();
    sentences.dedup();
    sentences.join(" ")
}

/// One sentence for the whole answer.
pub(super) fn summary(blocks: &[Block], account: &[Row]) -> String {
    let merged = account
        .iter()
        .find(|row| row.code == "B2")
        .and_then(|row| row.internal.clone());
    let told: Vec<String> = blocks
        .iter()
        .map(|block| {
            let what = match block.standing {
                Standing::Disputed => format!("{} disputed and owed again", block.disputed),
                Standing::PaymentSeen => format!("{} seen, not yet posted", block.in_flight),
                Standing::Overdue => format!(
                    "{} overdue, oldest {}",
                    block.overdue,
                    days_said(block.oldest_days)
                ),
                Standing::NotDue => format!("{} open, not overdue", block.billed_open),
                Standing::Credit => format!("credit of {}", block.ledger_net.abs()),
                Standing::Unclear => format!("nothing billed in {}, but see the remarks", block.currency),
                Standing::Nothing => format!("nothing outstanding in {}", block.currency),
            };
            format!("{}: {what}.", block.location)
        })
        .collect();
    let told = if told.is_empty() {
        let nothing = account.iter().find(|row| matches!(row.code, "B5" | "B6"));
        let nothing = nothing.or_else(|| account.iter().find(|row| row.code == "B21"));
        nothing.and_then(|row| row.internal.clone()).into_iter().collect()
    } else {
        told
    };
    merged.into_iter().chain(told).collect::<Vec<_>>().join(" ")
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// At most five, then how many more.
pub(super) fn listed(texts: &[String]) -> String {
    let shown = texts.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    match texts.len().saturating_sub(5) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

//! May this lot go? Table 4.2 of `domain.md`, R01 to R24, all of them, for every lot of the question.
//!
//! Promises: every rule is looked at and explains itself; any blocker keeps a lot from being releasable;
//! what is unknown or stale never improves an answer; "released" is said only when the warehouse feed says
//! so. A restricted review is, to everybody who may not read restricted holds, the same value as any other
//! internal review: same code, same words, same explanation (see [`crate::neutral`]).

mod case;
mod cover;
mod funds;
mod money;
mod rules;
mod texts;

use chrono::NaiveDate;

use crate::access::{Asker, Permission};
use crate::facts::{AccountFacts, Moment};
use crate::freshness::Freshness;
use crate::ids::{AuthorityId, ClientNo, InvoiceNo, LotKey};
use crate::location::House;
use crate::message::{AsOf, Step};
use crate::model::{Release, ReleaseState, words};
use crate::money::Money;
use crate::neutral;

use case::Case;
pub use texts::Texts;

words! {
    /// The rules of the table.
    ReleaseCode { /// The lot's share of the invoice is not covered.
        Unpaid = "R01", /// Covered by funds that have not cleared.
        NotCleared = "R02", /// Tax, resale right, shipping, insurance or a fee is open.
        TaxOrShippingOpen = "R03", /// Billed storage or interest is open.
        StorageOrInterest = "R04", /// Other overdue debt of the client or the group.
        CrossDebt = "R05", /// A receipt is under payer review.
        ThirdPartyPayer = "R06", /// A payment is contested.
        Dispute = "R07", /// Due diligence is needed and not complete.
        CddIncomplete = "R08", /// Restricted.
        SanctionsReview = "R09", /// Legal, fraud, title, rescission; and, to most, R09.
        InternalReview = "R10", /// Terms were agreed but are not in force, or do not include release.
        TermsNotEffective = "R11", /// An instalment is late.
        TermsBreached = "R12", /// A trade account's limit is exceeded.
        CreditLimit = "R13", /// Exporting needs a licence.
        ExportLicence = "R14", /// Restricted species without permits.
        Cites = "R15", /// The consumer may still cancel.
        CancellationRight = "R16", /// Whoever comes has no papers.
        CollectorNotAuthorised = "R17", /// The lot is elsewhere.
        LotNotAtLocation = "R18", /// The shipping quote is not accepted.
        ShippingQuoteOpen = "R19", /// The invoice is being issued again.
        InvoiceSuperseded = "R20", /// The sale was rescinded.
        SaleCancelled = "R21", /// A deposit was taken and waits to be applied.
        DepositRecon = "R22", /// Something needed is too old or missing.
        DataStale = "R23", /// Any other hold.
        ManualHold = "R24" }
    /// How a question about release ends.
    ReleaseOutcome { /// The warehouse says it is gone.
        Released = "RELEASED", /// Something blocks it.
        Blocked = "BLOCKED", /// Some lots may go, some not.
        Partial = "PARTIAL", /// Nothing blocks it; it must still be authorised.
        Releasable = "RELEASABLE", /// The warehouse says it is authorised, and nothing blocks it.
        Authorised = "AUTHORISED" }
}

/// What was asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseQuestion {
    /// Everything the client bought.
    Client,
    /// The lots that invoices of that number charge.
    Invoice(InvoiceNo),
    /// One lot.
    Lot(LotKey),
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseAnswer {
    /// The client.
    pub client: ClientNo,
    /// The client's name.
    pub client_name: String,
    /// The number that was asked for, where it was merged away.
    pub asked_for: Option<ClientNo>,
    /// The question.
    pub question: ReleaseQuestion,
    /// The asker may not know of this client or its releases (B0); nothing else is said then.
    pub refused: bool,
    /// Over all lots.
    pub outcome: ReleaseOutcome,
    /// Per lot, in the order of their keys. Empty where the question touches no lot.
    pub lots: Vec<LotAnswer>,
    /// As of when each needed source speaks.
    pub as_of: Vec<AsOf>,
    /// Is some needed source past its soft limit?
    pub stale: bool,
}

/// The answer for one lot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LotAnswer {
    /// Which.
    pub lot: LotKey,
    /// Its title; empty where the lot is not known.
    pub title: String,
    /// May it go?
    pub outcome: ReleaseOutcome,
    /// What blocks it, in the order of the table.
    pub reasons: Vec<Reason>,
    /// What a manager must hear, for colleagues only: authorised or gone although something blocks it.
    pub alerts: Vec<String>,
    /// What else a colleague should know.
    pub remarks: Vec<String>,
    /// When it was released or authorised, where the warehouse says so.
    pub on: Option<NaiveDate>,
    /// To whom it was released; only for askers who may read it.
    pub to: Option<String>,
    /// The approval for a release with a balance open; for colleagues only.
    pub exception: Option<ExceptionRelease>,
    /// What stays open of its invoices, per entity and currency; for colleagues, and only from fresh data.
    pub open: Vec<Money>,
    /// The invoices that charge it; for the buttons.
    pub invoices: Vec<InvoiceNo>,
    /// What may be said to the client: clauses, the ones that others explain left out.
    pub client_says: Vec<String>,
    /// R01 to R24, each applied or not.
    pub explain: Vec<Step>,
}

/// One thing that blocks a lot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The rule; R10 for a restricted review where the asker may not know of it.
    pub code: ReleaseCode,
    /// What clears it.
    pub clears: String,
    /// Who can clear it.
    pub by: String,
    /// The clause for the client.
    pub client_text: String,
    /// The reason with its facts; for colleagues only.
    pub internal: Option<String>,
}

/// An approval for a release with a balance open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExceptionRelease {
    /// Its id.
    pub authority: AuthorityId,
    /// Who approved.
    pub approved_by: Option<String>,
    /// Until when it stands.
    pub until: Option<NaiveDate>,
    /// What stays owed under it.
    pub residual: Option<Money>,
    /// Does it stand today, for what is open today?
    pub effective: bool,
}

/// Decides for all lots of the question. The decision is about now: a question about another day gets
/// today's answer, because a lot cannot be released on another day's facts.
pub fn decide(
    facts: &AccountFacts,
    asker: &Asker,
    house: &House,
    question: &ReleaseQuestion,
    moment: Moment,
) -> ReleaseAnswer {
    if !asker.may(Permission::Release) || !asker.may_see(&facts.client) {
        return ReleaseAnswer {
            client: facts.client.no.clone(),
            client_name: String::new(),
            asked_for: None,
            question: question.clone(),
            refused: true,
            outcome: ReleaseOutcome::Blocked,
            lots: Vec::new(),
            as_of: Vec::new(),
            stale: false,
        };
    }
    let lots: Vec<LotAnswer> = lots_of(facts, question)
        .into_iter()
        .map(|lot| decide_lot(facts, asker, house, lot, moment))
        .collect();
    let as_of = as_of(facts, moment);
    ReleaseAnswer {
        client: facts.client.no.clone(),
        client_name: facts.client.name.clone(),
        asked_for: facts.asked_for.clone(),
        question: question.clone(),
        refused: false,
        outcome: overall(&lots),
        stale: as_of.iter().any(|source| source.stale),
        lots,
        as_of,
    }
}

fn lots_of(facts: &AccountFacts, question: &ReleaseQuestion) -> Vec<LotKey> {
    let mut keys: Vec<LotKey> = match question {
        ReleaseQuestion::Lot(key) => vec![key.clone()],
        ReleaseQuestion::Invoice(number) => facts
            .lines
            .iter()
            .filter(|line| cover::same_number(&line.invoice.number, number))
            .filter_map(|line| line.lot.clone())
            .collect(),
        ReleaseQuestion::Client => {
            let bought =
                |buyer: &ClientNo| *buyer == facts.client.no || facts.asked_for.as_ref() == Some(buyer);
            let lots = facts
                .lots
                .iter()
                .filter(|lot| lot.buyer.as_ref().is_some_and(bought));
            lots.map(|lot| lot.key.clone()).collect()
        }
    };
    keys.sort_by_cached_key(natural);
    keys.dedup();
    keys
}

/// Lot 2 comes before lot 10, and lot 10 before 10A.
fn natural(key: &LotKey) -> (String, u64, String) {
    let lot = key.lot.as_str();
    let digits = lot.len() - lot.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    (
        key.sale.as_str().to_owned(),
        lot[..digits].parse().unwrap_or(u64::MAX),
        lot[digits..].to_owned(),
    )
}

fn overall(lots: &[LotAnswer]) -> ReleaseOutcome {
    let any = |outcome| lots.iter().any(|lot| lot.outcome == outcome);
    let may_go = any(ReleaseOutcome::Releasable) || any(ReleaseOutcome::Authorised);
    match (any(ReleaseOutcome::Blocked), may_go) {
        (true, true) => ReleaseOutcome::Partial,
        (true, false) => ReleaseOutcome::Blocked,
        (false, true) if any(ReleaseOutcome::Releasable) => ReleaseOutcome::Releasable,
        (false, true) => ReleaseOutcome::Authorised,
        (false, false) if lots.is_empty() => ReleaseOutcome::Blocked,
        (false, false) => ReleaseOutcome::Released,
    }
}

/// The sources that a release needs; all of them, where nobody said which ones it needs.
fn as_of(facts: &AccountFacts, moment: Moment) -> Vec<AsOf> {
    let nobody_said = !facts.sources.iter().any(|source| source.needed_for.release);
    let needed = facts
        .sources
        .iter()
        .filter(|source| nobody_said || source.needed_for.release);
    needed
        .map(|source| {
            let stale = source.needed_for.release && source.freshness(moment.now) != Freshness::Fresh;
            let note = stale.then(|| format!("may miss {}", source.may_miss));
            AsOf {
                source: source.name.clone(),
                at: source.extracted_at,
                stale,
                note,
            }
        })
        .collect()
}

/// What a rule found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Finding {
    applied: bool,
    because: String,
    sources: Vec<String>,
    by: Option<String>,
}

fn decide_lot(facts: &AccountFacts, asker: &Asker, house: &House, key: LotKey, moment: Moment) -> LotAnswer {
    let case = Case::of(facts, house, &key, moment);
    let internal = asker.may(Permission::Internal);
    let found: Vec<(ReleaseCode, Finding)> = veiled(
        ReleaseCode::ALL
            .iter()
            .map(|code| (*code, case.find(*code)))
            .collect(),
        asker,
    );
    let reasons: Vec<Reason> = found
        .iter()
        .filter(|(code, finding)| finding.applied && is_shown(*code, asker))
        .map(|(code, finding)| reason(*code, finding, &case.location.team, internal))
        .collect();
    let release = facts.release(&key);
    let outcome = outcome(release, !reasons.is_empty());
    let gone = outcome == ReleaseOutcome::Released;
    let alerts = if internal {
        alerts(&case, outcome, &reasons)
    } else {
        Vec::new()
    };
    let remarks = if internal { case.remarks() } else { Vec::new() };
    let client_says = if gone {
        Vec::new()
    } else {
        client_says(&case, &reasons)
    };
    let explain = found
        .into_iter()
        .map(|(code, finding)| step(code, finding, &case.location.team, internal))
        .collect();
    LotAnswer {
        title: case.lot.map(|lot| lot.title.clone()).unwrap_or_default(),
        outcome,
        alerts,
        remarks,
        on: release
            .filter(|_| outcome != ReleaseOutcome::Releasable)
            .and_then(said_on),
        to: release
            .filter(|_| gone && asker.may(Permission::ReleaseRecipient))
            .and_then(|release| release.to.clone()),
        exception: if internal { case.exception() } else { None },
        open: if internal && !gone {
            case.open()
        } else {
            Vec::new()
        },
        client_says,
        invoices: case
            .invoices()
            .map(|invoice| invoice.key.number.clone())
            .collect(),
        reasons: if gone { Vec::new() } else { reasons },
        explain,
        lot: key,
    }
}

fn outcome(release: Option<&Release>, blocked: bool) -> ReleaseOutcome {
    match release.map(|release| release.state) {
        Some(ReleaseState::Released | ReleaseState::ExceptionReleased) => ReleaseOutcome::Released,
        _ if blocked => ReleaseOutcome::Blocked,
        Some(ReleaseState::Authorised | ReleaseState::Scheduled) => ReleaseOutcome::Authorised,
        _ => ReleaseOutcome::Releasable,
    }
}

fn said_on(release: &Release) -> Option<NaiveDate> {
    use ReleaseState as S;
    let said = matches!(
        release.state,
        S::Released | S::ExceptionReleased | S::Authorised | S::Scheduled
    );
    release.on.filter(|_| said)
}

/// Hides restricted reviews from whoever may not know of them: what R09 and R10 found becomes one finding
/// under R10 with neutral words, the same whether either, or both, applied.
fn veiled(mut found: Vec<(ReleaseCode, Finding)>, asker: &Asker) -> Vec<(ReleaseCode, Finding)> {
    if asker.may(Permission::RestrictedHolds) {
        return found;
    }
    let is_review =
        |code: &ReleaseCode| matches!(code, ReleaseCode::SanctionsReview | ReleaseCode::InternalReview);
    let applied = found
        .iter()
        .any(|(code, finding)| is_review(code) && finding.applied);
    for (code, finding) in &mut found {
        let (applied, because) = match code {
            ReleaseCode::SanctionsReview => (false, neutral::TOLD_ELSEWHERE),
            ReleaseCode::InternalReview if applied => (true, neutral::BECAUSE),
            ReleaseCode::InternalReview => (false, neutral::BECAUSE_NOT),
            _ => continue,
        };
        *finding = Finding {
            applied,
            because: because.to_owned(),
            ..Finding::default()
        };
    }
    found
}

/// R09 has a line of its own only for those who may read it; for all others R10 speaks for both.
fn is_shown(code: ReleaseCode, asker: &Asker) -> bool {
    code != ReleaseCode::SanctionsReview || asker.may(Permission::RestrictedHolds)
}

fn reason(code: ReleaseCode, finding: &Finding, team: &str, internal: bool) -> Reason {
    let texts = code.texts();
    let by = finding
        .by
        .as_ref()
        .filter(|_| internal)
        .map_or_else(|| texts.by.to_owned(), Clone::clone);
    let neutral_review = code == ReleaseCode::InternalReview && finding.because == neutral::BECAUSE;
    let said = if neutral_review {
        neutral::INTERNAL.to_owned()
    } else {
        finding.because.clone()
    };
    Reason {
        code,
        clears: texts.clears.to_owned(),
        by,
        client_text: texts.client.replace("{team}", team),
        internal: internal.then_some(said),
    }
}

fn step(code: ReleaseCode, finding: Finding, team: &str, internal: bool) -> Step {
    let rule = code.word().to_owned();
    if internal {
        return Step {
            rule,
            applied: finding.applied,
            because: finding.because,
            sources: finding.sources,
        };
    }
    let because = if finding.applied {
        code.texts().client.replace("{team}", team)
    } else if finding.because == neutral::TOLD_ELSEWHERE {
        finding.because
    } else {
        "does not apply".to_owned()
    };
    Step {
        rule,
        applied: finding.applied,
        because,
        sources: Vec::new(),
    }
}

/// Gone or authorised although something blocks it: somebody must hear of it now.
fn alerts(case: &Case<'_>, outcome: ReleaseOutcome, reasons: &[Reason]) -> Vec<String> {
    let codes: Vec<&str> = reasons
        .iter()
        .filter(|reason| outcome != ReleaseOutcome::Released || matters_when_gone(reason.code))
        .map(|reason| reason.code.word())
        .collect();
    let mut alerts = Vec::new();
    let state = case.release.map(|release| release.state);
    if !codes.is_empty() {
        let listed = codes.join(", ");
        match (outcome, state) {
            (ReleaseOutcome::Released, _) => {
                alerts.push(format!("Tell a manager: the lot is gone, yet {listed} applies."));
            }
            (_, Some(ReleaseState::Authorised | ReleaseState::Scheduled)) => {
                alerts.push(format!(
                    "Tell a manager: the lot is authorised for release, yet {listed} applies."
                ));
            }
            _ => {}
        }
    }
    let unapproved = case.release.is_some_and(|release| release.authority.is_none());
    if state == Some(ReleaseState::ExceptionReleased) && unapproved {
        alerts.push(
            "Tell a manager: the lot went with a balance open, and no approval is on record.".to_owned(),
        );
    }
    alerts
}

/// Of a lot that is gone: is the money or the client in question? Papers and places no longer are.
const fn matters_when_gone(code: ReleaseCode) -> bool {
    matches!(
        code,
        ReleaseCode::Unpaid
            | ReleaseCode::NotCleared
            | ReleaseCode::TaxOrShippingOpen
            | ReleaseCode::ThirdPartyPayer
            | ReleaseCode::Dispute
            | ReleaseCode::SanctionsReview
            | ReleaseCode::InternalReview
            | ReleaseCode::TermsBreached
            | ReleaseCode::SaleCancelled
    )
}

/// The clauses for the client. "Payment is outstanding" is not said to somebody whose payment we have
/// seen, whose deposit we are about to apply, or whose invoice is being issued again.
fn client_says(case: &Case<'_>, reasons: &[Reason]) -> Vec<String> {
    let mut says: Vec<String> = Vec::new();
    for reason in reasons {
        let explained = matches!(reason.code, ReleaseCode::Unpaid | ReleaseCode::TaxOrShippingOpen)
            && (case.money_on_its_way_suffices() || !case.reissuing.is_empty());
        if !explained && !says.contains(&reason.client_text) {
            says.push(reason.client_text.clone());
        }
    }
    if says.is_empty() {
        reasons
            .iter()
            .take(1)
            .map(|reason| reason.client_text.clone())
            .collect()
    } else {
        says
    }
}

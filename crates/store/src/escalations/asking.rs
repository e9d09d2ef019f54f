//! What may ask for somebody: money that is not posted, disputes that wait for evidence, terms that run; page
//! by page over all clients.

use hammerdesk_domain::ids::TermsId;
use hammerdesk_domain::model::{Dispute, Instalment, Payment, TermsAgreement};

use crate::engine::View;
use crate::error::Result;
use crate::rows::{rows, selects};

selects! {
    UNPOSTED = Payment "WHERE (t.source, t.payment) > ($1, $2) AND t.posted_on IS NULL \
        AND t.state IN ('settled', 'accepted', 'reinstated', 'held_third_party') ORDER BY t.source, t.payment LIMIT $3";
    CONTESTED = Dispute "WHERE t.dispute > $1 AND t.stage IN ('opened', 'evidence_due', 'reopened') \
        AND t.due_at IS NOT NULL ORDER BY t.dispute LIMIT $2";
    RUNNING = Terms "WHERE t.terms > $1 AND t.state IN ('effective', 'breached') ORDER BY t.terms LIMIT $2";
    PARTS = Instalment "WHERE t.terms = $1 ORDER BY t.due_on, t.n";
}

/// Where a sweep over all of it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waiting {
    /// In the payments, behind this one.
    Payments(String, String),
    /// In the disputes, behind this one.
    Disputes(String),
    /// In the terms, behind these.
    Terms(String),
}

impl Default for Waiting {
    fn default() -> Self {
        Self::Payments(String::new(), String::new())
    }
}

/// One thing that may ask for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waits {
    /// Money seen, not posted.
    Payment(Box<Payment>),
    /// A dispute with a day for its evidence.
    Dispute(Box<Dispute>),
    /// Terms that run, with their instalments.
    Terms(Box<TermsAgreement>),
}

impl View {
    /// The next page, and where it goes on; `None` behind the last.
    pub async fn waiting(&mut self, from: Waiting, limit: i64) -> Result<(Vec<Waits>, Option<Waiting>)> {
        let is_full = |found: usize| i64::try_from(found).is_ok_and(|found| found == limit);
        Ok(match from {
            Waiting::Payments(source, payment) => {
                let found: Vec<Payment> = rows!(self, UNPOSTED, &source, &payment, limit)?;
                let next = match found.last().filter(|_| is_full(found.len())) {
                    Some(last) => Waiting::Payments(last.source.to_string(), last.id.to_string()),
                    None => Waiting::Disputes(String::new()),
                };
                (
                    found
                        .into_iter()
                        .map(|one| Waits::Payment(Box::new(one)))
                        .collect(),
                    Some(next),
                )
            }
            Waiting::Disputes(dispute) => {
                let found: Vec<Dispute> = rows!(self, CONTESTED, &dispute, limit)?;
                let next = match found.last().filter(|_| is_full(found.len())) {
                    Some(last) => Waiting::Disputes(last.id.to_string()),
                    None => Waiting::Terms(String::new()),
                };
                (
                    found
                        .into_iter()
                        .map(|one| Waits::Dispute(Box::new(one)))
                        .collect(),
                    Some(next),
                )
            }
            Waiting::Terms(terms) => {
                let mut found: Vec<TermsAgreement> = rows!(self, RUNNING, &terms, limit)?;
                for one in &mut found {
                    one.instalments = self.instalments(&one.id).await?;
                }
                let next = found
                    .last()
                    .filter(|_| is_full(found.len()))
                    .map(|last| Waiting::Terms(last.id.to_string()));
                (
                    found.into_iter().map(|one| Waits::Terms(Box::new(one))).collect(),
                    next,
                )
            }
        })
    }

    async fn instalments(&mut self, terms: &TermsId) -> Result<Vec<Instalment>> {
        rows!(self, PARTS, terms.as_str())
    }
}

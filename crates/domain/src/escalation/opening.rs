//! What came in, as it came in: it never changes, whatever is learnt later.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::words::{Kind, Severity, Way};
use crate::ids::{ClientNo, InvoiceNo, LocationId, LotNo, PersonId, SaleNo};
use crate::model::{Client, ClientKind, Confidentiality};
use crate::money::Money;

/// The longest text of a caller that is taken, in bytes; the door refuses longer bodies before.
pub const LONGEST_WORDS: usize = 48 * 1024;

/// An escalation's id; later ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EscalationId(pub Uuid);

impl EscalationId {
    /// As people call it: the end of the id, which tells those of one day apart.
    pub fn handle(&self) -> String {
        let id = self.0.simple().to_string();
        id.get(id.len().saturating_sub(8)..)
            .unwrap_or_default()
            .to_owned()
    }
}

impl fmt::Display for EscalationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What routing and rights look at of a client, as the store knows it at the moment of the decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientFacts {
    /// Number.
    pub no: ClientNo,
    /// The saleroom that looks after the client.
    #[serde(default)]
    pub location: Option<LocationId>,
    /// The house's own tier.
    #[serde(default)]
    pub tier: Option<String>,
    /// BCP 47 language.
    #[serde(default)]
    pub language: Option<String>,
    /// The portfolio owner.
    #[serde(default)]
    pub owner: Option<PersonId>,
    /// Who may know of the client.
    #[serde(default = "normal")]
    pub confidentiality: Confidentiality,
}

const fn normal() -> Confidentiality {
    Confidentiality::Normal
}

impl ClientFacts {
    /// What the store holds, cut down.
    pub fn of(client: &Client) -> Self {
        Self {
            no: client.no.clone(),
            location: client.location.clone(),
            tier: client.tier.clone(),
            language: client.language.clone(),
            owner: client.owner.as_deref().map(PersonId::from),
            confidentiality: client.confidentiality,
        }
    }

    /// As much of a client as the rights look at.
    pub(crate) fn client(&self) -> Client {
        Client {
            no: self.no.clone(),
            name: String::new(),
            kind: ClientKind::Person,
            tier: self.tier.clone(),
            country: None,
            group: None,
            language: self.language.clone(),
            location: self.location.clone(),
            owner: self.owner.as_ref().map(ToString::to_string),
            confidentiality: self.confidentiality,
            merged_into: None,
        }
    }
}

/// Whom the escalation is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "match", content = "clients")]
pub enum Matched {
    /// One client.
    Found(ClientNo),
    /// It may be any of these; somebody must ask.
    Several(Vec<ClientNo>),
    /// Nobody we know; somebody must ask.
    Nobody,
}

impl Matched {
    /// The clients it may be.
    pub fn clients(&self) -> &[ClientNo] {
        match self {
            Self::Found(client) => std::slice::from_ref(client),
            Self::Several(clients) => clients,
            Self::Nobody => &[],
        }
    }
}

/// What is about: the lot, the invoice, the sale.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// An invoice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoice: Option<InvoiceNo>,
    /// A sale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale: Option<SaleNo>,
    /// A lot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lot: Option<LotNo>,
    /// What is at stake, one amount a currency, never netted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub amounts: Vec<Money>,
}

/// Who called, in their own words; shown escaped, never used as a key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Caller {
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Phone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// E-mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// The facts at the moment the escalation was made. They are kept as they were, whatever is true later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// When they were taken.
    pub taken_at: DateTime<Utc>,
    /// The facts, with an as-of for each source.
    pub facts: serde_json::Value,
}

/// What came in. It never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// Id.
    pub id: EscalationId,
    /// How.
    pub way: Way,
    /// Whose request, where a partner sent it.
    pub partner: Option<String>,
    /// The partner's own name for it.
    pub reference: Option<String>,
    /// The helpdesk ticket.
    pub ticket: Option<i64>,
    /// What about.
    pub kind: Kind,
    /// How bad, as it came in.
    pub severity: Severity,
    /// The saleroom.
    pub location: Option<LocationId>,
    /// The caller's language.
    pub language: Option<String>,
    /// Whom it is about, as matched at that moment.
    pub matched: Matched,
    /// The lot, the invoice, the sale, the amounts.
    pub about: About,
    /// The caller's words, untouched.
    pub said: String,
    /// The caller.
    pub caller: Caller,
    /// The facts at that moment; `None` where no client was found.
    pub snapshot: Option<Snapshot>,
    /// When it is worth nothing any more: a lot's time, an evidence deadline.
    pub deadline: Option<DateTime<Utc>>,
    /// When it came in.
    pub at: DateTime<Utc>,
}

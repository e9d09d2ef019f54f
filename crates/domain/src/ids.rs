//! Names of things, each its own type, so that an invoice number is never taken for a client's.
//!
//! A [`ClientNo`] has one canonical form (ten digits with leading zeros when it is numeric, as SAP
//! stores KUNNR; upper case otherwise), made at the edge by [`ClientNo::parse`], so that the store and
//! the decisions never see two spellings of one client.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::{ContextV7, Timestamp, Uuid};

/// The longest identifier we accept from anywhere, in characters.
pub const LONGEST_ID: usize = 64;

macro_rules! text_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is; what comes from outside is checked by the feeds first.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
    )*};
}

text_id! {
    /// A legal entity: SAP's company code (`BUKRS`).
    EntityCode;
    /// A saleroom as the config names it: `london`.
    LocationId;
    /// A sale number.
    SaleNo;
    /// A lot number within its sale; may carry a letter (`45A`).
    LotNo;
    /// An invoice's document number; unique only with its entity and year.
    InvoiceNo;
    /// A group of clients that stand for each other's debts.
    GroupId;
    /// A deposit.
    DepositId;
    /// A refund at a bank or PSP.
    RefundId;
    /// A dispute at a PSP.
    DisputeId;
    /// A payment, unique with its source.
    PaymentId;
    /// Where a record came from: a feed's id in the config, such as `sap` or `stripe`.
    SourceId;
    /// An agreement on extended terms.
    TermsId;
    /// A hold.
    HoldId;
    /// An approval under the governance ladder.
    AuthorityId;
    /// A person who talks to us, as the config or the platform names them.
    PersonId;
    /// A channel of the team chat as the config names it: `accounts-london`.
    ChannelId;
    /// A button or menu: opaque, at most 100 characters, alive across restarts.
    ActionId;
}

/// A client number in its one canonical form.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientNo(String);

impl ClientNo {
    /// Digits alone are padded with zeros to ten (SAP's KUNNR); anything else is upper-cased.
    /// `None` if it is empty, too long, or has characters no client number has.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() || text.len() > LONGEST_ID {
            return None;
        }
        if text.bytes().all(|b| b.is_ascii_digit()) {
            return Some(Self(format!("{text:0>10}")));
        }
        let fits = text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'));
        fits.then(|| Self(text.to_ascii_uppercase()))
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As people say it: without the padding zeros.
    pub fn short(&self) -> &str {
        if self.0.bytes().all(|b| b.is_ascii_digit()) {
            let trimmed = self.0.trim_start_matches('0');
            if trimmed.is_empty() { "0" } else { trimmed }
        } else {
            &self.0
        }
    }
}

impl fmt::Display for ClientNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ClientNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Invoice identity: document numbers restart per entity and year (`domain.md` 5.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InvoiceKey {
    /// The entity that issued it.
    pub entity: EntityCode,
    /// The document number.
    pub number: InvoiceNo,
    /// The fiscal year.
    pub year: i64,
}

/// A lot: its number means nothing without the sale.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LotKey {
    /// The sale.
    pub sale: SaleNo,
    /// The lot within it.
    pub lot: LotNo,
}

impl fmt::Display for LotKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.sale, self.lot)
    }
}

/// A new id whose order follows the clock (UUIDv7).
pub fn new_id(now: DateTime<Utc>) -> Uuid {
    static CONTEXT: std::sync::Mutex<ContextV7> = std::sync::Mutex::new(ContextV7::new());
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
    let guard = CONTEXT.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    Uuid::new_v7(Timestamp::from_unix(
        &*guard,
        seconds,
        now.timestamp_subsec_nanos(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_number_has_one_form_with_or_without_its_zeros() {
        let forms: Vec<_> = ["140105686", "0140105686", " 140105686 "]
            .map(ClientNo::parse)
            .to_vec();
        assert!(
            forms
                .iter()
                .all(|form| form.as_ref().map(ClientNo::as_str) == Some("0140105686"))
        );
        assert_eq!(ClientNo::parse("0042-testa").unwrap().as_str(), "0042-TESTA");
        assert_eq!(ClientNo::parse("0140105686").unwrap().short(), "140105686");
        assert_eq!(ClientNo::parse("Mei Ling"), None);
        assert_eq!(ClientNo::parse(""), None);
    }

    #[test]
    fn ids_made_in_one_instant_differ_and_keep_their_order() {
        let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let (first, second) = (new_id(now), new_id(now));
        assert!(first < second);
    }
}

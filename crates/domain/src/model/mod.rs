//! The entities of the accounts-receivable read model (`domain.md` 3.1), as the store hands them to
//! the decisions. All are plain facts with public fields: they hold what a feed said, no more.

mod agreement;
mod client;
mod ledger;
mod money_in;
mod property;

pub use agreement::*;
pub use client::*;
pub use ledger::*;
pub use money_in::*;
pub use property::*;

/// A set of words with one spelling each: in feeds, in the store (`TEXT` with `CHECK`) and in code.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// Every word, in the order of the declaration.
            pub const WORDS: &'static [&'static str] = &[$($word),+];
            /// Every value, in the same order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word that feeds and the store use.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::model::UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(crate::model::UnknownWord { what: stringify!($name), word: text.chars().take(40).collect() }),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }
    )*};
}
pub(crate) use words;

/// A word that the set does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} is not a known {what}")]
pub struct UnknownWord {
    /// The set's name.
    pub what: &'static str,
    /// What stood there.
    pub word: String,
}

//! Money: an integer of minor units together with its ISO 4217 currency.
//!
//! Promises: no float anywhere; amounts of different currencies never add up; a decimal text goes in
//! and comes out with exactly the currency's own number of places (0, 2 or 3; invariant 10 of
//! `domain.md` 3.3).

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

/// An ISO 4217 alphabetic code that we know the number of decimals of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

/// Why an amount or a currency was not accepted. Each message is a sentence fit for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The code is not an active ISO 4217 currency.
    #[error("{0:?} is not an ISO 4217 currency code")]
    UnknownCurrency(String),
    /// Two currencies met in one sum.
    #[error("{0} and {1} cannot be added: they are different currencies")]
    CurrencyMismatch(Currency, Currency),
    /// More decimals than the currency has.
    #[error("{amount} has more decimals than {currency} allows ({places})")]
    TooPrecise {
        /// The amount as it was given.
        amount: Decimal,
        /// The currency.
        currency: Currency,
        /// Decimals which that currency has.
        places: u32,
    },
    /// The amount does not fit 64 bits of minor units.
    #[error("the amount is too large to be money")]
    TooLarge,
}

/// Currencies without minor units.
const NO_DECIMALS: &[&str] = &[
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
    "XOF", "XPF",
];
/// Currencies with three decimals.
const THREE_DECIMALS: &[&str] = &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];
/// Currencies with two decimals: every other active code.
const TWO_DECIMALS: &[&str] = &[
    "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BMD",
    "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CNY", "COP", "CRC", "CUP",
    "CVE", "CZK", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP",
    "GMD", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IRR", "JMD", "KES", "KGS", "KHR",
    "KPW", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP",
    "MRU", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "PAB", "PEN",
    "PGK", "PHP", "PKR", "PLN", "QAR", "RON", "RSD", "RUB", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP",
    "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TOP", "TRY", "TTD", "TWD",
    "TZS", "UAH", "USD", "UYU", "UZS", "VED", "VES", "WST", "XCD", "XCG", "YER", "ZAR", "ZMW", "ZWG",
];

impl Currency {
    /// Pounds sterling.
    pub const GBP: Self = Self(*b"GBP");
    /// US dollars.
    pub const USD: Self = Self(*b"USD");
    /// Hong Kong dollars.
    pub const HKD: Self = Self(*b"HKD");
    /// Euros.
    pub const EUR: Self = Self(*b"EUR");

    /// The three letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// How many decimals the currency has: 0, 2 or 3.
    pub fn places(&self) -> u32 {
        if NO_DECIMALS.contains(&self.code()) {
            0
        } else if THREE_DECIMALS.contains(&self.code()) {
            3
        } else {
            2
        }
    }

    /// Every currency we know, for tests and documentation.
    pub fn all() -> impl Iterator<Item = Currency> {
        [NO_DECIMALS, TWO_DECIMALS, THREE_DECIMALS]
            .into_iter()
            .flatten()
            .filter_map(|code| code.parse().ok())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let upper = text.trim().to_ascii_uppercase();
        let known = [NO_DECIMALS, TWO_DECIMALS, THREE_DECIMALS]
            .iter()
            .any(|set| set.contains(&upper.as_str()));
        match <[u8; 3]>::try_from(upper.as_bytes()) {
            Ok(code) if known => Ok(Self(code)),
            _ => Err(MoneyError::UnknownCurrency(text.chars().take(12).collect())),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// An amount in one currency. Serialises as `{"amount": "1234.50", "currency": "GBP"}`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// From minor units (pence, cents, whole yen).
    pub const fn from_minor(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, in that currency.
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// From a decimal amount; trailing zeros beyond the currency's places are fine, digits are not.
    pub fn from_decimal(amount: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        let places = currency.places();
        let amount = amount.normalize();
        if amount.scale() > places {
            return Err(MoneyError::TooPrecise {
                amount,
                currency,
                places,
            });
        }
        let factor = Decimal::from(10_i64.pow(places));
        let minor = amount
            .checked_mul(factor)
            .and_then(|m| m.to_i64())
            .ok_or(MoneyError::TooLarge)?;
        Ok(Self { minor, currency })
    }

    /// Minor units.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The decimal amount, with the currency's own number of places.
    pub fn to_decimal(self) -> Decimal {
        Decimal::from_i128_with_scale(i128::from(self.minor), self.currency.places())
    }

    /// The amount alone, plain: `-1234.50`. For `facts` and files.
    pub fn plain(self) -> String {
        self.to_decimal().to_string()
    }

    /// The amount alone for people: `1,234.50`, negative in parentheses.
    pub fn grouped(self) -> String {
        let plain = Self {
            minor: 0,
            currency: self.currency,
        }
        .to_decimal()
        .to_string();
        let places = plain.len() - plain.find('.').map_or(plain.len(), |dot| dot + 1);
        let digits = self.minor.unsigned_abs().to_string();
        let digits = format!("{digits:0>width$}", width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        let mut out = String::with_capacity(digits.len() + 8);
        for (n, c) in whole.chars().enumerate() {
            if n > 0 && (whole.len() - n).is_multiple_of(3) {
                out.push(',');
            }
            out.push(c);
        }
        if places > 0 {
            out.push('.');
            out.push_str(fraction);
        }
        if self.minor < 0 { format!("({out})") } else { out }
    }

    /// Is there anything at all?
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// More than nothing?
    pub const fn is_positive(self) -> bool {
        self.minor > 0
    }

    /// Less than nothing?
    pub const fn is_negative(self) -> bool {
        self.minor < 0
    }

    /// The sum, refused across currencies and beyond 64 bits.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch(self.currency, other.currency));
        }
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::TooLarge)?;
        Ok(Self {
            minor,
            currency: self.currency,
        })
    }

    /// The difference, refused across currencies and beyond 64 bits.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.checked_add(other.negated())
    }

    /// The same amount with the other sign.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self {
            minor: self.minor.saturating_neg(),
            currency: self.currency,
        }
    }

    /// The amount without its sign.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self {
            minor: self.minor.saturating_abs(),
            currency: self.currency,
        }
    }

    /// The sum of many in one currency; an empty list is zero.
    pub fn sum(currency: Currency, amounts: impl IntoIterator<Item = Self>) -> Result<Self, MoneyError> {
        amounts
            .into_iter()
            .try_fold(Self::zero(currency), Self::checked_add)
    }
}

impl PartialOrd for Money {
    /// Only amounts of one currency compare.
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self.currency == other.currency).then(|| self.minor.cmp(&other.minor))
    }
}

impl fmt::Display for Money {
    /// Currency before the amount, negative in parentheses: `GBP 1,234.50`, `GBP (12.00)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.currency, self.grouped())
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Money {
    type Err = MoneyError;

    /// `GBP 1,234.50`, `GBP -12`, `GBP (12.00)`: the form that `Display` prints, and a minus sign.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let text = text.trim();
        let (code, amount) = text
            .split_once(' ')
            .ok_or_else(|| MoneyError::UnknownCurrency(text.to_owned()))?;
        let currency: Currency = code.parse()?;
        let amount = amount.trim().replace(',', "");
        let (amount, negative) = match amount.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            Some(inner) => (inner.to_owned(), true),
            None => (amount, false),
        };
        let amount = Decimal::from_str_exact(&amount).map_err(|_| MoneyError::TooLarge)?;
        Self::from_decimal(if negative { -amount } else { amount }, currency)
    }
}

#[derive(Serialize, Deserialize)]
struct Wire {
    amount: String,
    currency: Currency,
}

impl Serialize for Money {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Wire {
            amount: self.plain(),
            currency: self.currency,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(deserializer)?;
        let amount = Decimal::from_str_exact(&wire.amount).map_err(serde::de::Error::custom)?;
        Self::from_decimal(amount, wire.currency).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_person_reads_currency_first_grouped_and_negatives_in_parentheses() {
        let texts: Vec<String> = [
            "GBP 1234567.5",
            "GBP -12",
            "JPY 1234",
            "KWD 0.001",
            "USD 0",
            "HKD -0.05",
        ]
        .iter()
        .map(|text| {
            text.parse::<Money>()
                .map(|m| m.to_string())
                .unwrap_or_else(|e| e.to_string())
        })
        .collect();
        assert_eq!(
            texts,
            [
                "GBP 1,234,567.50",
                "GBP (12.00)",
                "JPY 1,234",
                "KWD 0.001",
                "USD 0.00",
                "HKD (0.05)"
            ]
        );
    }

    #[test]
    fn an_amount_with_more_decimals_than_its_currency_is_refused_but_trailing_zeros_are_not() {
        assert_eq!("GBP 1.2300".parse::<Money>().map(Money::minor), Ok(123));
        assert!(matches!(
            "GBP 1.234".parse::<Money>(),
            Err(MoneyError::TooPrecise { places: 2, .. })
        ));
        assert!(matches!(
            "JPY 1.5".parse::<Money>(),
            Err(MoneyError::TooPrecise { places: 0, .. })
        ));
    }

    #[test]
    fn currencies_never_mix() {
        let pound = Money::from_minor(100, Currency::GBP);
        let dollar = Money::from_minor(100, Currency::USD);
        assert!(matches!(
            pound.checked_add(dollar),
            Err(MoneyError::CurrencyMismatch(..))
        ));
        assert_eq!(pound.partial_cmp(&dollar), None);
    }

    proptest! {
        #[test]
        fn every_amount_of_every_currency_comes_back_from_its_texts(minor in any::<i64>(), pick in 0usize..200) {
            let all: Vec<Currency> = Currency::all().collect();
            let money = Money::from_minor(minor.max(-i64::MAX), all[pick % all.len()]);
            prop_assert_eq!(Money::from_decimal(money.to_decimal(), money.currency()), Ok(money));
            prop_assert_eq!(money.to_string().parse::<Money>(), Ok(money));
            let json = serde_json::to_string(&money).unwrap();
            prop_assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
        }
    }
}

//! When two escalations are the same matter: the same client, kind and lot or invoice, within a while.
//!
//! Where no client was found, the same caller stands for the client; where the caller left nothing to
//! know them by, nothing is joined: two strangers are never made one.

use super::model::{Matched, Opening};
use crate::text::fold;

/// What makes two escalations the same matter; `None` where nothing can.
pub fn matter(opening: &Opening) -> Option<String> {
    let who = match &opening.matched {
        Matched::Found(client) => format!("client:{client}"),
        Matched::Several(_) | Matched::Nobody => {
            caller(opening).or_else(|| opening.ticket.map(|ticket| format!("ticket:{ticket}")))?
        }
    };
    let about = &opening.about;
    let what = match (&about.invoice, &about.lot) {
        (_, Some(lot)) => {
            let sale = about.sale.as_ref().map_or("", |sale| sale.as_str());
            format!("lot:{}/{}", fold(sale), fold(lot.as_str()))
        }
        (Some(invoice), None) => format!("invoice:{}", fold(invoice.as_str())),
        (None, None) => match &about.sale {
            Some(sale) => format!("sale:{}", fold(sale.as_str())),
            None => String::new(),
        },
    };
    Some(format!("{who}|{}|{what}", opening.kind))
}

/// A caller is known by an e-mail address or by a phone number's digits.
fn caller(opening: &Opening) -> Option<String> {
    let email = opening.caller.email.as_deref().map(|email| fold(email.trim()));
    if let Some(email) = email.filter(|email| email.contains('@')) {
        return Some(format!("email:{email}"));
    }
    let digits: String = opening
        .caller
        .phone
        .as_deref()?
        .chars()
        .filter_map(|c| c.to_digit(10))
        .filter_map(|digit| char::from_digit(digit, 10))
        .collect();
    // Shorter numbers are extensions, which belong to whoever sits there.
    (digits.len() >= 7).then(|| format!("phone:{digits}"))
}

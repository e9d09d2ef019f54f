//! What a program reads of a release decision: its facts as JSON, and every lot as a CSV file.

use super::card::in_order;
use hammerdesk_domain::message::Attachment;
use hammerdesk_domain::release::{ExceptionRelease, LotAnswer, Reason, ReleaseAnswer};
use hammerdesk_domain::text::clean;
use serde_json::{Map, Value, json};

pub(super) fn facts(answer: &ReleaseAnswer) -> Value {
    let as_of: Map<String, Value> = answer
        .as_of
        .iter()
        .map(|source| (source.source.clone(), json!(source.at)))
        .collect();
    let mut facts = json!({
        "client": { "number": answer.client, "name": answer.client_name },
        "as_of": as_of,
        "stale": answer.stale,
        "outcome": answer.outcome.word(),
        "lots": answer.lots.iter().map(lot_facts).collect::<Vec<_>>(),
    });
    if answer.lots.is_empty() {
        facts["outcome"] = Value::Null;
    }
    if let Some(old) = &answer.asked_for {
        facts["asked_for"] = json!(old);
    }
    facts
}

fn lot_facts(lot: &LotAnswer) -> Value {
    let mut facts = Map::new();
    facts.insert("lot".to_owned(), json!(lot.lot.to_string()));
    facts.insert("title".to_owned(), json!(lot.title));
    facts.insert("outcome".to_owned(), json!(lot.outcome.word()));
    facts.insert(
        "reasons".to_owned(),
        lot.reasons.iter().map(reason_facts).collect(),
    );
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            facts.insert(key.to_owned(), value);
        }
    };
    put("on", lot.on.map(|on| json!(on)));
    put("to", lot.to.as_ref().map(|to| json!(to)));
    put("open", (!lot.open.is_empty()).then(|| json!(lot.open)));
    put("alerts", (!lot.alerts.is_empty()).then(|| json!(lot.alerts)));
    put("remarks", (!lot.remarks.is_empty()).then(|| json!(lot.remarks)));
    put("exception", lot.exception.as_ref().map(exception_facts));
    Value::Object(facts)
}

fn reason_facts(reason: &Reason) -> Value {
    let mut facts = json!({
        "code": reason.code.word(),
        "name": reason.code.texts().name,
        "clears": reason.clears,
        "by": reason.by,
        "client_text": reason.client_text,
    });
    if let Some(internal) = &reason.internal {
        facts["internal"] = json!(internal);
    }
    facts
}

fn exception_facts(exception: &ExceptionRelease) -> Value {
    json!({
        "authority": exception.authority,
        "approved_by": exception.approved_by,
        "until": exception.until,
        "residual": exception.residual,
        "effective": exception.effective,
    })
}

/// All lots as CSV.
pub(super) fn file(answer: &ReleaseAnswer, internal: bool) -> Attachment {
    let mut out = String::from("sale,lot,title,outcome,codes,reasons,client_safe\n");
    for lot in in_order(answer) {
        let codes: Vec<&str> = lot.reasons.iter().map(|reason| reason.code.word()).collect();
        let reasons: Vec<&str> = lot
            .reasons
            .iter()
            .filter_map(|reason| reason.internal.as_deref())
            .collect();
        let cells = [
            lot.lot.sale.as_str(),
            lot.lot.lot.as_str(),
            &lot.title,
            lot.outcome.word(),
            &(if internal { codes.join(" ") } else { String::new() }),
            &reasons.join("; "),
            &lot.client_says.join("; "),
        ];
        out.push_str(&cells.map(csv_cell).join(","));
        out.push('\n');
    }
    Attachment {
        name: format!("release-{}.csv", answer.client.as_str().replace(['/', '.'], "-")),
        media_type: "text/csv".to_owned(),
        content: out.into_bytes(),
    }
}

/// Quoted where it must be, and never a formula for the spreadsheet that opens it.
fn csv_cell(text: &str) -> String {
    let text = clean(text, 2_000);
    let text = if text.starts_with(['=', '+', '-', '@']) {
        format!("'{text}")
    } else {
        text
    };
    if text.contains([',', '"', ';']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

//! The intake, as a third party meets it: what is kept, what is refused and in which words.

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode, header};
use chrono::TimeDelta;
use hammerdesk::App;
use hammerdesk::config::Partner;
use hammerdesk_domain::clock::{Clock, ManualClock};
use hammerdesk_domain::escalation::model::{Actor, Event, Matched, What};
use hammerdesk_domain::escalation::{Escalation, Kind, Severity};
use hammerdesk_domain::ids::{LocationId, PersonId};
use hammerdesk_store::testing::each_engine;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tower::ServiceExt;

use crate::harness::Desk;

const SECRET: &str = "a secret of the call centre";
const NEXT_SECRET: &str = "the secret that comes after";

struct Door {
    desk: Desk,
    app: App,
}

/// What is sent, and how it is signed.
#[derive(Clone)]
struct Call {
    body: Vec<u8>,
    secret: &'static str,
    key: Option<String>,
    partner: Option<&'static str>,
    age: TimeDelta,
    kind: Option<&'static str>,
    encoding: Option<&'static str>,
    signature: Option<String>,
}

fn call(body: &Value) -> Call {
    Call {
        body: body.to_string().into_bytes(),
        secret: SECRET,
        key: Some("k-1".to_owned()),
        partner: None,
        age: TimeDelta::zero(),
        kind: Some("application/json"),
        encoding: None,
        signature: None,
    }
}

fn hex(secret: &str, timestamp: i64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{timestamp}.").as_bytes());
    mac.update(body);
    mac.finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn partner(id: &str, secrets: &[&str]) -> Partner {
    Partner {
        id: id.to_owned(),
        secrets: secrets.iter().map(|secret| (*secret).to_owned()).collect(),
        location: Some(LocationId::new("london")),
        per_minute: 60,
    }
}

async fn answer(response: Response<Body>) -> (StatusCode, Value) {
    let status = response.status();
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

impl Door {
    async fn open() -> Self {
        Self::of(Desk::open().await)
    }

    fn of(desk: Desk) -> Self {
        let partners = vec![
            partner("call-centre", &[SECRET, NEXT_SECRET]),
            partner("other", &["a secret of somebody else"]),
        ];
        let app = desk.app.clone().with_partners(partners);
        Self { desk, app }
    }

    fn clock(&self) -> &ManualClock {
        &self.desk.clock
    }

    fn sign(&self, call: &Call) -> String {
        let at = (self.clock().now() - call.age).timestamp();
        format!("t={at},v1={}", hex(call.secret, at, &call.body))
    }

    async fn post(&self, call: Call) -> Response<Body> {
        let signature = call.signature.clone().unwrap_or_else(|| self.sign(&call));
        let mut request = Request::post("/intake/v1/escalations");
        for (name, value) in [
            ("content-type", call.kind.map(str::to_owned)),
            ("content-encoding", call.encoding.map(str::to_owned)),
            ("idempotency-key", call.key.clone()),
            ("x-hammerdesk-partner", call.partner.map(str::to_owned)),
            (
                "x-hammerdesk-signature",
                Some(signature).filter(|text| !text.is_empty()),
            ),
        ] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        let request = request.body(Body::from(call.body)).unwrap();
        self.app.router().oneshot(request).await.unwrap()
    }

    async fn sends(&self, call: Call) -> (StatusCode, Value) {
        answer(self.post(call).await).await
    }

    /// Sends it and must be refused: the status and the code.
    async fn refused(&self, call: Call) -> (u16, String) {
        let response = self.post(call).await;
        let kind = response.headers().get(header::CONTENT_TYPE).cloned();
        let (status, problem) = answer(response).await;
        assert_eq!(kind.unwrap(), "application/problem+json", "{problem}");
        assert_eq!(problem["status"], status.as_u16());
        assert!(
            problem["detail"].as_str().is_some_and(|detail| detail.len() > 10),
            "{problem}"
        );
        (status.as_u16(), problem["code"].as_str().unwrap().to_owned())
    }

    async fn asks(&self, id: &str, secret: &'static str) -> (StatusCode, Value) {
        let at = self.clock().now().timestamp();
        let request = Request::get(format!("/intake/v1/escalations/{id}"))
            .header(
                "x-hammerdesk-signature",
                format!("t={at},v1={}", hex(secret, at, b"")),
            )
            .body(Body::empty())
            .unwrap();
        answer(self.app.router().oneshot(request).await.unwrap()).await
    }

    /// Everything that is open.
    async fn kept(&self) -> Vec<Escalation> {
        let mut view = self.app.store.read().await.unwrap();
        let mut kept = Vec::new();
        for line in view.escalation_queue(None, 100).await.unwrap() {
            kept.push(view.escalation(line.id).await.unwrap().unwrap());
        }
        kept
    }
}

fn refusal(code: u16, why: &str) -> (u16, String) {
    (code, why.to_owned())
}

#[tokio::test]
async fn what_is_answered_with_202_is_kept_word_for_word_on_both_engines() {
    each_engine(async |store| {
        let door = Door::of(Desk::over(store, None, |_| ()));
        let said = "  “Où est ma caution?”\n<b>退款</b> \u{202e}0815 ";
        let body = json!({
            "said": said, "kind": "deposit_refund", "severity": "high", "client": "nobody we know",
            "caller": { "phone": "+44 20 7946 0000" }, "amount": { "amount": "1234.50", "currency": "GBP" },
            "reference": "CC-1", "lot": "45", "sale": "24001", "language": "fr",
        });
        let response = door.post(call(&body)).await;
        let place = response.headers().get(header::LOCATION).cloned().unwrap();
        let (status, receipt) = answer(response).await;
        assert_eq!(status, StatusCode::ACCEPTED);
        assert_eq!(receipt["status"], "received");
        assert_eq!(
            place.to_str().unwrap(),
            format!("/intake/v1/escalations/{}", receipt["id"].as_str().unwrap())
        );
        let kept = door.kept().await.remove(0);
        assert_eq!(kept.opening.said, said);
        assert_eq!(kept.opening.partner.as_deref(), Some("call-centre"));
        assert_eq!(kept.opening.location, Some(LocationId::new("london")));
        assert_eq!(
            (kept.opening.kind, kept.severity),
            (Kind::DepositRefund, Severity::High)
        );
        assert_eq!(kept.opening.about.amounts[0].to_string(), "GBP 1,234.50");
        assert_eq!(
            kept.matched,
            Matched::Nobody,
            "an unknown client is to be asked for"
        );
        let mut view = door.app.store.read().await.unwrap();
        let now = door.clock().now();
        assert_eq!(
            view.due_escalations(now, 9).await.unwrap(),
            [kept.id()],
            "it is due for routing at once"
        );

        let again = door.sends(call(&body)).await;
        assert_eq!(
            again,
            (StatusCode::ACCEPTED, receipt),
            "the same key and body give the same receipt"
        );
        assert_eq!(door.kept().await[0].times, 1);
        let mut other = body.clone();
        other["said"] = json!("something else");
        assert_eq!(door.refused(call(&other)).await, refusal(409, "key-reused"));
    })
    .await;
}

#[tokio::test]
async fn a_known_client_is_found_with_the_facts_of_that_moment_and_the_answer_does_not_say_so() {
    let door = Door::open().await;
    let showcase = door
        .desk
        .house
        .showcases()
        .iter()
        .find(|one| one.row == "B8")
        .unwrap()
        .clone();
    let number = showcase.question.split_whitespace().nth(1).unwrap().to_owned();
    let known = door
        .sends(call(&json!({ "said": "What do I owe?", "client": number })))
        .await;
    let mut stranger = call(&json!({ "said": "What do I owe?", "client": "9999999999" }));
    stranger.key = Some("k-2".to_owned());
    let unknown = door.sends(stranger).await;
    assert_eq!(known.0, unknown.0);
    let keys = |answer: &Value| -> Vec<String> { answer.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(keys(&known.1), keys(&unknown.1));
    let kept = door.kept().await;
    let found = kept.iter().find(|one| one.matched != Matched::Nobody).unwrap();
    let snapshot = found.opening.snapshot.as_ref().unwrap();
    assert_eq!(snapshot.taken_at, door.clock().now());
    assert!(
        snapshot.facts["as_of"]
            .as_object()
            .is_some_and(|sources| !sources.is_empty()),
        "{}",
        snapshot.facts
    );
    assert!(
        kept.iter()
            .any(|one| one.matched == Matched::Nobody && one.opening.snapshot.is_none())
    );
}

#[tokio::test]
async fn the_same_caller_three_times_is_one_escalation_with_three_receipts() {
    let door = Door::open().await;
    let mut receipts = Vec::new();
    for (n, said) in ["Where is it?", "Still nothing!", "I am furious"]
        .into_iter()
        .enumerate()
    {
        let mut call = call(
            &json!({ "said": said, "kind": "deposit_refund", "caller": { "email": "Buyer@Example.com " } }),
        );
        call.key = Some(format!("k-{n}"));
        receipts.push(door.sends(call).await.1["id"].as_str().unwrap().to_owned());
        door.clock().advance(TimeDelta::minutes(50));
    }
    let kept = door.kept().await;
    assert_eq!((kept.len(), kept[0].times), (1, 3));
    assert_eq!(kept[0].opening.said, "Where is it?");
    receipts.sort();
    receipts.dedup();
    assert_eq!(receipts.len(), 3);
    for receipt in &receipts {
        let (status, standing) = door.asks(receipt, SECRET).await;
        assert_eq!(
            (status, &standing["status"]),
            (StatusCode::OK, &json!("received"))
        );
    }
    door.clock().advance(TimeDelta::hours(30));
    let mut later = call(
        &json!({ "said": "Me again", "kind": "deposit_refund", "caller": { "email": "buyer@example.com" } }),
    );
    later.key = Some("k-9".to_owned());
    door.sends(later).await;
    assert_eq!(door.kept().await.len(), 2, "a day later it is another matter");
}

#[tokio::test]
async fn the_call_centre_asks_who_has_it_and_learns_a_team() {
    let door = Door::open().await;
    let (_, receipt) = door
        .sends(call(&json!({ "said": "May lot 45 go?", "kind": "release" })))
        .await;
    let id = receipt["id"].as_str().unwrap();
    let before = door.kept().await.remove(0);
    let mut after = before.clone();
    let mut entries = Vec::new();
    for what in [
        What::Routed {
            to: PersonId::new("coordinator-london"),
            by: "rule x".to_owned(),
            why: "on shift".to_owned(),
            ladder: "standard".to_owned(),
            severity: Severity::Normal,
        },
        What::Acknowledged {
            by: PersonId::new("coordinator-london"),
        },
    ] {
        let event = Event {
            at: door.clock().now(),
            by: Actor::Desk,
            what,
        };
        after = after.apply(&event).unwrap();
        entries.push(event.into());
    }
    let mut unit = door.app.store.write().await.unwrap();
    assert!(
        unit.record_escalation(&before, &entries, &after, None)
            .await
            .unwrap()
    );
    unit.commit().await.unwrap();
    let (status, standing) = door.asks(id, SECRET).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(standing["status"], "in_hand");
    let says = standing["says"].as_str().unwrap();
    assert!(
        says.starts_with("A colleague of ") && !standing.to_string().contains("coordinator"),
        "{standing}"
    );

    assert_eq!(
        door.asks(id, "a secret of somebody else").await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        door.asks(id, "no secret of anybody's").await.0,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(door.asks("not-an-id", SECRET).await.0, StatusCode::NOT_FOUND);
    let own = before.id().to_string();
    assert_eq!(
        door.asks(&own, SECRET).await.0,
        StatusCode::NOT_FOUND,
        "our own id is no receipt"
    );
}

#[tokio::test]
async fn what_is_not_signed_by_a_partner_just_now_is_refused_and_nothing_is_kept() {
    let door = Door::open().await;
    let good = || call(&json!({ "said": "Hello" }));
    let unsigned = Call {
        signature: Some(String::new()),
        ..good()
    };
    assert_eq!(door.refused(unsigned).await, refusal(401, "signature"));
    let wrong = Call {
        secret: "a guess that is no secret",
        ..good()
    };
    assert_eq!(door.refused(wrong).await, refusal(401, "signature"));
    let other_body = Call {
        signature: Some(door.sign(&call(&json!({ "said": "Other" })))),
        ..good()
    };
    assert_eq!(door.refused(other_body).await, refusal(401, "signature"));
    for age in [TimeDelta::seconds(301), TimeDelta::seconds(-301)] {
        assert_eq!(
            door.refused(Call { age, ..good() }).await,
            refusal(401, "timestamp")
        );
    }
    let unknown = Call {
        partner: Some("nobody"),
        ..good()
    };
    assert_eq!(
        door.refused(unknown).await,
        refusal(401, "signature"),
        "an unknown partner reads like a wrong signature"
    );
    let not_own = Call {
        partner: Some("other"),
        ..good()
    };
    assert_eq!(door.refused(not_own).await, refusal(401, "signature"));
    for odd in [
        "t=1",
        "v1=00",
        "t=x,v1=00",
        "t=-5,v1=00",
        "t=1,t=2,v1=00",
        "hello",
        "t=99999999999999999999,v1=00",
        ",",
    ] {
        let signature = Some(odd.to_owned());
        assert_eq!(door.refused(Call { signature, ..good() }).await.0, 401, "{odd}");
    }
    assert_eq!(door.kept().await, []);

    // A request that is caught and sent again is the same call: it is kept once. Later it is too old.
    let caught = Call {
        signature: Some(door.sign(&good())),
        ..good()
    };
    assert_eq!(door.sends(caught.clone()).await.0, StatusCode::ACCEPTED);
    door.clock().advance(TimeDelta::minutes(4));
    assert_eq!(door.sends(caught.clone()).await.0, StatusCode::ACCEPTED);
    assert_eq!(door.kept().await.len(), 1);
    assert_eq!(door.kept().await[0].times, 1);
    door.clock().advance(TimeDelta::minutes(2));
    assert_eq!(door.refused(caught).await, refusal(401, "timestamp"));
}

#[tokio::test]
async fn a_secret_is_replaced_while_both_are_taken() {
    let door = Door::open().await;
    let good = call(&json!({ "said": "Hello" }));
    let next = Call {
        secret: NEXT_SECRET,
        ..good.clone()
    };
    assert_eq!(door.sends(next.clone()).await.0, StatusCode::ACCEPTED);
    let at = door.clock().now().timestamp();
    let both = format!(
        "t={at},v0=zz,v1={},v1={}",
        "0".repeat(64),
        hex(SECRET, at, &good.body)
    );
    let signed_twice = Call {
        signature: Some(both),
        ..good
    };
    assert_eq!(door.sends(signed_twice).await.0, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_body_that_is_wrong_is_refused_with_what_is_wrong() {
    let door = Door::open().await;
    let good = || call(&json!({ "said": "Hello" }));
    let raw = |body: &[u8]| Call {
        body: body.to_vec(),
        ..good()
    };
    assert_eq!(
        door.refused(raw(&vec![b' '; 64 * 1024 + 1])).await,
        refusal(413, "too-large")
    );
    assert_eq!(
        door.refused(raw(b"{\"said\": \"\xff\"}")).await,
        refusal(400, "encoding")
    );
    assert_eq!(door.refused(raw(b"said=hello")).await, refusal(400, "not-json"));
    assert_eq!(door.refused(raw(b"")).await, refusal(400, "not-json"));
    assert_eq!(
        door.refused(raw(&b"[".repeat(5_000))).await,
        refusal(400, "not-json")
    );
    for kind in [None, Some("text/plain"), Some("application/json; charset=utf-16")] {
        assert_eq!(
            door.refused(Call { kind, ..good() }).await,
            refusal(415, "media-type")
        );
    }
    let zipped = Call {
        encoding: Some("gzip"),
        ..good()
    };
    assert_eq!(door.refused(zipped).await, refusal(415, "media-type"));
    for key in [None, Some(String::new()), Some("x".repeat(129))] {
        assert_eq!(
            door.refused(Call { key, ..good() }).await,
            refusal(400, "idempotency-key")
        );
    }
    for (body, says) in [
        (json!(["Hello"]), "no object"),
        (json!({}), "missing field `said`"),
        (json!({ "said": " " }), "write down what the caller said"),
        (json!({ "said": "x".repeat(50_000) }), "at most 49152 bytes"),
        (
            json!({ "said": "x", "kind": "refund" }),
            "unknown variant `refund`, expected one of",
        ),
        (
            json!({ "said": "x", "severity": "urgent" }),
            "unknown variant `urgent`",
        ),
        (json!({ "said": "x", "clinet": "1" }), "unknown field `clinet`"),
        (json!({ "said": "x", "client": 5 }), "expected a string"),
        (
            json!({ "said": "x", "location": "atlantis" }),
            "location: one of ",
        ),
        (json!({ "said": "x", "amount": "lots" }), "an amount is written"),
        (
            json!({ "said": "x", "amount": { "amount": "1.234", "currency": "GBP" } }),
            "an amount is written",
        ),
        (
            json!({ "said": "x", "deadline": "2020-01-01T00:00:00Z" }),
            "it is over",
        ),
        (
            json!({ "said": "x", "reference": "y".repeat(300) }),
            "reference: at most 256",
        ),
    ] {
        let (status, problem) = door.sends(call(&body)).await;
        assert_eq!(
            (status.as_u16(), &problem["code"]),
            (422, &json!("invalid")),
            "{body}: {problem}"
        );
        assert!(problem["detail"].as_str().unwrap().contains(says), "{problem}");
    }
    assert_eq!(door.kept().await, []);
    let request = Request::put("/intake/v1/escalations")
        .body(Body::empty())
        .unwrap();
    assert_eq!(
        door.app.router().oneshot(request).await.unwrap().status(),
        StatusCode::METHOD_NOT_ALLOWED
    );
}

#[tokio::test]
async fn a_partner_that_sends_too_much_waits_and_another_does_not() {
    let door = Door::open().await;
    let numbered = |n: usize, secret| {
        let mut call = call(&json!({ "said": format!("call {n}"), "reference": format!("{n}") }));
        call.key = Some(format!("k-{n}"));
        call.secret = secret;
        call
    };
    let mut taken = 0;
    for n in 0..70 {
        let response = door.post(numbered(n, SECRET)).await;
        match response.status() {
            StatusCode::ACCEPTED => taken += 1,
            StatusCode::TOO_MANY_REQUESTS => assert!(response.headers().contains_key(header::RETRY_AFTER)),
            other => panic!("{other}"),
        }
    }
    assert_eq!(taken, 60);
    assert_eq!(
        door.sends(numbered(900, "a secret of somebody else")).await.0,
        StatusCode::ACCEPTED
    );
    door.clock().advance(TimeDelta::minutes(1));
    assert_eq!(door.sends(numbered(901, SECRET)).await.0, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_store_that_is_away_is_said_and_the_same_call_is_taken_later() {
    let door = Door::open().await;
    door.app.store.close().await;
    let (status, problem) = door.sends(call(&json!({ "said": "Hello" }))).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .starts_with("Nothing was kept."),
        "{problem}"
    );
}

#[tokio::test]
async fn the_document_describes_what_is_served() {
    let door = Door::open().await;
    let request = Request::get("/openapi.json").body(Body::empty()).unwrap();
    let (status, document) = answer(door.app.router().oneshot(request).await.unwrap()).await;
    assert_eq!((status, &document["openapi"]), (StatusCode::OK, &json!("3.1.0")));
    let example = &document["paths"]["/intake/v1/escalations"]["post"]["requestBody"]["content"]["application/json"]
        ["example"];
    assert_eq!(
        door.sends(call(example)).await.0,
        StatusCode::ACCEPTED,
        "the example is taken"
    );
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(references.len() > 5);
    for reference in references {
        let pointer = reference.trim_start_matches('#');
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    let fields = document["components"]["schemas"]["Escalation"]["properties"]
        .as_object()
        .unwrap();
    for field in fields.keys() {
        let mut body = json!({ "said": "Hello" });
        body[field] = json!(true);
        let detail = door.sends(call(&body)).await.1["detail"].to_string();
        assert!(!detail.contains("unknown field"), "{field}: {detail}");
    }
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                if key == "$ref" {
                    found.extend(value.as_str().map(str::to_owned));
                }
                collect(value, found);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| collect(value, found)),
        _ => {}
    }
}

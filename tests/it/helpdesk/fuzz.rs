//! Webhooks of every kind of nonsense: a clear answer, one line in the log, nothing that was held is lost, and
//! never a panic.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, to_bytes};
use axum::http::{HeaderValue, Request};
use hammerdesk::freshdesk::Desk as HelpDesk;
use hammerdesk_store::Store;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::Line;

const SECRET: &str = "a secret of some length";

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn take(&self) -> Vec<String> {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        String::from_utf8_lossy(&bytes)
            .lines()
            .map(str::to_owned)
            .collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// One request, however odd.
#[derive(Debug, Clone)]
struct Sent {
    secret: Option<Vec<u8>>,
    content_type: &'static str,
    body: Vec<u8>,
}

fn valid(ticket: &Value) -> String {
    json!({ "freshdesk_webhook": {
        "ticket_id": ticket,
        "ticket_subject": "May I collect \"lot 45\"?",
        "ticket_tags": "vip, wire",
        "ticket_due_by_time": "March 23 2016 at 10:06 AM",
        "ticket_latest_public_comment": "Ada : <div>&lt;script&gt; – ünïcode 渡辺</div>",
        "ticket_cf_client_number": null,
        "triggered_event": "{status:{from:Open,to:Closed}}",
    }})
    .to_string()
}

fn numbers() -> impl Strategy<Value = Value> {
    prop_oneof![
        (1_i64..40).prop_map(|n| json!(n)),
        (1_i64..40).prop_map(|n| json!(n.to_string())),
        any::<i64>().prop_map(|n| json!(n)),
        any::<u64>().prop_map(|n| json!(n)),
        any::<f64>().prop_map(|n| json!(n)),
        ".{0,20}".prop_map(|text| json!(text)),
        Just(json!(null)),
        Just(json!([1])),
        Just(json!({ "id": 1 })),
        Just(json!(true)),
    ]
}

/// What happens to a body on its way.
#[derive(Debug, Clone)]
enum Damage {
    None,
    CutAt(prop::sample::Index),
    Flipped(Vec<(prop::sample::Index, u8)>),
    Inserted(prop::sample::Index, Vec<u8>),
    Unescaped,
    Twice,
    Wrapped(usize),
}

fn damaged(text: &str, damage: &Damage) -> Vec<u8> {
    let mut body = text.as_bytes().to_vec();
    match damage {
        Damage::None => {}
        Damage::CutAt(at) => body.truncate(at.index(body.len())),
        Damage::Flipped(flips) => {
            for (at, byte) in flips {
                let at = at.index(body.len());
                body[at] = *byte;
            }
        }
        Damage::Inserted(at, bytes) => {
            let at = at.index(body.len());
            body.splice(at..at, bytes.iter().copied());
        }
        Damage::Unescaped => body = text.replace('\\', "").into_bytes(),
        Damage::Twice => body.extend_from_slice(text.as_bytes()),
        Damage::Wrapped(depth) => {
            body = format!("{}{text}{}", "[".repeat(*depth), "]".repeat(*depth)).into_bytes();
        }
    }
    body
}

fn damages() -> impl Strategy<Value = Damage> {
    prop_oneof![
        Just(Damage::None),
        any::<prop::sample::Index>().prop_map(Damage::CutAt),
        prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6).prop_map(Damage::Flipped),
        (
            any::<prop::sample::Index>(),
            prop::collection::vec(any::<u8>(), 0..40)
        )
            .prop_map(|(at, bytes)| Damage::Inserted(at, bytes)),
        Just(Damage::Unescaped),
        Just(Damage::Twice),
        (0_usize..5_000).prop_map(Damage::Wrapped),
    ]
}

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        2 => prop::collection::vec(any::<u8>(), 0..2_000),
        1 => "\\PC{0,300}".prop_map(String::into_bytes),
        6 => (numbers(), damages()).prop_map(|(ticket, damage)| damaged(&valid(&ticket), &damage)),
        1 => (1_i64..40).prop_map(|n| format!("ticket_id={n}&ticket_subject=a+b").into_bytes()),
    ]
}

fn requests() -> impl Strategy<Value = Sent> {
    let secret = prop_oneof![
        6 => Just(Some(SECRET.as_bytes().to_vec())),
        1 => Just(None),
        1 => Just(Some(b"a secret of same length".to_vec())),
        1 => prop::collection::vec(any::<u8>(), 0..60).prop_map(Some),
    ];
    let content_type = prop::sample::select(vec![
        "application/json",
        "application/x-www-form-urlencoded",
        "text/xml; charset=x",
        "",
    ]);
    (secret, content_type, bodies()).prop_map(|(secret, content_type, body)| Sent {
        secret,
        content_type,
        body,
    })
}

#[test]
fn whatever_is_posted_gets_a_clear_answer_one_log_line_and_nothing_held_is_lost() {
    let here = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let log = Log::default();
    let written = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::INFO)
        .with_writer(move || written.clone())
        .finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("fuzz.db").display());
    let line = here.block_on(async {
        let line = Line::to(Store::create(&url).await.unwrap(), |_| ()).await;
        for n in 0..12 {
            line.account()
                .customer_mails("c@example.org", "C", &format!("{n}"), "<p>x</p>");
        }
        line.catch_up().await;
        line
    });
    let router = hammerdesk::http::webhooks(
        HelpDesk::new(line.helpdesk.clone(), Some(SECRET)),
        hammerdesk::engine::Nudge::default(),
    );
    let came = || {
        here.block_on(async {
            let mut view = line.store.read().await.unwrap();
            view.webhook_counts("freshdesk").await.unwrap().came
        })
    };
    let mut runner = TestRunner::new(Config {
        cases: 400,
        failure_persistence: None,
        ..Config::default()
    });
    log.take();
    let ran = runner.run(&requests(), |sent| {
        let before = came();
        let mut request = Request::post("/webhooks/freshdesk").header("content-type", sent.content_type);
        let secret = sent.secret.as_deref().map(HeaderValue::from_bytes);
        if let Some(Ok(secret)) = secret {
            request = request.header("X-Hammerdesk-Secret", secret);
        }
        let is_known = sent.secret.as_deref() == Some(SECRET.as_bytes());
        let request = request.body(Body::from(sent.body.clone())).unwrap();
        let (status, says) = here.block_on(async {
            let answer = router.clone().oneshot(request).await.unwrap();
            let status = answer.status().as_u16();
            let text = to_bytes(answer.into_body(), 10_000).await.unwrap();
            (status, String::from_utf8(text.to_vec()).unwrap())
        });
        let logged = log.take();
        let allowed: &[u16] = if is_known { &[202, 400] } else { &[401] };
        prop_assert!(allowed.contains(&status), "{status}: {says}");
        prop_assert!(
            says.len() > 5 && says.len() < 400 && says.ends_with('\n'),
            "{says:?}"
        );
        prop_assert_eq!(
            came() - before,
            i64::from(is_known),
            "kept if it is ours, else without a trace"
        );
        let expected = usize::from(status != 202 || says.contains("though"));
        prop_assert_eq!(logged.len(), expected, "{:?}", logged);
        prop_assert!(logged.iter().all(|line| !line.contains(SECRET)), "{:?}", logged);
        Ok(())
    });
    ran.unwrap();
    here.block_on(async {
        line.catch_up().await;
        line.assert_equal().await;
        let mut view = line.store.read().await.unwrap();
        assert_eq!(view.webhook_counts("freshdesk").await.unwrap().waiting, 0);
        assert_eq!(view.hint_counts().await.unwrap().waiting, 0);
        drop(view);
        line.store.close().await;
    });
}

#[test]
fn a_body_that_is_too_large_or_ends_early_is_refused_in_one_line_and_leaves_no_trace() {
    let here = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    here.block_on(super::one_line(
        |_| (),
        async |line| {
            let router = hammerdesk::http::webhooks(
                HelpDesk::new(line.helpdesk.clone(), Some(SECRET)),
                hammerdesk::engine::Nudge::default(),
            );
            let log = Log::default();
            let written = log.clone();
            let subscriber = tracing_subscriber::fmt()
                .with_writer(move || written.clone())
                .finish();
            let _logging = tracing::subscriber::set_default(subscriber);
            let large = Body::from(vec![b'{'; 1024 * 1024 + 1]);
            let part = Ok::<_, std::io::Error>(axum::body::Bytes::from_static(b"{\"ticket_id\": 1"));
            let lost = Err(std::io::ErrorKind::ConnectionReset.into());
            let cut = Body::from_stream(futures_util::stream::iter([part, lost]));
            for body in [large, cut] {
                let request = Request::post("/webhooks/freshdesk")
                    .header("X-Hammerdesk-Secret", SECRET)
                    .body(body)
                    .unwrap();
                let answer = router.clone().oneshot(request).await.unwrap();
                assert_eq!(answer.status().as_u16(), 413);
                assert_eq!(log.take().len(), 1);
            }
            let mut view = line.store.read().await.unwrap();
            assert_eq!(view.webhook_counts("freshdesk").await.unwrap().came, 0);
        },
    ));
}

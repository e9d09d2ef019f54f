//! Restricted matters stay with compliance, in every form that a reply takes here.

mod restricted;

use hammerdesk_commands::render;
use hammerdesk_domain::message::Reply;
use restricted::Renderer;

/// Every way in which a reply becomes text in this crate.
const RENDERERS: &[Renderer] = &[
    ("plain text", render::plain),
    ("the explanation", render::explained),
    ("the facts", |reply| reply.facts.to_string()),
    ("the whole reply as JSON", |reply| {
        serde_json::to_string(reply).unwrap_or_default()
    }),
    ("the log", |reply| format!("{reply:?}")),
];

/// What comes along as files, and what buttons would ask.
const BESIDE: &[Renderer] = &[
    ("files", |reply: &Reply| {
        reply
            .files
            .iter()
            .map(|file| format!("{}{}", file.name, String::from_utf8_lossy(&file.content)))
            .collect()
    }),
    ("buttons", |reply: &Reply| {
        reply
            .actions
            .iter()
            .map(|action| format!("{} {}", action.label, action.run))
            .collect()
    }),
];

#[test]
fn nobody_outside_compliance_can_tell_a_restricted_review_from_any_other() {
    restricted::assert_nothing_leaks(&[RENDERERS, BESIDE].concat());
}

#[test]
fn compliance_reads_what_others_may_not() {
    restricted::assert_compliance_reads_them(&RENDERERS[..3]);
}

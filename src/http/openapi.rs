//! `GET /openapi.json`: what third parties may send, for their programmers and their generators.

use hammerdesk_domain::escalation::{Kind, Severity};
use serde_json::{Value, json};

fn problem(says: &str) -> Value {
    json!({
        "description": says,
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
    })
}

fn text(says: &str, longest: usize) -> Value {
    json!({ "type": "string", "description": says, "maxLength": longest })
}

/// The description of the intake, OpenAPI 3.1.
pub(super) fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "hammerdesk intake",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Hand a caller over once, and be told who has it. Every request is signed: \
                X-Hammerdesk-Signature is t=SECONDS,v1=HEX, where SECONDS is the time in Unix seconds and HEX is \
                HMAC-SHA256 with your secret over SECONDS, a full stop, and the body exactly as it is sent (the \
                empty body of a GET too). SECONDS may be at most five minutes from now. While a secret is \
                replaced, send one v1 for each.",
        },
        "paths": {
            "/intake/v1/escalations": { "post": {
                "operationId": "sendEscalation",
                "summary": "Hand a caller over",
                "security": [{ "signature": [] }],
                "parameters": [
                    { "$ref": "#/components/parameters/IdempotencyKey" },
                    { "$ref": "#/components/parameters/Partner" },
                ],
                "requestBody": { "required": true, "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/Escalation" },
                    "example": {
                        "said": "Caller wants the deposit for the March sale back, second call this week.",
                        "kind": "deposit_refund",
                        "client": "140105686",
                        "caller": { "name": "A. Buyer", "phone": "+44 20 7946 0000" },
                        "reference": "CC-2026-118",
                    },
                } } },
                "responses": {
                    "202": {
                        "description": "It is kept, and somebody gets it.",
                        "headers": { "Location": { "schema": { "type": "string" } } },
                        "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Receipt" } } },
                    },
                    "400": problem("Not JSON, not UTF-8, or no Idempotency-Key."),
                    "401": problem("Not signed, signed wrongly or by nobody we know, or too long ago."),
                    "409": problem("The Idempotency-Key came before with another body."),
                    "413": problem("Longer than 64 KiB."),
                    "415": problem("Not application/json in UTF-8 without an encoding."),
                    "422": problem("JSON, but a field is wrong; the detail says which."),
                    "429": problem("Too many a minute; Retry-After says when."),
                    "503": problem("Nothing was kept; send the same again with the same key."),
                },
            } },
            "/intake/v1/escalations/{id}": { "get": {
                "operationId": "whoHasIt",
                "summary": "Who has it",
                "security": [{ "signature": [] }],
                "parameters": [
                    { "name": "id", "in": "path", "required": true, "schema": { "type": "string", "format": "uuid" } },
                    { "$ref": "#/components/parameters/Partner" },
                ],
                "responses": {
                    "200": {
                        "description": "Words that may be read to the caller.",
                        "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Standing" } } },
                    },
                    "401": problem("Not signed, signed wrongly or by nobody we know, or too long ago."),
                    "404": problem("There is none of yours with that id."),
                    "429": problem("Too many a minute; Retry-After says when."),
                },
            } },
        },
        "components": {
            "securitySchemes": { "signature": {
                "type": "apiKey", "in": "header", "name": "X-Hammerdesk-Signature",
                "description": "t=SECONDS,v1=HEX",
            } },
            "parameters": {
                "IdempotencyKey": {
                    "name": "Idempotency-Key", "in": "header", "required": true,
                    "description": "A new one for each call, the same one when a call is sent again: it is then \
                        kept once and answered with the same id.",
                    "schema": { "type": "string", "minLength": 1, "maxLength": 128 },
                },
                "Partner": {
                    "name": "X-Hammerdesk-Partner", "in": "header", "required": false,
                    "description": "Your id; without it the secret tells who you are.",
                    "schema": { "type": "string" },
                },
            },
            "schemas": {
                "Escalation": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["said"],
                    "properties": {
                        "said": text("What the caller said, in their words.", 49_152),
                        "kind": { "enum": Kind::WORDS, "default": "other" },
                        "severity": { "enum": Severity::WORDS, "default": "normal" },
                        "client": text("Client number, e-mail, phone or name, as the caller gave it.", 256),
                        "caller": { "$ref": "#/components/schemas/Caller" },
                        "location": text("The saleroom; yours where it is left out.", 256),
                        "language": text("The caller's language, BCP 47.", 256),
                        "sale": text("Sale number.", 256),
                        "lot": text("Lot number.", 256),
                        "invoice": text("Invoice number.", 256),
                        "amount": { "$ref": "#/components/schemas/Amount" },
                        "amounts": { "type": "array", "maxItems": 16, "items": { "$ref": "#/components/schemas/Amount" } },
                        "reference": text("Your own name for the call.", 256),
                        "deadline": {
                            "type": "string", "format": "date-time",
                            "description": "When an answer is worth nothing any more, such as the lot's time.",
                        },
                    },
                },
                "Caller": {
                    "type": "object",
                    "additionalProperties": false,
                    "properties": {
                        "name": text("Name.", 256),
                        "phone": text("Phone.", 256),
                        "email": text("E-mail.", 256),
                    },
                },
                "Amount": {
                    "type": "object",
                    "required": ["amount", "currency"],
                    "properties": {
                        "amount": { "type": "string", "examples": ["1234.50"] },
                        "currency": { "type": "string", "examples": ["GBP"] },
                    },
                },
                "Receipt": {
                    "type": "object",
                    "required": ["id", "status", "href"],
                    "properties": {
                        "id": { "type": "string", "format": "uuid" },
                        "status": { "const": "received" },
                        "href": { "type": "string" },
                    },
                },
                "Standing": {
                    "type": "object",
                    "required": ["id", "status", "team", "says"],
                    "properties": {
                        "id": { "type": "string", "format": "uuid" },
                        "status": { "enum": ["received", "assigned", "in_hand", "answered"] },
                        "team": { "type": "string" },
                        "says": { "type": "string", "description": "A sentence to read to the caller." },
                    },
                },
                "Problem": {
                    "type": "object",
                    "required": ["type", "title", "status", "code", "detail"],
                    "properties": {
                        "type": { "type": "string" },
                        "title": { "type": "string" },
                        "status": { "type": "integer" },
                        "code": { "type": "string" },
                        "detail": { "type": "string" },
                    },
                },
            },
        },
    })
}

-- Everything that leaves: one durable outbox, whose order is kept per lane, and what is shown where in chat.

CREATE TABLE outbox (
    id BLOB NOT NULL PRIMARY KEY,
    lane TEXT NOT NULL,
    urgency INTEGER NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    token TEXT NOT NULL UNIQUE,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    made_at TEXT NOT NULL,
    tried_at TEXT,
    ended_at TEXT,
    outcome TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_waiting ON outbox (lane, urgency, id) WHERE state = 'waiting';
CREATE INDEX outbox_subject ON outbox (subject, state);
CREATE INDEX outbox_outcome ON outbox (outcome) WHERE outcome IS NOT NULL;

-- A lane is leased as a whole: what is due costs one look, however much waits behind it.
CREATE TABLE outbox_lane (
    lane TEXT NOT NULL PRIMARY KEY,
    way TEXT NOT NULL,
    due_at TEXT,
    lease_until TEXT,
    revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_lane_due ON outbox_lane (way, due_at) WHERE due_at IS NOT NULL;

-- What should stand in chat under a key, and where it stands by now.
CREATE TABLE post (
    key TEXT NOT NULL,
    platform TEXT NOT NULL,
    channel TEXT NOT NULL,
    within TEXT,
    body TEXT NOT NULL,
    revision INTEGER NOT NULL,
    shown INTEGER NOT NULL,
    place TEXT,
    message TEXT,
    thread TEXT,
    made_at TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    PRIMARY KEY (key, platform)
) STRICT, WITHOUT ROWID;

CREATE INDEX post_message ON post (platform, message) WHERE message IS NOT NULL;
CREATE INDEX post_thread ON post (platform, thread) WHERE thread IS NOT NULL;

-- What people said where somebody else has to act on it: kept before anything is done about it.
CREATE TABLE heard (
    id BLOB NOT NULL PRIMARY KEY,
    platform TEXT NOT NULL,
    place TEXT NOT NULL,
    message TEXT NOT NULL,
    what TEXT NOT NULL,
    digest TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    at TEXT NOT NULL,
    handled_at TEXT,
    UNIQUE (platform, message, what, digest)
) STRICT, WITHOUT ROWID;

CREATE INDEX heard_open ON heard (id) WHERE handled_at IS NULL;
CREATE INDEX heard_place ON heard (platform, place, id);

ALTER TABLE chat_message ADD COLUMN revised BLOB;
CREATE INDEX chat_message_revised ON chat_message (revised) WHERE revised IS NOT NULL;

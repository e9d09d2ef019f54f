-- What moves escalations: how many of its events were told to chat and helpdesk, the short name that people
-- use, who could not be reached, and what people changed about who is on.

ALTER TABLE escalation ADD COLUMN told INTEGER NOT NULL DEFAULT 0;
ALTER TABLE escalation ADD COLUMN handle TEXT NOT NULL DEFAULT '';
UPDATE escalation SET handle = lower(substr(hex(id), -8));
CREATE INDEX escalation_handle ON escalation (handle);

-- Held while something of that matter comes in, so that two who come at once become one.
CREATE TABLE matter_held (
    matter TEXT NOT NULL PRIMARY KEY,
    held_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Who was named in a post and could not be reached by it.
CREATE TABLE post_unreached (
    key TEXT NOT NULL,
    platform TEXT NOT NULL,
    person TEXT NOT NULL,
    why TEXT NOT NULL,
    at TEXT NOT NULL,
    handled_at TEXT,
    PRIMARY KEY (key, platform, person)
) STRICT, WITHOUT ROWID;

CREATE INDEX post_unreached_waiting ON post_unreached (at) WHERE handled_at IS NULL;

-- What people changed in chat: absences and changes of shifts, as JSON.
CREATE TABLE rota_change (
    id BLOB NOT NULL PRIMARY KEY,
    body TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at TEXT NOT NULL,
    until_at TEXT NOT NULL,
    withdrawn_by TEXT,
    withdrawn_at TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX rota_change_standing ON rota_change (until_at) WHERE withdrawn_at IS NULL;

-- Hand-overs that somebody asked for, until they are done.
CREATE TABLE handover_asked (
    id BLOB NOT NULL PRIMARY KEY,
    from_rota TEXT NOT NULL,
    to_rota TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_at TEXT NOT NULL,
    carried INTEGER,
    done_at TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX handover_asked_waiting ON handover_asked (asked_at) WHERE done_at IS NULL;

-- Up to when something that follows the clock was dealt with: the hand-overs of the rotas.
CREATE TABLE escalation_mark (
    name TEXT NOT NULL PRIMARY KEY,
    at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

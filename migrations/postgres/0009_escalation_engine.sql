-- What moves escalations: how many of its events were told to chat and helpdesk, the short name that people
-- use, who could not be reached, and what people changed about who is on.

ALTER TABLE escalation ADD COLUMN told BIGINT NOT NULL DEFAULT 0;
ALTER TABLE escalation ADD COLUMN handle TEXT NOT NULL DEFAULT '';
UPDATE escalation SET handle = right(CAST(id AS TEXT), 8);
CREATE INDEX escalation_handle ON escalation (handle);

-- Held while something of that matter comes in, so that two who come at once become one.
CREATE TABLE matter_held (
    matter TEXT NOT NULL PRIMARY KEY,
    held_at TIMESTAMPTZ NOT NULL
);

-- Who was named in a post and could not be reached by it.
CREATE TABLE post_unreached (
    key TEXT NOT NULL,
    platform TEXT NOT NULL,
    person TEXT NOT NULL,
    why TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    handled_at TIMESTAMPTZ,
    PRIMARY KEY (key, platform, person)
);

CREATE INDEX post_unreached_waiting ON post_unreached (at) WHERE handled_at IS NULL;

-- What people changed in chat: absences and changes of shifts, as JSON.
CREATE TABLE rota_change (
    id UUID NOT NULL PRIMARY KEY,
    body TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at TIMESTAMPTZ NOT NULL,
    until_at TIMESTAMPTZ NOT NULL,
    withdrawn_by TEXT,
    withdrawn_at TIMESTAMPTZ
);

CREATE INDEX rota_change_standing ON rota_change (until_at) WHERE withdrawn_at IS NULL;

-- Hand-overs that somebody asked for, until they are done.
CREATE TABLE handover_asked (
    id UUID NOT NULL PRIMARY KEY,
    from_rota TEXT NOT NULL,
    to_rota TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_at TIMESTAMPTZ NOT NULL,
    carried BIGINT,
    done_at TIMESTAMPTZ
);

CREATE INDEX handover_asked_waiting ON handover_asked (asked_at) WHERE done_at IS NULL;

-- Up to when something that follows the clock was dealt with: the hand-overs of the rotas.
CREATE TABLE escalation_mark (
    name TEXT NOT NULL PRIMARY KEY,
    at TIMESTAMPTZ NOT NULL
);

-- What was promised to clients and what became of it.
--
-- sla_ticket and sla_clock are what the events make of a ticket: they can be thrown away and made again. The
-- events that the helpdesk does not tell, the versions of the rules, and what somebody was told of are kept.

-- What decides over clocks, version by version; never changed. The first one holds for all before it too.
CREATE TABLE sla_version (
    name TEXT NOT NULL PRIMARY KEY,
    in_force_at TEXT NOT NULL,
    moves_open INTEGER NOT NULL CHECK (moves_open IN (0, 1)),
    rules TEXT NOT NULL,
    -- The last ticket that was moved to it; nothing once all were.
    moved_to INTEGER
) STRICT;

-- What happened on tickets besides what the helpdesk tells: promised calls, phone logs, escalations.
CREATE TABLE sla_event (
    name TEXT NOT NULL PRIMARY KEY,
    ticket INTEGER NOT NULL,
    at TEXT NOT NULL,
    body TEXT NOT NULL,
    noted_at TEXT NOT NULL
) STRICT;

CREATE INDEX sla_event_ticket ON sla_event (ticket, at);

-- Tickets that are to be judged again, whatever the helpdesk says of them.
CREATE TABLE sla_wake (
    ticket INTEGER NOT NULL PRIMARY KEY,
    asked INTEGER NOT NULL
) STRICT;

-- Everything that happened to a ticket, as clocks see it.
CREATE TABLE sla_ticket (
    ticket INTEGER NOT NULL PRIMARY KEY,
    events TEXT NOT NULL,
    is_open INTEGER NOT NULL CHECK (is_open IN (0, 1))
) STRICT;

CREATE INDEX sla_ticket_open ON sla_ticket (ticket) WHERE is_open;

CREATE TABLE sla_clock (
    ticket INTEGER NOT NULL,
    clock TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'paused', 'overdue', 'met', 'late', 'withdrawn', 'untimed')),
    channel TEXT NOT NULL,
    started_at TEXT NOT NULL,
    due_at TEXT,
    breached_at TEXT,
    ended_at TEXT,
    -- Broken, or else kept: when it counts in reports.
    decided_at TEXT,
    -- When it must be looked at again by itself.
    next_at TEXT,
    location TEXT,
    team TEXT,
    person TEXT,
    tier TEXT,
    used_seconds INTEGER,
    version TEXT NOT NULL,
    judged TEXT NOT NULL,
    PRIMARY KEY (ticket, clock)
) STRICT;

CREATE INDEX sla_clock_due ON sla_clock (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX sla_clock_decided ON sla_clock (decided_at) WHERE decided_at IS NOT NULL;
CREATE INDEX sla_clock_open ON sla_clock (due_at) WHERE state IN ('running', 'paused', 'overdue');

-- What fell due, each once. One that later news took back may fall due again.
CREATE TABLE sla_happening (
    ticket INTEGER NOT NULL,
    clock TEXT NOT NULL,
    occasion TEXT NOT NULL,
    at TEXT NOT NULL,
    seen_at TEXT NOT NULL,
    is_late INTEGER NOT NULL CHECK (is_late IN (0, 1)),
    is_open INTEGER NOT NULL CHECK (is_open IN (0, 1)),
    taken_back_at TEXT,
    PRIMARY KEY (ticket, clock, occasion)
) STRICT;

CREATE INDEX sla_happening_seen ON sla_happening (seen_at);

-- Whom we tell, and how far that is: one alert for a clock and an audience.
CREATE TABLE sla_alert (
    ticket INTEGER NOT NULL,
    clock TEXT NOT NULL,
    audience TEXT NOT NULL CHECK (audience IN ('owner', 'managers')),
    state TEXT NOT NULL CHECK (state IN ('open', 'acknowledged', 'snoozed', 'closed')),
    channel TEXT NOT NULL,
    location TEXT,
    -- The card that it stands on: its own, or one that counts many.
    post TEXT NOT NULL,
    raised_at TEXT NOT NULL,
    -- When it is told again, or its snooze ends.
    next_at TEXT,
    body TEXT NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (ticket, clock, audience)
) STRICT;

CREATE INDEX sla_alert_due ON sla_alert (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX sla_alert_post ON sla_alert (post);
CREATE INDEX sla_alert_raised ON sla_alert (channel, raised_at);

-- The open deadlines that a version moved, and the past results that it would have made others.
CREATE TABLE sla_difference (
    version TEXT NOT NULL,
    ticket INTEGER NOT NULL,
    clock TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (version, ticket, clock)
) STRICT;

-- What is said once: a digest of a day, the difference that a version made.
CREATE TABLE sla_said (
    name TEXT NOT NULL PRIMARY KEY,
    at TEXT NOT NULL
) STRICT;

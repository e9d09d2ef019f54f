-- Escalations: what came in, untouched; what happened since, as events; and where each stands, for finding
-- the ones that are due or in somebody's queue without reading the rest. JSON is text on both engines.

CREATE TABLE escalation (
    id BLOB NOT NULL PRIMARY KEY,
    opening TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('new', 'routed', 'acknowledged', 'in_progress', 'waiting_client',
        'waiting_internal', 'resolved', 'closed', 'reopened', 'merged')),
    is_open INTEGER NOT NULL CHECK (is_open IN (0, 1)),
    kind TEXT NOT NULL,
    severity INTEGER NOT NULL,
    location TEXT,
    client TEXT,
    handler TEXT,
    ticket INTEGER,
    matter TEXT,
    times INTEGER NOT NULL,
    opened_at TEXT NOT NULL,
    came_at TEXT NOT NULL,
    next_at TEXT,
    events INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX escalation_due ON escalation (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX escalation_queue ON escalation (handler, severity) WHERE is_open;
CREATE INDEX escalation_matter ON escalation (matter, came_at) WHERE is_open AND matter IS NOT NULL;
CREATE INDEX escalation_client ON escalation (client, id);
CREATE INDEX escalation_ticket ON escalation (ticket, id) WHERE ticket IS NOT NULL;

CREATE TABLE escalation_event (
    escalation BLOB NOT NULL,
    seq INTEGER NOT NULL,
    at TEXT NOT NULL,
    word TEXT NOT NULL,
    body TEXT NOT NULL,
    detail TEXT,
    PRIMARY KEY (escalation, seq)
) STRICT, WITHOUT ROWID;

-- When each person was last given one, for taking turns.
CREATE TABLE escalation_turn (
    person TEXT NOT NULL PRIMARY KEY,
    given_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What partners sent: the receipt is all that they ever see of an escalation.
CREATE TABLE intake_key (
    partner TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    body_sha256 TEXT NOT NULL,
    receipt BLOB NOT NULL UNIQUE,
    escalation BLOB NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (partner, idempotency_key)
) STRICT, WITHOUT ROWID;

CREATE INDEX intake_key_at ON intake_key (at);

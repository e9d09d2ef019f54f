-- The helpdesk as it stands there, what happened in it, and what is still to be read from it.
--
-- state is the domain's own form of a thing as JSON text, raw what the helpdesk said; the columns beside
-- them are what is searched and sorted by.

-- One row. Whoever changes tickets takes its numbers from here first, so that numbers become visible in order.
CREATE TABLE helpdesk_sequence (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    value INTEGER NOT NULL
) STRICT;

INSERT INTO helpdesk_sequence (id, value) VALUES (1, 0);

-- How far each module has read the changes.
CREATE TABLE helpdesk_position (
    reader TEXT NOT NULL PRIMARY KEY,
    seq INTEGER NOT NULL,
    moved_at TEXT NOT NULL
) STRICT;

-- Where each walk through the helpdesk's lists stands.
CREATE TABLE helpdesk_cursor (
    name TEXT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL,
    saved_at TEXT NOT NULL
) STRICT;

CREATE TABLE ticket (
    ticket INTEGER NOT NULL PRIMARY KEY,
    subject TEXT NOT NULL,
    status INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    requester INTEGER,
    responder INTEGER,
    group_id INTEGER,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    gone TEXT NOT NULL CHECK (gone IN ('', 'spam', 'deleted', 'archived')),
    merged_into INTEGER,
    state TEXT NOT NULL,
    description TEXT,
    description_text TEXT,
    raw TEXT NOT NULL,
    version INTEGER NOT NULL,
    changed_seq INTEGER NOT NULL,
    first_seen_at TEXT NOT NULL,
    read_at TEXT NOT NULL,
    -- The updated_at for which everything said on it has been read.
    said_as_of TEXT,
    -- The reconcile that saw it last.
    walk INTEGER NOT NULL DEFAULT 0,
    -- one, several or none; nothing before it was looked at.
    verdict TEXT CHECK (verdict IN ('one', 'several', 'none')),
    matched_at TEXT
) STRICT;

CREATE INDEX ticket_changed ON ticket (changed_seq);
CREATE INDEX ticket_requester ON ticket (requester);
CREATE INDEX ticket_work ON ticket (gone, status, responder);

CREATE TABLE ticket_conversation (
    conversation INTEGER NOT NULL PRIMARY KEY,
    ticket INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    state TEXT NOT NULL,
    token BLOB,
    read_at TEXT NOT NULL,
    -- The number of the change that kept it as it is.
    kept_seq INTEGER NOT NULL,
    removed_at TEXT
) STRICT;

CREATE INDEX ticket_conversation_ticket ON ticket_conversation (ticket, created_at, conversation);

CREATE TABLE ticket_attachment (
    attachment INTEGER NOT NULL PRIMARY KEY,
    ticket INTEGER NOT NULL,
    conversation INTEGER,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size INTEGER NOT NULL
) STRICT;

CREATE INDEX ticket_attachment_ticket ON ticket_attachment (ticket);

-- Never changed and never deleted: what clocks and reports are made from.
CREATE TABLE ticket_event (
    seq INTEGER NOT NULL PRIMARY KEY,
    ticket INTEGER NOT NULL,
    name TEXT NOT NULL UNIQUE,
    at TEXT NOT NULL,
    is_exact INTEGER NOT NULL CHECK (is_exact IN (0, 1)),
    kind TEXT NOT NULL,
    by_kind TEXT NOT NULL,
    by_id INTEGER,
    was TEXT,
    became TEXT,
    conversation INTEGER,
    token BLOB,
    seen_at TEXT NOT NULL
) STRICT;

CREATE INDEX ticket_event_ticket ON ticket_event (ticket, seq);

-- Tickets that are to be read again.
CREATE TABLE ticket_hint (
    ticket INTEGER NOT NULL PRIMARY KEY,
    -- The ticket itself, or only what was said on it?
    whole INTEGER NOT NULL CHECK (whole IN (0, 1)),
    urgency INTEGER NOT NULL,
    why TEXT NOT NULL,
    asked_at TEXT NOT NULL,
    due_at TEXT NOT NULL,
    -- Counts how often it was asked, so that what is asked while it is being read is read again.
    asked INTEGER NOT NULL,
    tries INTEGER NOT NULL
) STRICT;

CREATE INDEX ticket_hint_order ON ticket_hint (urgency, due_at);

-- The clients that something about a ticket points at.
CREATE TABLE ticket_client (
    ticket INTEGER NOT NULL,
    client TEXT NOT NULL,
    pointed_by TEXT NOT NULL,
    pointed_on TEXT NOT NULL,
    PRIMARY KEY (ticket, client, pointed_by, pointed_on)
) STRICT;

CREATE INDEX ticket_client_client ON ticket_client (client, ticket);

-- What we wrote there, by the token it carries.
CREATE TABLE ticket_write (
    token BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    ticket INTEGER,
    conversation INTEGER,
    made_at TEXT NOT NULL,
    landed_at TEXT
) STRICT;

CREATE INDEX ticket_write_conversation ON ticket_write (conversation);

-- Agents, groups, fields, contacts, companies.
CREATE TABLE helpdesk_record (
    kind TEXT NOT NULL CHECK (kind IN ('agent', 'group', 'field', 'contact', 'company')),
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    email TEXT,
    raw TEXT NOT NULL,
    -- Only what a ticket says of its requester, not the record itself.
    is_partial INTEGER NOT NULL CHECK (is_partial IN (0, 1)),
    updated_at TEXT,
    read_at TEXT NOT NULL,
    gone_at TEXT,
    PRIMARY KEY (kind, id)
) STRICT;

CREATE INDEX helpdesk_record_email ON helpdesk_record (kind, email);

-- Webhooks as they came. One that waits already is not stored twice.
CREATE TABLE webhook_inbox (
    id BLOB NOT NULL PRIMARY KEY,
    source TEXT NOT NULL,
    digest TEXT NOT NULL,
    content_type TEXT NOT NULL,
    body BLOB NOT NULL,
    ticket INTEGER,
    copies INTEGER NOT NULL,
    received_at TEXT NOT NULL,
    handled_at TEXT
) STRICT;

CREATE UNIQUE INDEX webhook_inbox_waiting ON webhook_inbox (source, digest) WHERE handled_at IS NULL;
CREATE INDEX webhook_inbox_handled ON webhook_inbox (handled_at);

-- The helpdesk as it stands there, what happened in it, and what is still to be read from it.
--
-- state is the domain's own form of a thing as JSON text, raw what the helpdesk said; the columns beside
-- them are what is searched and sorted by.

-- One row. Whoever changes tickets takes its numbers from here first, so that numbers become visible in order.
CREATE TABLE helpdesk_sequence (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    value BIGINT NOT NULL
);

INSERT INTO helpdesk_sequence (id, value) VALUES (1, 0);

-- How far each module has read the changes.
CREATE TABLE helpdesk_position (
    reader TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    moved_at TIMESTAMPTZ NOT NULL
);

-- Where each walk through the helpdesk's lists stands.
CREATE TABLE helpdesk_cursor (
    name TEXT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL,
    saved_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE ticket (
    ticket BIGINT NOT NULL PRIMARY KEY,
    subject TEXT NOT NULL,
    status BIGINT NOT NULL,
    priority BIGINT NOT NULL,
    requester BIGINT,
    responder BIGINT,
    group_id BIGINT,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    gone TEXT NOT NULL CHECK (gone IN ('', 'spam', 'deleted', 'archived')),
    merged_into BIGINT,
    state TEXT NOT NULL,
    description TEXT,
    description_text TEXT,
    raw TEXT NOT NULL,
    version BIGINT NOT NULL,
    changed_seq BIGINT NOT NULL,
    first_seen_at TIMESTAMPTZ NOT NULL,
    read_at TIMESTAMPTZ NOT NULL,
    -- The updated_at for which everything said on it has been read.
    said_as_of TIMESTAMPTZ,
    -- The reconcile that saw it last.
    walk BIGINT NOT NULL DEFAULT 0,
    -- one, several or none; nothing before it was looked at.
    verdict TEXT CHECK (verdict IN ('one', 'several', 'none')),
    matched_at TIMESTAMPTZ
);

CREATE INDEX ticket_changed ON ticket (changed_seq);
CREATE INDEX ticket_requester ON ticket (requester);
CREATE INDEX ticket_work ON ticket (gone, status, responder);

CREATE TABLE ticket_conversation (
    conversation BIGINT NOT NULL PRIMARY KEY,
    ticket BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    state TEXT NOT NULL,
    token UUID,
    read_at TIMESTAMPTZ NOT NULL,
    -- The number of the change that kept it as it is.
    kept_seq BIGINT NOT NULL,
    removed_at TIMESTAMPTZ
);

CREATE INDEX ticket_conversation_ticket ON ticket_conversation (ticket, created_at, conversation);

CREATE TABLE ticket_attachment (
    attachment BIGINT NOT NULL PRIMARY KEY,
    ticket BIGINT NOT NULL,
    conversation BIGINT,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size BIGINT NOT NULL
);

CREATE INDEX ticket_attachment_ticket ON ticket_attachment (ticket);

-- Never changed and never deleted: what clocks and reports are made from.
CREATE TABLE ticket_event (
    seq BIGINT NOT NULL PRIMARY KEY,
    ticket BIGINT NOT NULL,
    name TEXT NOT NULL UNIQUE,
    at TIMESTAMPTZ NOT NULL,
    is_exact BOOLEAN NOT NULL,
    kind TEXT NOT NULL,
    by_kind TEXT NOT NULL,
    by_id BIGINT,
    was TEXT,
    became TEXT,
    conversation BIGINT,
    token UUID,
    seen_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX ticket_event_ticket ON ticket_event (ticket, seq);

-- Tickets that are to be read again.
CREATE TABLE ticket_hint (
    ticket BIGINT NOT NULL PRIMARY KEY,
    -- The ticket itself, or only what was said on it?
    whole BOOLEAN NOT NULL,
    urgency BIGINT NOT NULL,
    why TEXT NOT NULL,
    asked_at TIMESTAMPTZ NOT NULL,
    due_at TIMESTAMPTZ NOT NULL,
    -- Counts how often it was asked, so that what is asked while it is being read is read again.
    asked BIGINT NOT NULL,
    tries BIGINT NOT NULL
);

CREATE INDEX ticket_hint_order ON ticket_hint (urgency, due_at);

-- The clients that something about a ticket points at.
CREATE TABLE ticket_client (
    ticket BIGINT NOT NULL,
    client TEXT NOT NULL,
    pointed_by TEXT NOT NULL,
    pointed_on TEXT NOT NULL,
    PRIMARY KEY (ticket, client, pointed_by, pointed_on)
);

CREATE INDEX ticket_client_client ON ticket_client (client, ticket);

-- What we wrote there, by the token it carries.
CREATE TABLE ticket_write (
    token UUID NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    ticket BIGINT,
    conversation BIGINT,
    made_at TIMESTAMPTZ NOT NULL,
    landed_at TIMESTAMPTZ
);

CREATE INDEX ticket_write_conversation ON ticket_write (conversation);

-- Agents, groups, fields, contacts, companies.
CREATE TABLE helpdesk_record (
    kind TEXT NOT NULL CHECK (kind IN ('agent', 'group', 'field', 'contact', 'company')),
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    email TEXT,
    raw TEXT NOT NULL,
    -- Only what a ticket says of its requester, not the record itself.
    is_partial BOOLEAN NOT NULL,
    updated_at TIMESTAMPTZ,
    read_at TIMESTAMPTZ NOT NULL,
    gone_at TIMESTAMPTZ,
    PRIMARY KEY (kind, id)
);

CREATE INDEX helpdesk_record_email ON helpdesk_record (kind, email);

-- Webhooks as they came. One that waits already is not stored twice.
CREATE TABLE webhook_inbox (
    id UUID NOT NULL PRIMARY KEY,
    source TEXT NOT NULL,
    digest TEXT NOT NULL,
    content_type TEXT NOT NULL,
    body BYTEA NOT NULL,
    ticket BIGINT,
    copies BIGINT NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    handled_at TIMESTAMPTZ
);

CREATE UNIQUE INDEX webhook_inbox_waiting ON webhook_inbox (source, digest) WHERE handled_at IS NULL;
CREATE INDEX webhook_inbox_handled ON webhook_inbox (handled_at);

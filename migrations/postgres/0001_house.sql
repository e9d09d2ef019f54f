-- The house as the feeds tell it: one table for each canonical entity, its columns those of the entity's
-- schema (a test compares them), then what the store keeps for itself.
--
-- In each entity table: row_hash and seen_at decide which of two files wins, whatever order they came in;
-- batch is the file that last changed the row, fed_by its source.

CREATE TABLE client (
    client TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('person', 'company', 'trade')),
    tier TEXT,
    country TEXT,
    group_id TEXT,
    language TEXT,
    location TEXT,
    owner TEXT,
    confidentiality TEXT NOT NULL CHECK (confidentiality IN ('normal', 'vip', 'restricted')),
    merged_into TEXT,
    stub BOOLEAN NOT NULL DEFAULT FALSE,
    row_hash BIGINT NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    batch UUID NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (client)
);

CREATE TABLE alias (
    client TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('email', 'phone', 'paddle', 'kunnr', 'freshdesk', 'stripe', 'adyen', 'name')),
    value TEXT NOT NULL,
    sale TEXT NOT NULL DEFAULT '',
    folded TEXT NOT NULL,
    row_hash BIGINT NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    batch UUID NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (client, kind, value, sale)
);

CREATE TABLE client_status (
    client TEXT NOT NULL,
    cdd TEXT CHECK (cdd IN ('not_required', 'required', 'incomplete', 'complete', 'expired')),
    cdd_expires_on DATE,
    sanctions TEXT CHECK (sanctions IN ('clear', 'review')),
    screened_at TIMESTAMPTZ,
    no_bid TEXT NOT NULL CHECK (no_bid IN ('clear', 'deposit_required', 'limit', 'no_bid')),
    no_bid_reason TEXT,
    insolvent BOOLEAN NOT NULL,
    legal_action BOOLEAN NOT NULL,
    written_off BOOLEAN NOT NULL,
    credit_limit BIGINT,
    credit_currency TEXT,
    row_hash BIGINT NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    batch UUID NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (client)
);

CREATE TABLE sale (
    sale TEXT NOT NULL,
    title TEXT NOT NULL,
    location TEXT NOT NULL,
    entity TEXT NOT NULL,
    currency TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('live', 'timed', 'private')),
    starts_on DATE NOT NULL,
    ends_on DATE NOT NULL,
    results_final BOOLEAN NOT NULL,
    cancelled BOOLEAN NOT NULL,
    row_hash BIGINT NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    batch UUID NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (sale)
);

CREATE TABLE lot (
    sale TEXT NOT NULL,
    lot TEXT NOT NULL,
    title TEXT NOT NULL,
    hammer BIGINT,
    currency TEXT NOT NULL,
    buyer TEXT,
    consignor TEXT,
    work_of_art BOOLEAN NOT NULL,
    export_licence TEXT NOT NULL CHECK (export_licence IN ('not_needed', 'needed', 'applied', 'granted', 'refused')),
    cites TEXT NOT NULL CHECK (cites IN ('not_needed', 'needed', 'applied', 'granted', 'refused')),
    cancellation_until DATE,
    whereabouts TEXT NOT NULL CHECK (whereabouts IN ('in_house', 'in_transit', 'offsite', 'withdrawn')),
    row_hash BIGINT NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    batch UUID NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (sale, lot)
);

CREATE TABLE invoice (
    entity TEXT NOT NULL,
    invoice TEXT NOT NULL,
    year BIGINT NOT NULL,
    client TEXT NOT NULL,
    sale TEXT,
    kind TEXT NOT NULL CHECK (kind IN ('sale', 'shipping', 'storage', 'interest', 'credit')),
    state TEXT NOT NULL CHECK (state IN ('draft', 'issued', 'part_paid', 'paid', 'superseded', 'cancelled', 'reopened')),
    issued_on DATE NOT NULL,
    due_basis TEXT CHECK (due_basis IN ('sale_date', 'invoice_date', 'invoice_receipt', 'instalments')),
    due_on DATE,
    superseded_by TEXT,
    total BIGINT NOT NULL,
    currency TEXT NOT NULL,
    row_hash BIGINT NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    batch UUID NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (entity, invoice, year)
);

CREATE TABLE invoice_line (
    entity TEXT NOT NULL,
    invoice TEXT NOT NULL,
    year BIGINT NOT NULL,
    line BIGINT NOT NULL,
    sale TEXT,
    lot TEXT,
    kind TEXT NOT NULL CHECK (kind IN ('hammer', 'premium', 'overhead', 'vat', 'sales_tax', 'arr', 'shipping', 'insurance', 'storage', 'interest', 'fee', 'adjustment')),
    amount BIGINT NOT NULL,
    currency TEXT NOT NULL,
    row_hash BIGINT NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    batch UUID NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (entity, invoice, year, line)
);

CREATE TABLE ledger (
    entity TEXT NOT NULL,
    document TEXT NOT NULL,
    year BIGINT NOT NULL,
    line BIGINT NOT NULL,
    client TEXT NOT NULL,
    client_name TEXT,
    kind TEXT NOT NULL CHECK (kind IN ('invoice', 'credit', 'payment', 'deposit', 'request', 'other')),
    amount BIGINT NOT NULL,
    currency TEXT NOT NULL,
    posted_on DATE NOT NULL,
    document_on DATE,
    due_on DATE,
    invoice TEXT,
    cleared_on DATE,
    cleared_by TEXT,
    reopened_on DATE,
    disputed BOOLEAN NOT NULL,
    blocked BOOLEAN NOT NULL,
    reference TEXT,
    gone_from_snapshot BOOLEAN NOT NULL DEFAULT FALSE,
    row_hash BIGINT NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    batch UUID NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (entity, document, year, line)
);

CREATE TABLE payment (
    source TEXT NOT NULL,
    payment TEXT NOT NULL,
    client TEXT,
    entity TEXT NOT NULL,
    invoice TEXT,
    method TEXT NOT NULL CHECK (method IN ('wire', 'card', 'cheque', 'draft', 'cash')),
    amount BIGINT NOT NULL,
    currency TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('initiated', 'authorised', 'captured', 'settled', 'posted', 'applied', 'expired', 'voided', 'failed', 'disputed', 'reinstated', 'lost', 'bounced', 'held_third_party', 'accepted', 'returned')),
    seen_on DATE NOT NULL,
    value_on DATE,
    cleared_on DATE,
    posted_on DATE,
    payer_name TEXT,
    payer_match TEXT NOT NULL CHECK (payer_match IN ('exact', 'fuzzy', 'mismatch', 'unknown')),
    reference TEXT,
    row_hash BIGINT NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    batch UUID NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (source, payment)
);

CREATE TABLE allocation (
    source TEXT NOT NULL,
    payment TEXT NOT NULL,
    entity TEXT NOT NULL,
    invoice TEXT NOT NULL,
    year BIGINT NOT NULL,
    line BIGINT NOT NULL,
    sale TEXT NOT NULL DEFAULT '',
    lot TEXT NOT NULL DEFAULT '',
    amount BIGINT NOT NULL,
    currency TEXT NOT NULL,
    applied_on DATE NOT NULL,
    row_hash BIGINT NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    batch UUID NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (source, payment, entity, invoice, year, line, sale, lot)
);

CREATE TABLE deposit (
    deposit TEXT NOT NULL,
    client TEXT NOT NULL,
    entity TEXT NOT NULL,
    amount BIGINT NOT NULL,
    currency TEXT NOT NULL,
    method TEXT NOT NULL CHECK (method IN ('wire', 'card', 'cheque', 'draft', 'cash')),
    state TEXT NOT NULL CHECK (state IN ('requested', 'pending', 'authorised', 'held', 'applied', 'part_applied', 'refund_due', 'refund_blocked', 'refund_requested', 'approved', 'submitted', 'refunded', 'refund_failed', 'alt_route_review', 'refund_reversed', 'forfeited', 'transferred')),
    requested_on DATE,
    taken_on DATE,
    cleared_on DATE,
    destination TEXT NOT NULL CHECK (destination IN ('original', 'bank_verified', 'missing', 'mismatch', 'expired')),
    keep_for TEXT,
    source TEXT,
    payment TEXT,
    row_hash BIGINT NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    batch UUID NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (deposit)
);

CREATE TABLE deposit_cover (
    deposit TEXT NOT NULL,
    sale TEXT NOT NULL,
    row_hash BIGINT NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    batch UUID NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (deposit, sale)
);

CREATE TABLE deposit_movement (
    movement TEXT NOT NULL,
    deposit TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('taken', 'applied', 'refunded', 'reversed', 'forfeited', 'transferred_out', 'transferred_in')),
    amount BIGINT NOT NULL,
    currency TEXT NOT NULL,
    moved_on DATE NOT NULL,
    reference TEXT,
    row_hash BIGINT NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    batch UUID NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (movement)
);

CREATE TABLE refund (
    refund TEXT NOT NULL,
    deposit TEXT,
    amount BIGINT NOT NULL,
    currency TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('requested', 'awaiting_approval', 'approved', 'submitted', 'pending', 'succeeded', 'failed', 'reversed')),
    method TEXT NOT NULL CHECK (method IN ('wire', 'card', 'cheque', 'draft', 'cash')),
    last4 TEXT,
    reference TEXT,
    requested_by TEXT,
    requested_on DATE,
    submitted_on DATE,
    completed_on DATE,
    expected_on DATE,
    failure TEXT,
    row_hash BIGINT NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    batch UUID NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (refund)
);

CREATE TABLE dispute (
    dispute TEXT NOT NULL,
    source TEXT NOT NULL,
    payment TEXT NOT NULL,
    client TEXT,
    entity TEXT NOT NULL,
    stage TEXT NOT NULL CHECK (stage IN ('inquiry', 'inquiry_closed', 'opened', 'evidence_due', 'submitted', 'won_provisional', 'won_final', 'lost', 'reopened')),
    reason TEXT,
    amount BIGINT NOT NULL,
    currency TEXT NOT NULL,
    due_at TIMESTAMPTZ,
    funds_withdrawn BOOLEAN NOT NULL,
    row_hash BIGINT NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    batch UUID NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (dispute)
);

CREATE TABLE terms (
    terms TEXT NOT NULL,
    client TEXT NOT NULL,
    entity TEXT NOT NULL,
    sale TEXT,
    invoice TEXT,
    state TEXT NOT NULL CHECK (state IN ('requested', 'docs_missing', 'under_review', 'approved', 'effective', 'completed', 'breached', 'cancelled', 'expired')),
    release_included BOOLEAN NOT NULL,
    accelerates BOOLEAN NOT NULL,
    documents_missing TEXT,
    approver TEXT,
    valid_from DATE,
    valid_to DATE,
    row_hash BIGINT NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    batch UUID NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (terms)
);

CREATE TABLE instalment (
    terms TEXT NOT NULL,
    n BIGINT NOT NULL,
    due_on DATE NOT NULL,
    amount BIGINT NOT NULL,
    paid BIGINT NOT NULL,
    currency TEXT NOT NULL,
    row_hash BIGINT NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    batch UUID NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (terms, n)
);

CREATE TABLE release (
    sale TEXT NOT NULL,
    lot TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('not_invoiced', 'blocked', 'releasable', 'authorised', 'scheduled', 'released', 'exception_released', 'revoked')),
    released_on DATE,
    released_to TEXT,
    route TEXT NOT NULL CHECK (route IN ('collection', 'delivery', 'export')),
    collector TEXT NOT NULL CHECK (collector IN ('buyer', 'authorised', 'unverified')),
    quote TEXT NOT NULL CHECK (quote IN ('not_needed', 'sent', 'accepted')),
    authority TEXT,
    authorised_by TEXT,
    authority_until DATE,
    residual BIGINT,
    currency TEXT,
    row_hash BIGINT NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    batch UUID NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (sale, lot)
);

CREATE TABLE hold (
    hold TEXT NOT NULL,
    scope TEXT NOT NULL CHECK (scope IN ('client', 'invoice', 'lot', 'deposit', 'payment')),
    client TEXT,
    reference TEXT NOT NULL,
    code TEXT NOT NULL CHECK (code IN ('sanctions', 'aml', 'legal', 'fraud', 'title_claim', 'stolen_art', 'rescission', 'cdd', 'approval', 'manual')),
    state TEXT NOT NULL CHECK (state IN ('active', 'cleared', 'expired')),
    raised_by TEXT,
    raised_at TIMESTAMPTZ,
    owner TEXT,
    reason TEXT,
    expires_on DATE,
    restricted BOOLEAN NOT NULL,
    row_hash BIGINT NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    batch UUID NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (hold)
);

CREATE TABLE accrual (
    client TEXT NOT NULL,
    entity TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('hammer', 'premium', 'overhead', 'vat', 'sales_tax', 'arr', 'shipping', 'insurance', 'storage', 'interest', 'fee', 'adjustment')),
    sale TEXT NOT NULL DEFAULT '',
    lot TEXT NOT NULL DEFAULT '',
    amount BIGINT NOT NULL,
    currency TEXT NOT NULL,
    through_on DATE NOT NULL,
    row_hash BIGINT NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    batch UUID NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (client, entity, kind, sale, lot, currency)
);

CREATE TABLE snapshot (
    source TEXT NOT NULL,
    company TEXT NOT NULL,
    extracted_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (source, company)
);

CREATE TABLE name_token (
    token TEXT NOT NULL COLLATE "C",
    client TEXT NOT NULL,
    place BIGINT NOT NULL,
    PRIMARY KEY (client, token)
);

CREATE TABLE raw_file (
    id UUID NOT NULL PRIMARY KEY,
    sha256 TEXT UNIQUE,
    bytes BIGINT NOT NULL,
    name TEXT NOT NULL,
    stored_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE raw_chunk (
    file UUID NOT NULL,
    n BIGINT NOT NULL,
    data BYTEA NOT NULL,
    PRIMARY KEY (file, n)
);

CREATE TABLE batch (
    id UUID NOT NULL PRIMARY KEY,
    source TEXT NOT NULL,
    entity TEXT NOT NULL,
    file_name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    mapping TEXT NOT NULL,
    extracted_at TIMESTAMPTZ NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ NOT NULL,
    complete BOOLEAN NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('imported', 'rejected')),
    row_count BIGINT NOT NULL,
    accepted BIGINT NOT NULL,
    duplicates BIGINT NOT NULL,
    inserted BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    gone BIGINT NOT NULL,
    control_totals JSONB NOT NULL,
    reason TEXT
);

CREATE TABLE quarantine (
    batch UUID NOT NULL,
    n BIGINT NOT NULL,
    line BIGINT NOT NULL,
    column_name TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (batch, n)
);

CREATE TABLE answer_log (
    id UUID NOT NULL PRIMARY KEY,
    asked_at TIMESTAMPTZ NOT NULL,
    who TEXT NOT NULL,
    place TEXT NOT NULL,
    command TEXT NOT NULL,
    client TEXT,
    outcome TEXT NOT NULL,
    facts JSONB NOT NULL,
    text TEXT NOT NULL,
    sources JSONB NOT NULL
);

CREATE TABLE action (
    id TEXT NOT NULL PRIMARY KEY,
    run TEXT NOT NULL,
    form JSONB,
    made_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX client_group ON client (group_id) WHERE group_id IS NOT NULL;
CREATE INDEX client_merged ON client (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX alias_folded ON alias (folded);
CREATE INDEX name_token_word ON name_token (place, token, client);
CREATE INDEX lot_buyer ON lot (buyer, sale);
CREATE INDEX invoice_client ON invoice (client);
CREATE INDEX invoice_number ON invoice (invoice);
CREATE INDEX invoice_sale ON invoice (sale, client);
CREATE INDEX invoice_line_lot ON invoice_line (sale, lot);
CREATE INDEX ledger_client ON ledger (client, cleared_on);
CREATE INDEX ledger_open ON ledger (cleared_on, entity);
CREATE INDEX ledger_gone ON ledger (fed_by) WHERE gone_from_snapshot;
CREATE INDEX payment_client ON payment (client, entity);
CREATE INDEX allocation_invoice ON allocation (entity, invoice, year);
CREATE INDEX deposit_client ON deposit (client);
CREATE INDEX deposit_movement_deposit ON deposit_movement (deposit);
CREATE INDEX deposit_cover_sale ON deposit_cover (sale);
CREATE INDEX refund_deposit ON refund (deposit);
CREATE INDEX dispute_payment ON dispute (source, payment);
CREATE INDEX dispute_client ON dispute (client);
CREATE INDEX terms_client ON terms (client);
CREATE INDEX hold_client ON hold (client);
CREATE INDEX hold_reference ON hold (scope, reference);
CREATE INDEX batch_source ON batch (source, entity, extracted_at);
CREATE INDEX batch_sha256 ON batch (sha256);
CREATE INDEX answer_log_client ON answer_log (client, asked_at);
CREATE INDEX answer_log_asked ON answer_log (asked_at);
CREATE INDEX action_made ON action (made_at);

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
    stub INTEGER NOT NULL DEFAULT 0 CHECK (stub IN (0, 1)),
    row_hash INTEGER NOT NULL,
    seen_at TEXT NOT NULL,
    batch BLOB NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (client)
) STRICT;

CREATE TABLE alias (
    client TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('email', 'phone', 'paddle', 'kunnr', 'freshdesk', 'stripe', 'adyen', 'name')),
    value TEXT NOT NULL,
    sale TEXT NOT NULL DEFAULT '',
    folded TEXT NOT NULL,
    row_hash INTEGER NOT NULL,
    seen_at TEXT NOT NULL,
    batch BLOB NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (client, kind, value, sale)
) STRICT;

CREATE TABLE client_status (
    client TEXT NOT NULL,
    cdd TEXT CHECK (cdd IN ('not_required', 'required', 'incomplete', 'complete', 'expired')),
    cdd_expires_on TEXT,
    sanctions TEXT CHECK (sanctions IN ('clear', 'review')),
    screened_at TEXT,
    no_bid TEXT NOT NULL CHECK (no_bid IN ('clear', 'deposit_required', 'limit', 'no_bid')),
    no_bid_reason TEXT,
    insolvent INTEGER NOT NULL CHECK (insolvent IN (0, 1)),
    legal_action INTEGER NOT NULL CHECK (legal_action IN (0, 1)),
    written_off INTEGER NOT NULL CHECK (written_off IN (0, 1)),
    credit_limit INTEGER,
    credit_currency TEXT,
    row_hash INTEGER NOT NULL,
    seen_at TEXT NOT NULL,
    batch BLOB NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (client)
) STRICT;

CREATE TABLE sale (
    sale TEXT NOT NULL,
    title TEXT NOT NULL,
    location TEXT NOT NULL,
    entity TEXT NOT NULL,
    currency TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('live', 'timed', 'private')),
    starts_on TEXT NOT NULL,
    ends_on TEXT NOT NULL,
    results_final INTEGER NOT NULL CHECK (results_final IN (0, 1)),
    cancelled INTEGER NOT NULL CHECK (cancelled IN (0, 1)),
    row_hash INTEGER NOT NULL,
    seen_at TEXT NOT NULL,
    batch BLOB NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (sale)
) STRICT;

CREATE TABLE lot (
    sale TEXT NOT NULL,
    lot TEXT NOT NULL,
    title TEXT NOT NULL,
    hammer INTEGER,
    currency TEXT NOT NULL,
    buyer TEXT,
    consignor TEXT,
    work_of_art INTEGER NOT NULL CHECK (work_of_art IN (0, 1)),
    export_licence TEXT NOT NULL CHECK (export_licence IN ('not_needed', 'needed', 'applied', 'granted', 'refused')),
    cites TEXT NOT NULL CHECK (cites IN ('not_needed', 'needed', 'applied', 'granted', 'refused')),
    cancellation_until TEXT,
    whereabouts TEXT NOT NULL CHECK (whereabouts IN ('in_house', 'in_transit', 'offsite', 'withdrawn')),
    row_hash INTEGER NOT NULL,
    seen_at TEXT NOT NULL,
    batch BLOB NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (sale, lot)
) STRICT;

CREATE TABLE invoice (
    entity TEXT NOT NULL,
    invoice TEXT NOT NULL,
    year INTEGER NOT NULL,
    client TEXT NOT NULL,
    sale TEXT,
    kind TEXT NOT NULL CHECK (kind IN ('sale', 'shipping', 'storage', 'interest', 'credit')),
    state TEXT NOT NULL CHECK (state IN ('draft', 'issued', 'part_paid', 'paid', 'superseded', 'cancelled', 'reopened')),
    issued_on TEXT NOT NULL,
    due_basis TEXT CHECK (due_basis IN ('sale_date', 'invoice_date', 'invoice_receipt', 'instalments')),
    due_on TEXT,
    superseded_by TEXT,
    total INTEGER NOT NULL,
    currency TEXT NOT NULL,
    row_hash INTEGER NOT NULL,
    seen_at TEXT NOT NULL,
    batch BLOB NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (entity, invoice, year)
) STRICT;

CREATE TABLE invoice_line (
    entity TEXT NOT NULL,
    invoice TEXT NOT NULL,
    year INTEGER NOT NULL,
    line INTEGER NOT NULL,
    sale TEXT,
    lot TEXT,
    kind TEXT NOT NULL CHECK (kind IN ('hammer', 'premium', 'overhead', 'vat', 'sales_tax', 'arr', 'shipping', 'insurance', 'storage', 'interest', 'fee', 'adjustment')),
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    row_hash INTEGER NOT NULL,
    seen_at TEXT NOT NULL,
    batch BLOB NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (entity, invoice, year, line)
) STRICT;

CREATE TABLE ledger (
    entity TEXT NOT NULL,
    document TEXT NOT NULL,
    year INTEGER NOT NULL,
    line INTEGER NOT NULL,
    client TEXT NOT NULL,
    client_name TEXT,
    kind TEXT NOT NULL CHECK (kind IN ('invoice', 'credit', 'payment', 'deposit', 'request', 'other')),
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    posted_on TEXT NOT NULL,
    document_on TEXT,
    due_on TEXT,
    invoice TEXT,
    cleared_on TEXT,
    cleared_by TEXT,
    reopened_on TEXT,
    disputed INTEGER NOT NULL CHECK (disputed IN (0, 1)),
    blocked INTEGER NOT NULL CHECK (blocked IN (0, 1)),
    reference TEXT,
    gone_from_snapshot INTEGER NOT NULL DEFAULT 0 CHECK (gone_from_snapshot IN (0, 1)),
    row_hash INTEGER NOT NULL,
    seen_at TEXT NOT NULL,
    batch BLOB NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (entity, document, year, line)
) STRICT;

CREATE TABLE payment (
    source TEXT NOT NULL,
    payment TEXT NOT NULL,
    client TEXT,
    entity TEXT NOT NULL,
    invoice TEXT,
    method TEXT NOT NULL CHECK (method IN ('wire', 'card', 'cheque', 'draft', 'cash')),
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('initiated', 'authorised', 'captured', 'settled', 'posted', 'applied', 'expired', 'voided', 'failed', 'disputed', 'reinstated', 'lost', 'bounced', 'held_third_party', 'accepted', 'returned')),
    seen_on TEXT NOT NULL,
    value_on TEXT,
    cleared_on TEXT,
    posted_on TEXT,
    payer_name TEXT,
    payer_match TEXT NOT NULL CHECK (payer_match IN ('exact', 'fuzzy', 'mismatch', 'unknown')),
    reference TEXT,
    row_hash INTEGER NOT NULL,
    seen_at TEXT NOT NULL,
    batch BLOB NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (source, payment)
) STRICT;

CREATE TABLE allocation (
    source TEXT NOT NULL,
    payment TEXT NOT NULL,
    entity TEXT NOT NULL,
    invoice TEXT NOT NULL,
    year INTEGER NOT NULL,
    line INTEGER NOT NULL,
    sale TEXT NOT NULL DEFAULT '',
    lot TEXT NOT NULL DEFAULT '',
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    applied_on TEXT NOT NULL,
    row_hash INTEGER NOT NULL,
    seen_at TEXT NOT NULL,
    batch BLOB NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (source, payment, entity, invoice, year, line, sale, lot)
) STRICT;

CREATE TABLE deposit (
    deposit TEXT NOT NULL,
    client TEXT NOT NULL,
    entity TEXT NOT NULL,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    method TEXT NOT NULL CHECK (method IN ('wire', 'card', 'cheque', 'draft', 'cash')),
    state TEXT NOT NULL CHECK (state IN ('requested', 'pending', 'authorised', 'held', 'applied', 'part_applied', 'refund_due', 'refund_blocked', 'refund_requested', 'approved', 'submitted', 'refunded', 'refund_failed', 'alt_route_review', 'refund_reversed', 'forfeited', 'transferred')),
    requested_on TEXT,
    taken_on TEXT,
    cleared_on TEXT,
    destination TEXT NOT NULL CHECK (destination IN ('original', 'bank_verified', 'missing', 'mismatch', 'expired')),
    keep_for TEXT,
    source TEXT,
    payment TEXT,
    row_hash INTEGER NOT NULL,
    seen_at TEXT NOT NULL,
    batch BLOB NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (deposit)
) STRICT;

CREATE TABLE deposit_cover (
    deposit TEXT NOT NULL,
    sale TEXT NOT NULL,
    row_hash INTEGER NOT NULL,
    seen_at TEXT NOT NULL,
    batch BLOB NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (deposit, sale)
) STRICT;

CREATE TABLE deposit_movement (
    movement TEXT NOT NULL,
    deposit TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('taken', 'applied', 'refunded', 'reversed', 'forfeited', 'transferred_out', 'transferred_in')),
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    moved_on TEXT NOT NULL,
    reference TEXT,
    row_hash INTEGER NOT NULL,
    seen_at TEXT NOT NULL,
    batch BLOB NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (movement)
) STRICT;

CREATE TABLE refund (
    refund TEXT NOT NULL,
    deposit TEXT,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('requested', 'awaiting_approval', 'approved', 'submitted', 'pending', 'succeeded', 'failed', 'reversed')),
    method TEXT NOT NULL CHECK (method IN ('wire', 'card', 'cheque', 'draft', 'cash')),
    last4 TEXT,
    reference TEXT,
    requested_by TEXT,
    requested_on TEXT,
    submitted_on TEXT,
    completed_on TEXT,
    expected_on TEXT,
    failure TEXT,
    row_hash INTEGER NOT NULL,
    seen_at TEXT NOT NULL,
    batch BLOB NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (refund)
) STRICT;

CREATE TABLE dispute (
    dispute TEXT NOT NULL,
    source TEXT NOT NULL,
    payment TEXT NOT NULL,
    client TEXT,
    entity TEXT NOT NULL,
    stage TEXT NOT NULL CHECK (stage IN ('inquiry', 'inquiry_closed', 'opened', 'evidence_due', 'submitted', 'won_provisional', 'won_final', 'lost', 'reopened')),
    reason TEXT,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    due_at TEXT,
    funds_withdrawn INTEGER NOT NULL CHECK (funds_withdrawn IN (0, 1)),
    row_hash INTEGER NOT NULL,
    seen_at TEXT NOT NULL,
    batch BLOB NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (dispute)
) STRICT;

CREATE TABLE terms (
    terms TEXT NOT NULL,
    client TEXT NOT NULL,
    entity TEXT NOT NULL,
    sale TEXT,
    invoice TEXT,
    state TEXT NOT NULL CHECK (state IN ('requested', 'docs_missing', 'under_review', 'approved', 'effective', 'completed', 'breached', 'cancelled', 'expired')),
    release_included INTEGER NOT NULL CHECK (release_included IN (0, 1)),
    accelerates INTEGER NOT NULL CHECK (accelerates IN (0, 1)),
    documents_missing TEXT,
    approver TEXT,
    valid_from TEXT,
    valid_to TEXT,
    row_hash INTEGER NOT NULL,
    seen_at TEXT NOT NULL,
    batch BLOB NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (terms)
) STRICT;

CREATE TABLE instalment (
    terms TEXT NOT NULL,
    n INTEGER NOT NULL,
    due_on TEXT NOT NULL,
    amount INTEGER NOT NULL,
    paid INTEGER NOT NULL,
    currency TEXT NOT NULL,
    row_hash INTEGER NOT NULL,
    seen_at TEXT NOT NULL,
    batch BLOB NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (terms, n)
) STRICT;

CREATE TABLE release (
    sale TEXT NOT NULL,
    lot TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('not_invoiced', 'blocked', 'releasable', 'authorised', 'scheduled', 'released', 'exception_released', 'revoked')),
    released_on TEXT,
    released_to TEXT,
    route TEXT NOT NULL CHECK (route IN ('collection', 'delivery', 'export')),
    collector TEXT NOT NULL CHECK (collector IN ('buyer', 'authorised', 'unverified')),
    quote TEXT NOT NULL CHECK (quote IN ('not_needed', 'sent', 'accepted')),
    authority TEXT,
    authorised_by TEXT,
    authority_until TEXT,
    residual INTEGER,
    currency TEXT,
    row_hash INTEGER NOT NULL,
    seen_at TEXT NOT NULL,
    batch BLOB NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (sale, lot)
) STRICT;

CREATE TABLE hold (
    hold TEXT NOT NULL,
    scope TEXT NOT NULL CHECK (scope IN ('client', 'invoice', 'lot', 'deposit', 'payment')),
    client TEXT,
    reference TEXT NOT NULL,
    code TEXT NOT NULL CHECK (code IN ('sanctions', 'aml', 'legal', 'fraud', 'title_claim', 'stolen_art', 'rescission', 'cdd', 'approval', 'manual')),
    state TEXT NOT NULL CHECK (state IN ('active', 'cleared', 'expired')),
    raised_by TEXT,
    raised_at TEXT,
    owner TEXT,
    reason TEXT,
    expires_on TEXT,
    restricted INTEGER NOT NULL CHECK (restricted IN (0, 1)),
    row_hash INTEGER NOT NULL,
    seen_at TEXT NOT NULL,
    batch BLOB NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (hold)
) STRICT;

CREATE TABLE accrual (
    client TEXT NOT NULL,
    entity TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('hammer', 'premium', 'overhead', 'vat', 'sales_tax', 'arr', 'shipping', 'insurance', 'storage', 'interest', 'fee', 'adjustment')),
    sale TEXT NOT NULL DEFAULT '',
    lot TEXT NOT NULL DEFAULT '',
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    through_on TEXT NOT NULL,
    row_hash INTEGER NOT NULL,
    seen_at TEXT NOT NULL,
    batch BLOB NOT NULL,
    fed_by TEXT NOT NULL,
    PRIMARY KEY (client, entity, kind, sale, lot, currency)
) STRICT;

CREATE TABLE snapshot (
    source TEXT NOT NULL,
    company TEXT NOT NULL,
    extracted_at TEXT NOT NULL,
    PRIMARY KEY (source, company)
) STRICT;

CREATE TABLE name_token (
    token TEXT NOT NULL,
    client TEXT NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (client, token)
) WITHOUT ROWID, STRICT;

CREATE TABLE raw_file (
    id BLOB NOT NULL PRIMARY KEY,
    sha256 TEXT UNIQUE,
    bytes INTEGER NOT NULL,
    name TEXT NOT NULL,
    stored_at TEXT NOT NULL
) STRICT;

CREATE TABLE raw_chunk (
    file BLOB NOT NULL,
    n INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (file, n)
) STRICT;

CREATE TABLE batch (
    id BLOB NOT NULL PRIMARY KEY,
    source TEXT NOT NULL,
    entity TEXT NOT NULL,
    file_name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    mapping TEXT NOT NULL,
    extracted_at TEXT NOT NULL,
    started_at TEXT NOT NULL,
    finished_at TEXT NOT NULL,
    complete INTEGER NOT NULL CHECK (complete IN (0, 1)),
    status TEXT NOT NULL CHECK (status IN ('imported', 'rejected')),
    row_count INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    duplicates INTEGER NOT NULL,
    inserted INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    unchanged INTEGER NOT NULL,
    gone INTEGER NOT NULL,
    control_totals TEXT NOT NULL,
    reason TEXT
) STRICT;

CREATE TABLE quarantine (
    batch BLOB NOT NULL,
    n INTEGER NOT NULL,
    line INTEGER NOT NULL,
    column_name TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (batch, n)
) STRICT;

CREATE TABLE answer_log (
    id BLOB NOT NULL PRIMARY KEY,
    asked_at TEXT NOT NULL,
    who TEXT NOT NULL,
    place TEXT NOT NULL,
    command TEXT NOT NULL,
    client TEXT,
    outcome TEXT NOT NULL,
    facts TEXT NOT NULL,
    text TEXT NOT NULL,
    sources TEXT NOT NULL
) STRICT;

CREATE TABLE action (
    id TEXT NOT NULL PRIMARY KEY,
    run TEXT NOT NULL,
    form TEXT,
    made_at TEXT NOT NULL
) STRICT;

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

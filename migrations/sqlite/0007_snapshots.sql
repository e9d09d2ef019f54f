-- Every complete ledger file is remembered, not only the newest: the first that lacks an item says since when
-- the item is gone.
CREATE TABLE all_snapshots (
    source TEXT NOT NULL,
    company TEXT NOT NULL,
    extracted_at TEXT NOT NULL,
    PRIMARY KEY (source, company, extracted_at)
) STRICT;
INSERT INTO all_snapshots (source, company, extracted_at) SELECT source, company, extracted_at FROM snapshot;
DROP TABLE snapshot;
ALTER TABLE all_snapshots RENAME TO snapshot;

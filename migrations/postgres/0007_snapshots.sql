-- Every complete ledger file is remembered, not only the newest: the first that lacks an item says since when
-- the item is gone.
ALTER TABLE snapshot DROP CONSTRAINT snapshot_pkey;
ALTER TABLE snapshot ADD PRIMARY KEY (source, company, extracted_at);

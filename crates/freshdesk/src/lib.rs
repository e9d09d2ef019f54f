//! A typed, polite client of the Freshdesk API v2. Knows nothing of auctions.

//! The one place for the words behind which restricted matters disappear.
//!
//! Whoever may not read restricted holds gets exactly these texts for them, and exactly these texts for
//! every other internal review: the two must be impossible to tell apart (`product.md` rule 4). Nothing
//! that depends on the matter itself may be put beside them.

/// The code shown for every internal review, restricted or not.
pub const CODE: &str = "R10";

/// What may be said to a client.
pub const CLIENT_SAFE: &str = "Your account is under internal review.";

/// The same within a sentence: a clause without its full stop.
pub const CLIENT_CLAUSE: &str = "your account is under internal review";

/// What a colleague reads.
pub const INTERNAL: &str = "This is under internal review. Details are with the reviewing team.";

/// Who can clear it.
pub const BY: &str = "the reviewing team";

/// What clears it.
pub const CLEARS: &str = "the decision of the review";

/// Why, in an explanation, when there is a review.
pub const BECAUSE: &str = "an internal review is open";

/// In an explanation, in the place of the rule that only compliance reads: whatever it found.
pub const TOLD_ELSEWHERE: &str = "reviews of every kind are told under R10";

/// Why, in an explanation, when there is none.
pub const BECAUSE_NOT: &str = "no internal review is open";

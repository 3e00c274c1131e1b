//! The parties on the other side, as programs for a test province: agent banks and the central bank's treasury,
//! each with a ledger of its own that knows nothing of ours.

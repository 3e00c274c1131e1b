//! filler

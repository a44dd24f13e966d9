//! KEEP: the only SQL in the program.

pub mod stories;

//! KEEP: the only SQL in the program.

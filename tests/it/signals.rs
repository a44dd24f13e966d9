//! What every signal promises.

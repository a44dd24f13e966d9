//! What every kind of source promises.

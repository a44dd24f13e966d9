//! What every delivery channel promises.

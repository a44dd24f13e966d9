//! Consent as a state machine; addresses; tokens by purpose.

pub mod address;
pub mod probe;
pub mod rate_limit;
pub mod standing;
pub mod token;

//! Consent as a state machine; addresses; tokens by purpose.

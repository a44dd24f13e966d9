//! SEND: one file per channel.

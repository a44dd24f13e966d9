//! What the journeys share: servers on loopback, scripted worlds.

pub(crate) mod smtp_server;

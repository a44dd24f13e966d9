//! What the journeys share: servers on loopback, scripted worlds.

pub(crate) mod authority;
pub(crate) mod browser;
pub(crate) mod desk;
pub(crate) mod editors_office;
pub(crate) mod feed_server;
pub(crate) mod packed;
pub(crate) mod receiver;
pub(crate) mod service;
pub(crate) mod smtp_server;
pub(crate) mod tls_server;
pub(crate) mod world;

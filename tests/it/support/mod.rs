//! What the journeys share: servers on loopback, scripted worlds.

<<<<<<< HEAD
pub(crate) mod feed_server;
pub(crate) mod packed;
pub(crate) mod tls_server;
=======
pub(crate) mod smtp_server;
>>>>>>> refs/heads/mailing

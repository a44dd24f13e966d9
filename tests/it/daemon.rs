//! Life of the daemon: ready, watchdog, reload, drain.

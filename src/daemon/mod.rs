//! Loops, signals, systemd.

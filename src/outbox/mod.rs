//! The state machine and back-off of a frozen message; no SQL, no socket.

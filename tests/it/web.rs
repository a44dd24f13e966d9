//! The web face, asked without a socket.

//! The bundled sample sources, served on loopback.

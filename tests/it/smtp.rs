//! The SMTP channel against a scripted server on loopback.

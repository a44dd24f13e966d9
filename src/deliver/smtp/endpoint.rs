//! The server, and how a connection to it is encrypted.

use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::extension::ClientId;
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;

use crate::model::settings::words;

words! {
    /// How the connection is encrypted.
    pub enum Encryption {
        /// Not at all.
        None = "none",
        /// STARTTLS, required (RFC 3207).
        Starttls = "starttls",
        /// From the first byte (RFC 8314 3.3).
        Implicit = "implicit",
    }
}

/// How a connection is encrypted, and whose certificate it must be.
pub(super) struct Tls {
    pub(super) connector: TlsConnector,
    pub(super) name: ServerName<'static>,
}

/// What a connection needs to know of the server.
pub(super) struct Endpoint {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) encryption: Encryption,
    pub(super) tls: Option<Tls>,
    pub(super) hello: ClientId,
    pub(super) credentials: Option<Credentials>,
    pub(super) step_timeout: Duration,
    pub(super) timeout: Duration,
}

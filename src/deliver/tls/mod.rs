//! Whom a channel believes that it is who it says: the machine's authorities and one's own.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use crate::model::Reader;
use crate::model::settings::NamedFile;

/// Returns the parameters of TLS, with the authorities of `ca_file` besides the machine's.
/// Reports to the reader if there are none to be had.
pub(super) fn config(reader: &mut Reader<'_>, ca_file: &NamedFile) -> Option<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    // The system's; one that cannot be read is missing, as for every program.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = &ca_file.path
        && let Err(error) = add_roots(&mut roots, &ca_file.bytes)
    {
        reader.problem("ca_file", format!("cannot use `{}`: {error}", path.display()));
        return None;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map(|builder| Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
        .map_err(|error| reader.problem("", format!("TLS cannot be set up: {error}")))
        .ok()
}

/// Adds the certificates of a PEM file. Fails if there is none.
fn add_roots(roots: &mut RootCertStore, pem: &[u8]) -> Result<(), String> {
    let before = roots.len();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.len() == before { Err("there is no certificate in it".to_owned()) } else { Ok(()) }
}

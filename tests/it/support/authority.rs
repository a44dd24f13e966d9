//! A certificate authority of our own that lives for one test: nobody trusts it
//! who was not given its certificate.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails the test")]

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;

pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        amtsbote::fetch::install_crypto();
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap())
    }

    /// Its own certificate, as an operator would put it into `ca_file`.
    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A server whose certificate is good for `name`, until the year 4096.
    pub(crate) fn server(&self, name: &str) -> Arc<ServerConfig> {
        self.issue(CertificateParams::new(vec![name.to_owned()]).unwrap())
    }

    /// One whose certificate ended with the year 2001.
    pub(crate) fn expired(&self, name: &str) -> Arc<ServerConfig> {
        let mut parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
        parameters.not_before = date_time_ymd(2000, 1, 1);
        parameters.not_after = date_time_ymd(2001, 12, 31);
        self.issue(parameters)
    }

    fn issue(&self, parameters: CertificateParams) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        Arc::new(config)
    }
}

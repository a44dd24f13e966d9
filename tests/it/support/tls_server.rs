//! A TLS server on loopback with certificates of our own: a root that nobody
//! knows, an intermediate, and two server certificates for `stadt.test`, one good
//! for a hundred years and one expired. Made with openssl; the one key that is
//! kept protects nothing, those of the issuers were thrown away.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails the test")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

pub(crate) const INTERMEDIATE: &[u8] = include_bytes!("tls/mid.pem");
pub(crate) const ROOT: &[u8] = include_bytes!("tls/root.pem");
pub(crate) const SERVER: &[u8] = include_bytes!("tls/leaf.pem");
pub(crate) const EXPIRED: &[u8] = include_bytes!("tls/expired.pem");
const KEY: &[u8] = include_bytes!("tls/leaf.key");

/// The server; it lives as long as the test run.
pub(crate) struct TlsServer {
    port: u16,
    heads: Arc<Mutex<Vec<String>>>,
}

impl TlsServer {
    /// Presents that chain, speaks one of those protocols, and answers every
    /// request with these bytes.
    pub(crate) fn start(chain: &[&[u8]], protocols: &[&[u8]], answer: &[u8]) -> Self {
        amtsbote::fetch::install_crypto();
        let chain = chain.iter().map(|pem| CertificateDer::from_pem_slice(pem).unwrap()).collect();
        let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
        let mut config =
            ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let (kept, answer) = (Arc::clone(&heads), answer.to_vec());
        thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let session = ServerConnection::new(Arc::clone(&config)).unwrap();
                let mut stream = StreamOwned::new(session, socket);
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
                    head.push(byte[0]);
                }
                if !head.is_empty() {
                    kept.lock().unwrap().push(String::from_utf8_lossy(&head).into_owned());
                    let _ = stream.write_all(&answer);
                    stream.conn.send_close_notify();
                    let _ = stream.flush();
                }
            }
        });
        Self { port, heads }
    }

    /// The URL of a path here under that name.
    pub(crate) fn url(&self, name: &str, path: &str) -> String {
        format!("https://{name}:{}{path}", self.port)
    }

    /// The heads of the requests that came through.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

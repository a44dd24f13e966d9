//! Names the issuer that is missing when a server's certificate is not trusted.
//!
//! Town servers often forget to send their intermediate certificate. The TLS
//! library only says that the issuer is unknown; an operator needs its name to
//! find it. So the handshake is begun once more, only to look at the
//! certificates, and always refused: nothing is sent over such a connection.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A look is worth no more than this.
const LIMIT: Duration = Duration::from_secs(5);

/// Most octets of a handshake that are read.
const MOST_BYTES: usize = 128 * 1024;

/// Returns who issued the last certificate of the chain that the server at `address`
/// presents for `name`; none if it cannot be found out.
pub(super) async fn missing(address: SocketAddr, name: String) -> Option<String> {
    let chain = tokio::time::timeout(LIMIT, presented(address, name)).await.ok()?.ok()?;
    let chain: Vec<_> = chain.iter().map(|certificate| names(certificate)).collect();
    last_issuer(&chain)
}

/// Returns the certificates that the server presents.
async fn presented(
    address: SocketAddr,
    name: String,
) -> Result<Vec<CertificateDer<'static>>, Box<dyn std::error::Error + Send + Sync>> {
    let provider = CryptoProvider::get_default().ok_or("no cryptography installed")?;
    let onlooker =
        Arc::new(Onlooker { provider: Arc::clone(provider), seen: Mutex::new(Vec::new()) });
    let config = ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&onlooker) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    let mut handshake = ClientConnection::new(Arc::new(config), ServerName::try_from(name)?)?;
    let mut socket = TcpStream::connect(address).await?;
    let mut received = 0;
    let mut buffer = [0; 4096];
    loop {
        let mut out = Vec::new();
        while handshake.wants_write() {
            handshake.write_tls(&mut out)?;
        }
        socket.write_all(&out).await?;
        let count = socket.read(&mut buffer).await?;
        received += count;
        if count == 0 || received > MOST_BYTES {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        let mut piece = &buffer[..count];
        while !piece.is_empty() {
            handshake.read_tls(&mut piece)?;
            // the onlooker refuses every certificate: an error is the way out
            if handshake.process_new_packets().is_err() {
                return Ok(std::mem::take(
                    &mut *onlooker.seen.lock().unwrap_or_else(PoisonError::into_inner),
                ));
            }
        }
    }
}

/// Sees the certificates and accepts none.
#[derive(Debug)]
struct Onlooker {
    provider: Arc<CryptoProvider>,
    seen: Mutex<Vec<CertificateDer<'static>>>,
}

impl ServerCertVerifier for Onlooker {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain = std::iter::once(end_entity).chain(intermediates).take(10);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) =
            chain.map(|certificate| certificate.clone().into_owned()).collect();
        Err(refused())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(refused())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(refused())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn refused() -> rustls::Error {
    rustls::Error::General("only looked at".to_owned())
}

/// Issuer and subject of a certificate, as DER.
type Names<'a> = Option<(&'a [u8], &'a [u8])>;

/// Follows the chain from the server's own certificate, in whatever order it
/// came, to the first issuer that is not part of it.
fn last_issuer(chain: &[Names<'_>]) -> Option<String> {
    let (mut issuer, mut subject) = (*chain.first()?)?;
    for _ in 0..chain.len() {
        if issuer == subject {
            return readable(issuer).map(|name| format!("{name} (self-signed)"));
        }
        match chain.iter().flatten().find(|(_, other)| *other == issuer) {
            Some(next) => (issuer, subject) = *next,
            None => return readable(issuer),
        }
    }
    None
}

/// Returns the issuer and subject as they stand in the certificate (RFC 5280 4.1).
fn names(certificate: &[u8]) -> Names<'_> {
    const SEQUENCE: u8 = 0x30;
    let mut rest = inside(certificate, SEQUENCE)?;
    rest = inside(rest, SEQUENCE)?;
    let (tag, _, after) = element(rest)?;
    if tag == 0xa0 {
        rest = after; // version
    }
    let (.., rest) = element(rest)?; // serial number
    let (.., rest) = element(rest)?; // signature algorithm
    let (_, issuer, rest) = element(rest)?;
    let (.., rest) = element(rest)?; // validity
    let (_, subject, _) = element(rest)?;
    Some((issuer, subject))
}

/// Returns the common name in a distinguished name, else the unit, else the organisation.
fn readable(name: &[u8]) -> Option<String> {
    const NAMES: [&[u8]; 3] = [&[0x55, 4, 3], &[0x55, 4, 11], &[0x55, 4, 10]];
    let mut found = [const { None }; 3];
    let mut rest = name;
    while let Some((_, set, after)) = element(rest) {
        rest = after;
        let Some((_, attribute, _)) = element(set) else { continue };
        let Some((_, kind, value)) = element(attribute) else { continue };
        let Some((_, value, _)) = element(value) else { continue };
        if let Some(index) = NAMES.iter().position(|name| *name == kind) {
            let text = String::from_utf8_lossy(value);
            let text: String = text.chars().filter(|c| !c.is_control()).take(100).collect();
            found[index] = Some(text);
        }
    }
    found.into_iter().flatten().find(|text| !text.trim().is_empty())
}

/// Returns the content of the first element, if it is of that kind.
fn inside(der: &[u8], tag: u8) -> Option<&[u8]> {
    let (found, content, _) = element(der)?;
    (found == tag).then_some(content)
}

/// Returns tag, content and what follows (X.690 8.1, lengths of up to two octets).
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81 => (usize::from(*rest.first()?), rest.get(1..)?),
        0x82 => (usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?])), rest.get(2..)?),
        _ => return None,
    };
    Some((tag, rest.get(..length)?, rest.get(length..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a distinguished name of one attribute, for example CN.
    fn name(kind: u8, text: &str) -> Vec<u8> {
        let value = wrap(0x0c, text.as_bytes());
        let attribute = wrap(0x30, &[wrap(0x06, &[0x55, 4, kind]), value].concat());
        wrap(0x31, &attribute)
    }

    fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).unwrap();
        [&[tag, 0x81, length], content].concat()
    }

    #[test]
    fn the_first_issuer_outside_the_chain_is_the_missing_one_in_any_order() {
        let [leaf, middle, root] = ["leaf", "middle", "root"].map(|text| name(3, text));
        let own = Some((middle.as_slice(), leaf.as_slice()));
        let intermediate = Some((root.as_slice(), middle.as_slice()));
        let stranger = Some((root.as_slice(), leaf.as_slice()));
        assert_eq!(last_issuer(&[own]).as_deref(), Some("middle"));
        assert_eq!(last_issuer(&[own, stranger, intermediate]).as_deref(), Some("root"));
        let itself = Some((leaf.as_slice(), leaf.as_slice()));
        assert_eq!(last_issuer(&[itself]).as_deref(), Some("leaf (self-signed)"));
        assert_eq!(last_issuer(&[None]), None);
        assert_eq!(last_issuer(&[]), None);
        let back = Some((leaf.as_slice(), middle.as_slice()));
        assert_eq!(last_issuer(&[own, back]), None, "a circle ends");
    }

    #[test]
    fn a_name_without_common_name_is_known_by_its_organisation() {
        assert_eq!(readable(&name(10, "Amt\u{7}")).as_deref(), Some("Amt"));
        let both = [name(10, "Amt"), name(3, "CA 1")].concat();
        assert_eq!(readable(&both).as_deref(), Some("CA 1"));
        assert_eq!(readable(&name(6, "DE")), None);
    }

    #[test]
    fn no_bytes_make_the_reader_panic() {
        let whole = wrap(0x30, &wrap(0x30, &name(3, "x")));
        for end in 0..whole.len() {
            assert_eq!(names(&whole[..end]), None);
        }
        for first in 0..=255 {
            for second in 0..=255 {
                let _ = names(&[0x30, first, second, 0x82, 0xff]);
                let _ = readable(&[0x31, first, second]);
            }
        }
    }
}

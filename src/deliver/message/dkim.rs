//! A DKIM signature (RFC 6376): rsa-sha256, relaxed/relaxed.
//!
//! Usually the relay signs. This is for those who submit without one: it signs
//! the List-* fields, as RFC 8058 4 demands, and Content-Type, and its bytes
//! depend on nothing but the message and the key.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::SignatureScheme;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::sign::SigningKey;
use sha2::{Digest as _, Sha256};

use super::header::Field;
use crate::model::settings::{Bound, NamedFile, settings};
use crate::model::{Reader, Timestamp};

settings! {
    /// Signs mails by DKIM, for those who submit without a relay that signs.
    pub struct DkimSettings in "mail.dkim" {
        /// The key is published under this name below _domainkey of the domain.
        selector: String, DNS_NAME;
        /// Domain that signs; that of the From address.
        domain: String, DNS_NAME;
        /// RSA private key in PEM.
        key_file: NamedFile;
    }
}

const DNS_NAME: Bound = Bound::Text("a DNS name", |text| {
    let is_label = |label: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !label.is_empty() && label.bytes().all(allowed)
    };
    let is_name = text.len() <= 100 && text.split('.').all(is_label);
    if is_name { Ok(()) } else { Err(format!("`{text}` is not a DNS name")) }
});

/// Signs messages for one domain.
pub struct Signer {
    selector: String,
    domain: String,
    key: Arc<dyn SigningKey>,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.record_name())
    }
}

impl Signer {
    /// Returns a signer with an RSA key in PEM (PKCS #1 or #8); `None` if it is none.
    pub fn new(selector: &str, domain: &str, pem: &[u8]) -> Option<Self> {
        let der = PrivateKeyDer::from_pem_slice(pem).ok()?;
        let key = rustls::crypto::ring::sign::any_supported_type(&der).ok()?;
        key.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256])?;
        Some(Self { selector: selector.to_owned(), domain: domain.to_owned(), key })
    }

    /// Returns the signer of `[mail.dkim]`; reports a key that is none.
    pub fn build(settings: &DkimSettings, reader: &mut Reader<'_>) -> Option<Arc<Self>> {
        let signer = Self::new(&settings.selector, &settings.domain, &settings.key_file.bytes);
        if signer.is_none() {
            let file = settings.key_file.path.as_deref().unwrap_or_else(|| Path::new(""));
            let message = format!("`{}` is not an RSA private key in PEM", file.display());
            reader.problem("key_file", message);
        }
        signer.map(Arc::new)
    }

    /// Returns the name of the record that holds the public key.
    pub fn record_name(&self) -> String {
        format!("{}._domainkey.{}", self.selector, self.domain)
    }

    /// Returns the domain that signs.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Returns the public key as it stands in the record: DER in base64.
    pub fn public_key(&self) -> Option<String> {
        Some(STANDARD.encode(self.key.public_key()?))
    }

    /// Returns the whole DKIM-Signature field with CRLF, to stand before `fields`.
    pub(super) fn sign(&self, fields: &[Field], body: &str, at: Timestamp) -> Option<String> {
        let body_hash = STANDARD.encode(Sha256::digest(relaxed_body(body).as_bytes()));
        let mut names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
        // Named once more than it occurs: a second From would break the signature (RFC 6376 8.15).
        names.push("From");
        let mut field = format!(
            "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n d={}; s={};\r\n t={};\r\n {};\r\n bh={body_hash};\r\n b=",
            self.domain,
            self.selector,
            at.seconds(),
            signed_names(&names)
        );
        let mut signed = String::new();
        for (_, line) in fields {
            signed.push_str(&relaxed_field(line));
            signed.push_str("\r\n");
        }
        // The signature's own field comes last, without its value and line end.
        signed.push_str(&relaxed_field(&field));
        let key = self.key.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256])?;
        let signature = STANDARD.encode(key.sign(signed.as_bytes()).ok()?);
        let mut rest = signature.as_str();
        let mut room = 72;
        while !rest.is_empty() {
            let (line, after) = rest.split_at(room.min(rest.len()));
            field.push_str(line);
            if !after.is_empty() {
                field.push_str("\r\n ");
            }
            rest = after;
            room = 74;
        }
        field.push_str("\r\n");
        Some(field)
    }
}

/// Returns `h=Date:From:…`, folded after colons.
fn signed_names(names: &[&str]) -> String {
    let mut tag = String::from("h=");
    let mut width = 3;
    for (index, name) in names.iter().enumerate() {
        let colon = usize::from(index + 1 < names.len());
        if width + name.len() + colon > 76 {
            tag.push_str("\r\n ");
            width = 1;
        }
        tag.push_str(name);
        if colon == 1 {
            tag.push(':');
        }
        width += name.len() + colon;
    }
    tag
}

/// Returns a field by RFC 6376 3.4.2: name in lower case, unfolded, white space runs to one blank.
fn relaxed_field(field: &str) -> String {
    let (name, value) = field.split_once(':').unwrap_or((field, ""));
    let value = value.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty());
    format!("{}:{}", name.trim().to_ascii_lowercase(), value.collect::<Vec<_>>().join(" "))
}

/// Returns a body by RFC 6376 3.4.4: white space runs to one blank, none at line ends, no empty
/// lines at the end.
fn relaxed_body(body: &str) -> String {
    let mut relaxed = String::with_capacity(body.len());
    let mut empty = 0;
    for line in body.strip_suffix("\r\n").unwrap_or(body).split("\r\n") {
        let starts_blank = line.starts_with([' ', '\t']);
        let words = line.split([' ', '\t']).filter(|word| !word.is_empty());
        let line = words.collect::<Vec<_>>().join(" ");
        if line.is_empty() {
            empty += 1;
            continue;
        }
        for _ in 0..std::mem::take(&mut empty) {
            relaxed.push_str("\r\n");
        }
        if starts_blank {
            relaxed.push(' ');
        }
        relaxed.push_str(&line);
        relaxed.push_str("\r\n");
    }
    relaxed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_forms_are_those_of_the_rfc() {
        // RFC 6376 3.4.5.
        assert_eq!(relaxed_field("A: X\r\n"), "a:X");
        assert_eq!(relaxed_field("B : Y\t\r\n\tZ  \r\n"), "b:Y Z");
        assert_eq!(relaxed_body(" C \r\nD \t E\r\n\r\n\r\n"), " C\r\nD E\r\n");
        assert_eq!(relaxed_body(""), "");
    }

    #[test]
    fn no_key_no_signer() {
        assert!(Signer::new("s", "x.de", b"-----BEGIN NOTHING-----").is_none());
    }
}

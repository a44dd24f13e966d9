//! What the client's errors mean: one of ours, with the innermost reason as its text.

use std::error::Error;
use std::io;

use super::FetchError;
use super::guard::{Refusal, Unresolved};

/// Returns our error for one of the client's, met while asking `host`.
pub(super) fn meaning(host: &str, error: &reqwest::Error) -> FetchError {
    let host = host.to_owned();
    if let Some(Refusal(why)) = find::<Refusal>(error) {
        return FetchError::Guarded { host, why: why.clone() };
    }
    if let Some(Unresolved(why)) = find::<Unresolved>(error) {
        return FetchError::Resolve { host, why: why.clone() };
    }
    if let Some(cause) = find::<rustls::Error>(error) {
        return FetchError::Tls { host, why: handshake(cause), missing_issuer: None };
    }
    if error.is_connect() {
        let why = if error.is_timeout() { "timed out".to_owned() } else { innermost(error) };
        return FetchError::Connect { host, why };
    }
    if error.is_builder() {
        return FetchError::Setup { host, why: innermost(error) };
    }
    FetchError::Broken { host, why: innermost(error) }
}

/// Returns whether the server's certificate is signed by nobody that is known here.
pub(super) fn issuer_is_unknown(error: &reqwest::Error) -> bool {
    find::<rustls::Error>(error).is_some_and(|cause| {
        use rustls::CertificateError::UnknownIssuer;
        matches!(cause, rustls::Error::InvalidCertificate(UnknownIssuer))
    })
}

/// Returns whether the server closed the connection without a byte of an answer, as it
/// does to a connection that it had given up while we were writing.
pub(super) fn closed_before_answer(error: &reqwest::Error) -> bool {
    error.is_request()
        && !error.is_connect()
        && !error.is_timeout()
        && (innermost(error).contains("closed before message completed")
            || any(error, |cause| cause.downcast_ref::<io::Error>().is_some_and(was_cut)))
}

/// Returns whether the bytes came whole but are not what their Content-Encoding says.
/// The client reports torn bodies and bad packing alike; only the transport's
/// own error in the chain tells them apart, and its type is not ours to name.
pub(super) fn undecodable(error: &reqwest::Error) -> bool {
    error.is_decode()
        && !error.is_timeout()
        && !any(error, |cause| {
            let text = cause.to_string();
            text.contains("reading a body from connection")
                || cause.downcast_ref::<io::Error>().is_some_and(was_cut)
        })
}

fn was_cut(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
    )
}

/// Returns whether one of the causes is such.
fn any(error: &(dyn Error + 'static), such: impl Fn(&(dyn Error + 'static)) -> bool) -> bool {
    std::iter::successors(Some(error), |cause| below(*cause)).any(such)
}

/// Returns the first cause of that type, also inside an `io::Error`, which hides what it wraps.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    std::iter::successors(Some(error), |cause| below(*cause))
        .find_map(|cause| cause.downcast_ref::<E>())
}

fn below<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// Returns the text of the deepest cause, which says what happened; the layers above
/// only say where in the client.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut deepest = error;
    while let Some(cause) = below(deepest) {
        deepest = cause;
    }
    deepest.to_string()
}

/// Returns words for what went wrong in a handshake.
fn handshake(error: &rustls::Error) -> String {
    use rustls::CertificateError as Certificate;
    let rustls::Error::InvalidCertificate(certificate) = error else { return error.to_string() };
    match certificate {
        Certificate::UnknownIssuer => "its certificate's issuer is not known here".to_owned(),
        Certificate::Expired | Certificate::ExpiredContext { .. } => {
            "its certificate has expired".to_owned()
        }
        Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => {
            "its certificate is not valid yet".to_owned()
        }
        Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => {
            "its certificate is for another name".to_owned()
        }
        Certificate::Revoked => "its certificate was revoked".to_owned(),
        other => format!("its certificate is not accepted: {other}"),
    }
}

//! Certificates: whom we trust, and what we say of those we do not.

use amtsbote::fetch::{Fetch, FetchError, HttpFetch};
use amtsbote::model::Access;
use amtsbote::model::settings::NamedFile;

use super::places::Names;
use super::*;
use crate::support::feed_server::{FeedServer, response};
use crate::support::tls_server::{EXPIRED, INTERMEDIATE, ROOT, SERVER, TlsServer};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// `stadt.test` and `other.test` stand on loopback; further certificates as given.
fn trusting(certificates: Option<&[u8]>) -> HttpFetch {
    let names = Names::new(&[("stadt.test", &[&["127.0.0.1"]]), ("other.test", &[&["127.0.0.1"]])]);
    let fetch = HttpFetch::with_lookup(settings(), names).unwrap();
    let ca_file = certificates
        .map(|pem| NamedFile { path: Some("ca.pem".into()), bytes: pem.to_vec() })
        .unwrap_or_default();
    let access = Access { ca_file, ..Access::default() };
    fetch.with_access("stadt", "https://stadt.test/", &access).unwrap()
}

#[tokio::test]
async fn an_unknown_issuer_is_named_and_nothing_is_sent() {
    for (chain, missing) in [
        (&[SERVER][..], "Testamt Zwischenstelle"),
        (&[SERVER, INTERMEDIATE], "Testamt Wurzel"),
        (&[SERVER, INTERMEDIATE, ROOT], "Testamt Wurzel (self-signed)"),
    ] {
        let server = TlsServer::start(chain, &[], ANSWER);
        let error =
            trusting(None).fetch(&request(&server.url("stadt.test", "/"))).await.unwrap_err();
        let FetchError::Tls { why, missing_issuer, .. } = &error else { panic!("{error:?}") };
        assert_eq!(*why, format!("its certificate's issuer `{missing}` is not known here"));
        assert_eq!(missing_issuer.as_deref(), Some(missing));
        assert!(error.hint().unwrap().contains("`ca_file`"));
        assert_eq!(server.heads(), [""; 0]);
    }
}

#[tokio::test]
async fn a_configured_intermediate_or_root_makes_the_connection_trusted() {
    for (chain, trusted) in [(&[SERVER][..], INTERMEDIATE), (&[SERVER, INTERMEDIATE], ROOT)] {
        let server = TlsServer::start(chain, &[], ANSWER);
        let answer = trusting(Some(trusted)).fetch(&request(&server.url("stadt.test", "/"))).await;
        assert_eq!(answer.unwrap().body, b"ok");
    }
}

#[tokio::test]
async fn wrong_names_and_expired_certificates_are_told_apart() {
    let server = TlsServer::start(&[SERVER], &[], ANSWER);
    let outcome =
        trusting(Some(INTERMEDIATE)).fetch(&request(&server.url("other.test", "/"))).await;
    assert!(why(outcome).ends_with(": its certificate is for another name"));
    let server = TlsServer::start(&[EXPIRED], &[], ANSWER);
    let outcome =
        trusting(Some(INTERMEDIATE)).fetch(&request(&server.url("stadt.test", "/"))).await;
    assert!(why(outcome).ends_with(": its certificate has expired"));
}

#[tokio::test]
async fn https_at_a_server_without_tls_is_an_error() {
    let server = FeedServer::start().await;
    let url = server.url("/").replace("http://", "https://");
    let outcome = fetch().fetch(&hurried(&url)).await;
    assert!(outcome.is_err(), "{outcome:?}");
}

#[tokio::test]
async fn http_2_is_spoken_where_the_server_offers_it() {
    let server = TlsServer::start(&[SERVER], &[b"h2"], b"");
    let (client, request) = (trusting(Some(INTERMEDIATE)), request(&server.url("stadt.test", "/")));
    let is_heard = async {
        while server.heads().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    // The server knows no HTTP/2: hearing it spoken is enough.
    tokio::select! {
        outcome = client.fetch(&request) => assert!(outcome.is_err()),
        () = is_heard => {}
    }
    assert_eq!(server.heads()[0], "PRI * HTTP/2.0\r\n\r\n");
}

#[tokio::test]
async fn no_redirect_leads_from_https_to_http() {
    let plain = FeedServer::start().await;
    plain.on("/", [response(200, &[], FEED)]);
    let target =
        format!("HTTP/1.1 301 X\r\nContent-Length: 0\r\nLocation: {}\r\n\r\n", plain.url("/"));
    let server = TlsServer::start(&[SERVER], &[], target.as_bytes());
    let outcome =
        trusting(Some(INTERMEDIATE)).fetch(&request(&server.url("stadt.test", "/"))).await;
    assert!(why(outcome).ends_with("is not followed: it leads from https to http"));
    assert!(plain.asked().is_empty());
}

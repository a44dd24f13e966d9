//! Places we do not go.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use amtsbote::fetch::guard::Lookup;
use amtsbote::fetch::{Fetch, FetchError, FetchSettings, HttpFetch};
use amtsbote::model::settings::NamedFile;
use amtsbote::model::{Access, BoxFuture};

use super::*;
use crate::support::feed_server::{FeedServer, response};

/// Names with the answers of their lookups, the last for ever.
#[derive(Default)]
pub(super) struct Names(Mutex<HashMap<String, Vec<Vec<IpAddr>>>>);

impl Names {
    pub(super) fn new(names: &[(&str, &[&[&str]])]) -> Arc<Self> {
        let parse = |answer: &&[&str]| answer.iter().map(|text| text.parse().unwrap()).collect();
        Arc::new(Self(Mutex::new(
            names
                .iter()
                .map(|(name, answers)| {
                    ((*name).to_owned(), answers.iter().map(parse).rev().collect())
                })
                .collect(),
        )))
    }
}

impl Lookup for Names {
    fn lookup(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let mut names = self.0.lock().unwrap();
        let answer = match names.get_mut(&name) {
            Some(answers) if answers.len() > 1 => answers.pop().unwrap(),
            Some(answers) => answers[0].clone(),
            None => Vec::new(),
        };
        Box::pin(std::future::ready(Ok(answer)))
    }
}

/// A listener on every address that counts who knocks.
async fn canary() -> (u16, Arc<AtomicUsize>) {
    let listener = match tokio::net::TcpListener::bind("[::]:0").await {
        Ok(listener) => listener,
        Err(_) => tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap(),
    };
    let port = listener.local_addr().unwrap().port();
    let knocks = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&knocks);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    (port, knocks)
}

/// Only 127.0.0.3 is allowed, where the honest server stands.
fn guarded(names: &[(&str, &[&[&str]])]) -> HttpFetch {
    let settings =
        FetchSettings { allow_private: vec!["127.0.0.3".parse().unwrap()], ..settings() };
    HttpFetch::with_lookup(settings, Names::new(names)).unwrap()
}

#[tokio::test]
async fn a_source_is_asked_in_its_own_private_network_and_no_other_source_is() {
    let server = FeedServer::start_at("127.0.0.4:0").await;
    server.on("/", [response(200, &[], "da"), response(200, &[], "da")]);
    let all = guarded(&[("own.test", &[&["127.0.0.4"]])]);
    let access = Access { allow_private: vec!["127.0.0.4".parse().unwrap()], ..Access::default() };
    for place in [server.url("/"), server.url("/").replace("127.0.0.4", "own.test")] {
        assert!(
            matches!(all.fetch(&request(&place)).await, Err(FetchError::Guarded { .. })),
            "{place}"
        );
        let own = all.with_access("own", &place, &access).unwrap();
        assert_eq!(own.fetch(&request(&place)).await.unwrap().body, b"da", "{place}");
        assert!(
            matches!(all.fetch(&request(&place)).await, Err(FetchError::Guarded { .. })),
            "{place}"
        );
    }
}

#[tokio::test]
async fn no_byte_reaches_a_private_address_whether_configured_or_redirected_to() {
    let (port, knocks) = canary().await;
    let server = FeedServer::start_at("127.0.0.3:0").await;
    let fetch = guarded(&[
        ("private.test", &[&["127.0.0.1"]]),
        ("mapped.test", &[&["::ffff:127.0.0.1"]]),
        ("six.test", &[&["::1", "fe80::1"]]),
    ]);
    for (number, place) in [
        "127.0.0.1",
        "localhost",
        "LOCALHOST",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0177.0.0.1",
        "0x7f.1",
        "127.1",
        "0.0.0.0",
        "0",
        "[::]",
        "private.test",
        "mapped.test",
        "six.test",
        "private.test.",
        "[64:ff9b::7f00:1]",
        "[::127.0.0.1]",
    ]
    .iter()
    .enumerate()
    {
        let url = format!("http://{place}:{port}/");
        let path = format!("/{number}");
        server.on(&path, [response(302, &[("Location", &url)], "")]);
        for start in [url, server.url(&path)] {
            match fetch.fetch(&request(&start)).await {
                Err(FetchError::Guarded { .. }) => {}
                Err(FetchError::Resolve { host, .. }) if host.starts_with("private.test.") => {}
                outcome => panic!("{start} {place}: {outcome:?}"),
            }
        }
    }
    assert_eq!(knocks.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn no_redirect_leads_to_other_schemes_ports_or_with_credentials() {
    let server = FeedServer::start_at("127.0.0.3:0").await;
    let fetch = guarded(&[]);
    let with_credentials = server.url("/ok").replace("http://", "http://amt:pass@");
    server.on("/ok", [response(200, &[], FEED)]);
    for (number, (target, reason)) in [
        ("file:///etc/passwd", "the scheme `file` is not http or https"),
        ("ftp://127.0.0.3/x", "the scheme `ftp` is not http or https"),
        ("data:text/xml,<rss/>", "the scheme `data` is not http or https"),
        ("unix:/run/docker.sock", "the scheme `unix` is not http or https"),
        ("gopher://127.0.0.3:70/_x", "the scheme `gopher` is not http or https"),
        (&with_credentials, "the URL holds a user name or password"),
        ("http://127.0.0.3:25/", "port 25 is not for web servers"),
        ("//10.0.0.1/", "the address 10.0.0.1 is private"),
        ("http://169.254.169.254/latest/", "the address 169.254.169.254 is link-local"),
        ("http://172.16.0.1/", "the address 172.16.0.1 is private"),
        ("http://192.168.1.1/", "the address 192.168.1.1 is private"),
        ("http://100.64.0.1/", "shared by a provider's customers"),
        ("http://[fd00::1]/", "the address fd00::1 is private"),
        ("http://127.0.0.3/\u{1}", "control characters"),
    ]
    .into_iter()
    .enumerate()
    {
        let path = format!("/{number}");
        server.on(&path, [response(302, &[("Location", target)], "")]);
        let reason_given = why(fetch.fetch(&request(&server.url(&path))).await);
        assert!(
            reason_given.contains(reason) || target.contains('\u{1}'),
            "{target}: {reason_given}"
        );
    }
    assert!(server.asked().iter().all(|asked| asked.path != "/ok"));
}

#[tokio::test]
async fn a_name_that_changes_its_address_is_caught_where_it_is_connected_to() {
    let (port, knocks) = canary().await;
    let server = FeedServer::start_at("127.0.0.3:0").await;
    server.on("/", [response(200, &[], FEED)]);
    let fetch = guarded(&[
        ("rebind.test", &[&["127.0.0.3"], &["127.0.0.1"]]),
        ("mixed.test", &[&["127.0.0.1", "127.0.0.3", "::1"]]),
    ]);
    let url = format!("http://rebind.test:{}/", server.port());
    assert!(fetch.fetch(&request(&url)).await.is_ok());
    assert_eq!(
        why(fetch.fetch(&request(&format!("http://rebind.test:{port}/"))).await),
        format!(
            "`rebind.test:{port}` is not asked: `rebind.test` leads astray: the address 127.0.0.1 is loopback"
        )
    );
    let url = format!("http://mixed.test:{}/", server.port());
    assert!(fetch.fetch(&request(&url)).await.is_ok());
    let outcome = fetch.fetch(&request(&format!("http://mixed.test:{port}/"))).await;
    assert!(outcome.is_err(), "{outcome:?}");
    // the canary listens on 127.0.0.3 as well, where mixed.test may go
    assert!(knocks.load(Ordering::SeqCst) <= 1);
}

#[tokio::test]
async fn a_proxy_may_stand_in_our_network_but_does_not_open_it() {
    let proxy = FeedServer::start().await;
    proxy.on("http://stadt.test/feed", [response(200, &[], FEED)]);
    proxy.on("http://unknown.test/", [response(200, &[], FEED)]);
    let names =
        Names::new(&[("stadt.test", &[&["93.184.216.34"]]), ("inside.test", &[&["10.0.0.1"]])]);
    let strict = FetchSettings {
        allow_private: Vec::new(),
        configured_hosts: ["unknown.test".to_owned()].into(),
        ..settings()
    };
    let fetch = HttpFetch::with_lookup(strict, names).unwrap();
    let access = Access { proxy: Some(proxy.url("")), ..Access::default() };
    let fetch = fetch.with_access("amt", "http://stadt.test/feed", &access).unwrap();
    for url in ["http://stadt.test/feed", "http://unknown.test/"] {
        assert_eq!(fetch.fetch(&request(url)).await.unwrap().body, FEED.as_bytes());
    }
    // Nobody here knows where the proxy would go for a name that no source has.
    for url in [
        "http://elsewhere.test/",
        "http://inside.test/",
        "http://127.0.0.1:631/",
        "http://[::ffff:10.0.0.1]/",
    ] {
        let outcome = fetch.fetch(&request(url)).await;
        assert!(matches!(outcome, Err(FetchError::Guarded { .. })), "{url}: {outcome:?}");
    }
    assert_eq!(proxy.asked().len(), 2);
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_before_anything_is_asked() {
    let access = |change: fn(&mut Access)| {
        let mut access = Access::default();
        change(&mut access);
        fetch().with_access("amt", "http://stadt.test/", &access).unwrap_err().to_string()
    };
    for (change, reason) in [
        (
            (|a| a.proxy = Some("socks5://amt:geheim@p.test".into())) as fn(&mut Access),
            "the proxy's URL does not begin with http:// or https://",
        ),
        (
            |a| {
                a.ca_file =
                    NamedFile { path: Some("ca.pem".into()), bytes: b"no certificate".to_vec() };
            },
            "the further certificates hold none in PEM",
        ),
        (|a| a.headers = vec![("X Y".into(), "z".into())], "`X Y` is no field name"),
        (
            |a| a.headers = vec![("X".into(), "a\r\nb".into())],
            "the value of field `X` holds control characters",
        ),
        (|a| a.user_agent = Some("a\nb".into()), "the user agent holds control characters"),
    ] {
        assert_eq!(access(change), format!("`amt` cannot be asked as configured: {reason}"));
    }
}

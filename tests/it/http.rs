//! The HTTP client against good, slow and hostile servers on loopback.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use amtsbote::fetch::guard::Lookup;
use amtsbote::fetch::{Fetch, FetchError, FetchSettings, HttpFetch, caching};
use amtsbote::model::{Access, BasicAuth, BoxFuture, Cursor, Headers, Method, Request, Response};

use crate::support::feed_server::{Act, Asked, FeedServer, chunk, head, response};
use crate::support::packed;

const FEED: &str = "<rss><channel><item><title>Neues</title></item></channel></rss>";

fn settings() -> FetchSettings {
    FetchSettings {
        user_agent: "amtsbote/1 (+https://bote.test/; amt@bote.test)".to_owned(),
        allow_private: vec!["127.0.0.0/8".parse().unwrap()],
        ..FetchSettings::default()
    }
}

fn fetch() -> HttpFetch {
    HttpFetch::new(settings()).unwrap()
}

fn request(url: &str) -> Request {
    Request {
        method: Method::Get,
        url: url.to_owned(),
        accept: "application/rss+xml, */*;q=0.1".to_owned(),
        headers: Headers::new(),
        max_bytes: 1 << 20,
        timeout: Duration::from_secs(5),
    }
}

fn hurried(url: &str) -> Request {
    Request { timeout: Duration::from_millis(400), ..request(url) }
}

async fn get(url: &str) -> Result<Response, FetchError> {
    fetch().fetch(&request(url)).await
}

/// Starts a server with one answer at `/` and asks for it.
async fn ask(acts: impl IntoIterator<Item = Act>) -> (Result<Response, FetchError>, Vec<Asked>) {
    let server = FeedServer::start().await;
    server.on("/", acts);
    (get(&server.url("/")).await, server.asked())
}

fn why(outcome: Result<Response, FetchError>) -> String {
    match outcome {
        Ok(response) => panic!("an answer: {} {}", response.status, response.body.len()),
        Err(error) => error.to_string(),
    }
}

#[track_caller]
fn assert_broken(outcome: Result<Response, FetchError>) {
    assert!(matches!(outcome, Err(FetchError::Broken { .. })), "{outcome:?}");
}

// ── good answers ────────────────────────────────────────────────────────────

#[tokio::test]
async fn a_feed_is_fetched_with_our_name_and_nothing_that_tracks() {
    let (outcome, asked) =
        ask([response(200, &[("ETag", "\"1\""), ("Set-Cookie", "a=b")], FEED)]).await;
    let answer = outcome.unwrap();
    assert_eq!((answer.status, answer.truncated, &answer.moved), (200, false, &None));
    assert_eq!(answer.body, FEED.as_bytes());
    assert_eq!(answer.headers.get("etag"), Some("\"1\""));
    assert!(answer.final_url.ends_with('/'));
    let asked = &asked[0];
    assert_eq!(asked.field("user-agent"), Some("amtsbote/1 (+https://bote.test/; amt@bote.test)"));
    assert_eq!(asked.field("accept"), Some("application/rss+xml, */*;q=0.1"));
    let codings = asked.field("accept-encoding").unwrap();
    assert!(["gzip", "br", "zstd"].iter().all(|coding| codings.contains(coding)), "{codings}");
    for unwanted in ["cookie", "referer", "authorization", "cache-control", "pragma"] {
        assert_eq!(asked.field(unwanted), None);
    }
}

#[tokio::test]
async fn no_cookie_is_sent_back() {
    let server = FeedServer::start().await;
    server.on("/", [response(200, &[("Set-Cookie", "id=7; Path=/")], FEED)]);
    let fetch = fetch();
    for _ in 0..2 {
        fetch.fetch(&request(&server.url("/"))).await.unwrap();
    }
    assert!(server.asked().iter().all(|asked| asked.field("cookie").is_none()));
}

#[tokio::test]
async fn validators_are_echoed_byte_for_byte_and_304_comes_through() {
    let server = FeedServer::start().await;
    let etag = "W/\"a,b  \u{fc}\"";
    let mut first = head(200, &[("Last-Modified", "vorgestern"), ("Content-Length", "1")]);
    let end = first.len() - 2;
    first.truncate(end);
    first.extend_from_slice(b"ETag: W/\"a,b  \xfc\"\r\n\r\nx");
    server.on("/", [Act::Write(first)]).on("/", [Act::Write(head(304, &[("ETag", "\"2\"")]))]);
    let fetch = fetch();
    let answer = fetch.fetch(&request(&server.url("/"))).await.unwrap();
    let cursor = caching::remember(&Cursor::default(), &answer);
    assert_eq!(answer.headers.get("ETag"), Some(etag));
    let mut again = request(&server.url("/"));
    caching::validate(&mut again, &cursor);
    let answer = fetch.fetch(&again).await.unwrap();
    assert_eq!((answer.status, answer.body.len()), (304, 0));
    assert!(caching::is_valid_304(&cursor, &answer));
    let asked = &server.asked()[1];
    assert_eq!(asked.field("if-modified-since"), Some("vorgestern"));
    // the log is lossy text: the octet arrived as it was, so as no UTF-8
    assert_eq!(asked.field("if-none-match"), Some("W/\"a,b  \u{fffd}\""));
}

#[tokio::test]
async fn every_status_comes_through_with_its_fields() {
    for status in [200, 204, 206, 300, 304, 400, 401, 403, 404, 410, 418, 429, 500, 502, 503, 999] {
        let body = if matches!(status, 204 | 304) { "" } else { "x" };
        let act = match status {
            204 | 304 => Act::Write(head(status, &[("Retry-After", "7")])),
            _ => response(status, &[("Retry-After", "7")], body),
        };
        let (outcome, asked) = ask([act]).await;
        let answer = outcome.unwrap();
        assert_eq!((answer.status, answer.body.len()), (status, body.len()));
        assert_eq!(answer.headers.get("retry-after"), Some("7"));
        assert_eq!(asked.len(), 1, "no retry of our own after {status}");
    }
}

#[tokio::test]
async fn a_body_that_ends_with_the_connection_is_whole() {
    let (outcome, _) =
        ask([Act::Write(format!("HTTP/1.0 200 OK\r\n\r\n{FEED}").into_bytes()), Act::Close]).await;
    assert_eq!(outcome.unwrap().body, FEED.as_bytes());
}

#[tokio::test]
async fn a_slow_but_living_server_is_waited_for() {
    let whole = [head(200, &[("Content-Length", "5")]), b"abcde".to_vec()].concat();
    let (one, two) = whole.split_at(20);
    let pause = Act::Pause(Duration::from_millis(100));
    let (outcome, _) =
        ask([pause.clone(), Act::Write(one.to_vec()), pause, Act::Write(two.to_vec())]).await;
    assert_eq!(outcome.unwrap().body, b"abcde");
}

#[tokio::test]
async fn head_asks_for_the_size_and_reads_no_body() {
    let server = FeedServer::start().await;
    server.on("/a.pdf", [Act::Write(head(200, &[("Content-Length", "4711")]))]);
    let request = Request { method: Method::Head, ..request(&server.url("/a.pdf")) };
    let answer = fetch().fetch(&request).await.unwrap();
    assert_eq!(answer.headers.get("content-length"), Some("4711"));
    assert!(answer.body.is_empty() && server.asked()[0].head.starts_with("HEAD "));
}

// ── time ────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn whatever_drags_on_ends_at_the_limit_of_the_whole_exchange() {
    let drip = |bytes: &[u8]| Act::Drip(bytes.to_vec(), Duration::from_millis(50));
    let server = FeedServer::start().await;
    server
        .on("/hang", [Act::Hang])
        .on("/hang-after-head", [Act::Write(head(200, &[("Content-Length", "9")])), Act::Hang])
        .on("/slow-head", [Act::Write(b"HTTP/1.1 200 OK\r\nX: ".to_vec()), drip(b"x")])
        .on("/slow-body", [Act::Write(head(200, &[("Content-Length", "999")])), drip(b"x")])
        .on(
            "/slow-chunks",
            [Act::Write(head(200, &[("Transfer-Encoding", "chunked")])), drip(b"1\r\nx\r\n")],
        )
        .on("/informs", [Act::Flood(b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n".to_vec())]);
    let fetch = fetch();
    let paths =
        ["/hang", "/hang-after-head", "/slow-head", "/slow-body", "/slow-chunks", "/informs"];
    let asking = paths.map(|path| {
        let (fetch, request) = (fetch.clone(), hurried(&server.url(path)));
        tokio::spawn(async move { fetch.fetch(&request).await })
    });
    for (path, outcome) in paths.iter().zip(asking) {
        let outcome = outcome.await.unwrap();
        let late = matches!(outcome, Err(FetchError::Timeout { .. }));
        // a client may also give up on a flood of 1xx before
        assert!(late || *path == "/informs" && outcome.is_err(), "{path}: {outcome:?}");
    }
}

#[tokio::test]
async fn redirects_and_slow_hops_share_one_limit() {
    let server = FeedServer::start().await;
    for hop in 0..9 {
        server.on(
            &format!("/{hop}"),
            [
                Act::Pause(Duration::from_millis(150)),
                response(302, &[("Location", &format!("/{}", hop + 1))], ""),
            ],
        );
    }
    let outcome = fetch().fetch(&hurried(&server.url("/0"))).await;
    assert!(matches!(outcome, Err(FetchError::Timeout { .. })), "{outcome:?}");
}

// ── size ────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_whole_and_one_byte_more_is_cut() {
    let server = FeedServer::start().await;
    server.on("/", [response(200, &[], "0123456789")]);
    for (limit, length, truncated) in [(10, 10, false), (9, 9, true), (0, 0, true)] {
        let request = Request { max_bytes: limit, ..request(&server.url("/")) };
        let answer = fetch().fetch(&request).await.unwrap();
        assert_eq!((answer.body.len(), answer.truncated), (length, truncated), "{limit}");
    }
}

#[tokio::test]
async fn an_endless_body_is_left_at_the_limit() {
    let server = FeedServer::start().await;
    server.on(
        "/",
        [
            Act::Write(head(200, &[("Transfer-Encoding", "chunked")])),
            Act::Flood(chunk(&[b'x'; 60_000])),
        ],
    );
    let answer = get(&server.url("/")).await.unwrap();
    assert_eq!((answer.body.len(), answer.truncated), (1 << 20, true));
    tokio::time::sleep(Duration::from_millis(50)).await;
    let flooded = server.flooded();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(server.flooded(), flooded, "the connection was closed");
    assert!(flooded < 20 << 20, "{flooded} bytes went out");
}

#[tokio::test]
async fn bombs_are_cut_at_the_limit_of_unpacked_bytes() {
    let size = 64 << 20;
    for (coding, bomb) in [
        ("gzip", packed::gzip_bomb(size)),
        ("deflate", packed::deflate_bomb(size)),
        ("zstd", packed::zstd_bomb(size)),
        ("br", packed::BROTLI_BOMB.to_vec()),
    ] {
        assert!(bomb.len() < 1 << 20, "{coding}: small on the wire");
        let (outcome, asked) = ask([response(200, &[("Content-Encoding", coding)], bomb)]).await;
        let answer = outcome.unwrap();
        assert_eq!((answer.body.len(), answer.truncated), (1 << 20, true), "{coding}");
        assert_eq!(asked.len(), 1, "{coding}");
    }
}

#[tokio::test]
async fn a_header_section_without_measure_is_an_error() {
    let huge = [b"HTTP/1.1 200 OK\r\nX: ".to_vec(), vec![b'x'; 8 << 20]].concat();
    let endless = [Act::Write(b"HTTP/1.1 200 OK\r\n".to_vec()), Act::Flood(b"X: y\r\n".to_vec())];
    assert_broken(ask([Act::Write(huge), Act::Close]).await.0);
    assert_broken(ask(endless).await.0);
}

// ── packing ─────────────────────────────────────────────────────────────────

#[tokio::test]
async fn packed_bodies_arrive_unpacked() {
    let gzip = packed::gzip(FEED.as_bytes());
    let (outcome, asked) = ask([response(200, &[("Content-Encoding", "gzip")], gzip)]).await;
    let answer = outcome.unwrap();
    assert_eq!((answer.body.as_slice(), asked.len()), (FEED.as_bytes(), 1));
    assert_eq!(answer.headers.get("content-encoding"), None);
}

#[tokio::test]
async fn a_body_that_is_not_packed_as_it_says_is_asked_for_once_more_unpacked() {
    for (coding, body) in [
        ("gzip", b"plain after all, and long enough for a gzip header".to_vec()),
        ("gzip", packed::gzip(FEED.as_bytes())[..40].to_vec()),
        ("x-gzip", packed::gzip(FEED.as_bytes())),
        ("x-evil", b"?".to_vec()),
        ("gzip, gzip", b"?".to_vec()),
        ("deflate", b"\x4b\x4c\x4a\x06\x00".to_vec()),
        ("br", vec![0xff; 40]),
        ("zstd", vec![0xff; 40]),
    ] {
        let server = FeedServer::start().await;
        server
            .on("/", [response(200, &[("Content-Encoding", coding)], body)])
            .on("/", [response(200, &[], FEED)]);
        let answer = get(&server.url("/")).await.unwrap();
        assert_eq!(answer.body, FEED.as_bytes(), "{coding}");
        let asked = server.asked();
        assert_eq!(asked.len(), 2, "{coding}");
        assert_eq!(asked[1].field("accept-encoding"), Some("identity"));
    }
}

#[tokio::test]
async fn who_lies_twice_about_the_packing_is_broken() {
    for coding in ["gzip", "x-evil"] {
        let (outcome, asked) = ask([response(200, &[("Content-Encoding", coding)], FEED)]).await;
        assert_broken(outcome);
        assert_eq!(asked.len(), 2, "{coding}");
    }
}

// ── torn and garbled answers ────────────────────────────────────────────────

#[tokio::test]
async fn a_torn_document_is_an_error_and_not_half_a_document() {
    let chunked = |rest: &[u8]| {
        Act::Write([head(200, &[("Transfer-Encoding", "chunked")]), rest.to_vec()].concat())
    };
    let short = [head(200, &[("Content-Length", "999")]), FEED.as_bytes().to_vec()].concat();
    for (name, acts) in [
        ("short length", vec![Act::Write(short.clone()), Act::Close]),
        ("torn chunk", vec![chunked(b"ff\r\nabc"), Act::Close]),
        ("no last chunk", vec![chunked(b"3\r\nabc\r\n"), Act::Close]),
        ("bad chunk", vec![chunked(b"zz\r\nabc\r\n0\r\n\r\n"), Act::Close]),
        ("reset", vec![Act::Write(short), Act::Pause(Duration::from_millis(50)), Act::Reset]),
        (
            "torn gzip",
            vec![
                Act::Write(head(200, &[("Content-Encoding", "gzip"), ("Content-Length", "999")])),
                Act::Write(packed::gzip(FEED.as_bytes())[..40].to_vec()),
                Act::Close,
            ],
        ),
    ] {
        let (outcome, asked) = ask(acts).await;
        assert!(matches!(outcome, Err(FetchError::Broken { .. })), "{name}: {outcome:?}");
        assert_eq!(asked.len(), 1, "{name}: asked once");
    }
}

#[tokio::test]
async fn what_is_not_http_is_an_error() {
    for bytes in [
        &b"SSH-2.0-OpenSSH_9.2\r\n"[..],
        b"<rss>no header at all</rss>",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabc",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"\0\0\0\0\0\0\0\0\0\0\0\0",
    ] {
        let (outcome, _) = ask([Act::Write(bytes.to_vec()), Act::Close]).await;
        assert!(matches!(outcome, Err(FetchError::Broken { .. })), "{outcome:?}");
    }
}

#[tokio::test]
async fn of_length_and_chunks_the_chunks_count() {
    let fields = [("Content-Length", "3"), ("Transfer-Encoding", "chunked")];
    let body = [head(200, &fields), chunk(b"abcdef"), b"0\r\n\r\n".to_vec()].concat();
    match ask([Act::Write(body), Act::Close]).await.0 {
        Ok(answer) => assert_eq!(answer.body, b"abcdef"),
        outcome => assert_broken(outcome),
    }
}

#[tokio::test]
async fn who_closes_or_resets_without_a_word_is_not_asked_twice() {
    for act in [Act::Close, Act::Reset] {
        let (outcome, asked) = ask([act]).await;
        assert_broken(outcome);
        assert_eq!(asked.len(), 1);
    }
}

#[tokio::test]
async fn a_closed_port_and_an_unknown_name_are_told_apart() {
    let server = FeedServer::start().await;
    let url = server.url("/");
    drop(server);
    tokio::time::sleep(Duration::from_millis(20)).await;
    let outcome = get(&url).await;
    assert!(matches!(outcome, Err(FetchError::Connect { .. })), "{outcome:?}");
    let fetch = HttpFetch::with_lookup(settings(), Arc::new(Names::default())).unwrap();
    let outcome = fetch.fetch(&request("http://nirgends.test/")).await;
    assert_eq!(why(outcome), "the name `nirgends.test` has no address: it has no address");
}

// ── kept connections ────────────────────────────────────────────────────────

#[tokio::test]
async fn connections_are_kept_only_to_hosts_of_several_sources() {
    for (kept, connections) in [(false, 2), (true, 1)] {
        let server = FeedServer::start().await;
        server.on("/", [response(200, &[], FEED)]);
        let mut settings = settings();
        if kept {
            settings.keep_alive_hosts.insert("127.0.0.1".to_owned());
        }
        let fetch = HttpFetch::new(settings).unwrap();
        for _ in 0..2 {
            fetch.fetch(&request(&server.url("/"))).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let seen: std::collections::BTreeSet<_> =
            server.asked().iter().map(|asked| asked.connection).collect();
        assert_eq!(seen.len(), connections, "kept: {kept}");
    }
}

#[tokio::test]
async fn a_kept_connection_that_died_is_replaced_once_and_only_once() {
    let kept = || {
        let mut settings = settings();
        settings.keep_alive_hosts.insert("127.0.0.1".to_owned());
        HttpFetch::new(settings).unwrap()
    };
    for dying in [Act::Close, Act::Reset] {
        let server = FeedServer::start().await;
        server
            .on("/", [response(200, &[], FEED)])
            .on("/", [dying.clone()])
            .on("/", [response(200, &[], FEED)])
            .on("/", [dying.clone()])
            .on("/", [dying]);
        let fetch = kept();
        for asked in [1, 3] {
            fetch.fetch(&request(&server.url("/"))).await.unwrap();
            assert_eq!(server.asked().len(), asked);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_broken(fetch.fetch(&request(&server.url("/"))).await);
        assert_eq!(server.asked().len(), 5);
    }
    // and one that the server closes while it waits does no harm at all
    let server = FeedServer::start().await;
    server.on("/", [response(200, &[], FEED), Act::Close]);
    let fetch = kept();
    for _ in 0..3 {
        fetch.fetch(&request(&server.url("/"))).await.unwrap();
    }
    assert_eq!(server.asked().len(), 3);
}

// ── redirects ───────────────────────────────────────────────────────────────

#[tokio::test]
async fn redirects_are_followed_and_only_the_first_permanent_run_is_a_move() {
    let server = FeedServer::start().await;
    server.on("/end", [response(200, &[], FEED)]);
    for (start, hops, moved) in [
        ("/a", &[(301, "/a1"), (308, "/end")][..], Some("/end")),
        ("/b", &[(301, "/b1"), (302, "/end")], Some("/b1")),
        ("/c", &[(302, "/c1"), (301, "/end")], None),
        ("/d", &[(307, "/end")], None),
        ("/e", &[(303, "end#part")], None),
        ("/f", &[(301, "/f1"), (302, "/f2"), (301, "/end")], Some("/f1")),
    ] {
        let mut path = start;
        for (status, target) in hops {
            server.on(path, [response(*status, &[("Location", target)], "moved")]);
            path = target;
        }
        let answer = get(&server.url(start)).await.unwrap();
        assert_eq!(answer.body, FEED.as_bytes());
        assert_eq!(answer.final_url, server.url("/end"), "{start}");
        let expected = moved.map(|path| server.url(path));
        assert_eq!(answer.moved.map(|moved| moved.permanent_url), expected, "{start}");
    }
}

#[tokio::test]
async fn five_redirects_are_followed_and_a_sixth_is_not() {
    let server = FeedServer::start().await;
    for hop in 0..30 {
        let target = format!("/{}", hop + 1);
        server.on(&format!("/{hop}"), [response(302, &[("Location", &target)], "")]);
    }
    server.on("/30", [response(200, &[], FEED)]);
    server.on("/self", [response(302, &[("Location", "/self")], "")]);
    server.on("/ping", [response(301, &[("Location", "/pong")], "")]);
    server.on("/pong", [response(301, &[("Location", "/ping")], "")]);
    assert!(get(&server.url("/25")).await.is_ok());
    for start in ["/24", "/0", "/self", "/ping"] {
        let before = server.asked().len();
        let reason = why(get(&server.url(start)).await);
        assert!(reason.ends_with("is not followed: more than 5 redirects in a row"), "{reason}");
        assert_eq!(server.asked().len() - before, 6, "{start}");
    }
}

#[tokio::test]
async fn a_redirect_to_nowhere_is_an_error() {
    for (fields, reason) in [
        (&[][..], "it names no target"),
        (&[("Location", "")], "it names no target"),
        (&[("Location", "http://")], "its target is no URL (empty host)"),
        (
            &[("Location", "http://a b/")],
            "its target is no URL (invalid international domain name)",
        ),
    ] {
        let (outcome, _) = ask([response(302, fields, "")]).await;
        assert!(matches!(outcome, Err(FetchError::Redirect { .. })), "{outcome:?}");
        let text = why(outcome);
        assert!(text.contains(reason) || text.contains("no URL"), "{text}");
    }
}

#[tokio::test]
async fn passwords_and_own_fields_stay_with_their_host() {
    let home = FeedServer::start().await;
    let abroad = FeedServer::start_at("127.0.0.2:0").await;
    home.on("/", [response(302, &[("Location", "/inside")], "")])
        .on("/inside", [response(302, &[("Location", &abroad.url("/"))], "")]);
    abroad.on("/", [response(200, &[], FEED)]);
    let access = Access {
        user_agent: Some("own/1".to_owned()),
        headers: vec![("X-Key".to_owned(), "k".to_owned())],
        basic_auth: Some(BasicAuth { user: "amt".to_owned(), password: "pa:ss".to_owned() }),
        ..Access::default()
    };
    let mut asking = request(&home.url("/"));
    asking.headers.add("If-None-Match", "\"1\"");
    asking.headers.add("X-Kind", "secret");
    fetch().with_access("amt", &access).unwrap().fetch(&asking).await.unwrap();
    for asked in home.asked() {
        assert_eq!(asked.field("authorization"), Some("Basic YW10OnBhOnNz"));
        assert_eq!(asked.field("x-key"), Some("k"));
        assert_eq!(asked.field("x-kind"), Some("secret"));
        assert_eq!(asked.field("user-agent"), Some("own/1"));
    }
    let there = &abroad.asked()[0];
    for field in ["authorization", "x-key", "x-kind", "referer"] {
        assert_eq!(there.field(field), None, "{field}");
    }
    assert_eq!(there.field("if-none-match"), Some("\"1\""));
}

// ── places we do not go ─────────────────────────────────────────────────────

/// Names with the answers of their lookups, the last for ever.
#[derive(Default)]
struct Names(Mutex<HashMap<String, Vec<Vec<IpAddr>>>>);

impl Names {
    fn new(names: &[(&str, &[&[&str]])]) -> Arc<Self> {
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

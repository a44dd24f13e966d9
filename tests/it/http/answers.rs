//! What good servers answer, and what is asked of them.

use std::time::Duration;

use amtsbote::answer::caching;
use amtsbote::fetch::{Fetch, HttpFetch};
use amtsbote::model::{Cursor, Method, Request};

use super::*;
use crate::support::feed_server::{Act, FeedServer, head, response};
use crate::support::packed;

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
    let cursor = caching::remember(&Cursor::default(), &answer).next;
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
async fn an_answer_without_a_body_may_say_that_it_is_packed() {
    let (outcome, asked) = ask([Act::Write(head(304, &[("Content-Encoding", "gzip")]))]).await;
    assert_eq!((outcome.unwrap().status, asked.len()), (304, 1));
}

#[tokio::test]
async fn of_an_error_page_no_more_is_read_than_tells_what_it_is() {
    let (outcome, _) = ask([response(503, &[], vec![b'x'; 1 << 20])]).await;
    let answer = outcome.unwrap();
    assert_eq!((answer.body.len(), answer.truncated), (256 << 10, true));
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
async fn a_server_that_labels_in_its_own_way_is_read_at_the_second_attempt() {
    let raw_deflate = packed::raw_deflate(FEED.as_bytes());
    for (coding, body) in [
        ("x-gzip", packed::gzip(FEED.as_bytes())),
        ("GZip", packed::gzip(FEED.as_bytes())),
        ("identity, gzip", packed::gzip(FEED.as_bytes())),
        ("deflate", raw_deflate),
    ] {
        let (outcome, asked) = ask([response(200, &[("Content-Encoding", coding)], body)]).await;
        assert_eq!(outcome.unwrap().body, FEED.as_bytes(), "{coding}");
        assert!(asked.len() <= 2, "{coding}");
    }
}

#[tokio::test]
async fn who_lies_twice_about_the_packing_is_broken() {
    for coding in ["gzip", "x-evil"] {
        let (outcome, asked) = ask([response(200, &[("Content-Encoding", coding)], FEED)]).await;
        assert_broken(&outcome);
        assert_eq!(asked.len(), 2, "{coding}");
    }
}

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
        assert_broken(&fetch.fetch(&request(&server.url("/"))).await);
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

//! Slow, endless, torn and garbled answers.

use std::sync::Arc;
use std::time::Duration;

use amtsbote::fetch::{Fetch, FetchError, HttpFetch};
use amtsbote::model::Request;

use super::places::Names;
use super::*;
use crate::support::feed_server::{Act, FeedServer, chunk, head, response};
use crate::support::packed;

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
async fn fifty_servers_that_hang_do_not_delay_a_good_one() {
    let server = FeedServer::start().await;
    server.on("/hang", [Act::Hang]).on("/good", [response(200, &[], FEED)]);
    let fetch = fetch();
    let hanging: Vec<_> = (0..50)
        .map(|_| {
            let (fetch, request) = (fetch.clone(), request(&server.url("/hang")));
            tokio::spawn(async move { fetch.fetch(&request).await })
        })
        .collect();
    while server.asked().len() < 50 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(fetch.fetch(&request(&server.url("/good"))).await.is_ok());
    assert!(hanging.iter().all(|asking| !asking.is_finished()));
    for asking in hanging {
        asking.abort();
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
            Act::Flood(chunk(&vec![b'x'; 60_000])),
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
    assert_broken(&ask([Act::Write(huge), Act::Close]).await.0);
    assert_broken(&ask(endless).await.0);
}

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
        outcome => assert_broken(&outcome),
    }
}

#[tokio::test]
async fn who_closes_or_resets_without_a_word_is_not_asked_twice() {
    for act in [Act::Close, Act::Reset] {
        let (outcome, asked) = ask([act]).await;
        assert_broken(&outcome);
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

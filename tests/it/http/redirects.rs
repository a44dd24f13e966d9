//! Where redirects lead, and what they take along.

use amtsbote::fetch::{Fetch, FetchError};
use amtsbote::model::Access;
use amtsbote::model::settings::Secret;

use super::*;
use crate::support::feed_server::{FeedServer, response};

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
        ("/g", &[(302, "/g1"), (302, "/g2"), (301, "/end")], None),
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
    let long = format!("/{}", "x".repeat(60_000));
    for (fields, reason) in [
        (&[][..], "it names no target"),
        (&[("Location", "")], "it names no target"),
        (&[("Location", &long)], "its target is longer than 8000 bytes"),
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
        user: Some("amt".to_owned()),
        password_file: Secret { file: None, value: Some("pa:ss".into()) },
        ..Access::default()
    };
    let mut asking = request(&home.url("/"));
    asking.headers.add("If-None-Match", "\"1\"");
    asking.headers.add("X-Kind", "secret");
    let fetch = fetch().with_access("amt", &home.url("/feed"), &access).unwrap();
    fetch.fetch(&asking).await.unwrap();
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
    // What an item links to is asked first, not by a redirect.
    fetch.fetch(&request(&abroad.url("/"))).await.unwrap();
    let linked = &abroad.asked()[1];
    assert_eq!((linked.field("authorization"), linked.field("x-key")), (None, None));
}

//! What a webhook is told, and what its answers come to.

#![expect(clippy::unwrap_used, reason = "a test may stop where something is missing")]

use std::path::Path;
use std::time::Duration;

use amtsbote::deliver::{Channel, Outgoing, SendError};
use amtsbote::model::{Content, Payload, Retry};
use data_encoding::HEXLOWER;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::{channel, envelope, rendered, text};
use crate::support::receiver::{Receiver, Reply};

fn webhook(settings: &[(&str, Content)], folder: &Path) -> Box<dyn Channel> {
    channel("webhook", settings, folder, None).unwrap()
}

async fn send(channel: &dyn Channel) -> Result<(), SendError> {
    let envelope = envelope();
    let payload = channel.encode(&envelope, &rendered()).unwrap();
    channel.send(Outgoing::new(&envelope, &payload)).await
}

#[tokio::test]
async fn a_message_is_posted_signed_and_with_a_key_that_tells_a_repetition() {
    let (folder, receiver) = (tempfile::tempdir().unwrap(), Receiver::start().await);
    std::fs::write(folder.path().join("key"), "Geheim-1\n").unwrap();
    std::fs::write(folder.path().join("token"), "Geheim-2\n").unwrap();
    let settings = [
        ("url", text(receiver.url("/hook"))),
        ("secret_file", text("key")),
        ("token_file", text("token")),
    ];
    let channel = webhook(&settings, folder.path());
    assert!(!channel.is_mail(), "nobody looks for its SPF");
    send(&*channel).await.unwrap();
    let [posted] = <[_; 1]>::try_from(receiver.posted()).unwrap();
    assert!(posted.head.starts_with("POST /hook HTTP/1.1\r\n"), "{}", posted.head);
    assert_eq!(posted.field("content-type"), Some("application/json"));
    assert_eq!(posted.field("authorization"), Some("Bearer Geheim-2"));
    let id = envelope().message_id;
    assert_eq!(posted.field("idempotency-key"), Some(&*format!("\"{id}\"")));
    let mut mac = Hmac::<Sha256>::new_from_slice(b"Geheim-1").unwrap();
    mac.update(&posted.body);
    let signature = format!("sha256={}", HEXLOWER.encode(&mac.finalize().into_bytes()));
    assert_eq!(posted.field("x-hub-signature-256"), Some(&*signature));
    let said: serde_json::Value = serde_json::from_slice(&posted.body).unwrap();
    assert_eq!((&said["id"], &said["to"]), (&id.into(), &envelope().recipient.into()));
    assert_eq!((&said["subject"], &said["kind"]), (&rendered().subject.into(), &"digest".into()));
}

#[tokio::test]
async fn an_address_with_a_place_for_the_number_is_asked_by_put() {
    let (folder, receiver) = (tempfile::tempdir().unwrap(), Receiver::start().await);
    let url = receiver.url("/_matrix/client/v3/rooms/!r:x/send/m.room.message/{id}");
    let channel = webhook(&[("url", text(url)), ("format", text("matrix"))], folder.path());
    for _ in 0..2 {
        send(&*channel).await.unwrap();
    }
    let posted = receiver.posted();
    assert!(posted[0].head.starts_with("PUT /_matrix/"), "{}", posted[0].head);
    let line = |at: usize| posted[at].head.lines().next().unwrap().to_owned();
    assert_eq!(line(0), line(1));
    assert!(!line(0).contains("%7Bid%7D") && !line(0).contains('@'), "{}", line(0));
}

#[tokio::test]
async fn each_answer_says_whether_another_try_can_help_and_whose_fault_it_is() {
    let (folder, receiver) = (tempfile::tempdir().unwrap(), Receiver::start().await);
    let channel = webhook(&[("url", text(receiver.url("/x")))], folder.path());
    for (status, retry, pauses_all, is_the_texts) in [
        (301, Retry::Later, true, false),
        (400, Retry::Never, false, true),
        (401, Retry::Later, true, false),
        (404, Retry::Later, true, false),
        (408, Retry::Later, false, false),
        (413, Retry::Never, false, true),
        (429, Retry::Later, true, false),
        (500, Retry::Later, false, false),
        (503, Retry::Later, true, false),
    ] {
        receiver.then(Reply::Say(status, "so nicht"));
        let error = send(&*channel).await.unwrap_err();
        let told = (error.retry(), error.pauses_all(), error.refuses_the_text());
        assert_eq!(told, (retry, pauses_all, is_the_texts), "{status}: {error}");
        assert!(error.to_string().contains(&status.to_string()), "{error}");
    }
    receiver.then(Reply::Drop);
    let error = send(&*channel).await.unwrap_err();
    assert!(matches!(error, SendError::Unknown { .. }), "{error}");
}

#[tokio::test]
async fn no_error_shows_a_secret_or_a_reader_whatever_the_other_side_says() {
    let (folder, receiver) = (tempfile::tempdir().unwrap(), Receiver::start().await);
    std::fs::write(folder.path().join("token"), "Geheim-2").unwrap();
    std::fs::write(folder.path().join("url"), receiver.url("/Geheim-3")).unwrap();
    let settings = [("url_file", text("url")), ("token_file", text("token"))];
    let channel = webhook(&settings, folder.path());
    receiver.then(Reply::Say(
        403,
        "Bearer Geheim-2 for petra.mueller@stadt-musterstadt.example\r\n\u{1b}[31m is unknown",
    ));
    let refused = send(&*channel).await.unwrap_err();
    drop(receiver);
    let shown = format!("{refused} {refused:?} {channel:?}");
    assert!(!shown.contains("Geheim") && !shown.contains("petra"), "{shown}");
    assert!(shown.contains("unknown") && !shown.contains('\u{1b}'), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_receiver_takes_no_more_than_its_share_and_no_longer_than_its_limit() {
    let (folder, receiver) = (tempfile::tempdir().unwrap(), Receiver::start().await);
    let settings = [
        ("url", text(receiver.url("/x"))),
        ("connections", Content::Integer(2)),
        ("timeout", text("1s")),
    ];
    let channel = std::sync::Arc::<dyn Channel>::from(webhook(&settings, folder.path()));
    receiver.then(Reply::Stall);
    for _ in 0..5 {
        receiver.then(Reply::Late(Duration::from_millis(10)));
    }
    let sending: Vec<_> = (0..6)
        .map(|_| {
            let channel = std::sync::Arc::clone(&channel);
            tokio::spawn(async move { send(&*channel).await })
        })
        .collect();
    let mut failed = 0;
    for one in sending {
        failed += usize::from(one.await.unwrap().is_err());
    }
    assert_eq!((failed, receiver.most_open()), (1, 2));
}

#[test]
fn an_unsafe_address_and_an_unfit_template_are_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("own.jinja"), "{\"text\": {{ subjekt | tojson }} }").unwrap();
    for (key, value, said) in [
        ("url", "http://chat.example/x", "insecure = true"),
        ("url", "https://x:geheim@chat.example/x", "token_file"),
        ("url", "chat.example", "no URL"),
        ("url", "ftp://chat.example/", "neither http nor https"),
        ("template_file", "own.jinja", "there is no `subjekt`"),
        ("format", "slack", "is not one of"),
    ] {
        let problems = channel("webhook", &[(key, text(value))], folder.path(), None).unwrap_err();
        let problems = problems.join("\n");
        assert!(problems.contains(said) && !problems.contains("geheim"), "{value}: {problems}");
    }
    std::fs::write(folder.path().join("own.jinja"), "{\"text\": {{ subject | tojson }} }").unwrap();
    let own = webhook(&[("template_file", text("own.jinja"))], folder.path());
    let Payload(bytes) = own.encode(&envelope(), &rendered()).unwrap();
    assert_eq!(bytes, b"{\"text\":\"Kommunal-IT am Dienstag: 1 Meldung\"}");
}

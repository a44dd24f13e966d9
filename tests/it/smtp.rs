//! The SMTP channel against a scripted server on loopback.

#![expect(clippy::unwrap_used, reason = "a test may stop where something is missing")]

mod tls;

use std::sync::Arc;
use std::time::Duration;

use amtsbote::deliver::{Channel, Outgoing, SendError, Step};
use amtsbote::model::{Content, Envelope, Payload, Retry};
use amtsbote::store::outbox;

use rustls::ServerConfig;

use crate::channels::{channel, envelope, rendered, text};
use crate::queue::Room;
use crate::support::smtp_server::{At, Do, Heard, SmtpServer};

struct World {
    server: SmtpServer,
    channel: Box<dyn Channel>,
    payload: Payload,
    _folder: tempfile::TempDir,
}

impl World {
    async fn new(script: &[(At, Do)]) -> Self {
        Self::with(script, &["SIZE 10000000", "AUTH PLAIN LOGIN"], &[], None).await
    }

    async fn with(
        script: &[(At, Do)],
        extensions: &'static [&'static str],
        settings: &[(&str, Content)],
        secret: Option<&str>,
    ) -> Self {
        let server = SmtpServer::start(script, extensions).await;
        let folder = tempfile::tempdir().unwrap();
        let mut all = vec![
            ("host", text("127.0.0.1")),
            ("port", Content::Integer(i64::from(server.address.port()))),
            ("step_timeout", text("300ms")),
            ("timeout", text("600ms")),
        ];
        all.extend(settings.iter().cloned());
        let channel = channel("smtp", &all, folder.path(), secret).unwrap();
        let payload = channel.encode(&envelope(), &rendered()).unwrap();
        Self { server, channel, payload, _folder: folder }
    }

    async fn send_to(&self, recipient: &str) -> Result<(), SendError> {
        let envelope = Envelope { recipient: recipient.to_owned(), ..envelope() };
        self.channel.send(Outgoing::new(&envelope, &self.payload)).await
    }

    async fn send(&self) -> Result<(), SendError> {
        self.send_to(&envelope().recipient).await
    }

    /// Sends once into the script and once after it.
    async fn fails_then_works(script: &[(At, Do)]) -> SendError {
        let world = Self::new(script).await;
        let error = world.send().await.unwrap_err();
        world.send().await.unwrap();
        let accepted = world.server.heard().into_iter().filter(|heard| heard.accepted);
        assert_eq!(accepted.count(), 1);
        error
    }
}

#[tokio::test]
async fn a_message_arrives_byte_for_byte_with_its_envelope() {
    let world = World::new(&[]).await;
    world.send().await.unwrap();
    let expected = Heard {
        sender: envelope().sender,
        recipient: envelope().recipient,
        bytes: world.payload.0.clone(),
        accepted: true,
    };
    assert_eq!(world.server.heard(), [expected]);
    // Lines that could end the message or give commands stayed text.
    assert_eq!(world.server.commands().iter().filter(|c| c.starts_with("MAIL")).count(), 1);
}

#[tokio::test]
async fn a_kept_connection_carries_many_messages() {
    let world = World::new(&[]).await;
    for _ in 0..5 {
        world.send().await.unwrap();
    }
    assert_eq!((world.server.heard().len(), world.server.connections()), (5, 1));
}

#[tokio::test]
async fn refusals_for_now_are_tried_again_and_then_arrive_once() {
    for (at, say, step) in [
        (At::Mail, "451 4.3.0 later", Step::Sender),
        (At::Rcpt, "450 4.2.0 greylisted", Step::Recipient),
        (At::Data, "451 4.3.0 later", Step::Data),
        (At::Dot, "451 4.3.0 later", Step::Content),
        (At::Dot, "452 4.3.1 full", Step::Content),
    ] {
        let error = World::fails_then_works(&[(at, Do::Say(say))]).await;
        let SendError::Transient { step: found, code, .. } = &error else {
            panic!("{at:?}: {error}");
        };
        assert_eq!((*found, code.unwrap().to_string()), (step, say[..3].to_owned()));
        assert!(!error.pauses_all(), "{at:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_busy_is_left_alone_for_a_while() {
    let error = World::fails_then_works(&[(At::Greeting, Do::SayAndClose("421 4.3.2 busy"))]).await;
    assert!(error.pauses_all() && error.retry() == Retry::Later, "{error}");
    let error = World::fails_then_works(&[(At::Dot, Do::SayAndClose("421 4.7.0 too much"))]).await;
    assert!(error.pauses_all() && error.retry() == Retry::Later, "{error}");
}

#[tokio::test]
async fn a_refused_recipient_is_the_only_one_refused() {
    let world =
        World::new(&[(At::Rcpt, Do::Say("550 5.1.1 <petra.mueller@x.example> unknown"))]).await;
    let error = world.send().await.unwrap_err();
    assert_eq!((error.retry(), error.code(), error.pauses_all()), (Retry::Never, Some(550), false));
    assert_eq!(error.to_string(), "refused for good at RCPT TO: 550 5.1.1 … unknown");
    world.send_to("anders@y.example").await.unwrap();
    // The same connection served the next one after RSET.
    assert_eq!(world.server.connections(), 1);
    for script in [
        (At::Dot, Do::Say("550 5.7.1 spam")),
        (At::Dot, Do::Say("552 5.3.4 message too big")),
        (At::Data, Do::Say("554 no")),
    ] {
        let error = World::fails_then_works(&[script]).await;
        assert_eq!((error.retry(), error.pauses_all()), (Retry::Never, false), "{error}");
    }
}

#[tokio::test]
async fn a_refusal_of_everything_blames_no_recipient() {
    for script in [
        vec![(At::Greeting, Do::Say("554 5.7.1 no service"))],
        vec![
            (At::Ehlo, Do::Say("502 5.5.1 no such command")),
            (At::Helo, Do::Say("502 5.5.1 no such command")),
        ],
        vec![(At::Mail, Do::Say("550 5.7.1 sender refused"))],
    ] {
        let error = World::fails_then_works(&script).await;
        assert!(error.needs_the_operator() && error.pauses_all(), "{error}");
        assert!(error.hint().is_some());
    }
    let settings = [("username", text("meldungen"))];
    let script = [(At::Auth, Do::Say("535 5.7.8 wrong"))];
    let world = World::with(&script, &["AUTH PLAIN"], &settings, Some("Geheim-123")).await;
    let error = world.send().await.unwrap_err();
    assert!(matches!(error, SendError::Misconfigured { step: Step::Login, .. }), "{error}");
    assert!(!format!("{error:?}").contains("Geheim"));
    world.send().await.unwrap();
}

#[tokio::test]
async fn no_password_is_said_where_no_login_is_offered() {
    let settings = [("username", text("meldungen"))];
    let world = World::with(&[], &[], &settings, Some("Geheim-123")).await;
    let error = world.send().await.unwrap_err();
    assert!(matches!(error, SendError::Misconfigured { step: Step::Login, .. }), "{error}");
    assert!(!world.server.commands().iter().any(|command| command.starts_with("AUTH")));
}

#[tokio::test]
async fn silence_after_the_final_dot_is_unknown_and_the_same_bytes_go_again() {
    for script in [(At::Dot, Do::Drop), (At::Dot, Do::Reset), (At::Dot, Do::Stall)] {
        let world = World::new(&[script]).await;
        let error = world.send().await.unwrap_err();
        assert!(matches!(error, SendError::Unknown { .. }), "{script:?}: {error}");
        assert_eq!((error.retry(), error.pauses_all()), (Retry::Later, false));
        world.send().await.unwrap();
        let heard = world.server.heard();
        assert_eq!(heard.len(), 2);
        assert_eq!(heard[0].bytes, heard[1].bytes);
    }
}

#[tokio::test]
async fn a_late_answer_within_the_limit_is_waited_for() {
    let world = World::new(&[(At::Dot, Do::Late(Duration::from_millis(400)))]).await;
    world.send().await.unwrap();
    assert_eq!(world.server.heard().len(), 1);
}

#[tokio::test]
async fn a_stall_anywhere_ends_within_its_limit() {
    for at in [At::Greeting, At::Ehlo, At::Mail, At::Rcpt, At::Data] {
        let world = World::new(&[(at, Do::Stall)]).await;
        let limit = Duration::from_secs(3);
        let error = tokio::time::timeout(limit, world.send()).await.expect("it hangs").unwrap_err();
        assert_eq!(error.retry(), Retry::Later, "{at:?}: {error}");
        assert!(!matches!(error, SendError::Unknown { .. }), "{at:?}: {error}");
        world.send().await.unwrap();
    }
}

#[tokio::test]
async fn a_reply_without_end_is_cut_short() {
    for at in [At::Greeting, At::Ehlo, At::Mail, At::Rcpt, At::Data, At::Dot] {
        let world = World::new(&[(at, Do::Babble)]).await;
        let error = world.send().await.unwrap_err();
        assert!(error.to_string().ends_with("a reply without end"), "{at:?}: {error}");
        assert_eq!(error.retry(), Retry::Later, "{at:?}: {error}");
        world.send().await.unwrap();
    }
}

#[tokio::test]
async fn a_stall_while_the_message_is_read_ends_within_its_limit() {
    let mut world = World::new(&[(At::Body, Do::Stall)]).await;
    // More than the buffers of both sides hold.
    world.payload =
        Payload(b"x".repeat(70).into_iter().chain(*b"\r\n").collect::<Vec<u8>>().repeat(150_000));
    let limit = Duration::from_secs(5);
    let error = tokio::time::timeout(limit, world.send()).await.expect("it hangs").unwrap_err();
    assert_eq!(error.retry(), Retry::Later, "{error}");
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_dot_is_as_good_as_a_451() {
    for at in [At::Mail, At::Rcpt, At::Data] {
        let error = World::fails_then_works(&[(at, Do::Drop)]).await;
        assert!(matches!(error, SendError::Transient { .. }), "{at:?}: {error}");
    }
    for at in [At::Greeting, At::Ehlo] {
        let error = World::fails_then_works(&[(at, Do::Drop)]).await;
        assert!(error.pauses_all(), "{at:?}: {error}");
    }
}

#[tokio::test]
async fn a_kept_connection_that_the_server_closed_is_replaced_without_a_failure() {
    let world = World::new(&[(At::Dot, Do::SayAndClose("250 2.0.0 taken, and bye"))]).await;
    world.send().await.unwrap();
    world.send().await.unwrap();
    let accepted = world.server.heard();
    assert_eq!((accepted.len(), world.server.connections()), (2, 2));
}

#[tokio::test]
async fn a_server_that_takes_three_messages_a_connection_gets_all_of_them() {
    let world = World::new(&[]).await;
    for number in 0..10 {
        if number > 0 && number % 3 == 0 {
            let enough = "421 4.7.0 too many messages on this connection";
            world.server.then(At::Mail, Do::SayAndClose(enough));
        }
        world.send().await.unwrap();
    }
    let accepted = world.server.heard().iter().filter(|heard| heard.accepted).count();
    assert_eq!((accepted, world.server.connections()), (10, 4));
    // On a connection of its own it means what it says.
    let world = World::new(&[(At::Mail, Do::SayAndClose("421 4.7.0 not now"))]).await;
    assert!(world.send().await.unwrap_err().pauses_all());
}

#[tokio::test]
async fn each_refusal_for_now_may_come_twice_and_the_message_still_arrives_once() {
    for (at, say) in [
        (At::Mail, "451 4.3.0 later"),
        (At::Rcpt, "450 4.2.0 greylisted"),
        (At::Data, "451 4.3.0 later"),
        (At::Dot, "451 4.3.0 later"),
        (At::Dot, "452 4.3.1 full"),
    ] {
        let world = World::new(&[(at, Do::Say(say)), (at, Do::Say(say))]).await;
        for _ in 0..2 {
            assert_eq!(world.send().await.unwrap_err().retry(), Retry::Later, "{at:?}");
        }
        world.send().await.unwrap();
        let accepted = world.server.heard().iter().filter(|heard| heard.accepted).count();
        assert_eq!(accepted, 1, "{at:?}");
    }
}

#[tokio::test]
async fn a_server_that_was_away_gets_everything_once_it_is_back() {
    let server = SmtpServer::start(&[], &[]).await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let to = |port: u16| {
        let port = ("port", Content::Integer(i64::from(port)));
        channel("smtp", &[("host", text("127.0.0.1")), port], folder.path(), None).unwrap()
    };
    let (away, back) = (to(free), to(server.address.port()));
    let envelope = envelope();
    let payload = back.encode(&envelope, &rendered()).unwrap();
    for _ in 0..3 {
        let sending = away.send(Outgoing::new(&envelope, &payload));
        let error = sending.await.unwrap_err();
        assert!(matches!(error, SendError::Unreachable { step: Step::Connect, .. }), "{error}");
        assert!(error.hint().unwrap().contains("port"));
    }
    back.send(Outgoing::new(&envelope, &payload)).await.unwrap();
    assert_eq!(server.heard().len(), 1);
}

#[tokio::test]
async fn the_server_is_looked_at_without_sending_anything() {
    let world = World::with(&[], &["SIZE 10000000", "DSN", "AUTH PLAIN"], &[], None).await;
    let seen = world.channel.examine().unwrap().await.unwrap();
    assert!(seen.extensions.starts_with(&["SIZE 10000000".into(), "DSN".into()]), "{seen:?}");
    assert_eq!((seen.host.as_str(), seen.certificate), ("127.0.0.1", None));
    assert!(!world.server.commands().iter().any(|command| command.starts_with("MAIL")));
    let away = World::new(&[(At::Greeting, Do::Drop)]).await;
    assert!(away.channel.examine().unwrap().await.is_err());
}

#[tokio::test]
async fn answers_that_are_no_smtp_are_a_failure_and_no_panic() {
    for say in
        ["", "hallo", "2", "99999 x", "250-never ends", "\u{0}\u{1}\u{2}", "HTTP/1.1 400 Bad"]
    {
        let world = World::new(&[(At::Greeting, Do::SayAndClose(say))]).await;
        let error = world.send().await.unwrap_err();
        assert_eq!(error.retry(), Retry::Later, "{say:?}: {error}");
    }
    for at in [At::Mail, At::Rcpt, At::Data, At::Dot] {
        let world = World::new(&[(at, Do::SayAndClose("was?"))]).await;
        assert_eq!(world.send().await.unwrap_err().retry(), Retry::Later, "{at:?}");
    }
}

#[tokio::test]
async fn starttls_is_never_silently_left_out() {
    let settings = [("tls", text("starttls")), ("username", text("x"))];
    let world = World::with(&[], &["AUTH PLAIN"], &settings, Some("Geheim-123")).await;
    let error = world.send().await.unwrap_err();
    assert!(matches!(error, SendError::Misconfigured { step: Step::Tls, .. }), "{error}");
    let said = world.server.commands();
    assert!(!said.iter().any(|c| c.starts_with("AUTH") || c.starts_with("MAIL")), "{said:?}");
    // Offered, but what follows is no TLS.
    let world = World::with(&[], &["STARTTLS", "AUTH PLAIN"], &settings, Some("Geheim-123")).await;
    let error = world.send().await.unwrap_err();
    assert!(error.pauses_all(), "{error}");
    assert!(
        !world.server.commands().iter().any(|c| c.starts_with("AUTH") || c.starts_with("MAIL"))
    );
}

#[tokio::test]
async fn an_address_beyond_ascii_is_refused_for_itself_alone() {
    let world = World::new(&[]).await;
    let error = world.send_to("jürgen@x.example").await.unwrap_err();
    assert_eq!((error.retry(), error.pauses_all()), (Retry::Never, false));
    assert_eq!(world.server.connections(), 0);
    world.send().await.unwrap();
}

#[tokio::test]
async fn a_plain_server_without_extensions_is_enough() {
    let world = World::with(&[], &[], &[], None).await;
    world.send().await.unwrap();
    assert!(
        world
            .server
            .commands()
            .iter()
            .any(|c| c == "MAIL FROM:<r+k7jm2qv2xr4ttzb5lw6ny3hcab@post.kommunal-it.example>")
    );
}

#[tokio::test]
async fn a_server_that_knows_no_ehlo_is_greeted_with_helo() {
    let world = World::new(&[(At::Ehlo, Do::Say("502 5.5.1 no such command"))]).await;
    world.send().await.unwrap();
    let said = world.server.commands();
    assert!(said[0].starts_with("EHLO ") && said[1].starts_with("HELO "), "{said:?}");
}

#[tokio::test]
async fn a_stray_reply_line_never_makes_a_refused_mail_count_as_sent() {
    for at in [At::Greeting, At::Ehlo, At::Mail, At::Rcpt, At::Data] {
        let stray = match at {
            At::Greeting => "220 sink.example\r\n250 stray",
            At::Data => "354 go\r\n250 stray",
            _ => "250 ok\r\n250 stray",
        };
        for (refusing, say) in [(At::Rcpt, "550 5.1.1 unknown"), (At::Dot, "554 5.7.1 spam")] {
            let world = World::new(&[(at, Do::Say(stray)), (refusing, Do::Say(say))]).await;
            for _ in 0..4 {
                let taken = world.send().await.is_ok();
                let accepted = world.server.heard().iter().filter(|heard| heard.accepted).count();
                assert!(!taken || accepted > 0, "{at:?} {refusing:?}: nothing was accepted");
            }
            let accepted = world.server.heard().iter().filter(|heard| heard.accepted).count();
            assert!((2..=4).contains(&accepted), "{at:?} {refusing:?}: {accepted}");
        }
    }
}

#[tokio::test]
async fn each_state_believes_only_its_own_codes() {
    for (at, say) in [
        (At::Greeting, "250 hello"),
        (At::Greeting, "354 go"),
        (At::Ehlo, "220 hello"),
        (At::Mail, "354 go"),
        (At::Rcpt, "354 go"),
        (At::Data, "250 ok"),
    ] {
        let error = World::fails_then_works(&[(at, Do::Say(say))]).await;
        assert_eq!(error.retry(), Retry::Later, "{at:?}: {error}");
        assert!(error.to_string().contains("no answer to that"), "{at:?}: {error}");
    }
    // After the dot nobody knows.
    let world = World::new(&[(At::Dot, Do::Say("354 go"))]).await;
    let error = world.send().await.unwrap_err();
    assert!(matches!(error, SendError::Unknown { .. }), "{error}");
    world.send().await.unwrap();
    assert_eq!(world.server.connections(), 2, "the connection was dropped");
}

#[tokio::test]
async fn what_is_withdrawn_before_data_is_not_said_and_the_connection_serves_on() {
    let world = World::new(&[]).await;
    let shut = || -> amtsbote::model::BoxFuture<'static, bool> { Box::pin(async { false }) };
    let envelope = envelope();
    let mail = Outgoing::new(&envelope, &world.payload);
    let error = world.channel.send_through(mail, &shut).await.unwrap_err();
    assert_eq!(error, SendError::Withdrawn);
    let said = world.server.commands();
    assert!(said.iter().any(|line| line.starts_with("RCPT")), "asked at the last moment");
    assert!(!said.iter().any(|line| line == "DATA"), "{said:?}");
    world.send().await.unwrap();
    assert_eq!((world.server.heard().len(), world.server.connections()), (1, 1));
}

#[tokio::test]
async fn a_server_that_serves_two_connections_gets_all_over_two_and_no_mail_is_counted_twice() {
    for refusal in ["421 4.7.0 too many connections\r\n", "554 5.7.1 too many\r\n", ""] {
        let connections = ("connections", Content::Integer(4));
        let world = World::with(&[], &[], &[connections], None).await;
        world.server.serve_at_once(2, refusal);
        let room = Room::new(40, 1).await;
        room.freeze(1).await;
        let ctx = room.ctx.clone().with_channel(Arc::from(world.channel));
        let report = amtsbote::pipeline::drain(&ctx, &room.plan, &|| false).await.unwrap();
        assert_eq!((report.sent, report.paused), (40, None), "{refusal}");
        let entries = ctx.store.read(|tx| outbox::list(tx, None, None, 99)).await.unwrap();
        assert!(entries.iter().all(|entry| entry.attempts == 1), "{refusal}");
        assert!((3..=6).contains(&world.server.connections()), "{refusal}");
    }
}

#[tokio::test]
async fn two_hundred_messages_take_no_forty_milliseconds_each() {
    let world = World::new(&[]).await;
    let all = async {
        for _ in 0..200 {
            world.send().await.unwrap();
        }
    };
    // With Nagle's algorithm on, the final dots alone would take eight seconds.
    tokio::time::timeout(Duration::from_secs(6), all).await.expect("the socket delays");
    // A connection carries at most a hundred.
    assert_eq!((world.server.heard().len(), world.server.connections()), (200, 2));
}

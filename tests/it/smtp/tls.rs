//! SMTP over TLS, and every way in which TLS can fail: no mail and no password
//! goes out in the clear, and the fault is told with what to do.

use super::*;
use crate::support::authority::Authority;
use crate::support::smtp_server::Tls;

const EXTENSIONS: &[&str] = &["STARTTLS", "AUTH PLAIN"];
const SECRET: &str = "Geheim-123";

/// The two ways of TLS, with the word of the config.
fn ways(config: Arc<ServerConfig>) -> [(&'static str, Tls); 2] {
    [("implicit", Tls::Implicit(Arc::clone(&config))), ("starttls", Tls::Starttls(config))]
}

/// What came of one mail with a login, and what the server heard.
async fn sent(
    (word, tls): (&str, Tls),
    host: &str,
    trusted: Option<&Authority>,
    script: &[(At, Do)],
) -> (Result<(), SendError>, SmtpServer) {
    let server = SmtpServer::with_tls(script, EXTENSIONS, tls).await;
    let result = deliver(&server, word, host, trusted).await;
    (result, server)
}

async fn deliver(
    server: &SmtpServer,
    word: &str,
    host: &str,
    trusted: Option<&Authority>,
) -> Result<(), SendError> {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = vec![
        ("host", text(host)),
        ("port", Content::Integer(i64::from(server.address.port()))),
        ("tls", text(word)),
        ("username", text("meldungen")),
        ("step_timeout", text("2s")),
        ("timeout", text("2s")),
    ];
    if let Some(authority) = trusted {
        std::fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
        settings.push(("ca_file", text("ca.pem")));
    }
    let channel = channel("smtp", &settings, folder.path(), Some(SECRET)).unwrap();
    let payload = channel.encode(&envelope(), &rendered()).unwrap();
    let envelope = envelope();
    channel.send(Outgoing::new(&envelope, &payload)).await
}

/// The fault as it is told, after what must hold of every one: everything rests
/// for the operator, and nothing of worth was said to whoever that was.
fn told(result: Result<(), SendError>, server: &SmtpServer) -> String {
    let error = result.unwrap_err();
    assert!(matches!(error, SendError::Misconfigured { step: Step::Tls, .. }), "{error:?}");
    assert!(error.pauses_all() && error.needs_the_operator());
    assert_eq!(server.heard(), []);
    for command in server.commands() {
        assert!(command.starts_with("EHLO") || command == "STARTTLS", "{command}");
    }
    let told = error.to_string();
    assert!(!told.contains(SECRET), "{told}");
    told
}

#[tokio::test]
async fn a_message_and_a_password_arrive_over_tls_and_never_beside_it() {
    let authority = Authority::new("Testamt");
    for host in ["localhost", "127.0.0.1"] {
        for way in ways(authority.server(host)) {
            let word = way.0;
            let (result, server) = sent(way, host, Some(&authority), &[]).await;
            result.unwrap();
            let heard = server.heard();
            assert_eq!((heard.len(), heard[0].accepted), (1, true), "{word} {host}");
            assert!(server.commands().iter().any(|c| c.starts_with("AUTH")), "{word}");
            for command in server.said_in_the_clear() {
                assert!(command.starts_with("EHLO") || command == "STARTTLS", "{command}");
            }
        }
    }
}

#[tokio::test]
async fn an_authority_that_nobody_told_us_of_is_not_trusted() {
    let authority = Authority::new("Testamt");
    let (other, renewed) = (Authority::new("Anderes Amt"), Authority::new("Testamt"));
    for trusted in [None, Some(&other), Some(&renewed)] {
        for way in ways(authority.server("localhost")) {
            let (result, server) = sent(way, "localhost", trusted, &[]).await;
            let told = told(result, &server);
            assert!(told.contains("issuer") && told.contains("`mail.smtp.ca_file`"), "{told}");
        }
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_taken() {
    let authority = Authority::new("Testamt");
    for way in ways(authority.server("mail.anders.example")) {
        let (result, server) = sent(way, "localhost", Some(&authority), &[]).await;
        let told = told(result, &server);
        assert!(told.contains("another name") && told.contains("`mail.smtp.host`"), "{told}");
    }
}

#[tokio::test]
async fn an_expired_certificate_is_not_taken() {
    let authority = Authority::new("Testamt");
    for way in ways(authority.expired("localhost")) {
        let (result, server) = sent(way, "localhost", Some(&authority), &[]).await;
        let told = told(result, &server);
        assert!(told.contains("expired") && told.contains("renew"), "{told}");
    }
}

#[tokio::test]
async fn a_server_that_closes_within_the_handshake_is_told_and_tried_again() {
    let authority = Authority::new("Testamt");
    for way in ways(authority.server("localhost")) {
        let word = way.0;
        let script = [(At::Handshake, Do::Drop)];
        let (result, server) = sent(way, "localhost", Some(&authority), &script).await;
        let told = told(result, &server);
        assert!(told.contains("handshake") && told.contains("`mail.smtp.tls`"), "{told}");
        deliver(&server, word, "localhost", Some(&authority)).await.unwrap();
    }
}

#[tokio::test]
async fn a_server_that_stalls_within_the_handshake_is_left_within_the_limit() {
    let authority = Authority::new("Testamt");
    for way in ways(authority.server("localhost")) {
        let script = [(At::Handshake, Do::Stall)];
        let limit = Duration::from_secs(8);
        let sending = sent(way, "localhost", Some(&authority), &script);
        let (result, server) = tokio::time::timeout(limit, sending).await.expect("it hangs");
        let error = result.unwrap_err();
        assert_eq!((error.retry(), error.pauses_all()), (Retry::Later, true), "{error}");
        assert_eq!(server.heard(), []);
    }
}

#[tokio::test]
async fn tls_at_a_port_that_speaks_none_is_told() {
    let (result, server) = sent(("implicit", Tls::Never), "localhost", None, &[]).await;
    let told = told(result, &server);
    assert!(told.contains("`mail.smtp.tls`") && told.contains("`port`"), "{told}");
}

#[tokio::test]
async fn starttls_that_is_stripped_or_refused_sends_nothing_in_the_clear() {
    let authority = Authority::new("Testamt");
    // Not offered: nobody may be asked to take a password in the clear instead.
    let server = SmtpServer::with_tls(&[], &["AUTH PLAIN"], Tls::Never).await;
    let result = deliver(&server, "starttls", "localhost", Some(&authority)).await;
    let said = told(result, &server);
    assert!(said.contains("does not offer STARTTLS") && said.contains("`mail.smtp.tls`"), "{said}");
    // Offered and then refused.
    let script = [(At::Starttls, Do::Say("454 4.7.0 TLS not available"))];
    let way = ("starttls", Tls::Starttls(authority.server("localhost")));
    let (result, server) = sent(way, "localhost", Some(&authority), &script).await;
    let error = result.unwrap_err();
    assert!(error.pauses_all(), "{error}");
    assert_eq!(server.heard(), []);
    assert!(!server.commands().iter().any(|c| c.starts_with("AUTH") || c.starts_with("MAIL")));
}

#[tokio::test]
async fn what_was_said_before_the_handshake_is_not_believed_after_it() {
    // An answer slipped in behind "220 go" in the clear (CVE-2011-0411) must
    // not be taken for the server's word after the handshake.
    let authority = Authority::new("Testamt");
    let script = [(At::Starttls, Do::Say("220 go\r\n250 slipped in"))];
    let way = ("starttls", Tls::Starttls(authority.server("localhost")));
    let (result, server) = sent(way, "localhost", Some(&authority), &script).await;
    assert!(result.is_err());
    assert_eq!(server.heard(), []);
}

#[tokio::test]
async fn a_reply_without_end_is_cut_short_under_tls_too() {
    let authority = Authority::new("Testamt");
    for at in [At::Greeting, At::Ehlo, At::Mail, At::Dot] {
        for way in ways(authority.server("localhost")) {
            let word = way.0;
            let (result, _) = sent(way, "localhost", Some(&authority), &[(at, Do::Babble)]).await;
            let error = result.unwrap_err();
            assert!(error.to_string().contains("a reply without end"), "{word} {at:?}: {error}");
        }
    }
}

#[tokio::test]
async fn a_yes_slipped_in_before_the_handshake_greets_nobody_after_it() {
    // Of two lines in one write the second would be taken for the answer to EHLO.
    let authority = Authority::new("Testamt");
    let script = [(At::Starttls, Do::Say("220 go\r\n250-sink\r\n250 AUTH PLAIN"))];
    let way = ("starttls", Tls::Starttls(authority.server("localhost")));
    let (result, server) = sent(way, "localhost", Some(&authority), &script).await;
    assert!(told(result, &server).contains("before the handshake"));
}

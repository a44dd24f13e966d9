//! What every delivery channel promises.

#![expect(clippy::unwrap_used, reason = "a test may stop where something is missing")]

mod mails;
mod webhook;

use std::path::{Path, PathBuf};

use amtsbote::deliver::{Channel, ChannelContext, KINDS, Outgoing};
use amtsbote::model::settings::Surroundings;
use amtsbote::model::{
    Content, Envelope, ListFields, MailKind, Place, Reader, Rendered, Retry, Table, Timestamp,
    Value,
};
use secrecy::SecretString;

/// Builds a channel as the config would; returns the problems if there are any.
pub(crate) fn channel(
    kind: &str,
    settings: &[(&str, Content)],
    data_dir: &Path,
    secret: Option<&str>,
) -> Result<Box<dyn Channel>, Vec<String>> {
    let place = Place { file: "amtsbote.toml".into(), line: 1, column: 1 };
    let table = Table {
        place: place.clone(),
        entries: settings
            .iter()
            .map(|(key, content)| {
                let value = Value { place: place.clone(), content: content.clone() };
                ((*key).to_owned(), place.clone(), value)
            })
            .collect(),
    };
    let kind = KINDS.iter().find(|known| known.name == kind).unwrap();
    let mut problems = Vec::new();
    let around = Folder { path: data_dir, password: secret };
    let mut reader = Reader::within(&around, &table, format!("mail.{}", kind.name), &mut problems);
    let context = ChannelContext { data_dir, dkim: None };
    let built = (kind.build)(&mut reader, &context);
    reader.finish();
    match built {
        Some(channel) if problems.is_empty() => Ok(channel),
        _ => Err(problems.iter().map(ToString::to_string).collect()),
    }
}

/// A folder whose files settings may name, and the password that the process was given.
struct Folder<'a> {
    path: &'a Path,
    password: Option<&'a str>,
}

impl Surroundings for Folder<'_> {
    fn directory(&self) -> &Path {
        self.path
    }

    fn state_dir(&self) -> Option<&Path> {
        None
    }

    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn list(&self, _: &Path) -> std::io::Result<Vec<PathBuf>> {
        Ok(Vec::new())
    }

    fn is_public(&self, _: &Path) -> bool {
        false
    }

    fn credential(&self, _: &str) -> std::io::Result<Vec<u8>> {
        Err(std::io::ErrorKind::NotFound.into())
    }

    fn secret(&self, name: &str) -> Result<Option<SecretString>, String> {
        Ok(self.password.filter(|_| name == "smtp-password").map(Into::into))
    }
}

pub(crate) fn text(text: impl Into<String>) -> Content {
    Content::Text(text.into())
}

pub(crate) fn envelope() -> Envelope {
    Envelope {
        kind: MailKind::Digest,
        recipient: "petra.mueller@stadt-musterstadt.example".into(),
        sender: "r+k7jm2qv2xr4ttzb5lw6ny3hcab@post.kommunal-it.example".into(),
        from: "Kommunal-IT-Meldungen <meldungen@post.kommunal-it.example>".into(),
        reply_to: Some("redaktion@kommunal-it.example".into()),
        message_id: "d.2025-12-09-taeglich.9f4c27a1b0e8abcd@post.kommunal-it.example".into(),
        date: Timestamp::from_seconds(1_765_260_004),
        date_offset_minutes: 60,
        list: Some(ListFields {
            id: (
                "Kommunal-IT-Meldungen taeglich".into(),
                "taeglich.post.kommunal-it.example".into(),
            ),
            unsubscribe_url: "https://post.kommunal-it.example/a/k7jm2qv2xr4ttzb5lw6ny3hcab".into(),
            unsubscribe_mailto: Some(
                "abmelden+k7jm2qv2xr4ttzb5lw6ny3hcab@post.kommunal-it.example".into(),
            ),
            help_url: "https://post.kommunal-it.example/hilfe".into(),
            archive_url: "https://post.kommunal-it.example/archiv".into(),
            owner: "redaktion@kommunal-it.example".into(),
            feedback_id: "d20251209:taeglich:digest:kommunalit".into(),
        }),
    }
}

pub(crate) fn rendered() -> Rendered {
    Rendered {
        subject: "Kommunal-IT am Dienstag: 1 Meldung".into(),
        text: "Grüße\n.\n..\nFrom hier\nMAIL FROM:<a@b.de>\n".into(),
        html: "<!doctype html><p>Grüße</p>\n".into(),
    }
}

/// Settings with which each kind cannot reach anything.
fn unreachable(kind: &str, folder: &Path) -> Vec<(&'static str, Content)> {
    match kind {
        "maildir" => {
            std::fs::write(folder.join("mail"), "a file in the way").unwrap();
            Vec::new()
        }
        "smtp" => vec![
            ("host", text("127.0.0.1")),
            // Nobody listens on a port that was just given back.
            ("port", Content::Integer(i64::from(free_port()))),
            ("step_timeout", text("5s")),
        ],
        "webhook" => vec![("url", text(format!("http://127.0.0.1:{}/x", free_port())))],
        other => panic!("say how `{other}` fails to connect"),
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn every_channel_encodes_the_same_words_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    for kind in KINDS {
        let channel = channel(kind.name, &[], folder.path(), None).unwrap();
        let first = channel.encode(&envelope(), &rendered()).unwrap();
        let second = channel.encode(&envelope(), &rendered()).unwrap();
        assert!(first == second, "{}", kind.name);
        assert!(!first.0.is_empty() && first.0.is_ascii(), "{}", kind.name);
    }
}

#[tokio::test]
async fn every_channel_that_reaches_nothing_says_later_and_names_nobody() {
    for kind in KINDS {
        let folder = tempfile::tempdir().unwrap();
        let settings = unreachable(kind.name, folder.path());
        let channel = channel(kind.name, &settings, folder.path(), None).unwrap();
        let envelope = envelope();
        let payload = channel.encode(&envelope, &rendered()).unwrap();
        let error = channel.send(Outgoing::new(&envelope, &payload)).await.unwrap_err();
        assert_eq!(error.retry(), Retry::Later, "{}: {error}", kind.name);
        assert!(error.pauses_all(), "{}: {error}", kind.name);
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("petra") && !shown.contains("k7jm2q"), "{shown}");
    }
}

#[test]
fn no_channel_shows_its_secret() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [("username", text("meldungen"))];
    let shown =
        format!("{:?}", channel("smtp", &settings, folder.path(), Some("Geheim-123")).unwrap());
    assert!(!shown.contains("Geheim"), "{shown}");
    assert!(shown.contains("has_login: true"), "{shown}");
}

#[test]
fn unsafe_settings_are_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let problems = |settings: &[(&str, Content)], secret| {
        channel("smtp", settings, folder.path(), secret).unwrap_err().join("\n")
    };
    let remote = [("host", text("mail.example.de"))];
    assert!(problems(&remote, None).contains("insecure = true"));
    let login = [
        ("host", text("mail.example.de")),
        ("insecure", Content::Boolean(true)),
        ("username", text("x")),
    ];
    assert!(problems(&login, Some("y")).contains("never sent without TLS"));
    assert!(problems(&[("username", text("x"))], None).contains("smtp-password"));
    let file = [("username", text("x")), ("password_file", text("gibt-es-nicht"))];
    assert!(problems(&file, Some("y")).contains("cannot read `gibt-es-nicht`"));
    assert!(problems(&[("tls", text("tsl"))], None).contains("is not one of"));
    assert!(problems(&[("hosst", text("x"))], None).contains("did you mean `host`?"));
    assert!(problems(&[("step_timeout", text("0s"))], None).contains("longer than nothing"));
}

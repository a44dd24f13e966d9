//! DKIM signatures as receivers see them: verified by an implementation that is
//! not ours (`mail-auth`), with the public key from a fixture and without DNS.
//! `support/dkim/key.pem` was made by `openssl genpkey` and signs nothing else.

use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Instant;

use amtsbote::deliver::message::{self, dkim::Signer};
use amtsbote::model::{Envelope, MailKind, Rendered};
use mail_auth::common::parse::TxtRecordParser as _;
use mail_auth::common::verify::DomainKey;
use mail_auth::hickory_resolver::TokioResolver;
use mail_auth::hickory_resolver::config::ResolverConfig;
use mail_auth::hickory_resolver::net::runtime::TokioRuntimeProvider;
use mail_auth::{
    AuthenticatedMessage, DkimResult, Error, MessageAuthenticator, Parameters, ResolverCache, Txt,
};

use crate::channels::{envelope, rendered};

const KEY: &[u8] = include_bytes!("support/dkim/key.pem");
const RECORD: &str = include_str!("support/dkim/record.txt");
const DOMAIN: &str = "post.kommunal-it.example";

/// The whole DNS: one key record. What else is asked for is not there.
struct Zone(Txt);

impl ResolverCache<Box<str>, Txt> for Zone {
    fn get<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let known: Box<str> = format!("probe._domainkey.{DOMAIN}.").into();
        let is_known = Borrow::<Q>::borrow(&known) == name;
        Some(if is_known { self.0.clone() } else { Txt::Error(Error::NoHeadersFound) })
    }

    fn remove<Q>(&self, _: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        None
    }

    fn insert(&self, _: Box<str>, _: Txt, _: Instant) {}
}

/// What a receiver makes of the one signature of a message.
async fn verdict(message: &str) -> String {
    let key = DomainKey::parse(RECORD.trim().as_bytes()).unwrap();
    let zone = Zone(Txt::DomainKey(Arc::new(key)));
    let nobody = ResolverConfig::from_parts(None, Vec::new(), Vec::new());
    let resolver =
        TokioResolver::builder_with_config(nobody, TokioRuntimeProvider::default()).build();
    let receiver = MessageAuthenticator(resolver.unwrap());
    let parsed = AuthenticatedMessage::parse(message.as_bytes()).unwrap();
    let outputs = receiver.verify_dkim(Parameters::new(&parsed).with_txt_cache(&zone)).await;
    assert_eq!(outputs.len(), 1, "one signature");
    match outputs[0].result() {
        DkimResult::Pass => "pass".to_owned(),
        other => format!("{other:?}"),
    }
}

fn signed(envelope: &Envelope, rendered: &Rendered) -> String {
    amtsbote::fetch::install_crypto();
    let signer = Signer::new("probe", DOMAIN, KEY).unwrap();
    String::from_utf8(message::build(envelope, rendered, Some(&signer)).unwrap().0).unwrap()
}

/// The fields of `h=`, without the one that is named once more than it occurs.
fn covered(message: &str) -> Vec<String> {
    let field = message.split("\r\n").take_while(|line| line.starts_with([' ', 'D']));
    let field: String = field.collect();
    let names = field.split_once(" h=").unwrap().1.split(';').next().unwrap();
    names.split(':').map(|name| name.trim().to_owned()).collect()
}

#[tokio::test]
async fn a_second_implementation_verifies_every_signature() {
    let with = |change: fn(&mut Envelope, &mut Rendered)| {
        let (mut envelope, mut rendered) = (envelope(), rendered());
        change(&mut envelope, &mut rendered);
        signed(&envelope, &rendered)
    };
    for (what, message) in [
        ("plain", with(|_, _| {})),
        ("umlauts in the Subject", with(|_, r| r.subject = "Ämter, Öffnungszeiten – ßo".into())),
        ("a long Subject", with(|_, r| r.subject = "Bürgerämter öffnen früher ".repeat(12))),
        ("a long Subject in ASCII", with(|_, r| r.subject = "Meldung ".repeat(40))),
        ("a word longer than a line", with(|_, r| r.subject = "x".repeat(300))),
        ("runs of blanks in the Subject", with(|_, r| r.subject = "a   b \t c".into())),
        (
            "a folded From",
            with(|e, _| {
                e.from = format!("{} <meldungen@{DOMAIN}>", "Kommunal Meldungen ".repeat(3).trim());
            }),
        ),
        ("umlauts in From", with(|e, _| e.from = format!("Ämterbote <meldungen@{DOMAIN}>"))),
        (
            "a folded List-Unsubscribe",
            with(|e, _| {
                let list = e.list.as_mut().unwrap();
                list.unsubscribe_url.push_str(&"q".repeat(70));
                list.unsubscribe_mailto = Some(format!("abmelden+{}@{DOMAIN}", "a".repeat(50)));
            }),
        ),
        ("no mailto", with(|e, _| e.list.as_mut().unwrap().unsubscribe_mailto = None)),
        (
            "no List-* fields",
            with(|e, _| {
                e.kind = MailKind::Confirm;
                e.list = None;
            }),
        ),
        (
            "no Reply-To and a bare From",
            with(|e, _| {
                e.reply_to = None;
                e.from = format!("meldungen@{DOMAIN}");
            }),
        ),
        ("trailing blanks", with(|_, r| r.text = "a \nb\t\n \n\t\nc  \n".into())),
        ("blanks at the start of lines", with(|_, r| r.text = "  a\n\tb\n".into())),
        ("empty last lines", with(|_, r| r.html = "<p>x</p>\n\n\n\n".into())),
        (
            "no words at all",
            with(|_, r| {
                r.text = String::new();
                r.html = String::new();
            }),
        ),
        ("a lone dot and From", with(|_, r| r.text = ".\n..\nFrom x\n.\n".into())),
        ("a line of a thousand", with(|_, r| r.text = "ä".repeat(1000))),
        ("before 1970", with(|e, _| e.date = amtsbote::model::Timestamp(0))),
    ] {
        assert_eq!(verdict(&message).await, "pass", "{what}:\n{message}");
    }
}

#[tokio::test]
async fn a_signature_covers_what_one_click_unsubscribing_demands() {
    let message = signed(&envelope(), &rendered());
    let covered = covered(&message);
    for name in [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Reply-To",
        "MIME-Version",
        "Content-Type",
        "List-Id",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
        "List-Help",
        "List-Archive",
        "List-Owner",
        "List-Post",
        "Auto-Submitted",
        "Feedback-ID",
    ] {
        assert!(covered.iter().any(|covered| covered == name), "{name} in {covered:?}");
    }
    assert!(message.split("\r\n").all(|line| line.len() <= 78), "{message}");
}

#[tokio::test]
async fn a_signature_survives_what_relays_do_to_white_space() {
    let message = signed(&envelope(), &rendered());
    let refolded = message.replacen("\r\nTo: <", "\r\nTo:\r\n\t<", 1);
    assert_ne!(refolded, message);
    let padded = message.replacen("\r\nPrecedence: bulk", "\r\nPrecedence:  bulk \t", 1);
    assert_ne!(padded, message);
    for changed in
        [refolded, padded, format!("{message}\r\n\r\n"), format!("Received: x\r\n{message}")]
    {
        assert_eq!(verdict(&changed).await, "pass", "{changed}");
    }
}

#[tokio::test]
async fn a_signature_breaks_with_every_change_that_matters() {
    let message = signed(&envelope(), &rendered());
    let swap = |from: &str, to: &str| {
        let changed = message.replacen(from, to, 1);
        assert_ne!(changed, message, "{from}");
        changed
    };
    for changed in [
        swap("/a/k7jm2q", "/a/k7jm2r"),
        swap("One-Click", "Two-Click"),
        swap("Subject: Kommunal", "Subject: Regional"),
        swap("multipart/alternative", "multipart/mixed"),
        swap("<p>", "<b>"),
        // A second From that a mailer might show instead (RFC 6376 8.15).
        swap("\r\nFrom: ", "\r\nFrom: <amt@anders.example>\r\nFrom: "),
        swap("\r\nDate: ", "\r\nFrom: <amt@anders.example>\r\nDate: "),
        swap("s=probe", "s=other"),
    ] {
        assert_ne!(verdict(&changed).await, "pass", "{changed}");
    }
}

#[test]
fn the_same_message_is_signed_with_the_same_bytes() {
    assert_eq!(signed(&envelope(), &rendered()), signed(&envelope(), &rendered()));
}

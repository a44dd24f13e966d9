//! A message of the mail: its sender, words and what its receiver's server found out about it.
//!
//! Takes the parts apart and decides nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};

use mail_parser::{Address, HeaderForm, HeaderValue, Message, MessageParser, PartType};

use crate::model::{Budget, Timestamp, affords_message};

/// Most bytes of a message that are read.
pub const MAX_BYTES: usize = 4 << 20;
/// Most messages of a digest.
const MOST_INNER: usize = 100;

/// A message as far as newsletters need it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Mail {
    /// The address in From, in lower case.
    pub from: String,
    /// Whom it was sent to: words that must not be kept.
    pub recipients: Vec<String>,
    pub subject: String,
    /// When it was written, as it says.
    pub date: Option<Timestamp>,
    /// Its part in HTML.
    pub html: Option<String>,
    /// Its part in plain text.
    pub text: Option<String>,
    /// `Authentication-Results`, the topmost first.
    pub results: Vec<String>,
    /// A machine wrote it as an answer or a report.
    pub is_report: bool,
    /// The messages that a digest holds.
    pub inner: Vec<Mail>,
    /// Where a list keeps it (RFC 5064).
    pub archived_at: Option<String>,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Addresses and private words: logs must not.
        f.write_str("Mail(…)")
    }
}

/// Reads a message. Returns none if it is no message, or would cost more than `budget` has.
pub fn read(bytes: &[u8], budget: &Budget) -> Option<Mail> {
    let bytes = &bytes[..bytes.len().min(MAX_BYTES)];
    if !affords_message(bytes, budget) {
        return None;
    }
    // The parser has no known panic; the next hostile message may know one.
    let read = || MessageParser::default().parse(bytes).map(|message| of_parsed(&message, true));
    catch_unwind(AssertUnwindSafe(read)).ok().flatten().filter(|mail| !mail.from.is_empty())
}

fn of_parsed(message: &Message<'_>, is_outer: bool) -> Mail {
    let raw = |name: &'static str| -> Vec<String> {
        let values = message.header_as(name, HeaderForm::Raw).into_iter();
        let text = |value| match value {
            HeaderValue::Text(text) => Some(text.trim().to_owned()),
            _ => None,
        };
        values.filter_map(text).collect()
    };
    let first = |name| raw(name).into_iter().next().unwrap_or_default();
    let addresses = |found: Option<&Address<'_>>| -> Vec<String> {
        let found = found.into_iter().flat_map(Address::iter);
        found.filter_map(|one| one.address()).map(str::to_lowercase).take(20).collect()
    };
    let submitted = first("Auto-Submitted").to_lowercase();
    let kind = first("Content-Type").to_lowercase();
    let html = message.html_part(0).and_then(|part| match &part.body {
        PartType::Html(html) => Some(html.to_string()),
        _ => None,
    });
    let text = message.text_part(0).and_then(|part| match &part.body {
        PartType::Text(text) => Some(text.to_string()),
        _ => None,
    });
    let inner = message.parts.iter().filter_map(|part| match &part.body {
        PartType::Message(inner) if is_outer => Some(of_parsed(inner, false)),
        _ => None,
    });
    let recipients = [addresses(message.to()), addresses(message.cc())].concat();
    let delivered = ["Delivered-To", "X-Original-To", "Envelope-To"].map(first);
    Mail {
        from: addresses(message.from()).into_iter().next().unwrap_or_default(),
        recipients: recipients
            .into_iter()
            .chain(delivered.into_iter().map(|one| one.trim_matches(['<', '>']).to_lowercase()))
            .filter(|one| one.len() > 4)
            .collect(),
        subject: message.subject().unwrap_or_default().trim().to_owned(),
        date: message.date().map(|date| Timestamp::from_seconds(date.to_timestamp())),
        html,
        text,
        results: raw("Authentication-Results"),
        is_report: kind.starts_with("multipart/report")
            || !submitted.is_empty() && submitted.starts_with("auto-replied"),
        inner: inner.take(MOST_INNER).collect(),
        archived_at: Some(first("Archived-At").trim_matches(['<', '>']).to_owned())
            .filter(|place| place.starts_with("http")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(text: &str) -> Option<Mail> {
        read(text.as_bytes(), &Budget::for_document(text.len()))
    }

    #[test]
    fn a_message_is_taken_apart_whatever_its_charset_and_encoding() {
        let found = mail(
            "Authentication-Results: mx.ort.example; dkim=pass header.d=stadt.example\n\
             Delivered-To: news+stadt@ort.example\nFrom: Stadt <News@Stadt.example>\nTo: news@ort.example\n\
             Subject: =?iso-8859-1?Q?B=FCrgerbrief?=\nDate: Mon, 24 Nov 2025 10:00:00 +0100\n\
             Content-Type: multipart/alternative; boundary=x\n\n\
             --x\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nGr=FC=DFe\n\
             --x\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\nPHA+R3LDvMOfZTwvcD4=\n--x--\n",
        )
        .unwrap();
        assert_eq!(
            (found.from.as_str(), found.subject.as_str()),
            ("news@stadt.example", "Bürgerbrief")
        );
        assert_eq!(found.text.as_deref().map(str::trim), Some("Grüße"));
        assert_eq!(found.html.as_deref(), Some("<p>Grüße</p>"));
        assert_eq!(found.recipients, ["news@ort.example", "news+stadt@ort.example"]);
        assert!(found.results[0].contains("dkim=pass"));
        assert_eq!(found.date, Some(Timestamp::from_seconds(1_763_974_800)));
        assert!(!found.is_report);
    }

    #[test]
    fn the_messages_of_a_digest_are_its_inner_ones() {
        let found = mail(
            "From: liste@l.example\nSubject: Digest\nContent-Type: multipart/digest; boundary=x\n\n\
             --x\n\nFrom: a@l.example\nSubject: Eins\n\nText eins\n--x\n\nFrom: b@l.example\nSubject: Zwei\n\nText zwei\n--x--\n",
        )
        .unwrap();
        let subjects: Vec<&str> = found.inner.iter().map(|one| one.subject.as_str()).collect();
        assert_eq!(subjects, ["Eins", "Zwei"]);
    }

    #[test]
    fn what_is_no_message_is_none() {
        assert_eq!(mail(""), None);
        assert_eq!(mail("<html>"), None);
        assert_eq!(mail(&"--x\nContent-Type: multipart/mixed; boundary=x\n".repeat(300)), None);
    }
}

//! Words and an envelope become the bytes of a message (RFC 5322, 2045 ff.).
//!
//! Written here and not by a builder, since frozen bytes must not depend on
//! chance or the clock, and since what large receivers want of header fields
//! is stricter than what builders write: nothing of 8 bit, no line beyond 78
//! in the header, no URI folded inside, the boundary made from the Message-ID.

pub mod dkim;
mod header;
mod quoted;

use chrono::FixedOffset;
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use super::channel::SendError;
use crate::model::{Envelope, ListFields, Payload, Rendered};
use header::Field;

/// Returns the message as it will be sent. Deterministic.
pub fn build(
    envelope: &Envelope,
    rendered: &Rendered,
    signer: Option<&dkim::Signer>,
) -> Result<Payload, SendError> {
    let boundary = boundary(envelope);
    let fields = fields(envelope, &rendered.subject, &boundary)?;
    let body = body(rendered, &boundary);
    let mut bytes = Vec::with_capacity(body.len() + 4096);
    if let Some(signer) = signer {
        let signature = signer
            .sign(&fields, &body, envelope.date)
            .ok_or_else(|| invalid("the DKIM key cannot sign"))?;
        bytes.extend(signature.as_bytes());
    }
    for (_, field) in &fields {
        bytes.extend(field.as_bytes());
    }
    bytes.extend(b"\r\n");
    bytes.extend(body.as_bytes());
    Ok(Payload(bytes))
}

/// Returns a header field by name, with its whole folded line and CRLF.
fn fields(envelope: &Envelope, subject: &str, boundary: &str) -> Result<Vec<Field>, SendError> {
    let recipient = address(&envelope.recipient, "recipient")?;
    address(&envelope.sender, "envelope sender")?;
    let subject = header::clean(subject);
    if subject.is_empty() {
        return Err(invalid("the subject is empty"));
    }
    if !is_message_id(&envelope.message_id) {
        return Err(invalid("the Message-ID is malformed"));
    }
    let mut fields: Vec<Field> = Vec::with_capacity(20);
    let mut add = |name: &'static str, pieces: &[&str]| {
        fields.push((name, header::folded(name, pieces)));
    };
    add("Date", &[&date(envelope)?]);
    let (name, from) = mailbox(&envelope.from)?;
    let angle = format!("<{from}>");
    match header::phrase(&name) {
        Some(words) => {
            let mut pieces: Vec<&str> = words.iter().map(String::as_str).collect();
            pieces.push(&angle);
            add("From", &pieces);
        }
        None => add("From", &[&angle]),
    }
    if let Some(reply_to) = &envelope.reply_to {
        let (_, reply_to) = mailbox(reply_to)?;
        add("Reply-To", &[&format!("<{reply_to}>")]);
    }
    add("To", &[&format!("<{recipient}>")]);
    fields.push(("Subject", header::subject(&subject)));
    let mut add = |name: &'static str, pieces: &[&str]| {
        fields.push((name, header::folded(name, pieces)));
    };
    add("Message-ID", &[&format!("<{}>", envelope.message_id)]);
    if let Some(list) = &envelope.list {
        list_fields(list, &mut add)?;
    }
    add("Auto-Submitted", &["auto-generated"]);
    if envelope.list.is_some() {
        // Not standard, but vacation programs and Exchange rules read it.
        add("Precedence", &["bulk"]);
    }
    // Not `All`: that would ask Exchange not to send bounces either (MS-OXCMAIL 2.1.3.2.20).
    add("X-Auto-Response-Suppress", &["OOF, AutoReply, RN, NRN"]);
    if let Some(list) = &envelope.list {
        add("Feedback-ID", &[token(&list.feedback_id, "Feedback-ID")?]);
    }
    add("MIME-Version", &["1.0"]);
    add("Content-Type", &["multipart/alternative;", &format!("boundary=\"{boundary}\"")]);
    Ok(fields)
}

fn list_fields(
    list: &ListFields,
    add: &mut impl FnMut(&'static str, &[&str]),
) -> Result<(), SendError> {
    let (phrase, id) = &list.id;
    let id = format!("<{}>", token(id, "List-Id")?);
    let words = header::phrase(phrase).unwrap_or_default();
    let mut pieces: Vec<&str> = words.iter().map(String::as_str).collect();
    pieces.push(&id);
    add("List-Id", &pieces);
    let web = format!("<{}>", token(&list.unsubscribe_url, "List-Unsubscribe")?);
    match &list.unsubscribe_mailto {
        Some(mailto) => {
            let mail = format!("<mailto:{}>", token(mailto, "List-Unsubscribe")?);
            add("List-Unsubscribe", &[&format!("{web},"), &mail]);
        }
        None => add("List-Unsubscribe", &[&web]),
    }
    add("List-Unsubscribe-Post", &["List-Unsubscribe=One-Click"]);
    add("List-Help", &[&format!("<{}>", token(&list.help_url, "List-Help")?)]);
    add("List-Archive", &[&format!("<{}>", token(&list.archive_url, "List-Archive")?)]);
    add("List-Owner", &[&format!("<mailto:{}>", address(&list.owner, "List-Owner")?)]);
    add("List-Post", &["NO"]);
    Ok(())
}

fn body(rendered: &Rendered, boundary: &str) -> String {
    let mut body = String::with_capacity(rendered.html.len() + rendered.text.len() + 2048);
    for (subtype, words) in [("plain", &rendered.text), ("html", &rendered.html)] {
        body.push_str("--");
        body.push_str(boundary);
        body.push_str("\r\nContent-Type: text/");
        body.push_str(subtype);
        body.push_str("; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n");
        body.push_str("Content-Language: de\r\n\r\n");
        quoted::encode(words, &mut body);
        body.push_str("\r\n");
    }
    body.push_str("--");
    body.push_str(boundary);
    body.push_str("--\r\n");
    body
}

/// Makes it of the Message-ID, so that it is the same at each building and another for
/// each mail; `=_` cannot occur in quoted-printable, so it cannot occur in the parts.
fn boundary(envelope: &Envelope) -> String {
    let hash = Sha256::digest(&envelope.message_id);
    format!("=_amtsbote_{}", HEXLOWER.encode(&hash[..10]))
}

fn date(envelope: &Envelope) -> Result<String, SendError> {
    let offset = FixedOffset::east_opt(envelope.date_offset_minutes * 60)
        .ok_or_else(|| invalid("the zone of Date is out of range"))?;
    Ok(envelope.date.utc().with_timezone(&offset).format("%a, %d %b %Y %H:%M:%S %z").to_string())
}

/// Splits `Name <address>`; a bare address has an empty name.
fn mailbox(text: &str) -> Result<(String, &str), SendError> {
    match text.rsplit_once('<') {
        Some((name, rest)) => {
            let rest = rest.trim_end().strip_suffix('>');
            let found = rest.ok_or_else(|| invalid("From or Reply-To lacks `>`"))?;
            let name = header::clean(name.trim().trim_matches('"'));
            Ok((name, address(found, "From or Reply-To")?))
        }
        None => Ok((String::new(), address(text.trim(), "From or Reply-To")?)),
    }
}

/// Returns the domain of From, for Message-ID and List-Id.
pub fn domain_of(mailbox: &str) -> Option<&str> {
    let (_, domain) = mailbox.rsplit_once('@')?;
    let domain = domain.trim().trim_end_matches('>');
    (!domain.is_empty()).then_some(domain)
}

fn address<'a>(text: &'a str, role: &str) -> Result<&'a str, SendError> {
    let valid = text.is_ascii() && text.len() <= 254 && text.parse::<lettre::Address>().is_ok();
    if !valid || text.contains(['<', '>', '"', ' ', ',']) {
        // The text itself is not shown: it may be somebody's address.
        return Err(invalid(&format!("the address of {role} is malformed or not ASCII")));
    }
    Ok(text)
}

/// Returns what stands in a field without any encoding: visible ASCII.
fn token<'a>(text: &'a str, field: &str) -> Result<&'a str, SendError> {
    let plain = |b: u8| b.is_ascii_graphic() && !b"<>,".contains(&b);
    if text.is_empty() || text.len() > 900 || !text.bytes().all(plain) {
        return Err(invalid(&format!("the value of {field} is empty or not plain ASCII")));
    }
    Ok(text)
}

fn is_message_id(id: &str) -> bool {
    id.split_once('@').is_some_and(|(left, right)| {
        let part = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._+".contains(&b))
        };
        part(left) && part(right)
    })
}

fn invalid(reason: &str) -> SendError {
    SendError::Invalid { reason: reason.to_owned() }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::model::{MailKind, Timestamp};

    pub(crate) fn envelope() -> Envelope {
        Envelope {
            kind: MailKind::Digest,
            recipient: "petra.mueller@stadt-musterstadt.example".into(),
            sender: "r+k7jm2qv9xr4ttzb1lw8ny3hcab@post.example.de".into(),
            from: "Kommunal-IT-Meldungen <meldungen@post.example.de>".into(),
            reply_to: Some("redaktion@example.de".into()),
            message_id: "d.2025-12-09-taeglich.9f4c27a1b0e8@post.example.de".into(),
            date: Timestamp::from_seconds(1_765_260_004),
            date_offset_minutes: 60,
            list: Some(ListFields {
                id: ("Kommunal-IT-Meldungen, täglich".into(), "taeglich.post.example.de".into()),
                unsubscribe_url: "https://post.example.de/a/k7jm2qv9xr4ttzb1lw8ny3hcab".into(),
                unsubscribe_mailto: Some(
                    "abmelden+k7jm2qv9xr4ttzb1lw8ny3hcab@post.example.de".into(),
                ),
                help_url: "https://post.example.de/hilfe".into(),
                archive_url: "https://post.example.de/archiv".into(),
                owner: "redaktion@example.de".into(),
                feedback_id: "d20251209:taeglich:digest:kommunalit".into(),
            }),
        }
    }

    pub(crate) fn rendered() -> Rendered {
        Rendered {
            subject: "Kommunal-IT am Dienstag: 7 Meldungen".into(),
            text: "Grüße\n.\nFrom hier\n-- \n".into(),
            html: "<p>Grüße</p>\n".into(),
        }
    }

    fn built(envelope: &Envelope, rendered: &Rendered) -> String {
        String::from_utf8(build(envelope, rendered, None).unwrap().0).unwrap()
    }

    #[test]
    fn the_header_is_what_receivers_want_to_the_letter() {
        let message = built(&envelope(), &rendered());
        let (header, _) = message.split_once("\r\n\r\n").unwrap();
        let expected = "\
Date: Tue, 09 Dec 2025 07:00:04 +0100
From: Kommunal-IT-Meldungen <meldungen@post.example.de>
Reply-To: <redaktion@example.de>
To: <petra.mueller@stadt-musterstadt.example>
Subject: Kommunal-IT am Dienstag: 7 Meldungen
Message-ID: <d.2025-12-09-taeglich.9f4c27a1b0e8@post.example.de>
List-Id: =?UTF-8?Q?Kommunal-IT-Meldungen=2C_t=C3=A4glich?=
 <taeglich.post.example.de>
List-Unsubscribe: <https://post.example.de/a/k7jm2qv9xr4ttzb1lw8ny3hcab>,
 <mailto:abmelden+k7jm2qv9xr4ttzb1lw8ny3hcab@post.example.de>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
List-Help: <https://post.example.de/hilfe>
List-Archive: <https://post.example.de/archiv>
List-Owner: <mailto:redaktion@example.de>
List-Post: NO
Auto-Submitted: auto-generated
Precedence: bulk
X-Auto-Response-Suppress: OOF, AutoReply, RN, NRN
Feedback-ID: d20251209:taeglich:digest:kommunalit
MIME-Version: 1.0
Content-Type: multipart/alternative;";
        assert_eq!(header.replace("\r\n", "\n").rsplit_once("\n boundary").unwrap().0, expected);
    }

    #[test]
    fn the_same_input_gives_the_same_bytes_and_another_message_another_boundary() {
        let first = built(&envelope(), &rendered());
        assert_eq!(first, built(&envelope(), &rendered()));
        let other = Envelope { message_id: "d.2@post.example.de".into(), ..envelope() };
        let boundary =
            |message: &str| message.split("boundary=").nth(1).map(|b| b[..30].to_owned());
        assert_ne!(boundary(&first), boundary(&built(&other, &rendered())));
    }

    #[test]
    fn a_mail_that_is_of_no_list_carries_no_list_fields() {
        let mut confirm = envelope();
        confirm.kind = MailKind::Confirm;
        confirm.list = None;
        let message = built(&confirm, &rendered());
        assert!(!message.contains("List-") && !message.contains("Precedence"));
        assert!(message.contains("Auto-Submitted: auto-generated"));
    }

    #[test]
    fn no_text_from_outside_reaches_another_header_field() {
        let mut hostile = rendered();
        hostile.subject = "Neu\r\nBcc: alle@x.de\u{2028}X: y\u{202e}".into();
        let mut envelope = envelope();
        envelope.from = "Amt\r\nBcc: a@b.de <meldungen@post.example.de>".into();
        let message = built(&envelope, &hostile);
        let (header, _) = message.split_once("\r\n\r\n").unwrap();
        assert!(header.contains("Subject: Neu Bcc: alle@x.de X: y\r\n"), "{header}");
        assert!(!header.lines().any(|line| line.starts_with("Bcc") || line.starts_with("X:")));
    }

    #[test]
    fn an_address_that_could_break_out_is_refused_without_being_shown() {
        for recipient in ["a@b.de\r\nBcc: c@d.de", "ä@b.de", "a b@c.de", "", "a@b.de,c@d.de"] {
            let mut envelope = envelope();
            envelope.recipient = recipient.into();
            let error = build(&envelope, &rendered(), None).unwrap_err();
            assert!(matches!(error, SendError::Invalid { .. }), "{recipient}");
            assert!(!error.to_string().contains('@'));
        }
    }

    #[test]
    fn long_and_foreign_titles_fold_within_the_limits() {
        let mut long = rendered();
        long.subject = "ÄÖÜ 🏛️ Verwaltungsdigitalisierungsbeschleunigungsgesetz ".repeat(6);
        let message = built(&envelope(), &long);
        assert!(message.is_ascii());
        let (header, body) = message.split_once("\r\n\r\n").unwrap();
        assert!(header.split("\r\n").all(|line| line.len() <= 78));
        assert!(body.split("\r\n").all(|line| line.len() <= 76));
        assert!(!message.replace("\r\n", "").contains(['\r', '\n']));
    }
}

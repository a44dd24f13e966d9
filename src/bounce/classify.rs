//! A message from outside → its class.

use std::panic::{AssertUnwindSafe, catch_unwind};

use mail_parser::{Message, MessageParser, MimeHeaders as _};

use super::report::{field, of_report, of_status};
use super::words::{Says, is_automatic, is_failure, says};
use super::{Class, Letter, Verdict};
use crate::model::{Budget, affords_message};

/// What is read of a message; the rest says nothing new.
pub const MAX_BYTES: usize = 1 << 20;
/// Characters of a text that are looked at and passed on.
const MAX_TEXT: usize = 16_000;

/// Returns the class of a message that came back or in. Never fails: what cannot be
/// read, or would cost more than `budget` has, is nobody's bounce.
pub fn of_message(bytes: &[u8], budget: &Budget) -> Verdict {
    let bytes = &bytes[..bytes.len().min(MAX_BYTES)];
    if !affords_message(bytes, budget) {
        return plain(Class::Ignore);
    }
    // The parser has no known panic; the next hostile message may know one.
    catch_unwind(AssertUnwindSafe(|| {
        MessageParser::default().parse(bytes).map(|message| of_parsed(&message))
    }))
    .ok()
    .flatten()
    .unwrap_or(Verdict { class: Class::Ignore, code: None })
}

/// Returns the class of a final refusal during the SMTP dialogue.
pub fn of_reply(code: Option<u16>, said: &str) -> Verdict {
    // Without a reply the fault was found on our side.
    match code {
        Some(code) => of_status(None, &format!("{code} {said}")),
        None => Verdict { class: Class::Block, code: None },
    }
}

fn of_parsed(message: &Message<'_>) -> Verdict {
    if let Some(verdict) = machine_report(message) {
        return verdict;
    }
    let header = |name: &'static str| message.header_raw(name).unwrap_or_default().trim();
    let subject: String = message.subject().unwrap_or_default().chars().take(300).collect();
    let text: String = message.body_text(0).unwrap_or_default().chars().take(MAX_TEXT).collect();
    let from = header("From").to_lowercase();
    let is_daemon = ["mailer-daemon", "postmaster", "mail delivery", "mailerdaemon"]
        .iter()
        .any(|name| from.contains(name));
    let null_sender = header("Return-Path") == "<>";
    // Exim and qmail know no reports: a text, and a field or a greeting.
    let is_notice = !header("X-Failed-Recipients").is_empty()
        || text.contains("This is the qmail-send program")
        || (is_daemon && (is_failure(&subject) || is_failure(&text)));
    if is_notice {
        return of_notice(&subject, &text);
    }
    let is_machine = {
        let submitted = header("Auto-Submitted").to_lowercase();
        let precedence = header("Precedence").to_lowercase();
        (!submitted.is_empty() && submitted != "no")
            || ["bulk", "junk", "auto_reply", "list"].contains(&precedence.as_str())
            || !header("X-Autoreply").is_empty()
            || !header("X-Autorespond").is_empty()
            || !header("X-Auto-Response-Suppress").is_empty()
    };
    if is_machine || is_automatic(&subject) {
        return plain(Class::AutoReply);
    }
    if is_daemon || (null_sender && (is_failure(&subject) || says(&text) != Says::Nothing)) {
        return of_notice(&subject, &text);
    }
    if null_sender {
        return plain(Class::AutoReply);
    }
    if from.is_empty() {
        return plain(Class::Ignore);
    }
    let from = message.from().and_then(|from| from.first()?.address()).map(str::to_owned);
    plain(Class::Human(Letter { from, subject, text }))
}

/// Returns what its parts say, if machines wrote them for machines.
fn machine_report(message: &Message<'_>) -> Option<Verdict> {
    for part in &message.parts {
        let Some(kind) = part.content_type() else { continue };
        let subtype = kind.subtype().unwrap_or_default().to_ascii_lowercase();
        if !kind.ctype().eq_ignore_ascii_case("message") {
            continue;
        }
        let fields = || String::from_utf8_lossy(part.contents()).into_owned();
        match subtype.as_str() {
            "delivery-status" | "global-delivery-status" => {
                return Some(of_report(&fields()).unwrap_or_else(|| {
                    of_notice(
                        message.subject().unwrap_or_default(),
                        &message.body_text(0).unwrap_or_default(),
                    )
                }));
            }
            "feedback-report" => {
                let kind = field(&fields(), "feedback-type").unwrap_or_default();
                let complains = ["abuse", "fraud", "opt-out", "opt-out-list", "virus"]
                    .iter()
                    .any(|known| kind.eq_ignore_ascii_case(known));
                return Some(plain(if complains { Class::Complaint } else { Class::Ignore }));
            }
            "disposition-notification" | "global-disposition-notification" => {
                return Some(plain(Class::Ignore));
            }
            _ => {}
        }
    }
    None
}

/// Returns the class of a notice of failure in words. What follows the copy of our own mail is
/// ours.
fn of_notice(subject: &str, text: &str) -> Verdict {
    let cut = ["--- Below this line", "------ This is a copy", "Original message headers"]
        .iter()
        .filter_map(|mark| text.find(mark))
        .min()
        .unwrap_or(text.len());
    let said = &text[..cut];
    let delayed = ["delayed", "warning: could not send", "verzögert", "not yet been delivered"];
    let all = format!("{subject} {said}").to_lowercase();
    if delayed.iter().any(|word| all.contains(word)) {
        return plain(Class::Ignore);
    }
    of_status(None, said)
}

const fn plain(class: Class) -> Verdict {
    Verdict { class, code: None }
}

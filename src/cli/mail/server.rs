//! What the mail server says of itself: encryption, certificate, size, notifications.

use super::advice::{Advice, missing, sound};
use super::certificate;
use crate::deliver::{Examined, SendError, Step};
use crate::model::Timestamp;

/// A certificate that ends within so many days should have been renewed.
const DAYS_LEFT: i64 = 14;
/// The largest digests, with their two forms and the encoding, have some hundred kilobytes.
const BYTES_NEEDED: u64 = 2 << 20;
const DAY_MS: i64 = 86_400_000;

/// Judges what was seen of the server, or why nothing was.
pub(super) fn judge(examined: &Result<Examined, SendError>, now: Timestamp) -> Vec<Advice> {
    match examined {
        Ok(server) => vec![tls(server, now), size(server), notifications(server)],
        Err(error) => vec![refused("server", error)],
    }
}

/// Says what the server refused, and what to order.
pub(super) fn refused(check: &'static str, error: &SendError) -> Advice {
    let order = match error {
        SendError::Misconfigured { step: Step::Tls, .. } => {
            "An den Betreiber des Mailservers: Bitte ein Zertifikat einer anerkannten Stelle mit der ganzen \
             Kette einrichten, auf den Namen, unter dem wir ihn ansprechen (mail.smtp.host). Das einer eigenen \
             Stelle gehört bei uns in mail.smtp.ca_file."
        }
        SendError::Misconfigured { step: Step::Login, .. } => {
            "An den Betreiber des Mailservers: Bitte ein Konto zum Einliefern (SMTP AUTH) mit Kennwort nennen \
             oder freischalten. Bei uns: mail.smtp.username und /etc/credstore/amtsbote.smtp-password."
        }
        SendError::Misconfigured { step: Step::Sender, .. } => {
            "An den Betreiber des Mailservers: Bitte unserem Konto oder unserer IP-Adresse erlauben, mit \
             unseren Absendern (mail.from, mail.bounce_address) zu senden."
        }
        SendError::Unreachable { .. } => {
            "An den Betreiber des Netzes: Bitte die Verbindung von diesem Rechner zum Mailserver (mail.smtp.host, \
             mail.smtp.port) freigeben. Bei uns: IPAddressDeny der Unit prüfen."
        }
        _ => {
            "An den Betreiber des Mailservers: Bitte nachsehen, warum er diese Mail nicht annimmt."
        }
    };
    missing(check, format!("der Mailserver: {error}"), order.to_owned())
}

fn tls(server: &Examined, now: Timestamp) -> Advice {
    let host = &server.host;
    let Some(certificate) = &server.certificate else {
        return sound("tls", format!("{host}: ohne Verschlüsselung (mail.smtp.tls = \"none\")"));
    };
    let valid = format!("{host}: Zertifikat anerkannt, Name stimmt");
    let Some(end) = certificate::valid_until(certificate) else {
        return sound("tls", valid);
    };
    let days = (end.0 - now.0) / DAY_MS;
    if days >= DAYS_LEFT {
        return sound("tls", format!("{valid}, noch {days} Tage gültig"));
    }
    missing(
        "tls",
        format!("{valid}, aber nur noch {days} Tage gültig"),
        format!("An den Betreiber des Mailservers: Bitte das Zertifikat von {host} erneuern."),
    )
}

/// RFC 1870: no number or 0 means no fixed limit.
fn size(server: &Examined) -> Advice {
    let limit = server.extensions.iter().find_map(|line| line.strip_prefix("SIZE"));
    let bytes = limit.and_then(|limit| limit.trim().parse::<u64>().ok()).filter(|bytes| *bytes > 0);
    match bytes {
        None => sound("size", "keine Grenze der Größe genannt".to_owned()),
        Some(bytes) if bytes >= BYTES_NEEDED => {
            sound("size", format!("nimmt Mails bis {} MB", bytes / 1_000_000))
        }
        Some(bytes) => missing(
            "size",
            format!("nimmt nur Mails bis {} kB", bytes / 1000),
            "An den Betreiber des Mailservers: Bitte Mails bis 2 MB annehmen.".to_owned(),
        ),
    }
}

/// RFC 3461. Without it returned mail comes all the same, only its form is the server's choice.
fn notifications(server: &Examined) -> Advice {
    let has = server.extensions.iter().any(|line| line == "DSN");
    let text = if has {
        "Zustellberichte (DSN) werden unterstützt"
    } else {
        "ohne DSN; Rückläufer kommen trotzdem"
    };
    sound("dsn", text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(extensions: &[&str]) -> Examined {
        let extensions = extensions.iter().map(|line| (*line).to_owned()).collect();
        Examined { host: "mail.stadt.test".to_owned(), certificate: None, extensions }
    }

    #[test]
    fn what_the_server_can_do_is_judged_and_what_is_missing_comes_with_an_order() {
        let now = Timestamp(1_800_000_000_000);
        let judged = |server: Examined| judge(&Ok(server), now);
        assert!(judged(server(&["SIZE 10240000", "DSN"])).iter().all(|advice| advice.is_sound));
        assert!(judged(server(&["SIZE"])).iter().all(|advice| advice.is_sound));
        let small = judged(server(&["SIZE 50000"]));
        assert!(!small[1].is_sound && small[1].order.is_some(), "{small:?}");

        let until = |days: i64| {
            let mut parameters =
                rcgen::CertificateParams::new(["mail.stadt.test".to_owned()]).unwrap();
            let day = Timestamp(now.0 + days * DAY_MS).utc();
            use chrono::Datelike as _;
            let (month, of_month) =
                (day.month().try_into().unwrap(), day.day().try_into().unwrap());
            parameters.not_after = rcgen::date_time_ymd(day.year(), month, of_month);
            let key = rcgen::KeyPair::generate().unwrap();
            let der = parameters.self_signed(&key).unwrap().der().to_vec();
            judged(Examined { certificate: Some(der), ..server(&[]) }).remove(0)
        };
        assert!(until(90).is_sound && until(90).text.contains("noch 89 Tage"), "{:?}", until(90));
        let ending = until(5);
        assert!(!ending.is_sound && ending.order.unwrap().contains("erneuern"));
    }

    #[test]
    fn each_refusal_says_who_is_to_do_what() {
        let reason = || "no".to_owned();
        for (step, words) in [
            (Step::Tls, "ca_file"),
            (Step::Login, "SMTP AUTH"),
            (Step::Sender, "mail.bounce_address"),
        ] {
            let error = SendError::Misconfigured { step, code: None, reason: reason() };
            let advice = judge(&Err(error), Timestamp(0)).remove(0);
            assert!(!advice.is_sound && advice.order.unwrap().contains(words), "{step}");
        }
        let error = SendError::Unreachable { step: Step::Connect, code: None, reason: reason() };
        assert!(refused("send", &error).order.unwrap().contains("mail.smtp.port"));
    }
}

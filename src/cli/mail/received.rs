//! What the test mail says after it arrived: who signed it, which fields, and what the receiver made
//! of it. Only there can be seen what the servers on the way did.

use mail_parser::{HeaderForm, HeaderValue, MessageParser};

use super::advice::{Advice, belong_together, missing, sound, tag};

/// Fields that a receiver wants signed before it offers to unsubscribe (RFC 8058 4).
const WANTED: [&str; 2] = ["list-unsubscribe", "list-unsubscribe-post"];

/// Judges a mail of ours as it was received.
pub(super) fn judge(message: &[u8], from: &str) -> Vec<Advice> {
    let fields = |name: &'static str| -> Vec<String> {
        let Some(message) = MessageParser::default().parse_headers(message) else {
            return Vec::new();
        };
        let values = message.header_as(name, HeaderForm::Raw);
        values
            .into_iter()
            .filter_map(|value| match value {
                HeaderValue::Text(text) => Some(text.into_owned()),
                _ => None,
            })
            .collect()
    };
    let signatures = fields("DKIM-Signature");
    // The topmost is of the server that received it; those below anyone can write.
    let results = fields("Authentication-Results").into_iter().next();
    vec![
        signature(&signatures, from),
        signed_fields(&signatures, from),
        verdict(results.as_deref()),
    ]
}

fn domain_of(signature: &str) -> String {
    tag(signature, "d").unwrap_or_default().to_lowercase()
}

fn signature(signatures: &[String], from: &str) -> Advice {
    let domains: Vec<String> = signatures.iter().map(|signature| domain_of(signature)).collect();
    let order = || {
        format!(
            "An den Betreiber des Mailservers: Bitte ausgehende Mails von {from} mit DKIM unterschreiben \
             (d={from}, mindestens 2048 Bit) und den Schlüssel im DNS von {from} veröffentlichen."
        )
    };
    if domains.iter().any(|domain| belong_together(domain, from)) {
        return sound("signature", format!("unterschrieben von {}", domains.join(", ")));
    }
    if domains.is_empty() {
        return missing("signature", "nicht mit DKIM unterschrieben".to_owned(), order());
    }
    let text = format!("unterschrieben nur von {}, das zählt nicht für {from}", domains.join(", "));
    missing("signature", text, order())
}

fn signed_fields(signatures: &[String], from: &str) -> Advice {
    let ours = signatures.iter().filter(|signature| belong_together(&domain_of(signature), from));
    let is_complete = ours.filter_map(|signature| tag(signature, "h")).any(|names| {
        let names = names.to_lowercase();
        WANTED.iter().all(|wanted| names.split(':').any(|name| name == *wanted))
    });
    if is_complete {
        let text = "List-Unsubscribe und List-Unsubscribe-Post sind unterschrieben".to_owned();
        return sound("signed-fields", text);
    }
    missing(
        "signed-fields",
        "List-Unsubscribe und List-Unsubscribe-Post sind nicht unterschrieben: Abmelden mit einem Druck wird nicht angeboten".to_owned(),
        "An den Betreiber des Mailservers: Bitte auch die Felder List-Unsubscribe und List-Unsubscribe-Post \
         mit DKIM unterschreiben (OpenDKIM: SignHeaders *,+list-unsubscribe,+list-unsubscribe-post). Sonst \
         unterschreibt amtsbote selbst: [mail.dkim]."
            .to_owned(),
    )
}

fn verdict(results: Option<&str>) -> Advice {
    let Some(results) = results else {
        let text = "der empfangende Server hat kein Authentication-Results geschrieben".to_owned();
        let order = "Die Testmail an ein Postfach bei einem großen Anbieter schicken, der es tut.";
        return missing("authentication", text, order.to_owned());
    };
    let results = results.to_lowercase();
    let said = |method: &str| {
        results
            .split(';')
            .filter_map(|result| result.trim_start().strip_prefix(method)?.strip_prefix('='))
            .map(|rest| rest.split_whitespace().next().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    let methods = ["spf", "dkim", "dmarc"];
    let bad: Vec<String> = methods
        .iter()
        .filter(|method| !said(method).iter().any(|word| word == "pass"))
        .map(|method| format!("{method}={}", said(method).first().map_or("fehlt", |word| word)))
        .collect();
    if bad.is_empty() {
        return sound("authentication", "spf=pass, dkim=pass, dmarc=pass".to_owned());
    }
    missing(
        "authentication",
        format!("der Empfänger sagt {}", bad.join(", ")),
        "Was zu bestellen ist, sagt „amtsbote mail test“ zu SPF, DKIM und DMARC; ist dort alles gut, hat \
         ein Server unterwegs die Mail verändert."
            .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(fields: &str) -> [bool; 3] {
        let message = format!("{fields}From: a@stadt.test\r\nSubject: Testmail\r\n\r\nText\r\n");
        let advices = judge(message.as_bytes(), "stadt.test");
        assert!(advices.iter().all(|advice| advice.is_sound == advice.order.is_none()));
        std::array::from_fn(|at| advices[at].is_sound)
    }

    #[test]
    fn a_received_mail_tells_who_signed_what_and_what_came_of_it() {
        let signed = "DKIM-Signature: v=1; a=rsa-sha256; d=stadt.test; s=s1;\r\n\th=From:Subject:\r\n\t List-Unsubscribe:List-Unsubscribe-Post; b=x\r\n";
        let good = "Authentication-Results: mx.anbieter.test;\r\n spf=pass smtp.mailfrom=post.stadt.test;\r\n dkim=pass header.d=stadt.test; dmarc=pass\r\n";
        assert_eq!(judged(&format!("{good}{signed}")), [true; 3]);
        assert_eq!(judged(""), [false; 3]);
        let relay = signed.replace("d=stadt.test", "d=relay.test");
        assert_eq!(judged(&format!("{good}{relay}")), [false, false, true]);
        let bare = signed.replace(":List-Unsubscribe-Post", "");
        assert_eq!(judged(&format!("{good}{bare}")), [true, false, true]);
        // Only the topmost result is of the receiver.
        let forged = format!("{}{good}{signed}", good.replace("dkim=pass", "dkim=fail"));
        assert_eq!(judged(&forged), [true, true, false]);
    }
}

//! What the records of our domains mean for mail, and what to order, as text
//! that can be forwarded to who runs the domain. Looks nothing up itself.

use crate::config::Config;

/// The domains that receivers look at.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Domains {
    /// Of the From address.
    pub(super) from: String,
    /// Of the envelope sender.
    pub(super) envelope: String,
    /// Of the address for leaving by mail.
    pub(super) unsubscribe: Option<String>,
    /// Who is told of reports.
    pub(super) contact: String,
}

impl Domains {
    /// Returns those of the config.
    pub(in crate::cli) fn of(config: &Config) -> Self {
        let domain = |address: &String| address.rsplit('@').next().map(str::to_lowercase);
        let mail = &config.mail;
        let from = mail.from.domain().to_lowercase();
        let envelope = mail.bounce_address.as_ref().and_then(domain);
        Self {
            envelope: envelope.unwrap_or_else(|| from.clone()),
            unsubscribe: mail.unsubscribe_address.as_ref().and_then(domain),
            from,
            contact: config.service.contact.clone(),
        }
    }
}

/// What a name server says to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// These records.
    Found(Vec<String>),
    /// There is none.
    Nothing,
    /// Nothing can be said.
    Failed(String),
}

/// All answers.
#[derive(Debug, Clone)]
pub(super) struct Records {
    pub(super) spf: Answer,
    pub(super) dmarc: Answer,
    pub(super) envelope_mx: Answer,
    pub(super) unsubscribe_mx: Answer,
}

/// What one record means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Advice {
    /// Which check.
    pub(super) check: &'static str,
    /// Nothing is to be done.
    pub(super) is_sound: bool,
    /// What was found.
    pub(super) text: String,
    /// What to order.
    pub(super) order: Option<String>,
}

/// Returns the domain above, if mail can have its policy there.
pub(super) fn parent(domain: &str) -> Option<&str> {
    let (_, parent) = domain.split_once('.')?;
    parent.contains('.').then_some(parent)
}

/// Judges the records.
pub(super) fn judge(domains: &Domains, records: &Records) -> Vec<Advice> {
    let mut advices = vec![spf(domains, &records.spf), dmarc(domains, &records.dmarc)];
    advices.push(alignment(domains, &records.dmarc));
    advices.push(mail_host("mx", &domains.envelope, "Rückläufer", &records.envelope_mx));
    if let Some(domain) = &domains.unsubscribe {
        advices.push(mail_host("mx", domain, "Abmeldungen per Mail", &records.unsubscribe_mx));
    }
    advices
}

fn sound(check: &'static str, text: String) -> Advice {
    Advice { check, is_sound: true, text, order: None }
}

fn missing(check: &'static str, text: String, order: String) -> Advice {
    Advice { check, is_sound: false, text, order: Some(order) }
}

fn unknown(check: &'static str, domain: &str, error: &str) -> Advice {
    let text = format!("{domain}: die Namensauflösung antwortet nicht ({error})");
    Advice { check, is_sound: false, text, order: None }
}

/// The records that begin with this version.
fn of_version<'a>(answer: &'a Answer, version: &str) -> Vec<&'a String> {
    match answer {
        Answer::Found(values) => values
            .iter()
            .filter(|value| {
                let head = value.get(..version.len()).unwrap_or_default();
                let rest = value.get(version.len()..).unwrap_or_default();
                head.eq_ignore_ascii_case(version)
                    && rest.chars().next().is_none_or(|c| c == ' ' || c == ';')
            })
            .collect(),
        Answer::Nothing | Answer::Failed(_) => Vec::new(),
    }
}

fn spf(domains: &Domains, answer: &Answer) -> Advice {
    let domain = &domains.envelope;
    if let Answer::Failed(error) = answer {
        return unknown("spf", domain, error);
    }
    let records = of_version(answer, "v=spf1");
    match records.as_slice() {
        [] => missing(
            "spf",
            format!("{domain} hat keinen SPF-Eintrag"),
            format!(
                "An den Betreiber der Domain {domain}: Bitte einen TXT-Eintrag anlegen, der den \
                 Mailserver nennt, der für uns verschickt:\n{domain}. TXT \"v=spf1 a:NAME.DES.MAILSERVERS -all\""
            ),
        ),
        [record] if record.split_whitespace().any(|term| term == "+all" || term == "all") => {
            missing(
                "spf",
                format!("{domain} erlaubt jedem Server zu senden: {record}"),
                format!(
                    "An den Betreiber der Domain {domain}: Bitte „+all“ durch „-all“ ersetzen."
                ),
            )
        }
        [record] => sound("spf", format!("{domain}: {record}")),
        _ => missing(
            "spf",
            format!("{domain} hat {} SPF-Einträge; damit gilt keiner", records.len()),
            format!(
                "An den Betreiber der Domain {domain}: Bitte die SPF-Einträge zu einem vereinen."
            ),
        ),
    }
}

fn dmarc(domains: &Domains, answer: &Answer) -> Advice {
    let domain = &domains.from;
    if let Answer::Failed(error) = answer {
        return unknown("dmarc", domain, error);
    }
    match of_version(answer, "v=DMARC1").as_slice() {
        [record] => sound("dmarc", format!("{domain}: {record}")),
        [] => missing(
            "dmarc",
            format!("{domain} hat keinen DMARC-Eintrag"),
            format!(
                "An den Betreiber der Domain {domain}: Bitte einen TXT-Eintrag anlegen (zum Beobachten \
                 mit p=none, später p=quarantine):\n_dmarc.{domain}. TXT \"v=DMARC1; p=none; rua=mailto:{}\"\n\
                 Außerdem sollen ausgehende Mails von {domain} mit DKIM unterschrieben werden (d={domain}), und \
                 unter den unterschriebenen Feldern sollen List-Unsubscribe und List-Unsubscribe-Post sein.",
                domains.contact
            ),
        ),
        records => missing(
            "dmarc",
            format!("{domain} hat {} DMARC-Einträge; damit gilt keiner", records.len()),
            format!(
                "An den Betreiber der Domain {domain}: Bitte nur einen DMARC-Eintrag stehen lassen."
            ),
        ),
    }
}

/// SPF counts for DMARC only where both domains belong together.
fn alignment(domains: &Domains, dmarc: &Answer) -> Advice {
    let (from, envelope) = (domains.from.as_str(), domains.envelope.as_str());
    let is_strict = of_version(dmarc, "v=DMARC1").iter().any(|record| {
        record.split(';').any(|tag| tag.replace(' ', "").eq_ignore_ascii_case("aspf=s"))
    });
    let below = |inner: &str, outer: &str| {
        inner.strip_suffix(outer).is_some_and(|rest| rest.ends_with('.'))
    };
    let is_related = from == envelope
        || below(envelope, from)
        || below(from, envelope)
        || parent(from).is_some_and(|parent| Some(parent) == self::parent(envelope));
    let is_aligned = if is_strict { from == envelope } else { is_related };
    if is_aligned {
        return sound("alignment", format!("{envelope} und {from} gehören für DMARC zusammen"));
    }
    missing(
        "alignment",
        format!(
            "Umschlagabsender ({envelope}) und Absender ({from}) gehören für DMARC nicht zusammen"
        ),
        format!(
            "Entweder mail.bounce_address unter {from} wählen, oder es muss die DKIM-Unterschrift von \
             {from} allein genügen."
        ),
    )
}

fn mail_host(check: &'static str, domain: &str, what: &str, answer: &Answer) -> Advice {
    match answer {
        Answer::Found(hosts) => {
            sound(check, format!("{what} an {domain} gehen an {}", hosts.join(", ")))
        }
        Answer::Failed(error) => unknown(check, domain, error),
        Answer::Nothing => missing(
            check,
            format!("{what} an {domain} kommen nirgends an: kein MX"),
            format!(
                "An den Betreiber der Domain {domain}: Bitte einen MX-Eintrag anlegen:\n\
                 {domain}. MX 10 NAME.UNSERES.SERVERS."
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domains(from: &str, envelope: &str) -> Domains {
        Domains {
            from: from.to_owned(),
            envelope: envelope.to_owned(),
            unsubscribe: None,
            contact: "it@stadt.test".to_owned(),
        }
    }

    fn found(values: &[&str]) -> Answer {
        Answer::Found(values.iter().map(|value| (*value).to_owned()).collect())
    }

    fn sound_checks(
        from: &str,
        envelope: &str,
        spf: Answer,
        dmarc: Answer,
        mx: Answer,
    ) -> [bool; 4] {
        let records = Records { spf, dmarc, envelope_mx: mx, unsubscribe_mx: Answer::Nothing };
        let advices = judge(&domains(from, envelope), &records);
        for advice in &advices {
            let failed = advice.text.contains("antwortet nicht");
            assert_eq!(advice.is_sound, advice.order.is_none() && !failed, "{advice:?}");
        }
        std::array::from_fn(|at| advices[at].is_sound)
    }

    #[test]
    fn what_is_missing_is_found_and_comes_with_what_to_order() {
        let (spf, dmarc) = (found(&["google=x", "v=spf1 mx -all"]), found(&["v=DMARC1; p=none"]));
        let mx = found(&["mail.stadt.test."]);
        let stadt = ("stadt.test", "post.stadt.test");
        let judged = |spf: &Answer, dmarc: &Answer, mx: &Answer| {
            sound_checks(stadt.0, stadt.1, spf.clone(), dmarc.clone(), mx.clone())
        };
        assert_eq!(judged(&spf, &dmarc, &mx), [true; 4]);
        let none = Answer::Nothing;
        assert_eq!(judged(&none, &none, &none), [false, false, true, false]);
        let two = found(&["v=spf1 mx -all", "v=spf1 a -all"]);
        assert!(!judged(&two, &dmarc, &mx)[0]);
        assert!(!judged(&found(&["v=spf1 +all"]), &dmarc, &mx)[0]);
        assert!(!judged(&found(&["v=spf10 -all"]), &dmarc, &mx)[0], "another version");
        let silent = Answer::Failed("timeout".to_owned());
        assert_eq!(judged(&silent, &silent, &silent), [false, false, true, false]);
        // Strict alignment wants the very domain.
        assert!(!judged(&spf, &found(&["v=DMARC1; p=reject; aspf=s"]), &mx)[2]);
    }

    #[test]
    fn domains_that_belong_together_are_aligned() {
        let (spf, dmarc, mx) =
            (found(&["v=spf1 -all"]), found(&["v=DMARC1; p=none"]), found(&["m."]));
        for (from, envelope, is_aligned) in [
            ("stadt.test", "stadt.test", true),
            ("news.stadt.test", "stadt.test", true),
            ("news.stadt.test", "post.stadt.test", true),
            ("stadt.test", "relay.test", false),
            ("stadt.test", "andere-stadt.test", false),
        ] {
            let checks = sound_checks(from, envelope, spf.clone(), dmarc.clone(), mx.clone());
            assert_eq!(checks[2], is_aligned, "{from} {envelope}");
        }
    }
}

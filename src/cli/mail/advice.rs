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
    /// What signs mails, if we do it ourselves.
    pub(super) dkim: Option<DkimKey>,
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
            dkim: config.dkim.as_ref().and_then(|signer| {
                Some(DkimKey {
                    name: signer.record_name(),
                    domain: signer.domain().to_lowercase(),
                    public: signer.public_key()?,
                })
            }),
            envelope: envelope.unwrap_or_else(|| from.clone()),
            unsubscribe: mail.unsubscribe_address.as_ref().and_then(domain),
            from,
            contact: config.service.contact.clone(),
        }
    }
}

/// What signs mails.
#[derive(Debug, Clone)]
pub(super) struct DkimKey {
    /// Of the record of the public key.
    pub(super) name: String,
    /// That signs.
    pub(super) domain: String,
    /// The public key in base64.
    pub(super) public: String,
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
    pub(super) dkim: Answer,
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
    advices.push(match &domains.dkim {
        Some(key) => dkim(domains, key, &records.dkim),
        None => sound(
            "dkim",
            "unterschreibt der Mailserver; ob er es tut und womit, zeigt die angekommene Testmail: \
             „amtsbote mail received DATEI“"
                .to_owned(),
        ),
    });
    advices.push(mail_host("mx", &domains.envelope, "Rückläufer", &records.envelope_mx));
    if let Some(domain) = &domains.unsubscribe {
        advices.push(mail_host("mx", domain, "Abmeldungen per Mail", &records.unsubscribe_mx));
    }
    advices
}

pub(super) fn sound(check: &'static str, text: String) -> Advice {
    Advice { check, is_sound: true, text, order: None }
}

pub(super) fn missing(check: &'static str, text: String, order: String) -> Advice {
    Advice { check, is_sound: false, text, order: Some(order) }
}

fn unknown(check: &'static str, domain: &str, error: &str) -> Advice {
    let text = format!("{domain}: die Namensauflösung antwortet nicht ({error})");
    Advice { check, is_sound: false, text, order: None }
}

/// Returns the records that begin with this version.
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
    let is_aligned = if is_strict { from == envelope } else { belong_together(from, envelope) };
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

/// The published key must be the one that we sign with.
fn dkim(domains: &Domains, key: &DkimKey, answer: &Answer) -> Advice {
    let DkimKey { name, domain, public } = key;
    if let Answer::Failed(error) = answer {
        return unknown("dkim", name, error);
    }
    let order = format!(
        "An den Betreiber der Domain {domain}: Bitte diesen TXT-Eintrag anlegen (in Stücken von höchstens \
         255 Zeichen), und keinen anderen unter diesem Namen:\n{name}. TXT \"v=DKIM1; k=rsa; p={public}\""
    );
    let published: Vec<String> = match answer {
        Answer::Found(values) => values.iter().filter_map(|value| tag(value, "p")).collect(),
        Answer::Nothing | Answer::Failed(_) => Vec::new(),
    };
    match published.as_slice() {
        [] => missing("dkim", format!("{name} hat keinen Schlüssel"), order),
        [one] if one.is_empty() => {
            missing("dkim", format!("der Schlüssel {name} ist zurückgezogen (p=)"), order)
        }
        [one] if one != public => missing(
            "dkim",
            format!("{name} ist nicht der Schlüssel, mit dem wir unterschreiben"),
            order,
        ),
        [_] if !belong_together(domain, &domains.from) => missing(
            "dkim",
            format!("die Unterschrift von {domain} zählt nicht für {}", domains.from),
            format!("mail.dkim.domain muss {} sein oder darüber liegen.", domains.from),
        ),
        [_] => sound(
            "dkim",
            format!(
                "{name} passt zum Schlüssel; unterschrieben werden auch List-Unsubscribe und List-Unsubscribe-Post"
            ),
        ),
        more => missing(
            "dkim",
            format!("{name} hat {} Schlüssel; damit gilt keiner", more.len()),
            order,
        ),
    }
}

/// Returns the value of a tag of a list such as `v=DKIM1; p=…` (RFC 6376 3.2), without white space.
pub(super) fn tag(list: &str, name: &str) -> Option<String> {
    list.split(';').find_map(|tag| {
        let (key, value) = tag.split_once('=')?;
        (key.trim() == name).then(|| value.split_whitespace().collect())
    })
}

/// Returns whether one domain counts for the other by relaxed alignment (RFC 7489 3.1).
pub(super) fn belong_together(one: &str, other: &str) -> bool {
    let below = |inner: &str, outer: &str| {
        inner.strip_suffix(outer).is_some_and(|rest| rest.ends_with('.'))
    };
    one == other
        || below(one, other)
        || below(other, one)
        || parent(one).is_some_and(|above| Some(above) == parent(other))
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
            dkim: None,
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
        let nothing = Answer::Nothing;
        let records =
            Records { spf, dmarc, dkim: nothing.clone(), envelope_mx: mx, unsubscribe_mx: nothing };
        let mut advices = judge(&domains(from, envelope), &records);
        // Without a key of our own there is nothing to look up.
        assert!(advices.remove(3).is_sound);
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

    #[test]
    fn the_published_key_must_be_the_one_that_signs_and_count_for_the_sender() {
        let key = |domain: &str| DkimKey {
            name: format!("s1._domainkey.{domain}"),
            domain: domain.to_owned(),
            public: "QUJDREVG".to_owned(),
        };
        let stadt = domains("stadt.test", "stadt.test");
        let judged = |record: Answer| dkim(&stadt, &key("stadt.test"), &record);
        assert!(
            judged(found(&["v=DKIM1; k=rsa; p=QUJD REVG"])).is_sound,
            "white space counts nothing"
        );
        for record in [
            Answer::Nothing,
            found(&["v=DKIM1; k=rsa; p=QUJD"]),
            found(&["v=DKIM1; p="]),
            found(&["v=DKIM1; p=QUJDREVG", "v=DKIM1; p=QUJDREVG"]),
            found(&["v=spf1 -all"]),
        ] {
            let advice = judged(record);
            assert!(!advice.is_sound, "{advice:?}");
            let order = advice.order.unwrap();
            assert!(order.contains("s1._domainkey.stadt.test. TXT \"v=DKIM1; k=rsa; p=QUJDREVG\""));
        }
        assert!(judged(Answer::Failed("timeout".to_owned())).order.is_none());
        let foreign = dkim(&stadt, &key("relay.test"), &found(&["v=DKIM1; p=QUJDREVG"]));
        assert!(!foreign.is_sound && foreign.text.contains("zählt nicht"), "{foreign:?}");
    }
}

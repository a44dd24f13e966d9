//! `[service]`: who we are, and where our data lies.

use std::path::PathBuf;

use chrono_tz::Tz;
use secrecy::SecretString;

use super::checks::is_example;
use crate::model::settings::{Bound, Field, Settings, Shown, settings};
use crate::model::{Reader, WEB_URL, is_loopback};
use crate::schedule::holidays::Holidays;

settings! {
    /// Who we are, and where our data lies.
    pub struct ServiceSettings in "service" checked by check {
        /// Who we are: in subjects, on pages, in the From field.
        name: String = "Kommunal-IT-Meldungen", Bound::NotZero;
        /// Every link we print starts with this, never with what a browser sends. https,
        /// but on loopback; ends with "/".
        public_url: String = "https://meldungen.example.de/", WEB_URL;
        /// For webmasters (in our User-Agent) and readers (in footers).
        contact: String = "redaktion@example.de";
        /// Postal line of the footer, for example "Name, Straße 1, 01234 Ort".
        operator: String = "";
        /// Your own imprint; "" = a short one of ours, made of operator and contact.
        imprint_url: Option<String> = "", WEB_URL;
        /// Your own privacy text; "" = one of ours.
        privacy_url: Option<String> = "", WEB_URL;
        /// Your own accessibility statement; "" = one of ours.
        accessibility_url: Option<String> = "", WEB_URL;
        /// Database, key, maildir. $STATE_DIRECTORY (systemd) wins over it.
        data_dir: PathBuf = "../var";
        /// Zone of schedules and of the dates that readers see.
        timezone: Tz = "Europe/Berlin";
        /// Land whose public holidays "arbeitstags" skips: BB BE BW BY HB HE HH MV NI NW
        /// RP SH SL SN ST TH; "" = none.
        holidays: Holidays = "ST";
        ..legal: LegalSettings;
        ..key: SigningKey;
    }
}

settings! {
    /// What the law wants on pages of ours; not needed where `imprint_url`, `privacy_url` and
    /// `accessibility_url` name your own.
    pub struct LegalSettings in "service" {
        /// Who represents the operator (imprint, § 5 DDG), for example "Vorstand: Name".
        representative: String = "";
        /// A phone number (imprint, § 5 DDG).
        phone: String = "";
        /// How to reach the data protection officer (privacy text, Art. 13 DSGVO).
        data_protection_officer: String = "";
        /// Who else gets the addresses, such as the provider of the mail relay (privacy text); "niemand" if nobody.
        recipients: String = "";
        /// The authority for data protection that readers may turn to (privacy text).
        privacy_authority: String = "";
        /// Day of the accessibility statement, for example "1. Dezember 2026".
        accessibility_date: String = "";
        /// How accessibility was judged, for example "Selbstbewertung".
        accessibility_method: String = "";
        /// The body of your Land that readers turn to where a barrier stays (§ 12b BGG, BITV), with address.
        enforcement_body: String = "";
    }
}

impl LegalSettings {
    /// Returns which keys a page of ours lacks.
    fn missing(keys: &[(&'static str, &String)]) -> Option<String> {
        let missing: Vec<String> = keys
            .iter()
            .filter(|(_, value)| value.trim().is_empty())
            .map(|(key, _)| format!("`{key}`"))
            .collect();
        (!missing.is_empty()).then(|| missing.join(", "))
    }
}

impl ServiceSettings {
    /// Returns where the signing key lies unless it is given from outside.
    pub fn key_file(&self) -> PathBuf {
        self.data_dir.join("secret.key")
    }
}

/// The signing key, if the environment or a credential gives it; else it is
/// the file [`ServiceSettings::key_file`], made at the first start.
#[derive(Debug, Clone)]
pub struct SigningKey(pub Option<SecretString>);

/// It has no key in the files: a signing key is never written there.
impl Settings for SigningKey {
    const PATH: &'static str = "service";
    const ABOUT: &'static str = "";

    fn fields() -> Vec<Field> {
        Vec::new()
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let found = reader.around().secret("amtsbote-key");
        Some(Self(found.unwrap_or_else(|message| {
            reader.problem("key", message);
            None
        })))
    }

    fn shown(&self) -> Vec<Shown> {
        Vec::new()
    }
}

fn check(settings: &mut ServiceSettings, reader: &mut Reader<'_>) {
    if let Some(folder) = reader.around().state_dir() {
        folder.clone_into(&mut settings.data_dir);
    }
    check_public_url(settings, reader);
    check_legal(settings, reader);
    let host = settings.contact.rsplit_once('@').map_or("", |(_, host)| host);
    if settings.contact.is_empty() || is_example(host) {
        reader.warn("contact", "no contact of your own: webmasters of the polled sources and your readers cannot reach you");
    }
}

/// Our own legal pages stand in for yours; what they lack is told.
fn check_legal(settings: &ServiceSettings, reader: &mut Reader<'_>) {
    let ServiceSettings { operator, legal, .. } = settings;
    let pages = [
        (
            "imprint_url",
            settings.imprint_url.is_none(),
            "imprint",
            vec![
                ("operator", operator),
                ("representative", &legal.representative),
                ("phone", &legal.phone),
            ],
        ),
        (
            "privacy_url",
            settings.privacy_url.is_none(),
            "privacy text",
            vec![
                ("data_protection_officer", &legal.data_protection_officer),
                ("recipients", &legal.recipients),
                ("privacy_authority", &legal.privacy_authority),
            ],
        ),
        (
            "accessibility_url",
            settings.accessibility_url.is_none(),
            "accessibility statement",
            vec![
                ("accessibility_date", &legal.accessibility_date),
                ("accessibility_method", &legal.accessibility_method),
                ("enforcement_body", &legal.enforcement_body),
            ],
        ),
    ];
    for (key, is_ours, page, keys) in pages {
        if let Some(missing) = LegalSettings::missing(&keys).filter(|_| is_ours) {
            reader.warn(
                key,
                format!("our own {page} lacks {missing}: set them, or the address of yours"),
            );
        }
    }
    if operator.trim().is_empty() && settings.imprint_url.is_some() {
        reader.warn("operator", "nobody is named in the footer of mails and pages");
    }
}

fn check_public_url(settings: &ServiceSettings, reader: &mut Reader<'_>) {
    let Ok(url) = url::Url::parse(&settings.public_url) else { return };
    let host = url.host_str().unwrap_or_default();
    if url.scheme() == "http" && !is_loopback(host) {
        let message =
            "must begin with `https://`: links in mails carry tokens (http is for loopback only)";
        reader.problem("public_url", message);
    }
    if url.query().is_some() || url.fragment().is_some() {
        reader.problem("public_url", "must not hold `?` or `#`: paths are put behind it");
    } else if !settings.public_url.ends_with('/') {
        reader.problem("public_url", format!("must end with `/`: `{}/`", settings.public_url));
    }
    if is_example(host) {
        let message = "still is the example's address: links in mails would lead nowhere";
        reader.warn("public_url", message);
    }
}

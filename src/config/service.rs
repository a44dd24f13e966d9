//! `[service]`: who we are, and where our data lies.

use std::path::PathBuf;

use chrono_tz::Tz;
use secrecy::SecretString;

use super::{Context, is_example, is_loopback, optional_text, secrets, web_url};
use crate::model::{Reader, suggestion};
use crate::schedule::holidays::{Holidays, LANDS};

/// `[service]`.
#[derive(Debug, Clone)]
pub struct ServiceSettings {
    /// Name in subjects, on pages and in From.
    pub name: String,
    /// Beginning of every link we print; ends with `/`.
    pub public_url: String,
    /// Address for webmasters and readers; empty = none.
    pub contact: String,
    /// Postal line of the footer; empty = none.
    pub operator: String,
    /// The operator's imprint.
    pub imprint_url: Option<String>,
    /// The operator's privacy text.
    pub privacy_url: Option<String>,
    /// The operator's accessibility statement.
    pub accessibility_url: Option<String>,
    /// Folder of the database, the key and the maildir.
    pub data_dir: PathBuf,
    /// Zone of schedules and of dates that readers see.
    pub timezone: Tz,
    /// The Land as written; empty = none.
    pub land: String,
    /// Its holidays.
    pub holidays: Holidays,
    /// The signing key, if the environment or a credential gives it; else it is
    /// the file [`ServiceSettings::key_file`], made at the first start.
    pub key: Option<SecretString>,
}

impl ServiceSettings {
    /// Where the signing key lies unless it is given from outside.
    pub fn key_file(&self) -> PathBuf {
        self.data_dir.join("secret.key")
    }
}

pub(super) fn read(mut reader: Reader<'_>, context: &mut Context<'_>) -> ServiceSettings {
    let name = reader
        .has("name")
        .then(|| reader.required_text("name"))
        .flatten()
        .unwrap_or_else(|| "Kommunal-IT-Meldungen".to_owned());
    let public_url = public_url(&mut reader, context);
    let contact = reader.text("contact").unwrap_or_else(|| "redaktion@example.de".to_owned());
    let host = contact.rsplit_once('@').map_or("", |(_, host)| host);
    if contact.is_empty() || is_example(host) {
        let place = reader.place_of("contact").clone();
        let message = "no contact of your own: webmasters of the polled sources and your readers cannot reach you";
        context.warn(Some(place), "service.contact", message);
    }
    let operator = reader.text("operator").unwrap_or_default();
    let imprint_url = link(&mut reader, "imprint_url");
    let privacy_url = link(&mut reader, "privacy_url");
    let accessibility_url = link(&mut reader, "accessibility_url");
    let data_dir = optional_text(&mut reader, "data_dir").unwrap_or_else(|| "../var".to_owned());
    let data_dir = context.environment.state_dir.clone().unwrap_or_else(|| context.path(&data_dir));
    let timezone = timezone(&mut reader).unwrap_or(Tz::Europe__Berlin);
    let land = reader.text("holidays").unwrap_or_else(|| "ST".to_owned());
    let holidays = Holidays::parse(&land).unwrap_or_else(|| {
        let known = LANDS.join(", ");
        reader.problem(
            "holidays",
            format!("`{land}` is no Land: write one of {known}, or \"\" for none"),
        );
        Holidays::NONE
    });
    let key = context
        .environment
        .secret("AMTSBOTE_KEY")
        .cloned()
        .or_else(|| secrets::from_credential(&mut reader, context, "key", "amtsbote-key"));
    reader.finish();
    ServiceSettings {
        name,
        public_url,
        contact,
        operator,
        imprint_url,
        privacy_url,
        accessibility_url,
        data_dir,
        timezone,
        land,
        holidays,
        key,
    }
}

fn public_url(reader: &mut Reader<'_>, context: &mut Context<'_>) -> String {
    let text =
        reader.text("public_url").unwrap_or_else(|| "https://meldungen.example.de/".to_owned());
    let Some(url) = web_url(reader, "public_url", &text) else { return text };
    let host = url.host_str().unwrap_or_default();
    if url.scheme() == "http" && !is_loopback(host) {
        let message =
            "must begin with `https://`: links in mails carry tokens (http is for loopback only)";
        reader.problem("public_url", message);
    }
    if url.query().is_some() || url.fragment().is_some() {
        reader.problem("public_url", "must not hold `?` or `#`: paths are put behind it");
    } else if !text.ends_with('/') {
        reader.problem("public_url", format!("must end with `/`: `{text}/`"));
    }
    if is_example(host) {
        let place = reader.place_of("public_url").clone();
        let message = "still is the example's address: links in mails would lead nowhere";
        context.warn(Some(place), "service.public_url", message);
    }
    text
}

fn link(reader: &mut Reader<'_>, key: &'static str) -> Option<String> {
    let text = optional_text(reader, key)?;
    web_url(reader, key, &text).map(|_| text)
}

/// The zone that `timezone` names.
pub(super) fn timezone(reader: &mut Reader<'_>) -> Option<Tz> {
    let text = reader.text("timezone")?;
    let zone = text.parse().ok();
    if zone.is_none() {
        let names: Vec<&str> = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()).collect();
        let nearest = suggestion(&text, &names);
        reader.problem(
            "timezone",
            format!("`{text}` is no time zone such as `Europe/Berlin`{nearest}"),
        );
    }
    zone
}

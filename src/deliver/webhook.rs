//! Messages to another program by HTTP: JSON by POST, signed, in a shape of one's choice.
//!
//! The address may hold the right to use it, as those of Teams do: no error and no `Debug`
//! shows more than its host.

mod body;

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use data_encoding::HEXLOWER;
use hmac::{Hmac, Mac as _};
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use reqwest::{Client, Method, StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use tokio::sync::Semaphore;

pub use self::body::Format;
use self::body::Template;
use super::{Channel, ChannelContext, Kind, Outgoing, SendError, Step, tls, without_addresses};
use crate::model::settings::{Bound, NamedFile, Secret, Settings as _, judge, settings};
use crate::model::{BoxFuture, Envelope, Payload, Reader, Rendered, is_loopback};

/// The registry's line.
pub const KIND: Kind = Kind {
    name: "webhook",
    summary: "posts each message as JSON to another program, such as a room of Matrix or Teams",
    fields: WebhookSettings::fields,
    judge: judge::<WebhookSettings>,
    build,
};

settings! {
    /// The program that takes messages.
    pub struct WebhookSettings in "mail.webhook" {
        /// Its address; one that holds {id} is asked by PUT, with the Message-ID in that place.
        url: String = "http://localhost/";
        /// File with the address, where it is a secret itself.
        url_file: Secret = "";
        /// "json", "matrix" or "teams": the shape of the JSON.
        format: Format = "json";
        /// A template of your own (Jinja) instead; it must make JSON.
        template_file: NamedFile = "";
        /// File with a token that is sent as Authorization: Bearer.
        token_file: Secret = "";
        /// File with the key of the signature X-Hub-Signature-256; "" = not signed.
        secret_file: Secret = "";
        /// Messages may go readable for everyone on the way.
        insecure: bool = false;
        /// PEM of your own CA, if the server's certificate comes from one.
        ca_file: NamedFile = "";
        /// Messages at once.
        connections: usize = 2, Bound::Range(1, 50);
        /// Limit of each request.
        timeout: Duration = "30s", Bound::NotZero;
    }
}

/// What stands for the Message-ID in an address.
const ID: &str = "{id}";
/// Bytes of an answer that are looked at: why a message was refused.
const MOST_SAID: usize = 1_000;
const SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature-256");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The channel.
pub struct Webhook {
    /// With [`ID`] in it, perhaps.
    url: SecretString,
    host: String,
    template: Template,
    token: Option<SecretString>,
    secret: Option<SecretString>,
    client: Client,
    connections: usize,
    slots: Semaphore,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("host", &self.host)
            .field("has_token", &self.token.is_some())
            .field("is_signed", &self.secret.is_some())
            .finish_non_exhaustive()
    }
}

fn build(reader: &mut Reader<'_>, _: &ChannelContext<'_>) -> Option<Box<dyn Channel>> {
    let settings = WebhookSettings::read(reader)?;
    let key = if settings.url_file.value.is_some() { "url_file" } else { "url" };
    let url = settings.url_file.value.unwrap_or_else(|| settings.url.into());
    let host = host(url.expose_secret(), settings.insecure);
    let host = host.map_err(|problem| reader.problem(key, problem)).ok();
    let (key, source) = match &settings.template_file.path {
        Some(_) => ("template_file", String::from_utf8(settings.template_file.bytes).ok()),
        None => ("format", Some(settings.format.template().to_owned())),
    };
    let template = source.ok_or_else(|| "it is not text".to_owned()).and_then(Template::new);
    let template =
        template.map_err(|error| reader.problem(key, format!("cannot be used: {error}"))).ok();
    let tls = tls::config(reader, &settings.ca_file)?;
    let client = Client::builder()
        .tls_backend_preconfigured((*tls).clone())
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .timeout(settings.timeout)
        .build();
    let client =
        client.map_err(|error| reader.problem("", format!("HTTP cannot be set up: {error}"))).ok();
    Some(Box::new(Webhook {
        url,
        host: host?,
        template: template?,
        token: settings.token_file.value,
        secret: settings.secret_file.value,
        client: client?,
        connections: settings.connections,
        slots: Semaphore::new(settings.connections),
    }))
}

/// Returns the host of a sound address, or what is wrong. The address itself is not told.
fn host(url: &str, insecure: bool) -> Result<String, &'static str> {
    let url = Url::parse(url).map_err(|_| "is no URL")?;
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or("names no host")?;
    match url.scheme() {
        "https" => {}
        "http" if insecure || is_loopback(host) => {}
        "http" => {
            return Err(
                "sends messages readable for everyone on the way: use https, or also set `insecure = true`",
            );
        }
        _ => return Err("is neither http nor https"),
    }
    if url.username().is_empty() && url.password().is_none() {
        Ok(host.to_owned())
    } else {
        Err("holds a name or password, which no request would carry; use `token_file`")
    }
}

impl Channel for Webhook {
    fn is_mail(&self) -> bool {
        false
    }

    fn connections(&self) -> usize {
        self.connections
    }

    fn encode(&self, envelope: &Envelope, rendered: &Rendered) -> Result<Payload, SendError> {
        self.template.body(envelope, rendered)
    }

    fn send<'a>(&'a self, mail: Outgoing<'a>) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async move {
            let Ok(_slot) = self.slots.acquire().await else {
                return Err(unreachable("the channel is closed"));
            };
            let request = self.request(mail.message_id, mail.payload)?;
            let mut response =
                self.client.execute(request).await.map_err(|error| failure(&error))?;
            let status = response.status();
            if status.is_success() {
                return Ok(());
            }
            let mut said = Vec::new();
            while said.len() < MOST_SAID
                && let Ok(Some(chunk)) = response.chunk().await
            {
                said.extend_from_slice(&chunk[..chunk.len().min(MOST_SAID)]);
            }
            let said = String::from_utf8_lossy(&said);
            let said =
                self.without_secrets(&without_addresses(&said, &[mail.sender, mail.recipient]));
            Err(verdict(status, &said))
        })
    }
}

impl Webhook {
    fn request(&self, message_id: &str, payload: &Payload) -> Result<reqwest::Request, SendError> {
        let invalid = |reason: &str| SendError::Invalid { reason: reason.to_owned() };
        let url = self.url.expose_secret();
        let method = if url.contains(ID) { Method::PUT } else { Method::POST };
        // Of the characters of a Message-ID some have a meaning in a path; Base64 for URLs has none.
        let url = url.replace(ID, &URL_SAFE_NO_PAD.encode(message_id));
        let url = Url::parse(&url).map_err(|_| invalid("the address is no URL"))?;
        let mut request = reqwest::Request::new(method, url);
        let fields = request.headers_mut();
        fields.insert(USER_AGENT, HeaderValue::from_static("amtsbote"));
        fields.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let key = HeaderValue::from_str(&format!("\"{message_id}\""));
        fields.insert(IDEMPOTENCY_KEY, key.map_err(|_| invalid("the Message-ID is malformed"))?);
        if let Some(token) = &self.token {
            let value = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()));
            let mut value = value.map_err(|_| invalid("the token is not printable"))?;
            value.set_sensitive(true);
            fields.insert(reqwest::header::AUTHORIZATION, value);
        }
        if let Some(secret) = &self.secret {
            let mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes());
            let mut mac = mac.map_err(|_| invalid("the key cannot sign"))?;
            mac.update(&payload.0);
            let signature = HEXLOWER.encode(&mac.finalize().into_bytes());
            let value = HeaderValue::from_str(&format!("sha256={signature}"));
            fields.insert(SIGNATURE, value.map_err(|_| invalid("the key cannot sign"))?);
        }
        *request.body_mut() = Some(payload.0.clone().into());
        Ok(request)
    }

    /// Returns what the other side said without what it was told in confidence.
    fn without_secrets(&self, said: &str) -> String {
        let secrets = [self.token.as_ref(), self.secret.as_ref(), Some(&self.url)];
        let secrets = secrets.into_iter().flatten().map(secrecy::ExposeSecret::expose_secret);
        secrets
            .filter(|secret| !secret.is_empty())
            .fold(said.to_owned(), |said, secret| said.replace(secret, "…"))
    }
}

fn unreachable(reason: &str) -> SendError {
    SendError::Unreachable { step: Step::Post, code: None, reason: reason.to_owned() }
}

/// Returns why there is no answer, without the address.
fn failure(error: &reqwest::Error) -> SendError {
    if error.is_connect() {
        let is_late = error.is_timeout();
        return unreachable(if is_late { "no connection in time" } else { "no connection" });
    }
    let reason = if error.is_timeout() { "no answer in time" } else { "the connection broke" };
    SendError::Unknown { reason: reason.to_owned() }
}

/// Returns what a status means for a message (RFC 9110 15, RFC 6585 4).
fn verdict(status: StatusCode, said: &str) -> SendError {
    let said = said.trim();
    let reason = format!("HTTP {}: {said}", status.as_u16());
    let reason = reason.trim_end_matches(": ").to_owned();
    let (step, code) = (Step::Post, None);
    match status.as_u16() {
        // Busy, or not there for a while.
        429 | 502..=504 => SendError::Unreachable { step, code, reason },
        408 | 425 | 409 | 423 => SendError::Transient { step, code, reason },
        // What it says of this message it would not say of another.
        400 | 413 | 415 | 422 => SendError::Permanent { step: Step::Content, code, reason },
        // The address, the right to use it, or the way to ask.
        300..=499 => SendError::Misconfigured { step, code, reason },
        _ => SendError::Transient { step, code, reason },
    }
}

//! The HTTP client: hop by hop, each hop guarded, all under one deadline.
//!
//! No cookies, no Referer, no proxy from the environment, no retry of its own
//! but two: a kept connection that died before it answered, and a body that is
//! not in the encoding it claims, which the second time is unpacked by `coding`.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::Client;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderName, HeaderValue, LOCATION,
    USER_AGENT,
};
use url::Url;

use super::client::{Clients, Prepared, Unpacking, Way, check, same_host};
use super::failure::{closed_before_answer, issuer_is_unknown, meaning, undecodable};
use super::guard::{Lookup, Refusal, Unresolved};
use super::{Fetch, FetchError, FetchSettings, coding, issuer};
use crate::model::{Access, BoxFuture, Headers, Method, Move, Request, Response};

/// Hops that are followed before we give up.
const MOST_HOPS: usize = 5;

/// Bytes of the target of a redirect. Every relative link of the document is
/// joined with it, so its length counts once per link (RFC 9110 4.1 asks
/// recipients to support 8,000).
const MAX_TARGET: usize = 8_000;

/// Of a page that only says that something went wrong, no more is read than
/// is needed to tell what wall it is.
const ERROR_BYTES: u64 = 256 * 1024;

/// Fields of the request that may follow a redirect to another host.
const TRAVELLING: &[&str] = &["if-none-match", "if-modified-since", "a-im", "accept-language"];

/// Asks over the network.
#[derive(Clone)]
pub struct HttpFetch {
    clients: Arc<Clients>,
    /// Origins that answered over a kept connection and may have closed it since.
    kept: Arc<Mutex<HashSet<String>>>,
    access: Arc<Prepared>,
}

impl HttpFetch {
    /// Returns a client with these settings for all sources.
    pub fn new(settings: FetchSettings) -> Result<Self, FetchError> {
        Self::build(settings, None)
    }

    /// Returns the same with names resolved by `lookup` instead of the system.
    pub fn with_lookup(
        settings: FetchSettings,
        lookup: Arc<dyn Lookup>,
    ) -> Result<Self, FetchError> {
        Self::build(settings, Some(lookup))
    }

    fn build(settings: FetchSettings, lookup: Option<Arc<dyn Lookup>>) -> Result<Self, FetchError> {
        check(&settings)?;
        Ok(Self {
            clients: Arc::new(Clients::new(settings, lookup)),
            kept: Arc::default(),
            access: Arc::default(),
        })
    }

    /// Returns the same client asking as one source wants to be asked: own user
    /// agent, fields and password (sent to scheme, host and port of `home`, the
    /// configured address, and nowhere else), proxy, certificates (the last two
    /// hold for each hop of its redirects). Cheap: connections are shared between
    /// sources with the same needs.
    ///
    /// # Errors
    /// Fails with [`FetchError::Setup`] if the access cannot be used.
    pub fn with_access(
        &self,
        source: &str,
        home: &str,
        access: &Access,
    ) -> Result<Self, FetchError> {
        let access = Prepared::new(home, access)
            .map_err(|why| FetchError::Setup { host: source.to_owned(), why })?;
        Ok(Self { access: Arc::new(access), ..self.clone() })
    }

    async fn journey(&self, request: &Request, first: Url) -> Result<Response, FetchError> {
        let mut url = first.clone();
        // where the unbroken run of permanent redirects from the start has led
        let mut permanent = first.clone();
        let mut unbroken = true;
        for hop in 0..=MOST_HOPS {
            self.check_place(&url).await?;
            let (status, fields) = match self.ask(request, &first, &url).await? {
                Hop::Answered(mut response) => {
                    response.is_redirected = url != first;
                    response.moved =
                        (permanent != first).then(|| Move { permanent_url: permanent.into() });
                    return Ok(response);
                }
                Hop::Redirected(status, fields) => (status, fields),
                Hop::Undecodable(why) => return Err(FetchError::Broken { host: host(&url), why }),
            };
            let refused = |why: String| FetchError::Redirect { host: host(&url), why };
            if hop == MOST_HOPS {
                return Err(refused(format!("more than {MOST_HOPS} redirects in a row")));
            }
            let next = target(&url, &fields).map_err(&refused)?;
            if url.scheme() == "https" && next.scheme() == "http" {
                return Err(refused("it leads from https to http".to_owned()));
            }
            unbroken = unbroken && matches!(status, 301 | 308);
            if unbroken {
                permanent = next.clone();
            }
            url = next;
        }
        Err(FetchError::Redirect { host: host(&url), why: "too many redirects".to_owned() })
    }

    /// Refuses places we do not go to. Behind a proxy the name is looked up
    /// here too, since the proxy would go anywhere for us; of the names that only
    /// the proxy knows those of configured sources are asked for.
    async fn check_place(&self, url: &Url) -> Result<(), FetchError> {
        let refused = |Refusal(why)| FetchError::Guarded { host: host(url), why };
        let resolver = self.clients.resolver(&self.access.allow_private);
        resolver.guard.check_url(url).map_err(refused)?;
        if self.proxy().is_some()
            && let Some(url::Host::Domain(name)) = url.host()
            && let Err(error) = resolver.addresses(name).await
        {
            if !error.is::<Unresolved>() {
                return Err(refused(Refusal(error.to_string())));
            }
            if !self.clients.settings.configured_hosts.contains(name) {
                let why = "only the proxy knows the name, and no source is configured there";
                return Err(refused(Refusal(why.to_owned())));
            }
        }
        Ok(())
    }

    /// Returns the source's proxy, else everybody's; an empty one means: directly.
    fn proxy(&self) -> Option<&str> {
        let proxy = self.access.proxy.as_deref().or(self.clients.settings.proxy.as_deref());
        proxy.filter(|proxy| !proxy.is_empty())
    }

    /// Asks for one hop, and again without compression if the body cannot be unpacked.
    async fn ask(&self, request: &Request, first: &Url, url: &Url) -> Result<Hop, FetchError> {
        let mut fields = self.fields(request, url, same_host(first, url))?;
        let response = self.send(request, url, &fields, Unpacking::ByClient).await?;
        match read(request, url, response, Unpacking::ByClient).await? {
            Hop::Undecodable(_) => {
                fields.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
                let response = self.send(request, url, &fields, Unpacking::Here).await?;
                read(request, url, response, Unpacking::Here).await
            }
            hop => Ok(hop),
        }
    }

    /// Returns the request's fields; the private ones only for the host they are meant for.
    fn fields(&self, request: &Request, url: &Url, at_home: bool) -> Result<HeaderMap, FetchError> {
        let invalid = |name: &str| FetchError::Setup {
            host: host(url),
            why: format!("the field `{name}` cannot be sent"),
        };
        let mut fields = HeaderMap::new();
        let agent = match &self.access.user_agent {
            Some(agent) => agent.clone(),
            None => HeaderValue::from_str(&self.clients.settings.user_agent)
                .map_err(|_| invalid("User-Agent"))?,
        };
        fields.insert(USER_AGENT, agent);
        fields
            .insert(ACCEPT, HeaderValue::from_str(&request.accept).map_err(|_| invalid("Accept"))?);
        for (name, value) in request.headers.iter() {
            let field = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid(name))?;
            if at_home || TRAVELLING.contains(&field.as_str()) {
                let value = bytes_of(value).ok_or_else(|| invalid(name))?;
                fields.append(field, HeaderValue::from_bytes(&value).map_err(|_| invalid(name))?);
            }
        }
        if self.access.is_for(url) {
            for name in self.access.private.keys() {
                fields.remove(name);
            }
            fields.extend(self.access.private.clone());
        }
        Ok(fields)
    }

    async fn send(
        &self,
        request: &Request,
        url: &Url,
        fields: &HeaderMap,
        unpacking: Unpacking,
    ) -> Result<reqwest::Response, FetchError> {
        let origin = url.origin().ascii_serialization();
        let kept = self.clients.settings.keep_alive_hosts.contains(url.host_str().unwrap_or(""));
        let way = Way {
            proxy: self.proxy().map(str::to_owned),
            certificates: self.access.certificates.clone(),
            kept,
            allow_private: self.access.allow_private.clone(),
            unpacking,
        };
        let client =
            self.clients.client(&way).map_err(|why| FetchError::Setup { host: host(url), why })?;
        let mut outcome = send_once(&client, request, url, fields).await;
        // A server may close a kept connection just as we write to it. That is
        // no failure of this request: once more, on a fresh connection.
        if let Err(error) = &outcome
            && kept
            && closed_before_answer(error)
            && self.forget_kept(&origin)
        {
            outcome = send_once(&client, request, url, fields).await;
        }
        let response = match outcome {
            Ok(response) => response,
            Err(error) => return Err(self.explained(url, &error).await),
        };
        if kept {
            self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(origin);
        }
        Ok(response)
    }

    /// Returns our error for the client's, with the name of the issuer that is missing.
    async fn explained(&self, url: &Url, error: &reqwest::Error) -> FetchError {
        let mut meant = meaning(&host(url), error);
        if let FetchError::Tls { why, missing_issuer, .. } = &mut meant
            && issuer_is_unknown(error)
            && let Some(issuer) = self.missing_issuer(url).await
        {
            *why = format!("its certificate's issuer `{issuer}` is not known here");
            *missing_issuer = Some(issuer);
        }
        meant
    }

    async fn missing_issuer(&self, url: &Url) -> Option<String> {
        if self.proxy().is_some() {
            return None;
        }
        let address = match url.host()? {
            url::Host::Ipv4(address) => address.into(),
            url::Host::Ipv6(address) => address.into(),
            url::Host::Domain(name) => {
                let resolver = self.clients.resolver(&self.access.allow_private);
                *resolver.addresses(name).await.ok()?.first()?
            }
        };
        let port = url.port_or_known_default()?;
        let name = url.host_str()?.trim_matches(['[', ']']).to_owned();
        issuer::missing((address, port).into(), name).await
    }

    /// Returns whether a connection to the origin may have been a kept one; asked once.
    fn forget_kept(&self, origin: &str) -> bool {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).remove(origin)
    }
}

impl Fetch for HttpFetch {
    fn fetch<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, FetchError>> {
        Box::pin(async move {
            let mut first = Url::parse(&request.url).map_err(|error| FetchError::Guarded {
                // not shown: it may hold a password
                host: "the configured URL".to_owned(),
                why: format!("it is no URL ({error})"),
            })?;
            first.set_fragment(None);
            let name = host(&first);
            match tokio::time::timeout(request.timeout, self.journey(request, first)).await {
                Ok(outcome) => outcome,
                Err(_) => Err(FetchError::Timeout { host: name, limit: request.timeout }),
            }
        })
    }
}

impl fmt::Debug for HttpFetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpFetch")
            .field("settings", &self.clients.settings)
            .finish_non_exhaustive()
    }
}

/// The answer of one hop.
enum Hop {
    Answered(Response),
    Redirected(u16, HeaderMap),
    /// The body came whole but is not in the encoding it claims.
    Undecodable(String),
}

async fn send_once(
    client: &Client,
    request: &Request,
    url: &Url,
    fields: &HeaderMap,
) -> Result<reqwest::Response, reqwest::Error> {
    let method = match request.method {
        Method::Get => reqwest::Method::GET,
        Method::Head => reqwest::Method::HEAD,
    };
    client.request(method, url.clone()).headers(fields.clone()).send().await
}

/// Reads the body piece by piece, no further than the request allows.
async fn read(
    request: &Request,
    url: &Url,
    mut response: reqwest::Response,
    unpacking: Unpacking,
) -> Result<Hop, FetchError> {
    let status = response.status().as_u16();
    if matches!(status, 301 | 302 | 303 | 307 | 308) {
        return Ok(Hop::Redirected(status, response.headers().clone()));
    }
    let bodiless = request.method == Method::Head || matches!(status, 204 | 304);
    let label = content_coding(response.headers());
    if !bodiless && unpacking == Unpacking::ByClient && !coding::codings(&label).is_empty() {
        return Ok(Hop::Undecodable(format!("it is encoded as `{label}`, unknown here")));
    }
    let most = if status < 300 { request.max_bytes } else { request.max_bytes.min(ERROR_BYTES) };
    let limit = usize::try_from(most).unwrap_or(usize::MAX);
    let mut body = Vec::new();
    let mut truncated = false;
    loop {
        // a body that is not there cannot be unpacked either
        let piece = if bodiless { Ok(None) } else { response.chunk().await };
        match piece {
            Ok(None) => break,
            Ok(Some(piece)) => {
                let room = limit - body.len();
                if piece.len() > room {
                    body.extend_from_slice(&piece[..room]);
                    truncated = true;
                    break;
                }
                body.extend_from_slice(&piece);
            }
            Err(error) if undecodable(&error) => {
                let why = "its body is not in the encoding that it claims".to_owned();
                return Ok(Hop::Undecodable(why));
            }
            Err(error) => return Err(meaning(&host(url), &error)),
        }
    }
    if !bodiless && unpacking == Unpacking::Here {
        match coding::unpack(&label, body, limit) {
            Ok((unpacked, is_cut)) => {
                body = unpacked;
                truncated |= is_cut;
            }
            Err(why) => return Ok(Hop::Undecodable(why)),
        }
    }
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), text_of(value)))
        .collect::<Headers>();
    Ok(Hop::Answered(Response {
        status,
        final_url: url.to_string(),
        is_redirected: false,
        moved: None,
        headers,
        body,
        truncated,
    }))
}

/// Returns the content codings that the client left in place (RFC 9110 8.4).
fn content_coding(headers: &HeaderMap) -> String {
    let labels: Vec<String> = headers.get_all(CONTENT_ENCODING).iter().map(text_of).collect();
    labels.join(",")
}

/// Returns where a redirect leads.
fn target(url: &Url, fields: &HeaderMap) -> Result<Url, String> {
    let value = fields.get(LOCATION).ok_or("it names no target")?;
    let text = match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => text.to_owned(),
        Err(_) => text_of(value),
    };
    if text.trim().is_empty() {
        return Err("it names no target".to_owned());
    }
    if text.len() > MAX_TARGET {
        return Err(format!("its target is longer than {MAX_TARGET} bytes"));
    }
    if text.chars().any(char::is_control) {
        return Err("its target holds control characters".to_owned());
    }
    let mut next = url.join(&text).map_err(|error| format!("its target is no URL ({error})"))?;
    next.set_fragment(None);
    Ok(next)
}

fn host(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => url.scheme().to_owned(),
    }
}

/// Returns a field value as text, one character per octet: no octet is lost, so that a
/// validator can be sent back byte for byte.
fn text_of(value: &HeaderValue) -> String {
    value.as_bytes().iter().copied().map(char::from).collect()
}

/// Returns the octets of such a text.
fn bytes_of(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
}

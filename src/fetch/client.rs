//! The clients below [`HttpFetch`](super::HttpFetch): one for each distinct
//! way of connecting (directly or by a proxy, with further certificates, with
//! or without kept connections), made when first needed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Certificate, Client, Proxy};
use secrecy::ExposeSecret as _;
use url::Url;

use super::guard::{Guard, GuardedResolver, Lookup, SystemLookup};
use super::{FetchError, FetchSettings, install_crypto};
use crate::model::{Access, Network};

/// What makes a connection differ from others to the same host.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Way {
    pub(super) proxy: Option<String>,
    pub(super) certificates: Option<Vec<u8>>,
    pub(super) kept: bool,
    pub(super) allow_private: Vec<Network>,
    pub(super) unpacking: Unpacking,
}

/// Who unpacks bodies.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Unpacking {
    /// The client, while it reads; knows only what is labelled by the standard.
    ByClient,
    /// `coding`, from the whole body.
    Here,
}

/// A source's access, checked and ready to be sent.
#[derive(Clone, Default)]
pub(super) struct Prepared {
    pub(super) user_agent: Option<HeaderValue>,
    /// Its own fields and its Authorization, for `home` alone.
    pub(super) private: HeaderMap,
    /// The configured address.
    home: Option<Url>,
    pub(super) proxy: Option<String>,
    pub(super) certificates: Option<Vec<u8>>,
    /// Private networks besides those of all sources.
    pub(super) allow_private: Vec<Network>,
}

/// What all accesses share.
pub(super) struct Clients {
    pub(super) settings: FetchSettings,
    lookup: Arc<dyn Lookup>,
    made: Mutex<HashMap<Way, Client>>,
}

impl Clients {
    pub(super) fn new(settings: FetchSettings, lookup: Option<Arc<dyn Lookup>>) -> Self {
        install_crypto();
        let lookup = lookup.unwrap_or_else(|| Arc::new(SystemLookup));
        Self { settings, lookup, made: Mutex::default() }
    }

    /// Returns what finds and judges the addresses of a source that may also be asked in
    /// the private networks `more`.
    pub(super) fn resolver(&self, more: &[Network]) -> GuardedResolver {
        let allowed = [self.settings.allow_private.as_slice(), more].concat();
        GuardedResolver { guard: Guard::new(allowed), lookup: Arc::clone(&self.lookup) }
    }

    /// Returns the client for that way of connecting.
    pub(super) fn client(&self, way: &Way) -> Result<Client, String> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = made.get(way) {
            return Ok(client.clone());
        }
        let client = self.build(way)?;
        made.insert(way.clone(), client.clone());
        Ok(client)
    }

    fn build(&self, way: &Way) -> Result<Client, String> {
        let mut builder = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .connect_timeout(self.settings.connect_timeout)
            // city portals send a heap of Set-Cookie and policy fields
            .http1_max_headers(256)
            .pool_idle_timeout(self.settings.idle_timeout)
            .pool_max_idle_per_host(usize::from(way.kept));
        if way.unpacking == Unpacking::Here {
            builder = builder.no_gzip().no_brotli().no_deflate().no_zstd();
        }
        match &way.proxy {
            // the proxy is trusted: it may stand in our own network, so its name is not guarded
            Some(proxy) => builder = builder.proxy(proxy_at(proxy)?),
            None => builder = builder.dns_resolver(Arc::new(self.resolver(&way.allow_private))),
        }
        if let Some(pem) = &way.certificates {
            builder = builder.tls_certs_merge(certificates(pem)?);
        }
        builder.build().map_err(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            cause.unwrap_or_else(|| error.to_string())
        })
    }
}

impl Prepared {
    /// Returns whether the private fields may go to that address: an item may
    /// link anywhere, and so may a redirect.
    pub(super) fn is_for(&self, url: &Url) -> bool {
        self.home.as_ref().is_some_and(|home| same_host(home, url))
    }

    /// Checks what a source's access says, before anything is asked.
    pub(super) fn new(home: &str, access: &Access) -> Result<Self, String> {
        let mut private = HeaderMap::new();
        for (name, value) in &access.headers {
            let field = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| format!("`{name}` is no field name"))?;
            let mut value = HeaderValue::from_str(value)
                .map_err(|_| format!("the value of field `{name}` holds control characters"))?;
            value.set_sensitive(true);
            private.append(field, value);
        }
        if let (Some(user), Some(password)) = (&access.user, &access.password_file.value) {
            let credentials = STANDARD.encode(format!("{user}:{}", password.expose_secret()));
            let mut value = HeaderValue::from_str(&format!("Basic {credentials}"))
                .map_err(|error| error.to_string())?;
            value.set_sensitive(true);
            private.insert(AUTHORIZATION, value);
        }
        let certificates = access.ca_file.path.as_ref().map(|_| access.ca_file.bytes.clone());
        if let Some(pem) = &certificates {
            self::certificates(pem)?;
        }
        if let Some(proxy) = access.proxy.as_ref().filter(|proxy| !proxy.is_empty()) {
            proxy_at(proxy)?;
        }
        let user_agent = match &access.user_agent {
            Some(text) => Some(user_agent(text)?),
            None => None,
        };
        let home = Url::parse(home).ok();
        Ok(Self {
            user_agent,
            private,
            home,
            proxy: access.proxy.clone(),
            certificates,
            allow_private: access.allow_private.clone(),
        })
    }
}

/// Checks the settings that concern all sources.
pub(super) fn check(settings: &FetchSettings) -> Result<(), FetchError> {
    let setup = |why| FetchError::Setup { host: "every source".to_owned(), why };
    user_agent(&settings.user_agent).map_err(setup)?;
    if let Some(proxy) = settings.proxy.as_ref().filter(|proxy| !proxy.is_empty()) {
        proxy_at(proxy).map_err(setup)?;
    }
    Ok(())
}

fn user_agent(text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text).map_err(|_| "the user agent holds control characters".to_owned())
}

fn proxy_at(url: &str) -> Result<Proxy, String> {
    // the URL may hold a password: it is not shown
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    if !matches!(scheme, Some("http" | "https")) {
        return Err("the proxy's URL does not begin with http:// or https://".to_owned());
    }
    Proxy::all(url).map_err(|_| "the proxy's URL cannot be read".to_owned())
}

fn certificates(pem: &[u8]) -> Result<Vec<Certificate>, String> {
    let found = Certificate::from_pem_bundle(pem)
        .map_err(|_| "the further certificates are not PEM".to_owned())?;
    if found.is_empty() {
        return Err("the further certificates hold none in PEM".to_owned());
    }
    Ok(found)
}

/// Returns whether fields meant for `first` may be sent to `url`: the same origin,
/// or the same host after a change from http to https on the usual ports.
pub(super) fn same_host(first: &Url, url: &Url) -> bool {
    first.origin() == url.origin()
        || (first.host() == url.host() && first.port().is_none() && url.port().is_none())
}

//! ASK: one request, bounded in time, bytes and place.
//!
//! Knows nothing of sources, feeds or schedules. It follows redirects, checks
//! each place before it goes there, and hands back what it was given; what a
//! status means `answer` says.

pub mod guard;

mod client;
mod coding;
mod failure;
mod http;
mod issuer;
mod maildir;
mod scripted;

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

pub use http::HttpFetch;
pub use maildir::MaildirFetch;
pub use scripted::{ScriptedFetch, answer};

use crate::answer::{Failure, FailureKind};
use crate::model::{BoxFuture, Network, Request, Response};

/// A way to put a request to a server.
pub trait Fetch: Send + Sync {
    /// Asks, follows redirects, and reads the answer whatever its status.
    ///
    /// A body longer than `request.max_bytes` is no error: the answer is cut
    /// there and says so in `truncated`, for the newest items of a feed stand
    /// first. A body that ends before its announced end is an error.
    ///
    /// Field values carry one character per octet, so that none is lost.
    fn fetch<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, FetchError>>;
}

/// How servers are asked, unless a source says otherwise.
#[derive(Clone)]
pub struct FetchSettings {
    /// The User-Agent field: product, version and where to complain.
    pub user_agent: String,
    /// URL of a proxy for all requests; none or empty: connect directly, whatever
    /// the environment says.
    pub proxy: Option<String>,
    /// Private networks that may be asked all the same.
    pub allow_private: Vec<Network>,
    /// Hosts that serve several sources, as they stand in a parsed URL: their connections are kept
    /// for [`FetchSettings::idle_timeout`]. All others are closed after each answer, for a thousand
    /// idle connections cost 28 MiB and save nothing.
    pub keep_alive_hosts: BTreeSet<String>,
    /// Hosts of the configured sources. Behind a proxy a name that has no address
    /// here is asked for only if it is one of them: an admin vouches for it.
    pub configured_hosts: BTreeSet<String>,
    /// How long a kept connection may wait for its next request.
    pub idle_timeout: Duration,
    /// Limit of one attempt to connect; the request's own limit holds as well.
    pub connect_timeout: Duration,
}

impl Default for FetchSettings {
    fn default() -> Self {
        Self {
            user_agent: concat!("amtsbote/", env!("CARGO_PKG_VERSION")).to_owned(),
            proxy: None,
            allow_private: Vec::new(),
            keep_alive_hosts: BTreeSet::new(),
            configured_hosts: BTreeSet::new(),
            idle_timeout: Duration::from_secs(15),
            connect_timeout: Duration::from_secs(10),
        }
    }
}

impl fmt::Debug for FetchSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // the proxy's URL may hold a password
        f.debug_struct("FetchSettings")
            .field("user_agent", &self.user_agent)
            .field("by_proxy", &self.proxy.is_some())
            .field("allow_private", &self.allow_private)
            .finish_non_exhaustive()
    }
}

/// Why there is no answer. Each names the host that was being asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The place is not one we go to.
    #[error("`{host}` is not asked: {why}")]
    Guarded {
        /// The host, or the whole text where it is no URL.
        host: String,
        /// What speaks against it.
        why: String,
    },
    /// The name has no address.
    #[error("the name `{host}` has no address: {why}")]
    Resolve {
        /// The name.
        host: String,
        /// What the resolver said.
        why: String,
    },
    /// Nobody answers at the address.
    #[error("no connection to `{host}`: {why}")]
    Connect {
        host: String,
        /// What the system said.
        why: String,
    },
    /// There is no trusted connection; names the missing issuer if that is it.
    #[error("no trusted connection to `{host}`: {why}")]
    Tls {
        host: String,
        /// What is wrong with its certificate or handshake.
        why: String,
        /// The issuer that is not known here, as its certificate names it.
        missing_issuer: Option<String>,
    },
    /// The exchange took longer than the request allows.
    #[error("`{host}` did not finish within {} s", limit.as_secs_f64())]
    Timeout {
        host: String,
        /// The limit of the whole exchange.
        limit: Duration,
    },
    /// A redirect that is not followed.
    #[error("the redirect of `{host}` is not followed: {why}")]
    Redirect {
        /// The host that redirects.
        host: String,
        /// What speaks against it.
        why: String,
    },
    /// The answer is torn, garbled or not HTTP at all.
    #[error("the answer of `{host}` is broken: {why}")]
    Broken {
        host: String,
        /// Where it breaks.
        why: String,
    },
    /// Our own side cannot be set up as configured.
    #[error("`{host}` cannot be asked as configured: {why}")]
    Setup {
        /// The host, or `every source` if it concerns all.
        host: String,
        /// What is wrong with the settings.
        why: String,
    },
}

impl FetchError {
    /// Returns the host that was being asked.
    pub fn host(&self) -> &str {
        match self {
            Self::Guarded { host, .. }
            | Self::Resolve { host, .. }
            | Self::Connect { host, .. }
            | Self::Tls { host, .. }
            | Self::Timeout { host, .. }
            | Self::Redirect { host, .. }
            | Self::Broken { host, .. }
            | Self::Setup { host, .. } => host,
        }
    }

    /// Returns its kind. A refused place and wrong settings stay so until a
    /// person acts; all else may pass by itself, a bad certificate too.
    pub const fn kind(&self) -> FailureKind {
        match self {
            Self::Guarded { .. } => FailureKind::Guarded,
            Self::Setup { .. } => FailureKind::Setup,
            Self::Resolve { .. } | Self::Connect { .. } | Self::Timeout { .. } => {
                FailureKind::Unreachable
            }
            Self::Redirect { .. } => FailureKind::Redirect,
            Self::Tls { .. } | Self::Broken { .. } => FailureKind::Passing,
        }
    }

    /// Returns what an operator could do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Guarded { why, .. }
                if why.contains("the address") || why.contains("loopback") =>
            {
                Some(
                    "if this is your own network, name it in `allow_private` of the source"
                        .to_owned(),
                )
            }
            Self::Guarded { why, .. } if why.contains("user name or password") => {
                Some("use the source's `user` and `password_file` instead".to_owned())
            }
            Self::Tls { missing_issuer: Some(issuer), .. } => Some(format!(
                "the server probably forgets its intermediate certificate: put that of `{issuer}` \
                 into a PEM file and name it in the source's `ca_file`"
            )),
            _ => None,
        }
    }
}

impl From<&FetchError> for Failure {
    fn from(error: &FetchError) -> Self {
        Self { remedy: error.hint(), ..Self::new(error.kind(), error.to_string()) }
    }
}

/// Chooses the cryptography for TLS in this process; to be called once at the
/// start. Does no harm if it was chosen before.
pub fn install_crypto() {
    // the error says that one is installed already
    let _ = rustls::crypto::ring::default_provider().install_default();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_error() -> Vec<FetchError> {
        let (host, why) = (|| "stadt.test".to_owned(), || "a reason".to_owned());
        vec![
            FetchError::Guarded { host: host(), why: "the address 10.0.0.1 is private".into() },
            FetchError::Resolve { host: host(), why: why() },
            FetchError::Connect { host: host(), why: why() },
            FetchError::Tls { host: host(), why: why(), missing_issuer: Some("CN=X".into()) },
            FetchError::Timeout { host: host(), limit: Duration::from_millis(1500) },
            FetchError::Redirect { host: host(), why: why() },
            FetchError::Broken { host: host(), why: why() },
            FetchError::Setup { host: host(), why: why() },
        ]
    }

    #[test]
    fn each_error_names_the_host_and_the_reason_in_one_line() {
        let texts: Vec<_> = every_error().iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "`stadt.test` is not asked: the address 10.0.0.1 is private",
                "the name `stadt.test` has no address: a reason",
                "no connection to `stadt.test`: a reason",
                "no trusted connection to `stadt.test`: a reason",
                "`stadt.test` did not finish within 1.5 s",
                "the redirect of `stadt.test` is not followed: a reason",
                "the answer of `stadt.test` is broken: a reason",
                "`stadt.test` cannot be asked as configured: a reason",
            ]
        );
    }

    #[test]
    fn only_what_may_be_our_own_network_is_unreachable() {
        use FailureKind::{Guarded, Passing, Redirect, Setup, Unreachable};
        let kinds: Vec<_> = every_error().iter().map(FetchError::kind).collect();
        let expected =
            [Guarded, Unreachable, Unreachable, Passing, Unreachable, Redirect, Passing, Setup];
        assert_eq!(kinds, expected);
    }

    #[test]
    fn a_private_address_and_a_missing_issuer_come_with_a_hint() {
        let hints: Vec<_> = every_error().iter().map(|error| error.hint().is_some()).collect();
        assert_eq!(hints, [true, false, false, true, false, false, false, false]);
    }
}

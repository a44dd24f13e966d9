//! `[web]`: the web face.

use std::net::SocketAddr;
use std::time::Duration;

use crate::model::Network;
use crate::model::settings::{Bound, TextSetting, settings};

settings! {
    /// The web face.
    pub struct WebSettings in "web" {
        /// "" = no web face. For the public put a reverse proxy with TLS before it.
        listen: Option<SocketAddr> = "127.0.0.1:8080";
        /// Whether anyone may sign up by form.
        subscribe: bool = true;
        /// How long the settings link of a mail holds. An older one sends its reader a fresh link.
        settings_links: Duration = "60d", Bound::NotZero;
        /// Where /status and /metrics are served instead, and nothing else but /healthz: for an
        /// address that no reverse proxy passes on. "" = they are pages of the web face.
        status_listen: Option<SocketAddr> = "";
        /// Networks that may see /status and /metrics.
        status: Vec<Network> = ["127.0.0.0/8", "::1/128"];
        /// Proxies whose X-Forwarded-For is believed.
        trusted_proxies: Vec<Network> = [];
    }
}

impl TextSetting for SocketAddr {
    const FORM: &'static str = "address and port";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| {
            format!("`{text}` is no address and port such as `127.0.0.1:8080` or `[::]:8080`; \"\" = none")
        })
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

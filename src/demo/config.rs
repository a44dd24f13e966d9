//! The configuration of the demonstration: the same files an admin would write.

use std::net::SocketAddr;
use std::path::Path;

use super::SAMPLES;

/// Someone who gets the demonstration's digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleSubscriber {
    /// Address; its domain is reserved (RFC 2606) and can never get mail.
    pub address: &'static str,
    /// Id of the series.
    pub series: &'static str,
    /// Ids of the topics, in the subscriber's order.
    pub topics: &'static [&'static str],
}

/// The sample subscribers: one wants all, one a single topic, one two in an order of their own.
pub const SUBSCRIBERS: &[SampleSubscriber] = &[
    SampleSubscriber {
        address: "hauptamt@example.de",
        series: "taeglich",
        topics: &["ozg", "central-services", "transformation"],
    },
    SampleSubscriber {
        address: "it-stelle@rathaus.test",
        series: "taeglich",
        topics: &["central-services"],
    },
    SampleSubscriber {
        address: "personalamt@example.de",
        series: "taeglich",
        topics: &["transformation", "ozg"],
    },
];

const AMTSBOTE: &str = r#"# The demonstration: sample sources on this machine, mails as files, nothing leaves.

[service]
name = "Kommunal-IT-Meldungen (Vorführung)"
public_url = {public_url}
contact = "redaktion@meldungen.example.de"
operator = "Vorführung, Musterstraße 1, 01234 Musterstadt"
imprint_url = "https://meldungen.example.de/impressum"
privacy_url = "https://meldungen.example.de/datenschutz"
accessibility_url = "https://meldungen.example.de/barrierefreiheit"
data_dir = {data_dir}

[fetch]
host_spacing = "0s"                  # all samples share one host
allow_private = ["127.0.0.0/8"]

[mail]
from = "Kommunal-IT-Meldungen <meldungen@example.de>"
reply_to = "redaktion@meldungen.example.de"
channel = "maildir"

[web]
listen = {listen}

[[series]]
id = "taeglich"
title = "Kommunal-IT am Morgen"
schedule = "arbeitstags 07:00"

[[series]]
id = "woechentlich"
title = "Kommunal-IT der Woche"
schedule = "freitags 12:00"
"#;

/// Returns the files of the configuration directory: name and content. The shipped
/// `topics.toml` belongs beside them; one source names its topics.
///
/// `samples_url` is the origin of the sample server without a slash at its end,
/// `web` where the web face listens, `data_dir` an absolute path.
pub fn config(samples_url: &str, web: SocketAddr, data_dir: &Path) -> Vec<(&'static str, String)> {
    let amtsbote = AMTSBOTE
        .replace("{public_url}", &quoted(&format!("http://{web}/")))
        .replace("{listen}", &quoted(&web.to_string()))
        .replace("{data_dir}", &quoted(&data_dir.to_string_lossy()));
    let blocks: Vec<String> =
        SAMPLES.iter().map(|sample| sample.toml.replace("{base}", samples_url)).collect();
    vec![("amtsbote.toml", amtsbote), ("sources.toml", blocks.join("\n"))]
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_toml_whatever_the_path_is_called() {
        let files = config(
            "http://127.0.0.1:4711",
            SocketAddr::from(([127, 0, 0, 1], 8080)),
            Path::new("/tmp/\"ü\\ {base}"),
        );
        assert_eq!(
            files.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
            ["amtsbote.toml", "sources.toml"]
        );
        let main: toml::Table = files[0].1.parse().unwrap();
        assert_eq!(main["service"]["data_dir"].as_str(), Some("/tmp/\"ü\\ {base}"));
        assert_eq!(main["service"]["public_url"].as_str(), Some("http://127.0.0.1:8080/"));
        assert_eq!(main["web"]["listen"].as_str(), Some("127.0.0.1:8080"));
        let sources: toml::Table = files[1].1.parse().unwrap();
        let sources = sources["source"].as_array().unwrap();
        assert_eq!(sources.len(), SAMPLES.len());
        for source in sources {
            assert!(source["url"].as_str().unwrap().starts_with("http://127.0.0.1:4711/"));
        }
    }

    #[test]
    fn subscribers_live_at_reserved_domains_and_get_a_configured_series() {
        let main: toml::Table =
            config("http://x", SocketAddr::from(([127, 0, 0, 1], 1)), Path::new("/x"))[0]
                .1
                .parse()
                .unwrap();
        for subscriber in SUBSCRIBERS {
            let reserved = ["@example.de", ".test"];
            assert!(reserved.iter().any(|domain| subscriber.address.ends_with(domain)));
            let series = main["series"].as_array().unwrap();
            assert!(series.iter().any(|series| series["id"].as_str() == Some(subscriber.series)));
        }
    }
}

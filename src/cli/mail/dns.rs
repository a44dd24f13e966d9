//! The records of our domains, asked from the name servers of this machine.

use std::time::Duration;

use anyhow::Context as _;
use hickory_resolver::TokioResolver;
use hickory_resolver::net::NetError;
use hickory_resolver::proto::rr::{RData, RecordType};

use super::advice::{Answer, Domains, Records, parent};
use crate::model::BoxFuture;

/// Longest wait for all answers.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Txt,
    Mx,
    A,
    Aaaa,
}

/// Answers questions about names.
pub(super) trait Lookup {
    /// Returns the records of that kind of a whole name.
    fn ask<'a>(&'a self, name: &'a str, kind: Kind) -> BoxFuture<'a, Answer>;
}

/// The name servers of this machine.
pub(super) struct System(TokioResolver);

impl System {
    pub(super) fn new() -> anyhow::Result<Self> {
        TokioResolver::builder_tokio()
            .and_then(hickory_resolver::ResolverBuilder::build)
            .context("the name servers of this machine are not known")
            .map(Self)
    }
}

impl Lookup for System {
    fn ask<'a>(&'a self, name: &'a str, kind: Kind) -> BoxFuture<'a, Answer> {
        let kind = match kind {
            Kind::Txt => RecordType::TXT,
            Kind::Mx => RecordType::MX,
            Kind::A => RecordType::A,
            Kind::Aaaa => RecordType::AAAA,
        };
        Box::pin(async move {
            // Whole: no suffix of this machine's search list.
            match self.0.lookup(format!("{name}."), kind).await {
                Ok(found) => {
                    let values: Vec<String> =
                        found.answers().iter().filter_map(|record| value(&record.data)).collect();
                    if values.is_empty() { Answer::Nothing } else { Answer::Found(values) }
                }
                Err(error) => missing(&error),
            }
        })
    }
}

/// Asks for what the advice is made of.
pub(super) async fn records(dns: &dyn Lookup, domains: &Domains) -> anyhow::Result<Records> {
    let all = async {
        let mut dmarc = dns.ask(&format!("_dmarc.{}", domains.from), Kind::Txt).await;
        if let (Answer::Nothing, Some(parent)) = (&dmarc, parent(&domains.from)) {
            dmarc = dns.ask(&format!("_dmarc.{parent}"), Kind::Txt).await;
        }
        Records {
            spf: dns.ask(&domains.envelope, Kind::Txt).await,
            dmarc,
            dkim: match &domains.dkim {
                Some(key) => dns.ask(&key.name, Kind::Txt).await,
                None => Answer::Nothing,
            },
            envelope_mx: mail_host(dns, &domains.envelope).await,
            unsubscribe_mx: match &domains.unsubscribe {
                Some(domain) => mail_host(dns, domain).await,
                None => Answer::Nothing,
            },
        }
    };
    tokio::time::timeout(PATIENCE, all).await.context("the name servers do not answer")
}

/// Returns where mail to the domain goes: its MX, else its own address.
async fn mail_host(dns: &dyn Lookup, domain: &str) -> Answer {
    match dns.ask(domain, Kind::Mx).await {
        Answer::Nothing => match dns.ask(domain, Kind::A).await {
            Answer::Nothing => dns.ask(domain, Kind::Aaaa).await,
            answer => answer,
        },
        answer => answer,
    }
}

fn missing(error: &NetError) -> Answer {
    if error.is_no_records_found() || error.is_nx_domain() {
        Answer::Nothing
    } else {
        Answer::Failed(error.to_string())
    }
}

fn value(data: &RData) -> Option<String> {
    match data {
        RData::TXT(text) => {
            let bytes: Vec<u8> =
                text.txt_data.iter().flat_map(|part| part.iter().copied()).collect();
            Some(String::from_utf8_lossy(&bytes).into_owned())
        }
        RData::MX(mx) => Some(mx.exchange.to_string()),
        RData::A(address) => Some(address.to_string()),
        RData::AAAA(address) => Some(address.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use super::*;
    use crate::cli::mail::advice::{self, DkimKey};

    /// A name server that knows these records and notes what it was asked.
    struct Zone {
        records: BTreeMap<(&'static str, Kind), &'static str>,
        asked: Mutex<Vec<(String, Kind)>>,
    }

    impl Lookup for Zone {
        fn ask<'a>(&'a self, name: &'a str, kind: Kind) -> BoxFuture<'a, Answer> {
            self.asked.lock().unwrap().push((name.to_owned(), kind));
            let found = self.records.get(&(name, kind));
            let answer =
                found.map_or(Answer::Nothing, |value| Answer::Found(vec![(*value).to_owned()]));
            Box::pin(std::future::ready(answer))
        }
    }

    #[tokio::test]
    async fn each_domain_is_asked_for_what_receivers_look_up() {
        let zone = Zone {
            records: BTreeMap::from([
                (("post.stadt.test", Kind::Txt), "v=spf1 mx -all"),
                (("_dmarc.stadt.test", Kind::Txt), "v=DMARC1; p=none"),
                (("s1._domainkey.news.stadt.test", Kind::Txt), "v=DKIM1; k=rsa; p=QUJD"),
                (("post.stadt.test", Kind::A), "192.0.2.1"),
                (("ab.stadt.test", Kind::Mx), "mail.stadt.test."),
            ]),
            asked: Mutex::default(),
        };
        let domains = Domains {
            from: "news.stadt.test".to_owned(),
            envelope: "post.stadt.test".to_owned(),
            unsubscribe: Some("ab.stadt.test".to_owned()),
            dkim: Some(DkimKey {
                name: "s1._domainkey.news.stadt.test".to_owned(),
                domain: "news.stadt.test".to_owned(),
                public: "QUJD".to_owned(),
            }),
            contact: "it@stadt.test".to_owned(),
        };
        let found = records(&zone, &domains).await.unwrap();
        let advices = advice::judge(&domains, &found);
        assert!(advices.iter().all(|advice| advice.is_sound), "{advices:#?}");
        let checks: Vec<&str> = advices.iter().map(|advice| advice.check).collect();
        assert_eq!(checks, ["spf", "dmarc", "alignment", "dkim", "mx", "mx"]);
        // The policy of the domain above is asked for only where there is no own one.
        let asked = zone.asked.lock().unwrap();
        assert_eq!(asked[0], ("_dmarc.news.stadt.test".to_owned(), Kind::Txt));
        assert_eq!(asked[1], ("_dmarc.stadt.test".to_owned(), Kind::Txt));
    }
}

//! The records of our domains, asked from the name servers of this machine.

use std::time::Duration;

use anyhow::Context as _;
use hickory_resolver::TokioResolver;
use hickory_resolver::net::NetError;
use hickory_resolver::proto::rr::{RData, RecordType};

use super::advice::{Answer, Domains, Records, parent};

/// Longest wait for all answers.
const PATIENCE: Duration = Duration::from_secs(20);

/// Asks for what the advice is made of.
pub(super) async fn records(domains: &Domains) -> anyhow::Result<Records> {
    let resolver = TokioResolver::builder_tokio()
        .and_then(hickory_resolver::ResolverBuilder::build)
        .context("the name servers of this machine are not known")?;
    let all = async {
        let mut dmarc = ask(&resolver, &format!("_dmarc.{}", domains.from), RecordType::TXT).await;
        if let (Answer::Nothing, Some(parent)) = (&dmarc, parent(&domains.from)) {
            dmarc = ask(&resolver, &format!("_dmarc.{parent}"), RecordType::TXT).await;
        }
        Records {
            spf: ask(&resolver, &domains.envelope, RecordType::TXT).await,
            dmarc,
            envelope_mx: mail_host(&resolver, &domains.envelope).await,
            unsubscribe_mx: match &domains.unsubscribe {
                Some(domain) => mail_host(&resolver, domain).await,
                None => Answer::Nothing,
            },
        }
    };
    tokio::time::timeout(PATIENCE, all).await.context("the name servers do not answer")
}

/// Returns where mail to the domain goes: its MX, else its own address.
async fn mail_host(resolver: &TokioResolver, domain: &str) -> Answer {
    match ask(resolver, domain, RecordType::MX).await {
        Answer::Nothing => match ask(resolver, domain, RecordType::A).await {
            Answer::Nothing => ask(resolver, domain, RecordType::AAAA).await,
            answer => answer,
        },
        answer => answer,
    }
}

async fn ask(resolver: &TokioResolver, name: &str, kind: RecordType) -> Answer {
    // Whole: no suffix of this machine's search list.
    match resolver.lookup(format!("{name}."), kind).await {
        Ok(found) => {
            let values: Vec<String> =
                found.answers().iter().filter_map(|record| value(&record.data)).collect();
            if values.is_empty() { Answer::Nothing } else { Answer::Found(values) }
        }
        Err(error) => missing(&error),
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

//! `source etiquette`: how we behave towards each source's server.

use std::collections::BTreeMap;

use serde_json::json;

use crate::cli::{Exit, Session};
use crate::model::SourceId;
use crate::schedule::polling;
use crate::store::sources::{self, Requests};

/// Prints a row per host, since that is who is treated well or ill.
pub(super) async fn etiquette(session: &Session) -> anyhow::Result<Exit> {
    let sources: Vec<(SourceId, String)> = session
        .plan
        .sources
        .iter()
        .map(|source| &source.configured.settings)
        .map(|settings| (settings.id.clone(), host(&settings.url)))
        .collect();
    let hosts = session
        .ctx
        .store
        .read(move |tx| {
            let mut hosts: BTreeMap<String, (usize, Requests)> = BTreeMap::new();
            for (id, host) in &sources {
                let (count, sum) = hosts.entry(host.clone()).or_default();
                *count += 1;
                *sum = sum.and(sources::requests(tx, id)?);
            }
            Ok(hosts)
        })
        .await?;
    let output = &session.output;
    let share = |part: u64, whole: u64| {
        let float = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        (whole > 0).then(|| float(part) / float(whole))
    };
    let percent = |share: Option<f64>| {
        share.map_or_else(|| "-".to_owned(), |share| format!("{:.0} %", share * 100.0))
    };
    let hosts: Vec<_> = hosts.into_iter().collect();
    let conditional = |sum: &Requests| share(sum.conditional, sum.all);
    let not_modified = |sum: &Requests| share(sum.not_modified, sum.conditional);
    let spacing = |sum: &Requests| sum.spacing.map(|span| span.as_secs_f64());
    output.list(
        ["HOST", "SOURCES", "REQUESTS", "CONDITIONAL", "304", "SHORTEST SPACING", "RETRY-AFTER"],
        &hosts,
        |(host, (count, sum))| {
            json!({
                "host": host,
                "sources": count,
                "requests": sum.all,
                "conditional": sum.conditional,
                "conditional_share": conditional(sum),
                "not_modified": sum.not_modified,
                "not_modified_share": not_modified(sum),
                "shortest_spacing_s": spacing(sum),
                "told_to_wait": sum.told_to_wait,
                "asked_early": sum.asked_early,
            })
        },
        |(host, (count, sum))| {
            [
                host.clone(),
                count.to_string(),
                sum.all.to_string(),
                percent(conditional(sum)),
                percent(not_modified(sum)),
                spacing(sum).map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.1} s")),
                match (sum.told_to_wait, sum.asked_early) {
                    (0, _) => "-".to_owned(),
                    (told, 0) => format!("yes, {told} times"),
                    (told, early) => format!("no: {early} early after {told}"),
                },
            ]
        },
    )?;
    Ok(Exit::Done)
}

/// Returns the host whose limit counts; the URL itself if it has none.
fn host(url: &str) -> String {
    let parsed = url::Url::parse(url).ok();
    let host = parsed.as_ref().and_then(url::Url::host_str);
    host.map_or_else(|| url.to_owned(), polling::registrable)
}

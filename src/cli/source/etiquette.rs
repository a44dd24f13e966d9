//! `source etiquette`: how we behave towards each source's server.

use std::collections::BTreeMap;

use serde_json::json;

use crate::cli::{Exit, Session};
use crate::model::SourceId;
use crate::schedule::polling;
use crate::store::sources::{self, Requests};

/// Per host, since that is who is treated well or ill.
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
    let mut rows = Vec::new();
    for (host, (count, sum)) in hosts {
        let conditional = share(sum.conditional, sum.all);
        let not_modified = share(sum.not_modified, sum.conditional);
        let spacing = sum.spacing.map(|span| span.as_secs_f64());
        if output.json {
            output.object(&json!({
                "host": host,
                "sources": count,
                "requests": sum.all,
                "conditional": sum.conditional,
                "conditional_share": conditional,
                "not_modified": sum.not_modified,
                "not_modified_share": not_modified,
                "shortest_spacing_s": spacing,
                "told_to_wait": sum.told_to_wait,
                "asked_early": sum.asked_early,
            }))?;
            continue;
        }
        let obeyed = match (sum.told_to_wait, sum.asked_early) {
            (0, _) => "-".to_owned(),
            (told, 0) => format!("yes, {told} times"),
            (told, early) => format!("no: {early} early after {told}"),
        };
        rows.push(vec![
            host,
            count.to_string(),
            sum.all.to_string(),
            percent(conditional),
            percent(not_modified),
            spacing.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.1} s")),
            obeyed,
        ]);
    }
    if !output.json {
        let head = [
            "HOST",
            "SOURCES",
            "REQUESTS",
            "CONDITIONAL",
            "304",
            "SHORTEST SPACING",
            "RETRY-AFTER",
        ];
        output.table(&head, &rows)?;
    }
    Ok(Exit::Done)
}

/// Returns the host whose limit counts; the URL itself if it has none.
fn host(url: &str) -> String {
    let parsed = url::Url::parse(url).ok();
    let host = parsed.as_ref().and_then(url::Url::host_str);
    host.map_or_else(|| url.to_owned(), polling::registrable)
}

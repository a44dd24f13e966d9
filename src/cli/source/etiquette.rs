//! `source etiquette`: how we behave towards each source's server.

use serde_json::json;

use crate::cli::{Exit, Session};
use crate::model::SourceId;
use crate::store::sources;

pub(super) async fn etiquette(session: &Session) -> anyhow::Result<Exit> {
    let ids: Vec<SourceId> =
        session.plan.sources.iter().map(|source| source.configured.settings.id.clone()).collect();
    let counted = session
        .ctx
        .store
        .read(move |tx| {
            ids.into_iter()
                .map(|id| Ok((sources::requests(tx, &id)?, id)))
                .collect::<Result<Vec<_>, _>>()
        })
        .await?;
    let output = &session.output;
    let mut rows = Vec::new();
    for (requests, id) in counted {
        if output.json {
            output.object(&json!({"id": id, "requests": requests.all, "conditional": requests.conditional, "not_modified": requests.not_modified}))?;
        }
        rows.push(vec![
            id.to_string(),
            requests.all.to_string(),
            requests.conditional.to_string(),
            requests.not_modified.to_string(),
        ]);
    }
    if !output.json {
        rows.sort();
        output.table(&["SOURCE", "REQUESTS", "CONDITIONAL", "304"], &rows)?;
    }
    Ok(Exit::Done)
}

//! `status`: how the service fares, for people, machines and monitors.

use serde_json::json;

use super::{Exit, Global, Session};
use crate::model::Condition;
use crate::store::{items, outbox, sources, subscribers};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// One line and the exit codes 0/1/2/3 of monitoring plugins
    #[arg(long)]
    plugin: bool,
}

pub(super) async fn status(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let session = Session::open(global)?;
    let ids: Vec<_> = session
        .plan
        .sources
        .iter()
        .map(|source| &source.configured.settings)
        .filter(|settings| settings.enabled)
        .map(|settings| settings.id.clone())
        .collect();
    let count = ids.len();
    let (unread, items, outbox, subscribers) = session
        .ctx
        .store
        .read(move |tx| {
            let mut unread = Vec::new();
            for id in &ids {
                let state = sources::state(tx, id)?;
                if state.condition.is_unread() || state.condition == Condition::Held {
                    unread.push(format!("{id} ({})", state.condition));
                }
            }
            Ok((
                unread,
                items::count_all(tx)?,
                outbox::count_by_state(tx, None)?,
                subscribers::count_by_standing(tx)?,
            ))
        })
        .await?;
    let dead: u64 = outbox.iter().filter(|(state, _)| state == "dead").map(|(_, n)| n).sum();
    let output = &session.output;
    if arguments.plugin {
        let (word, exit) = match (unread.is_empty(), dead) {
            (true, 0) => ("OK", Exit::Done),
            _ => ("WARNING", Exit::Failure),
        };
        output.line(&format!(
            "AMTSBOTE {word} - {} of {count} sources read, {items} items, {dead} mails given up",
            count - unread.len()
        ))?;
        return Ok(exit);
    }
    if output.json {
        let map = |pairs: &[(String, u64)]| {
            pairs.iter().cloned().collect::<std::collections::BTreeMap<_, _>>()
        };
        output.object(&json!({
            "sources": count, "unread": unread, "items": items,
            "outbox": map(&outbox), "subscribers": map(&subscribers),
            "version": session.plan.version,
        }))?;
        return Ok(Exit::Done);
    }
    let words = |pairs: &[(String, u64)]| {
        let listed: Vec<String> = pairs.iter().map(|(word, n)| format!("{n} {word}")).collect();
        if listed.is_empty() { "none".to_owned() } else { listed.join(", ") }
    };
    output.line(&format!("sources      {count}, {} cannot be read", unread.len()))?;
    for source in &unread {
        output.line(&format!("             {source}"))?;
    }
    output.line(&format!("items        {items}"))?;
    output.line(&format!("subscribers  {}", words(&subscribers)))?;
    output.line(&format!("outbox       {}", words(&outbox)))?;
    output.line(&format!("config       {}", session.plan.version))?;
    Ok(Exit::Done)
}

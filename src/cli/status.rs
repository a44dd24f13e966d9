//! `status`: how the service fares, for people, machines and monitors.

use serde_json::json;

use super::{Exit, Global, Session};
use crate::model::Condition;
use crate::store::{bounces, items, outbox, sources, subscribers};

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
    let now = session.ctx.clock.now();
    let (unread, unasked, items, outbox, subscribers, pause, returned, stop, dead) = session
        .ctx
        .store
        .read(move |tx| {
            let (mut unread, mut unasked) = (Vec::new(), 0_usize);
            for id in &ids {
                let state = sources::state(tx, id)?;
                unasked += usize::from(state.condition == Condition::New);
                if state.condition.is_unread() || state.condition == Condition::Held {
                    unread.push(format!("{id} ({})", state.condition));
                }
            }
            Ok((
                unread,
                unasked,
                items::count_all(tx)?,
                outbox::count_by_state(tx, None)?,
                subscribers::count_by_standing(tx)?,
                outbox::pause(tx)?.filter(|pause| pause.until > now),
                bounces::count_by_class(tx, now.before(crate::bounce::MEMORY))?,
                outbox::stopped(tx)?,
                outbox::count_unacknowledged(tx)?,
            ))
        })
        .await?;
    // The operator's own word comes first: it outlasts every fault.
    let rests = stop.as_ref().map(|stop| &stop.reason).or(pause.as_ref().map(|p| &p.reason));
    let output = &session.output;
    if arguments.plugin {
        let (word, exit) = match (unread.is_empty() && rests.is_none(), dead) {
            (true, 0) => ("OK", Exit::Done),
            _ => ("WARNING", Exit::Failure),
        };
        output.line(&format!(
            "AMTSBOTE {word} - {} of {count} sources read, {items} items, {dead} mails given up{}",
            count - unread.len() - unasked,
            rests.map_or_else(String::new, |why| format!(", no mail goes out: {why}"))
        ))?;
        return Ok(exit);
    }
    if output.json {
        let map = |pairs: &[(String, u64)]| {
            pairs.iter().cloned().collect::<std::collections::BTreeMap<_, _>>()
        };
        output.object(&json!({
            "sources": count, "unread": unread, "unasked": unasked, "items": items,
            "outbox": map(&outbox), "subscribers": map(&subscribers),
            "returned": map(&returned),
            "unacknowledged": dead,
            "stopped": stop.as_ref().map(|stop| json!({
                "since": stop.since.rfc3339(), "reason": stop.reason,
            })),
            "paused": pause.as_ref().map(|pause| json!({
                "until": pause.until.rfc3339(), "failures": pause.failures, "reason": pause.reason,
            })),
            "version": session.plan.version,
        }))?;
        return Ok(Exit::Done);
    }
    let words = |pairs: &[(String, u64)]| {
        let listed: Vec<String> = pairs.iter().map(|(word, n)| format!("{n} {word}")).collect();
        if listed.is_empty() { "none".to_owned() } else { listed.join(", ") }
    };
    let waiting = if unasked == 0 { String::new() } else { format!(", {unasked} not asked yet") };
    output.line(&format!("sources      {count}, {} cannot be read{waiting}", unread.len()))?;
    for source in &unread {
        output.line(&format!("             {source}"))?;
    }
    output.line(&format!("items        {items}"))?;
    output.line(&format!("subscribers  {}", words(&subscribers)))?;
    output.line(&format!("outbox       {}", words(&outbox)))?;
    if let Some(stop) = &stop {
        let since = output.time(Some(stop.since));
        output.line(&format!(
            "             no mail goes out since {since}, until `amtsbote outbox start`: {}",
            stop.reason
        ))?;
    }
    if let Some(pause) = &pause {
        let until = output.time(Some(pause.until));
        output.line(&format!("             no mail goes out until {until}: {}", pause.reason))?;
    }
    output.line(&format!("returned     {} in 30 days", words(&returned)))?;
    output.line(&format!("config       {}", session.plan.version))?;
    Ok(Exit::Done)
}

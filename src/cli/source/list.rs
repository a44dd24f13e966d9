//! `source list` and `source show`: every source and how it fares.

use serde_json::{Value, json};

use crate::cli::output::json_time;
use crate::cli::{Exit, Session, named};
use crate::model::settings::TextSetting as _;
use crate::model::{Condition, SourceId, SourceSettings, SourceState, Timestamp};
use crate::pipeline::{identity_in_use, left_out, read_by};
use crate::source::Configured;
use crate::store::{items, sources};

/// Returns a source's settings, its state and how many items it has.
async fn states(session: &Session) -> anyhow::Result<Vec<(SourceState, u64)>> {
    let ids: Vec<(SourceId, bool)> = session
        .plan
        .sources
        .iter()
        .map(|source| &source.configured.settings)
        .map(|settings| (settings.id.clone(), settings.enabled))
        .collect();
    let states = session
        .ctx
        .store
        .read(move |tx| {
            let mut states = Vec::with_capacity(ids.len());
            for (id, enabled) in ids {
                let mut state = sources::state(tx, &id)?;
                if !enabled {
                    state.condition = Condition::Off;
                }
                states.push((state, items::count_of(tx, &id)?));
            }
            Ok(states)
        })
        .await?;
    Ok(states)
}

/// Returns when the source is asked next; nothing where it is not asked again or is due at once.
fn next_poll(settings: &SourceSettings, state: &SourceState) -> Option<Timestamp> {
    (settings.enabled && !matches!(state.condition, Condition::Gone | Condition::Poison))
        .then_some(state.next_poll)
        .filter(|at| *at > Timestamp::default())
}

fn object(configured: &Configured, state: &SourceState, items: u64) -> Value {
    let settings = &configured.settings;
    let (identity, reason) = identity_in_use(settings, &state.cursor);
    json!({
        "id": settings.id,
        "name": settings.name,
        "kind": settings.kind,
        "url": settings.url,
        "state": state.condition,
        "last_attempt": json_time(state.last_attempt),
        "last_success": json_time(state.last_success),
        "last_new_item": json_time(state.last_new_item),
        "next_poll": json_time(next_poll(settings, state)),
        "failures": state.failures,
        "last_error": state.last_error,
        "items": items,
        "remark": settings.remark,
        "read_by": read_by(&state.cursor),
        "left_out": left_out(&state.cursor),
        "identity": identity.text(),
        "identity_reason": reason.unwrap_or("as configured"),
    })
}

pub(super) async fn list(session: &Session) -> anyhow::Result<Exit> {
    let states = states(session).await?;
    let output = &session.output;
    let mut sources: Vec<_> = session.plan.sources.iter().zip(&states).collect();
    sources.sort_by(|(left, _), (right, _)| {
        left.configured.settings.id.cmp(&right.configured.settings.id)
    });
    output.list(
        ["ID", "KIND", "STATE", "READ BY", "LAST READ", "LAST NEW", "NEXT", "ITEMS", "REMARK"],
        &sources,
        |(source, (state, items))| object(&source.configured, state, *items),
        |(source, (state, items))| {
            let settings = &source.configured.settings;
            let remark = state.last_error.as_deref().or(settings.remark.as_deref());
            [
                settings.id.to_string(),
                settings.kind.clone(),
                state.condition.to_string(),
                read_by(&state.cursor).unwrap_or("-").to_owned(),
                output.time(state.last_success),
                output.time(state.last_new_item),
                output.time(next_poll(settings, state)),
                items.to_string(),
                remark.unwrap_or("").to_owned(),
            ]
        },
    )?;
    Ok(Exit::Done)
}

pub(super) async fn show(session: &Session, id: &str) -> anyhow::Result<Exit> {
    let plan = named::source(&session.plan, id)?;
    let states = states(session).await?;
    let state = states.iter().find(|(state, _)| state.id.as_str() == id);
    let Some((state, items)) = state else { return Ok(Exit::Failure) };
    let value = object(&plan.configured, state, *items);
    if session.output.json {
        session.output.object(&value)?;
        return Ok(Exit::Done);
    }
    for (key, value) in value.as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        session.output.line(&format!("{key:<14} {text}"))?;
    }
    Ok(Exit::Done)
}

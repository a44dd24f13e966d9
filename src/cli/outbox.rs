//! `outbox`: the messages on their way.

use serde_json::json;

use super::output::{cut, json_time};
use super::{Exit, Global, Session, UsageError};
use crate::model::State;
use crate::store::outbox;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Messages, newest first
    List {
        /// Only in this state: ready, claimed, deferred, held, sent, dead
        #[arg(long)]
        state: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
}

pub(super) async fn run(global: &Global, command: Command) -> anyhow::Result<Exit> {
    let session = Session::open(global)?;
    let Command::List { state, limit } = command;
    if let Some(word) = &state {
        let known = State::parse(word, Some(crate::model::Timestamp::default()));
        if known.is_none() {
            let words = ["ready", "claimed", "deferred", "held", "sent", "dead"];
            let hint = crate::model::suggestion(word, &words);
            return Err(UsageError::new(format!("there is no state `{word}`{hint}")).into());
        }
    }
    let entries =
        session.ctx.store.read(move |tx| outbox::list(tx, state.as_deref(), limit)).await?;
    let output = &session.output;
    if output.json {
        for entry in &entries {
            output.object(&json!({
                "id": entry.id.to_string(),
                "kind": entry.kind.as_str(),
                "digest": entry.digest,
                "subscriber": entry.subscriber.map(|id| id.to_string()),
                "message_id": entry.message_id,
                "state": entry.state.as_str(),
                "at": json_time(entry.state.instant()),
                "attempts": entry.attempts,
                "last_error": entry.last_error,
                "created": entry.created.rfc3339(),
                "bytes": entry.payload.0.len(),
            }))?;
        }
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> = entries
        .iter()
        .map(|entry| {
            vec![
                entry.id.to_string(),
                entry.kind.as_str().to_owned(),
                entry.digest.as_ref().map_or("-", |id| id.as_str()).to_owned(),
                entry.subscriber.map_or_else(|| "-".to_owned(), |id| id.to_string()),
                entry.state.as_str().to_owned(),
                output.time(entry.state.instant()),
                entry.attempts.to_string(),
                cut(entry.last_error.as_deref().unwrap_or(""), 70),
            ]
        })
        .collect();
    output.table(
        &["ID", "KIND", "DIGEST", "SUBSCRIBER", "STATE", "AT", "TRIES", "LAST ERROR"],
        &rows,
    )?;
    Ok(Exit::Done)
}

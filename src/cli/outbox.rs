//! `outbox`: the messages on their way, and the operator's hand.

use serde_json::json;

use super::output::{cut, json_time};
use super::{Exit, Global, Session, UsageError};
use crate::daemon::Work;
use crate::model::{DigestId, OutboxId, State, Timestamp};
use crate::pipeline;
use crate::store::outbox::{self, Chosen, Move};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Messages, newest first
    List {
        /// Only in this state: ready, claimed, deferred, held, sent, dead
        #[arg(long)]
        state: Option<String>,
        /// Only of this digest
        #[arg(long, value_name = "D")]
        digest: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Send now what waits, or was given up while its bytes are kept
    Retry(Choice),
    /// Keep what waits from being sent until it is released
    Hold(Choice),
    /// Send what was held
    Release(Choice),
    /// Never send it
    Drop(Choice),
}

/// Which messages are meant.
#[derive(Debug, clap::Args)]
pub(super) struct Choice {
    /// Their numbers, as `outbox list` shows them
    #[arg(value_name = "ID")]
    ids: Vec<i64>,
    /// All that can be
    #[arg(long, conflicts_with = "ids")]
    all: bool,
    /// Those of this digest
    #[arg(long, value_name = "D")]
    digest: Option<String>,
    /// Those in this state
    #[arg(long, value_name = "S")]
    state: Option<String>,
}

pub(super) async fn run(global: &Global, command: Command) -> anyhow::Result<Exit> {
    let session = Session::open(global)?;
    match command {
        Command::List { state, digest, limit } => list(&session, state, digest, limit).await,
        Command::Retry(choice) => act(&session, choice, Move::Retry).await,
        Command::Hold(choice) => act(&session, choice, Move::Hold).await,
        Command::Release(choice) => act(&session, choice, Move::Release).await,
        Command::Drop(choice) => act(&session, choice, Move::Drop).await,
    }
}

fn known_state(word: &str) -> anyhow::Result<()> {
    if State::parse(word, Some(Timestamp::default())).is_some() {
        return Ok(());
    }
    let words = ["ready", "claimed", "deferred", "held", "sent", "dead"];
    let hint = crate::model::suggestion(word, &words);
    Err(UsageError::new(format!("there is no state `{word}`{hint}")).into())
}

async fn act(session: &Session, choice: Choice, to: Move) -> anyhow::Result<Exit> {
    if let Some(word) = &choice.state {
        known_state(word)?;
    }
    let is_chosen = choice.all || !choice.ids.is_empty();
    if !is_chosen && choice.digest.is_none() && choice.state.is_none() {
        let message = "say which: numbers, `--digest D`, `--state S` or `--all`";
        return Err(UsageError::new(message).into());
    }
    let named = choice.ids.len();
    let chosen = Chosen {
        ids: choice.ids.into_iter().map(OutboxId).collect(),
        digest: choice.digest.map(DigestId::new),
        state: choice.state,
    };
    let now = session.ctx.clock.now();
    let moved =
        session.ctx.store.write(move |tx| outbox::move_chosen(tx, &chosen, to, now)).await?;
    let (word, done) = match to {
        Move::Retry => ("retried", "to be sent now"),
        Move::Hold => ("held", "held"),
        Move::Release => ("released", "released"),
        Move::Drop => ("dropped", "dropped"),
    };
    let delivered = if matches!(to, Move::Retry) {
        pipeline::resume(&session.ctx).await?;
        Some(session.work(&Work::Drain).await?)
    } else {
        None
    };
    let output = &session.output;
    if output.json {
        let mut object = json!({ word: moved });
        if let Some(delivered) = &delivered {
            object["delivery"] = delivered.clone();
        }
        output.object(&object)?;
    } else {
        output.line(&format!("{moved} {done}"))?;
        if let Some(delivered) = &delivered {
            output.line(&format!(
                "{} sent, {} to be tried again, {} given up",
                delivered["sent"], delivered["deferred"], delivered["dead"]
            ))?;
            if let Some(why) = delivered["paused"].as_str() {
                output.line(&format!("no mail goes out: {why}"))?;
            }
        }
    }
    let is_paused = delivered.is_some_and(|delivered| !delivered["paused"].is_null());
    // Someone who names messages expects each of them to move.
    Ok(if moved < named || is_paused { Exit::Failure } else { Exit::Done })
}

async fn list(
    session: &Session,
    state: Option<String>,
    digest: Option<String>,
    limit: usize,
) -> anyhow::Result<Exit> {
    if let Some(word) = &state {
        known_state(word)?;
    }
    let digest = digest.map(DigestId::new);
    let (entries, pause) = session
        .ctx
        .store
        .read(move |tx| {
            let entries = outbox::list(tx, state.as_deref(), digest.as_ref(), limit)?;
            Ok((entries, outbox::pause(tx)?))
        })
        .await?;
    let output = &session.output;
    if let Some(pause) = pause.filter(|pause| pause.until > session.ctx.clock.now()) {
        output.say(&format!(
            "no mail goes out until {}: {}",
            output.time(Some(pause.until)),
            pause.reason
        ));
        output.say("`amtsbote outbox retry --all` tries at once");
    }
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

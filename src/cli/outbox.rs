//! `outbox`: the messages on their way, and what the operator may do with them.

use serde_json::json;

use super::output::json_time;
use super::{Exit, Global, Session, UsageError};
use crate::daemon::Work;
use crate::model::{DigestId, Ended, OutboxId, State};
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
    /// Send now what waits, or was given up for a passing reason while its bytes are kept
    Retry {
        #[command(flatten)]
        choice: Choice,
        /// Also those that were refused or dropped; they must be named by number, since each may
        /// arrive a second time
        #[arg(long, requires = "ids")]
        again: bool,
    },
    /// Keep what waits now from being sent until it is released; what comes later goes out, unless
    /// `outbox stop` holds back everything
    Hold(Choice),
    /// Send what was held
    Release(Choice),
    /// Never send it
    Drop(Choice),
    /// Stop all sending until `outbox start`, whatever is restarted or restored meanwhile
    Stop {
        /// Why, for everyone who wonders
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Let mail go out again
    Start,
    /// Acknowledge what was given up: it is no longer counted as something to act on
    Ack(Choice),
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
    let session = match command {
        // What stops mails must work at once, whatever else is broken.
        Command::List { .. } | Command::Hold(_) | Command::Stop { .. } => {
            Session::open_for_reading(global)?
        }
        _ => Session::open(global)?,
    };
    match command {
        Command::List { state, digest, limit } => list(&session, state, digest, limit).await,
        Command::Retry { choice, again: false } => act(&session, choice, Move::Retry).await,
        Command::Retry { choice, again: true } => act(&session, choice, Move::Again).await,
        Command::Hold(choice) => act(&session, choice, Move::Hold).await,
        Command::Release(choice) => act(&session, choice, Move::Release).await,
        Command::Drop(choice) => act(&session, choice, Move::Drop).await,
        Command::Stop { reason } => stop(&session, reason).await,
        Command::Start => start(&session).await,
        Command::Ack(choice) => acknowledge(&session, choice).await,
    }
}

async fn stop(session: &Session, reason: String) -> anyhow::Result<Exit> {
    let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    if reason.is_empty() {
        return Err(UsageError::new("say why: `--reason TEXT`").into());
    }
    let now = session.ctx.clock.now();
    let stopped = session
        .ctx
        .store
        .write(move |tx| {
            outbox::stop(tx, &reason, now)?;
            outbox::stopped(tx)
        })
        .await?;
    let output = &session.output;
    if let Some(stop) = stopped {
        if output.json {
            output.object(&json!({ "since": stop.since.rfc3339(), "reason": stop.reason }))?;
        } else {
            let since = output.time(Some(stop.since));
            output.line(&format!("no mail goes out since {since}: {}", stop.reason))?;
            output
                .say("a mail whose DATA has begun still goes out; `amtsbote outbox start` ends it");
        }
    }
    Ok(Exit::Done)
}

async fn start(session: &Session) -> anyhow::Result<Exit> {
    let was_stopped = session.ctx.store.write(outbox::start).await?;
    let delivered = if was_stopped { Some(session.work(&Work::Drain).await?) } else { None };
    let output = &session.output;
    if output.json {
        output.object(&json!({ "was_stopped": was_stopped, "delivery": delivered }))?;
    } else if let Some(delivered) = &delivered {
        output.line("mail goes out again")?;
        say_delivery(session, delivered)?;
    } else {
        output.line("nothing was stopped")?;
    }
    Ok(Exit::Done)
}

async fn acknowledge(session: &Session, choice: Choice) -> anyhow::Result<Exit> {
    let named = choice.ids.len();
    let chosen = chosen(choice)?;
    let now = session.ctx.clock.now();
    let marked = session.ctx.store.write(move |tx| outbox::acknowledge(tx, &chosen, now)).await?;
    let output = &session.output;
    if output.json {
        output.object(&json!({ "acknowledged": marked }))?;
    } else {
        output.line(&format!("{marked} acknowledged"))?;
    }
    Ok(if marked < named { Exit::Failure } else { Exit::Done })
}

fn say_delivery(session: &Session, delivered: &serde_json::Value) -> anyhow::Result<()> {
    let output = &session.output;
    output.line(&format!(
        "{} sent, {} to be tried again, {} given up",
        delivered["sent"], delivered["deferred"], delivered["dead"]
    ))?;
    if let Some(why) = delivered["paused"].as_str() {
        output.line(&format!("no mail goes out: {why}"))?;
    }
    if let Some(why) = delivered["stopped"].as_str() {
        output.line(&format!("no mail goes out until `amtsbote outbox start`: {why}"))?;
    }
    Ok(())
}

fn known_state(word: &str) -> anyhow::Result<()> {
    if State::WORDS.contains(&word) {
        return Ok(());
    }
    let hint = crate::model::suggestion(word, &State::WORDS);
    Err(UsageError::new(format!("there is no state `{word}`{hint}")).into())
}

/// Returns the messages that were chosen. Fails if none are.
fn chosen(choice: Choice) -> anyhow::Result<Chosen> {
    if let Some(word) = &choice.state {
        known_state(word)?;
    }
    let is_chosen = choice.all || !choice.ids.is_empty();
    if !is_chosen && choice.digest.is_none() && choice.state.is_none() {
        let message = "say which: numbers, `--digest D`, `--state S` or `--all`";
        return Err(UsageError::new(message).into());
    }
    Ok(Chosen {
        ids: choice.ids.into_iter().map(OutboxId).collect(),
        digest: choice.digest.map(DigestId::new),
        state: choice.state,
    })
}

async fn act(session: &Session, choice: Choice, to: Move) -> anyhow::Result<Exit> {
    let named = choice.ids.len();
    let is_all = choice.all;
    let chosen = chosen(choice)?;
    let now = session.ctx.clock.now();
    let (moved, left) = session
        .ctx
        .store
        .write(move |tx| {
            let moved = outbox::move_chosen(tx, &chosen, to, now)?;
            let left =
                if to == Move::Retry { outbox::not_retried(tx, &chosen)? } else { Vec::new() };
            Ok((moved, left))
        })
        .await?;
    for (ended, messages) in left {
        let ended = ended.as_str();
        session.output.say(&format!(
            "{messages} {ended} stay as they are: `amtsbote outbox retry --again ID` sends one once more"
        ));
    }
    let (word, done) = match to {
        Move::Retry | Move::Again => ("retried", "to be sent now"),
        Move::Hold => ("held", "held"),
        Move::Release => ("released", "released"),
        Move::Drop => ("dropped", "dropped"),
    };
    let delivered = if matches!(to, Move::Retry | Move::Again) {
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
        if is_all && to == Move::Hold {
            output.say("what comes later goes out: `amtsbote outbox stop --reason TEXT` holds back everything");
        }
        if let Some(delivered) = &delivered {
            say_delivery(session, delivered)?;
        }
    }
    let is_paused = delivered
        .is_some_and(|delivered| !delivered["paused"].is_null() || !delivered["stopped"].is_null());
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
    let (entries, pause, stop) = session
        .ctx
        .store
        .read(move |tx| {
            let entries = outbox::list(tx, state.as_deref(), digest.as_ref(), limit)?;
            Ok((entries, outbox::pause(tx)?, outbox::stopped(tx)?))
        })
        .await?;
    let output = &session.output;
    if let Some(stop) = stop {
        output.say(&format!(
            "no mail goes out since {}: {}",
            output.time(Some(stop.since)),
            stop.reason
        ));
        output.say("`amtsbote outbox start` ends it");
    }
    if let Some(pause) = pause.filter(|pause| pause.until > session.ctx.clock.now()) {
        output.say(&format!(
            "no mail goes out until {}: {}",
            output.time(Some(pause.until)),
            pause.reason
        ));
        output.say("`amtsbote outbox retry --all` tries at once");
    }
    output.list(
        ["ID", "KIND", "DIGEST", "SUBSCRIBER", "STATE", "AT", "TRIES", "LAST ERROR"],
        &entries,
        |entry| {
            json!({
                "id": entry.id.to_string(),
                "kind": entry.kind.as_str(),
                "digest": entry.digest,
                "subscriber": entry.subscriber.map(|id| id.to_string()),
                "message_id": entry.message_id,
                "state": entry.state.as_str(),
                "at": json_time(entry.state.instant()),
                "wish": entry.wish,
                "ended": entry.ended.map(Ended::as_str),
                "acknowledged": entry.is_acknowledged,
                "attempts": entry.attempts,
                "last_error": entry.last_error,
                "created": entry.created.rfc3339(),
                "bytes": entry.payload.0.len(),
            })
        },
        |entry| {
            [
                entry.id.to_string(),
                entry.kind.as_str().to_owned(),
                entry.digest.as_ref().map_or("-", |id| id.as_str()).to_owned(),
                entry.subscriber.map_or_else(|| "-".to_owned(), |id| id.to_string()),
                match (&entry.wish, entry.ended) {
                    (Some(wish), _) => format!("claimed, {wish}"),
                    (None, Some(ended)) => format!("dead, {}", ended.as_str()),
                    (None, None) => entry.state.as_str().to_owned(),
                },
                output.time(entry.state.instant()),
                entry.attempts.to_string(),
                entry.last_error.clone().unwrap_or_default(),
            ]
        },
    )?;
    Ok(Exit::Done)
}

//! `subscriber`: add, remove, list.

use serde_json::json;

use super::{Exit, Global, Session, UsageError};
use crate::model::{SeriesId, Subscriber, TopicId};
use crate::pipeline;
use crate::store::subscribers;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Subscribe an address whose consent you hold
    Add {
        /// The address
        address: String,
        /// The series they get, with commas between
        #[arg(long, value_delimiter = ',', required = true)]
        series: Vec<String>,
        /// The topics they chose, with commas between; none = all
        #[arg(long, value_delimiter = ',')]
        topics: Vec<String>,
        /// How they gave their consent; kept as its proof
        #[arg(long)]
        reason: String,
    },
    /// Take an address out; it is erased at once
    Remove {
        /// The address
        address: String,
    },
    /// Everyone, by address
    List,
}

pub(super) async fn run(global: &Global, command: Command) -> anyhow::Result<Exit> {
    let session = Session::open(global)?;
    match command {
        Command::Add { address, series, topics, reason } => {
            add(&session, &address, &series, &topics, &reason).await
        }
        Command::Remove { address } => remove(&session, &address).await,
        Command::List => list(&session).await,
    }
}

async fn add(
    session: &Session,
    address: &str,
    series: &[String],
    topics: &[String],
    reason: &str,
) -> anyhow::Result<Exit> {
    let known: Vec<&str> = session.plan.series.iter().map(|plan| plan.series.id.as_str()).collect();
    check_names("series", series, &known)?;
    let known: Vec<&str> = session.plan.topics.iter().map(|(topic, _)| topic.as_str()).collect();
    check_names("topic", topics, &known)?;
    if reason.trim().is_empty() {
        return Err(UsageError::new("`--reason` must say how they gave their consent").into());
    }
    let series = series.iter().map(SeriesId::new).collect();
    let topics = topics.iter().map(TopicId::new).collect();
    match pipeline::subscribe(&session.ctx, address, series, topics, reason).await {
        Ok(Some(id)) => {
            session.output.line(&format!("subscriber {id}"))?;
            Ok(Exit::Done)
        }
        Ok(None) => {
            Err(UsageError::new("this address is subscribed already; remove it first to change it")
                .into())
        }
        Err(pipeline::PipelineError::Address(_)) => Err(no_address(address).into()),
        Err(error) => Err(error.into()),
    }
}

fn check_names(what: &str, names: &[String], known: &[&str]) -> anyhow::Result<()> {
    for name in names {
        if !known.contains(&name.as_str()) {
            return Err(UsageError::unknown(what, name, known, "amtsbote config show").into());
        }
    }
    Ok(())
}

async fn remove(session: &Session, address: &str) -> anyhow::Result<Exit> {
    let Some(subscriber) = find(session, address).await? else {
        return Err(UsageError::new("this address is not subscribed").into());
    };
    pipeline::leave(&session.ctx, subscriber.id, "operator").await?;
    session
        .output
        .line(&format!("subscriber {} has left; the address is erased", subscriber.id))?;
    Ok(Exit::Done)
}

/// The words of `subscriber::address` are for readers of the web face.
fn no_address(text: &str) -> UsageError {
    UsageError::new(format!("`{text}` is no mail address such as `name@gemeinde.de`"))
}

/// The subscriber of an address, however it was typed.
pub(super) async fn find(session: &Session, address: &str) -> anyhow::Result<Option<Subscriber>> {
    let address = crate::subscriber::address::parse(address).map_err(|_| no_address(address))?;
    Ok(session.ctx.store.read(move |tx| subscribers::by_address(tx, &address)).await?)
}

async fn list(session: &Session) -> anyhow::Result<Exit> {
    let everyone = session.ctx.store.read(subscribers::list).await?;
    let output = &session.output;
    if output.json {
        for s in &everyone {
            output.object(&json!({
                "id": s.id.to_string(), "address": s.address, "state": s.standing.as_str(),
                "series": s.series, "topics": s.topics, "since": s.since.rfc3339(),
                "origin": s.consent.origin, "reason": s.consent.reason,
            }))?;
        }
        return Ok(Exit::Done);
    }
    let words = |ids: Vec<&str>| if ids.is_empty() { "all".to_owned() } else { ids.join(",") };
    let rows: Vec<Vec<String>> = everyone
        .iter()
        .map(|s| {
            vec![
                s.id.to_string(),
                if s.address.is_empty() { "(erased)".to_owned() } else { s.address.clone() },
                s.standing.as_str().to_owned(),
                words(s.series.iter().map(SeriesId::as_str).collect()),
                words(s.topics.iter().map(TopicId::as_str).collect()),
                output.time(Some(s.since)),
            ]
        })
        .collect();
    output.table(&["ID", "ADDRESS", "STATE", "SERIES", "TOPICS", "SINCE"], &rows)?;
    Ok(Exit::Done)
}

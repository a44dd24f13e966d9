//! `subscriber set` and `subscriber move`: what the office changes of readers' choices.

use serde_json::json;

use crate::cli::{Exit, Session, UsageError, named};
use crate::model::{SeriesId, TopicId, counted};
use crate::pipeline::{self, Renamed};

pub(super) async fn set(
    session: &Session,
    address: &str,
    series: Option<Vec<String>>,
    topics: Option<Vec<String>>,
    reason: &str,
) -> anyhow::Result<Exit> {
    for id in series.iter().flatten() {
        named::series(session, id)?;
    }
    for id in topics.iter().flatten() {
        named::topic(session, id)?;
    }
    let reason = named::required(reason, "`--reason`")?;
    let Some(subscriber) = named::subscriber(session, address).await? else {
        return Err(UsageError::new("this address is not subscribed").into());
    };
    let series = series.map(|ids| ids.iter().map(SeriesId::new).collect());
    let topics = topics.map(|ids| ids.iter().map(TopicId::new).collect());
    let changed = pipeline::set_choice(&session.ctx, subscriber.id, series, topics, reason).await?;
    let said = if changed { "changed" } else { "nothing to change" };
    session.output.line(&format!("subscriber {}: {said}", subscriber.id))?;
    Ok(Exit::Done)
}

pub(super) async fn rename(
    session: &Session,
    series: &[String],
    topic: &[String],
    reason: &str,
) -> anyhow::Result<Exit> {
    let renamed = match (series, topic) {
        ([old, new], _) => {
            named::series(session, new)?;
            Renamed::Series(SeriesId::new(old), SeriesId::new(new))
        }
        (_, [old, new]) => {
            named::topic(session, new)?;
            Renamed::Topic(TopicId::new(old), TopicId::new(new))
        }
        _ => return Err(UsageError::new("name the old one and the new one").into()),
    };
    let moved = pipeline::rename_choice(&session.ctx, renamed, reason).await?;
    if session.output.json {
        session.output.object(&json!({ "moved": moved }))?;
    } else {
        session.output.line(&format!("{} moved", counted(moved as u64, "reader", "readers")))?;
    }
    Ok(Exit::Done)
}

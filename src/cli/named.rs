//! What an argument names: a source, a topic, a series, a reader, a time. Each is found
//! here, or the error says what would have been there.

use chrono_tz::Tz;

use super::{Session, UsageError};
use crate::config::SeriesPlan;
use crate::model::{ItemId, SeriesId, SourceId, Subscriber, Timestamp, parse_duration};
use crate::pipeline::{Plan, SourcePlan};
use crate::store::{sources, subscribers};

/// Fails unless `name` is one of `known`, which `command` lists.
fn one_of(what: &str, name: &str, known: &[&str], command: &str) -> Result<(), UsageError> {
    if known.contains(&name) {
        return Ok(());
    }
    Err(UsageError::unknown(what, name, known, command))
}

/// Returns the source of the config.
pub(super) fn source<'a>(plan: &'a Plan, id: &str) -> anyhow::Result<&'a SourcePlan> {
    let source = plan.source(&SourceId::new(id)).map(AsRef::as_ref);
    let known = plan.sources.iter().map(|source| source.configured.settings.id.as_str());
    source.ok_or_else(|| {
        UsageError::unknown("source", id, &known.collect::<Vec<_>>(), "amtsbote source list").into()
    })
}

/// Fails unless the config names the source or it was asked once.
pub(super) async fn source_ever(session: &Session, id: &str) -> anyhow::Result<()> {
    let asked = session.ctx.store.read(sources::next_polls).await?;
    let configured = session.plan.sources.iter().map(|source| &source.configured.settings.id);
    let known: Vec<&str> = configured.chain(asked.keys()).map(SourceId::as_str).collect();
    Ok(one_of("source", id, &known, "amtsbote source list")?)
}

/// Fails unless the config has the topic.
pub(super) fn topic(session: &Session, id: &str) -> anyhow::Result<()> {
    let known: Vec<&str> = session.plan.topics.iter().map(|(topic, _)| topic.as_str()).collect();
    Ok(one_of("topic", id, &known, "amtsbote topic list")?)
}

/// Returns the series of the config.
pub(super) fn series<'a>(session: &'a Session, id: &str) -> anyhow::Result<&'a SeriesPlan> {
    let known = session.plan.series.iter().map(|plan| plan.series.id.as_str());
    session.plan.series(&SeriesId::new(id)).ok_or_else(|| {
        UsageError::unknown("series", id, &known.collect::<Vec<_>>(), "amtsbote config show").into()
    })
}

/// Returns the subscriber of an address, however it was typed.
pub(super) async fn subscriber(
    session: &Session,
    address: &str,
) -> anyhow::Result<Option<Subscriber>> {
    let address = crate::subscriber::address::parse(address).map_err(|_| no_address(address))?;
    Ok(session.ctx.store.read(move |tx| subscribers::by_address(tx, &address)).await?)
}

/// Returns the error of what is no mail address. The words of `subscriber::address` are for
/// readers of the web face.
pub(super) fn no_address(text: &str) -> UsageError {
    UsageError::new(format!("`{text}` is no mail address such as `name@gemeinde.de`"))
}

/// Returns the error of an id that no item has.
pub(super) fn no_item(id: ItemId) -> UsageError {
    UsageError::new(format!("there is no item {id}; `amtsbote items` lists them"))
}

/// Returns the instant that a span before now (`7d`), a day of the service's zone or an instant
/// names.
pub(super) fn since(text: &str, now: Timestamp, zone: Tz) -> anyhow::Result<Timestamp> {
    if let Some(span) = parse_duration(text) {
        return Ok(now.before(span));
    }
    if let Ok(at) = chrono::DateTime::parse_from_rfc3339(text) {
        return Ok(at.into());
    }
    if let Ok(date) = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        let midnight = date.and_time(chrono::NaiveTime::MIN);
        // A day that begins an hour later, as where clocks change at midnight, begins in UTC's.
        let local = midnight.and_local_timezone(zone).earliest();
        return Ok(local.map_or_else(|| midnight.and_utc().into(), Timestamp::from));
    }
    Err(UsageError::new(format!(
        "`{text}` is no span such as `7d` and no date such as `2025-12-09`"
    ))
    .into())
}

/// Returns the text without white space around it; fails if nothing is left.
pub(super) fn required<'a>(text: &'a str, what: &str) -> anyhow::Result<&'a str> {
    match text.trim() {
        "" => Err(UsageError::new(format!("{what} is empty; say it in a few words")).into()),
        text => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_where_the_service_is() {
        let now = Timestamp::from_seconds(1_765_260_000);
        let from = |text| since(text, now, chrono_tz::Europe::Berlin).unwrap().rfc3339();
        assert_eq!(from("2025-12-09"), "2025-12-08T23:00:00Z");
        assert_eq!(from("1h"), now.before(std::time::Duration::from_hours(1)).rfc3339());
        assert!(since("gestern", now, chrono_tz::Europe::Berlin).is_err());
    }
}

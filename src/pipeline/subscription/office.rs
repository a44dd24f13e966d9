//! What the office changes of readers' choices: for one of them, or because a series or a topic
//! has another name. Their consent stays, and each change is kept beside it.

use std::fmt::Display;

use crate::model::{SeriesId, Standing, Subscriber, SubscriberId, Timestamp, TopicId};
use crate::pipeline::{Context, PipelineError};
use crate::store::subscribers::{self, ChoiceChange};
use crate::store::{StoreError, Transaction};

/// What takes the place of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Renamed {
    Series(SeriesId, SeriesId),
    Topic(TopicId, TopicId),
}

/// Changes what a reader gets; what is not given stays. Returns false if nothing changed.
pub async fn set_choice(
    ctx: &Context,
    id: SubscriberId,
    series: Option<Vec<SeriesId>>,
    topics: Option<Vec<TopicId>>,
    reason: &str,
) -> Result<bool, PipelineError> {
    let (now, reason) = (ctx.clock.now(), reason.to_owned());
    let set = move |tx: &Transaction<'_>| {
        let Some(reader) = subscribers::get(tx, id)? else { return Ok(false) };
        let series = series.unwrap_or_else(|| reader.series.clone());
        let topics = topics.unwrap_or_else(|| reader.topics.clone());
        set_within(tx, &reader, &series, &topics, &reason, now)
    };
    Ok(ctx.store.write(set).await?)
}

/// Puts one series or topic in the place of another for everyone who chose it. Returns of how
/// many.
pub async fn rename_choice(
    ctx: &Context,
    renamed: Renamed,
    reason: &str,
) -> Result<usize, PipelineError> {
    let (now, reason) = (ctx.clock.now(), reason.to_owned());
    let rename = move |tx: &Transaction<'_>| {
        let mut changed = 0;
        for reader in subscribers::list(tx)? {
            if reader.standing == Standing::Left {
                continue;
            }
            let (series, topics) = match &renamed {
                Renamed::Series(old, new) => {
                    (replaced(&reader.series, old, new), reader.topics.clone())
                }
                Renamed::Topic(old, new) => {
                    (reader.series.clone(), replaced(&reader.topics, old, new))
                }
            };
            changed += usize::from(set_within(tx, &reader, &series, &topics, &reason, now)?);
        }
        Ok(changed)
    };
    Ok(ctx.store.write(rename).await?)
}

fn set_within(
    tx: &Transaction<'_>,
    reader: &Subscriber,
    series: &[SeriesId],
    topics: &[TopicId],
    reason: &str,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let changes =
        [change("series", &reader.series, series), change("topics", &reader.topics, topics)];
    let words = changes.into_iter().flatten().collect::<Vec<_>>().join("; ");
    if words.is_empty() {
        return Ok(false);
    }
    subscribers::set_choice(tx, reader.id, series, topics)?;
    let change = ChoiceChange { at, words, reason: reason.to_owned() };
    subscribers::note_change(tx, reader.id, &change)?;
    Ok(true)
}

/// Returns the list with one in the place of another, each once, in its order.
fn replaced<T: Clone + PartialEq>(list: &[T], old: &T, new: &T) -> Vec<T> {
    let mut replaced: Vec<T> = Vec::new();
    for one in list {
        let one = if one == old { new } else { one };
        if !replaced.contains(one) {
            replaced.push(one.clone());
        }
    }
    replaced
}

/// Returns `series taeglich → taeglich, wochen`; none if they are the same.
fn change<T: Display + PartialEq>(what: &str, before: &[T], after: &[T]) -> Option<String> {
    let listed = |list: &[T]| match list {
        [] => "all".to_owned(),
        list => list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    };
    (before != after).then(|| format!("{what} {} → {}", listed(before), listed(after)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_takes_the_place_of_another_and_stands_once() {
        assert_eq!(replaced(&["a", "b", "c"], &"b", &"c"), ["a", "c"]);
        assert_eq!(replaced(&["a"], &"b", &"c"), ["a"]);
        let none: [&str; 0] = [];
        assert_eq!(replaced(&none, &"b", &"c"), none, "who wants all wants all");
    }

    #[test]
    fn a_change_says_what_was_and_what_is() {
        assert_eq!(change("topics", &[], &["ozg"]).unwrap(), "topics all → ozg");
        assert_eq!(change("series", &["a", "b"], &["b"]).unwrap(), "series a, b → b");
        assert_eq!(change("series", &["a"], &["a"]), None);
    }
}

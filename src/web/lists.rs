//! Lists of items: lines, pages of them, topics and who else reports.

use super::answer::Refusal;
use super::choices::Fields;
use super::views::{HUES, ItemLine, ItemList, Moment, TopicLink};
use crate::model::{ItemId, StoryId, Timestamp, TopicId};
use crate::pipeline::Plan;
use crate::store::items::{self, Listing, Part, Place, Stored};
use crate::store::{StoreError, Transaction};
use crate::text::typography as typo;
use crate::text::{self, Piece, Wanted};

/// Items on a page of a list.
pub(super) const PAGE_SIZE: usize = 20;

/// Longest title.
pub(super) const MAX_TITLE: usize = 300;

/// Longest lead in a list.
pub(super) const SHORT_LEAD: usize = 280;

/// Returns the part of a list that is asked for: what is older than the item named in
/// `vor`, newer than the one in `nach`, or the newest.
pub(super) fn part(fields: &Fields) -> Result<Part, Refusal> {
    match (fields.first("vor"), fields.first("nach")) {
        (Some(text), _) => place(text).map(Part::OlderThan).ok_or(Refusal::MISSING),
        (None, Some(text)) => place(text).map(Part::NewerThan).ok_or(Refusal::MISSING),
        (None, None) => Ok(Part::Newest),
    }
}

/// Reads a place as `written` writes it.
fn place(text: &str) -> Option<Place> {
    let (at, id) = text.rsplit_once('-')?;
    Some(Place { at: Timestamp(at.parse().ok()?), id: ItemId(id.parse().ok()?) })
}

/// Returns a place as it stands in a link: milliseconds since 1970 and the item's id.
fn written(place: Place) -> String {
    format!("{}-{}", place.at.0, place.id.0)
}

/// Returns a part of the items; none if it lies behind the oldest: to say there that
/// no item has come yet would be wrong.
pub(super) fn list(
    tx: &Transaction<'_>,
    plan: &Plan,
    listing: Listing,
    part: Part,
    path: &str,
) -> Result<Option<ItemList>, StoreError> {
    // One more than is shown tells whether there are further ones.
    let listing = Listing { limit: PAGE_SIZE + 1, part, ..listing };
    let mut stored = items::list(tx, &listing)?;
    let goes_on = stored.len() > PAGE_SIZE;
    let (has_newer, has_older) = match part {
        Part::Newest => (false, goes_on),
        Part::OlderThan(_) if stored.is_empty() => return Ok(None),
        Part::OlderThan(_) => (true, goes_on),
        // What is left at the upper end is filled up: that is the first page.
        Part::NewerThan(_) if !goes_on => return list(tx, plan, listing, Part::Newest, path),
        Part::NewerThan(_) => {
            stored.remove(0);
            (true, true)
        }
    };
    stored.truncate(PAGE_SIZE);
    let link = |item: Option<&Stored>, name: &str| {
        item.map(|item| format!("{path}{name}={}", written(Place::of(item))))
    };
    let first = stored.first().filter(|_| has_newer);
    Ok(Some(ItemList {
        until: first.map(|item| Moment::day(Place::of(item).at, plan.mail.timezone)),
        newer: link(first, "nach"),
        older: link(stored.last().filter(|_| has_older), "vor"),
        items: stored
            .into_iter()
            .map(|item| line(tx, plan, item, &[]))
            .collect::<Result<_, _>>()?,
    }))
}

/// Returns an item as a line of a list, in which words that were looked for are marked. Where
/// title and lead have none of them, what stands around the first in the text is shown.
pub(super) fn line(
    tx: &Transaction<'_>,
    plan: &Plan,
    item: Stored,
    wanted: &[Wanted],
) -> Result<ItemLine, StoreError> {
    let zone = plan.mail.timezone;
    let title = text::marked(&typo::line(&item.title, MAX_TITLE), wanted);
    let mut summary = text::marked(&typo::line(&item.summary, SHORT_LEAD), wanted);
    let has_hit = |pieces: &[Piece]| pieces.iter().any(|piece| piece.hit);
    if !wanted.is_empty() && !has_hit(&title) && !has_hit(&summary) {
        let told = text::excerpt(&item.text, wanted, SHORT_LEAD);
        let told = told.map(|told| text::marked(&typo::line(&told, SHORT_LEAD), wanted));
        summary = told.unwrap_or(summary);
    }
    Ok(ItemLine {
        id: item.id.0,
        topics: topics(tx, plan, item.story)?,
        also: others(tx, &item)?.len(),
        published: item.published.map(|at| Moment::day(at, zone)),
        summary,
        language: language(&item),
        title,
        source: item.source_name,
    })
}

/// Returns topics of a story that have a page.
pub(super) fn topics(
    tx: &Transaction<'_>,
    plan: &Plan,
    story: StoryId,
) -> Result<Vec<TopicLink>, StoreError> {
    let mut tags = Vec::new();
    for member in items::of_story(tx, story)? {
        tags.extend(items::tags(tx, member.id)?);
    }
    let has = |topic: &TopicId| tags.iter().any(|(tagging, _)| tagging.topic == *topic);
    Ok(links(plan, |topic, _| has(topic)))
}

/// Returns one item of each other source that tells the item's story.
pub(super) fn others(tx: &Transaction<'_>, item: &Stored) -> Result<Vec<Stored>, StoreError> {
    let mut others: Vec<Stored> = Vec::new();
    for member in items::of_story(tx, item.story)? {
        let is_other = member.source != item.source
            && others.iter().all(|known| known.source != member.source);
        if is_other {
            others.push(member);
        }
    }
    Ok(others)
}

/// Returns the topics that are wanted, in the order of the config.
pub(super) fn links(plan: &Plan, is_wanted: impl Fn(&TopicId, &str) -> bool) -> Vec<TopicLink> {
    let topics = plan.topics.iter().enumerate();
    let wanted = topics.filter(|(_, (id, title))| is_wanted(id, title));
    let link = |(place, (id, title)): (usize, &(TopicId, String))| TopicLink {
        id: id.to_string(),
        title: title.clone(),
        hue: place % HUES,
    };
    wanted.map(link).collect()
}

/// Returns the language of title and lead, where it is not German.
pub(super) fn language(item: &Stored) -> Option<String> {
    let words = format!("{}. {}", item.title, item.summary);
    text::foreign_language(&words, item.details.language.as_deref())
}

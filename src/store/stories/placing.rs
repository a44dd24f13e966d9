//! The story of a new item, and what its coming changes in stories that nobody was told.

use rusqlite::{Connection, TransactionBehavior, params};

use super::{add_related, candidates, insert_traces};
use crate::dedup::{self, Member, Subject, Traces};
use crate::model::{ItemId, SourceId, StoryId, Timestamp};
use crate::store::StoreError;

/// Most members that are weighed anew when an item comes.
const MEMBERS: usize = 24;
/// Items that are traced again in one transaction.
const AT_ONCE: i64 = 500;

/// Where a new item belongs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Placement {
    /// The story it joins; none: it founds its own.
    pub joins: Option<StoryId>,
    /// Items of untold stories that belong elsewhere now that it has come.
    pub moves: Vec<(ItemId, StoryId)>,
    /// Stories that are grouped with its own.
    pub related: Vec<StoryId>,
}

/// Returns where a new item belongs; writes nothing. Stories that were told stay as they
/// are; of the others the outcome is the same in whatever order their items came.
pub fn place(
    connection: &Connection,
    newcomer: &Subject<'_>,
    not_before: Timestamp,
) -> Result<Placement, StoreError> {
    let found = candidates(connection, newcomer.traces, newcomer.source, not_before)?;
    let decision = dedup::story(newcomer, &found);
    let Some(first) = decision.joins else {
        return Ok(Placement { related: decision.related, ..Placement::default() });
    };
    let mut stored: Vec<(ItemId, StoryId, Member)> = Vec::new();
    for story in std::iter::once(first).chain(decision.copies.iter().copied()) {
        stored.extend(members(connection, story, MEMBERS.saturating_sub(stored.len()))?);
    }
    let own = Member {
        source: newcomer.source.clone(),
        received: newcomer.received,
        traces: newcomer.traces.clone(),
        told: None,
    };
    let all: Vec<Member> =
        std::iter::once(own).chain(stored.iter().map(|(.., member)| member.clone())).collect();
    let groups = dedup::partition(&all);
    // A story that was told keeps its name; another bears that of its oldest item.
    let name = |group: usize| {
        let of_group = || stored.iter().zip(&groups[1..]).filter(move |(_, own)| **own == group);
        let told = of_group().find_map(|((.., member), _)| member.told);
        told.or_else(|| of_group().map(|((item, ..), _)| StoryId(item.0)).min())
    };
    let joins = name(groups[0]);
    let mut moves = Vec::new();
    for ((item, story, member), group) in stored.iter().zip(&groups[1..]) {
        if let Some(name) = name(*group).filter(|name| name != story && member.told.is_none()) {
            moves.push((*item, name));
        }
    }
    let mut related = decision.related;
    for (item, story, _) in &stored {
        let now = moves.iter().find(|(moved, _)| moved == item).map_or(*story, |(_, to)| *to);
        if Some(now) != joins && !related.contains(&now) {
            related.push(now);
        }
    }
    Ok(Placement { joins, moves, related })
}

/// Returns the items of a story whose traces are kept, oldest first.
fn members(
    connection: &Connection,
    story: StoryId,
    most: usize,
) -> Result<Vec<(ItemId, StoryId, Member)>, StoreError> {
    const MEMBERS_OF: &str = "
        select items.id, items.source, items.first_seen, story_subjects.traces,
            exists (select 1 from told where told.story = items.story) as is_told
        from items join story_subjects on story_subjects.item = items.id
        where items.story = ?1 order by items.id limit ?2";
    let mut statement = connection.prepare_cached(MEMBERS_OF)?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![story.0, most])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let traces = row.get_ref("traces")?.as_blob().map_err(rusqlite::Error::from)?;
        let Some(traces) = Traces::from_bytes(traces) else { continue };
        let is_told: bool = row.get("is_told")?;
        let source: String = row.get("source")?;
        let member = Member {
            source: SourceId::new(source),
            received: Timestamp(row.get("first_seen")?),
            traces,
            told: is_told.then_some(story),
        };
        found.push((ItemId(row.get("id")?), story, member));
    }
    Ok(found)
}

/// Writes what [`place`] found for an item that was just inserted.
pub fn settle(
    connection: &Connection,
    item: ItemId,
    source: &SourceId,
    traces: &Traces,
    placement: &Placement,
) -> Result<(), StoreError> {
    const MOVE: &str = "update items set story = ?2 where id = ?1";
    insert_traces(connection, item, source, traces)?;
    for (item, story) in &placement.moves {
        connection.prepare_cached(MOVE)?.execute([item.0, story.0])?;
    }
    for (item, story) in &placement.moves {
        rename_relations(connection, StoryId(item.0), *story)?;
    }
    for related in &placement.related {
        add_related(connection, placement.joins.unwrap_or(StoryId(item.0)), *related)?;
    }
    Ok(())
}

/// Groups what was grouped with a story that is no more with the one it became.
fn rename_relations(
    connection: &Connection,
    story: StoryId,
    now: StoryId,
) -> Result<(), StoreError> {
    const LIVES: &str = "select exists (select 1 from items where story = ?1)";
    const FORGET: &str = "delete from story_relations where story = ?1 or other = ?1";
    let lives: bool = connection.prepare_cached(LIVES)?.query_row([story.0], |row| row.get(0))?;
    if lives {
        return Ok(());
    }
    let related = super::related(connection, story)?;
    connection.prepare_cached(FORGET)?.execute([story.0])?;
    for other in related {
        add_related(connection, now, other)?;
    }
    Ok(())
}

/// Makes the traces again that are of the version before. Nothing to do but after an
/// upgrade; a crash between two transactions leaves the rest for the next opening.
pub(in crate::store) fn renew(connection: &mut Connection) -> Result<(), StoreError> {
    const WAITING: &str = "
        select items.id, items.source, items.title, items.text, story_subjects.traces
        from story_renewals join items on items.id = story_renewals.item
            join story_subjects on story_subjects.item = items.id
        order by items.id limit ?1";
    const DONE: &str = "delete from story_renewals where item <= ?1";
    const OLD: &str = "delete from story_subjects where item = ?1";
    const ANY: &str = "select exists (select 1 from story_renewals)";
    // Read first: whoever opens a file beside the service must not wait for its writes.
    while connection.query_row(ANY, [], |row| row.get(0))? {
        // Immediate, since one that begins by reading and then writes is busy at once.
        let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let waiting: Vec<(i64, String, String, String, Vec<u8>)> = {
            let mut statement = step.prepare_cached(WAITING)?;
            let rows = statement.query_map([AT_ONCE], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
            })?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        let last = waiting.last().map_or(i64::MAX, |(item, ..)| *item);
        for (item, source, title, text, kept) in waiting {
            step.prepare_cached(OLD)?.execute([item])?;
            if let Some(traces) = Traces::renewed(&kept, &title, &text) {
                insert_traces(&step, ItemId(item), &SourceId::new(source), &traces)?;
            }
        }
        step.prepare_cached(DONE)?.execute([last])?;
        step.commit()?;
    }
    Ok(())
}

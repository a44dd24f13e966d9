//! Recognise the items of a document by what they say where their keys moved.
//!
//! Asked only when something is odd: a key whose item bears another title now, or a
//! document of which no key is known. Then the items are compared with the latest of
//! their source.

use std::collections::HashSet;

use super::reading::{Found, Rekeyed};
use crate::dedup::{self, Content, Listed, Recognised};
use crate::model::{Cursor, IdentityPolicy, ItemId, Known, SourceSettings, Timestamp};
use crate::normalize;
use crate::store::items::{self, Recent};
use crate::store::{Store, StoreError};

/// Items of a source that are compared with those of a document.
const LATEST: usize = 300;

/// Mark of the identity in use in the cursor, beside the reason for it.
const IDENTITY: &str = "identity";
const REASON: &str = "identity.reason";

/// Returns what tells the items of a source apart, and why, if that is not what its
/// settings say.
pub fn identity_in_use<'a>(
    settings: &SourceSettings,
    cursor: &'a Cursor,
) -> (IdentityPolicy, Option<&'a str>) {
    let fallen = match cursor.values.get(IDENTITY).map(String::as_str) {
        Some("link") if settings.identity != IdentityPolicy::Content => IdentityPolicy::Link,
        Some("content") => IdentityPolicy::Content,
        _ => return (settings.identity, None),
    };
    (fallen, cursor.values.get(REASON).map(String::as_str))
}

/// Returns the settings with the identity to which the source fell, if it did.
pub(super) fn in_use(settings: &SourceSettings, cursor: &Cursor) -> SourceSettings {
    SourceSettings { identity: identity_in_use(settings, cursor).0, ..settings.clone() }
}

/// Corrects whom the items of a document are, and returns what has to be written.
/// A source whose keys count positions falls to a better identity, with a note.
pub(super) fn rekey(
    store: &Store,
    settings: &SourceSettings,
    found: &mut [Found],
    cursor: &mut Cursor,
    notes: &mut Vec<String>,
    now: Timestamp,
) -> Result<Rekeyed, StoreError> {
    // Where the admin trusts guids an unknown one is a new item, unless known ones moved.
    let trusts_keys = settings.identity == IdentityPolicy::Guid;
    let is_strange = found.iter().all(Found::is_new) && !found.is_empty() && !trusts_keys;
    let is_fallen = cursor.values.contains_key(IDENTITY) && found.iter().any(Found::is_new);
    if !is_strange && !is_fallen && !found.iter().any(Found::has_changed) {
        return Ok(Rekeyed::default());
    }
    let source = &settings.id;
    // The items of a new source are compared with nothing: they need not be cleaned for it.
    if is_strange && !store.read_here(|tx| items::any_of(tx, source))? {
        return Ok(Rekeyed::default());
    }
    let changed: Vec<ItemId> = found
        .iter()
        .filter(|item| item.has_changed())
        .filter_map(|item| item.known().map(|known| known.id))
        .collect();
    let said: Vec<Option<Content>> = found
        .iter()
        .map(|item| {
            let is_as_it_was = item.known().is_some() && !item.has_changed();
            (!is_as_it_was).then(|| content_of(item, settings, now))
        })
        .collect();
    // Most edits keep the title: then nothing else is looked at.
    if !is_strange && !is_fallen {
        let held = store.read_here(|tx| items::recent(tx, source, 0, &changed))?;
        let is_edit = |(item, said): (&Found, &Option<Content>)| {
            let holder =
                item.known().and_then(|known| held.iter().find(|h| h.known.id == known.id));
            holder
                .zip(said.as_ref())
                .is_none_or(|(holder, said)| content(holder, true).is_same(said))
        };
        if found.iter().zip(&said).filter(|(item, _)| item.has_changed()).all(is_edit) {
            return Ok(Rekeyed::default());
        }
    }
    let holders: Vec<ItemId> = found.iter().filter_map(|item| item.known()).map(|k| k.id).collect();
    let stored: Vec<Recent> = store.read_here(|tx| items::recent(tx, source, LATEST, &holders))?;
    // Texts are read only of those that may be meant: a document of new items alone, as
    // deltas are, asks for all the latest.
    let titles: HashSet<&str> = said.iter().flatten().map(Content::letters).collect();
    let contents: Vec<Content> = stored
        .iter()
        .map(|item| {
            let is_holder = holders.contains(&item.known.id);
            content(item, is_holder || titles.contains(dedup::letters(&item.title).as_str()))
        })
        .collect();
    let place_of = |id: ItemId| stored.iter().position(|stored| stored.known.id == id);
    let listed: Vec<Listed> = found
        .iter()
        .zip(&said)
        .map(|(item, said)| {
            let holder = item.known().and_then(|known| place_of(known.id));
            let as_stored = || holder.and_then(|at| contents.get(at)).cloned();
            let content = said.clone().or_else(as_stored);
            (holder, content.unwrap_or_else(|| Content::of("", "", None)))
        })
        .collect();
    let mut decided = dedup::rekey(&listed, &contents);
    let keys_moved = listed
        .iter()
        .zip(&decided)
        .any(|((holder, _), decision)| holder.is_some() && *decision != Recognised::AsKeyed);
    if trusts_keys && !keys_moved {
        decided.fill(Recognised::AsKeyed);
    }
    apply(settings, found, &stored, &decided, cursor, notes)
}

/// Returns what a stored item says, its text only if it may be meant.
fn content(item: &Recent, with_text: bool) -> Content {
    Content::of(&item.title, if with_text { &item.text } else { "" }, item.published)
}

/// Returns what an item of the document says, cleaned as it would be stored.
fn content_of(item: &Found, settings: &SourceSettings, now: Timestamp) -> Content {
    let cleaned = normalize::item(&item.raw, item.key().clone(), 0, settings, now);
    cleaned.map_or_else(
        || Content::of("", "", None),
        |item| {
            let published = item.published.filter(|at| !item.published_is_guess || *at != now);
            Content::of(&item.title, &item.text, published)
        },
    )
}

fn apply(
    settings: &SourceSettings,
    found: &mut [Found],
    stored: &[Recent],
    decided: &[Recognised],
    cursor: &mut Cursor,
    notes: &mut Vec<String>,
) -> Result<Rekeyed, StoreError> {
    let mut rekeyed = Rekeyed::default();
    let (mut moved, mut same_links, mut used_again) = (0, 0, 0);
    let links: HashSet<&str> = found.iter().filter_map(|item| item.raw.link.as_deref()).collect();
    let kept: HashSet<&str> = stored.iter().filter_map(|item| item.url.as_deref()).collect();
    // One link for all, as of pages that fold their items, tells nothing apart.
    let own_links = links.len() == found.len() && kept.len() == stored.len();
    for (item, decision) in found.iter_mut().zip(decided) {
        // A list that was rebuilt has been seen through already.
        if item.is_renamed {
            continue;
        }
        let holder = item.known().map(|known| known.id);
        match decision {
            Recognised::AsKeyed => {}
            Recognised::New => {
                used_again += 1;
                rekeyed.retired.extend(holder);
                item.set_known(None);
            }
            Recognised::Is(place) => {
                let Some(same) = stored.get(*place) else { continue };
                moved += usize::from(holder.is_some());
                let link = item.raw.link.as_deref().and_then(normalize::clean_url);
                same_links += usize::from(holder.is_some() && link.is_some() && link == same.url);
                rekeyed.retired.extend(holder);
                rekeyed.retired.push(same.known.id);
                rekeyed.keys.push((same.known.id, item.key().clone()));
                item.set_known(Some(Known { key: item.key().clone(), ..same.known.clone() }));
            }
        }
    }
    if used_again > 0 {
        notes.push(format!(
            "{used_again} items bear the key of another one that said something else: they are new"
        ));
    }
    if moved > 0 {
        fall(settings, cursor, notes, moved, own_links && same_links == moved);
    }
    Ok(rekeyed)
}

/// Notes that the keys of a source count positions, and what tells its items apart from now on.
fn fall(
    settings: &SourceSettings,
    cursor: &mut Cursor,
    notes: &mut Vec<String>,
    moved: usize,
    links_stay: bool,
) {
    let (identity, kept) = if links_stay && settings.identity != IdentityPolicy::Link {
        ("link", "their links")
    } else {
        ("content", "title and date")
    };
    let reason = format!("keys count positions: {moved} of them took over another item's content");
    if cursor.values.get(IDENTITY).map(String::as_str) != Some(identity) {
        notes.push(format!("{reason}; items are told apart by {kept} from now on"));
    }
    cursor.values.insert(IDENTITY.to_owned(), identity.to_owned());
    cursor.values.insert(REASON.to_owned(), reason);
}

//! Recognise the items of a document by what they say where their keys moved.
//!
//! Asked only when something is odd: a key whose item bears another title now, or a
//! document of which no key is known. Then the items are compared with the latest of
//! their source.

use super::decide::Found;
use crate::dedup::{self, Content, Listed, Recognised};
use crate::model::{Cursor, IdentityPolicy, ItemId, Key, Known, SourceSettings, Timestamp};
use crate::normalize;
use crate::store::items::{self, Recent};
use crate::store::{Store, StoreError};

/// Items of a source that are compared with those of a document.
const LATEST: usize = 300;

/// Mark of the identity in use in the cursor, beside the reason for it.
const IDENTITY: &str = "identity";
const REASON: &str = "identity.reason";

/// What is to be written because keys went over to other items.
#[derive(Debug, Clone, Default)]
pub(super) struct Rekeyed {
    /// Items that give up their key.
    pub(super) retired: Vec<ItemId>,
    /// Items and the key under which the source lists them now.
    pub(super) keys: Vec<(ItemId, Key)>,
}

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
pub(super) fn recognise(
    store: &Store,
    settings: &SourceSettings,
    found: &mut [Found],
    cursor: &mut Cursor,
    notes: &mut Vec<String>,
    now: Timestamp,
) -> Result<Rekeyed, StoreError> {
    let is_strange = found.iter().all(Found::is_new) && !found.is_empty();
    let is_fallen = cursor.values.contains_key(IDENTITY) && found.iter().any(Found::is_new);
    if !is_strange && !is_fallen && !found.iter().any(Found::has_changed) {
        return Ok(Rekeyed::default());
    }
    let source = &settings.id;
    let holders: Vec<ItemId> = found.iter().filter_map(|item| item.known()).map(|k| k.id).collect();
    let stored: Vec<Recent> = store.read_here(|tx| items::recent(tx, source, LATEST, &holders))?;
    if stored.is_empty() {
        return Ok(Rekeyed::default());
    }
    let contents: Vec<Content> =
        stored.iter().map(|item| Content::of(&item.title, &item.text, item.published)).collect();
    let listed: Vec<Listed> = found
        .iter()
        .map(|item| {
            let holder = item
                .known()
                .and_then(|known| stored.iter().position(|stored| stored.known.id == known.id));
            let content = match (holder, item.has_changed()) {
                // As it was: nothing needs to be cleaned.
                (Some(holder), false) => contents[holder].clone(),
                _ => content_of(item, settings, now),
            };
            (holder, content)
        })
        .collect();
    let decided = dedup::rekey(&listed, &contents);
    apply(settings, found, &stored, &decided, cursor, notes)
}

/// What an item of the document says, cleaned as it would be stored.
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
        fall(settings, cursor, notes, moved, same_links == moved);
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

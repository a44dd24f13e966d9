//! A document that was read: its items, and what was decided about each.

use crate::answer::{Failure, FailureKind};
use crate::dedup::Traces;
use crate::model::{Confirmation, Cursor, Item, ItemId, Key, Known, RawItem, Rhythm, Tagging};
use crate::store::StoreError;

/// Mark of the means by which the last document was read.
pub(super) const READ_BY: &str = "poll.read_by";

/// Mark of how many of its items `only` left out.
pub(super) const LEFT_OUT: &str = "poll.left_out";

/// Returns the means by which a source's last document was read.
pub fn read_by(cursor: &Cursor) -> Option<&str> {
    cursor.values.get(READ_BY).map(String::as_str)
}

/// Returns how many items of a source's last document `only` left out.
pub fn left_out(cursor: &Cursor) -> u64 {
    cursor.values.get(LEFT_OUT).and_then(|count| count.parse().ok()).unwrap_or(0)
}

/// A document that was read, with what was decided about its items.
#[derive(Default)]
pub(super) struct Reading {
    /// The cursor to be kept with the items.
    pub(super) cursor: Cursor,
    /// 304, or the body of the last answer byte for byte.
    pub(super) is_unchanged: bool,
    /// New items, in document order.
    pub(super) new: Vec<NewItem>,
    /// Items that say something else.
    pub(super) changed: Vec<(ItemId, Item, Vec<Tagging>)>,
    /// Items whose raw fields changed, but not what they say.
    pub(super) touched: Vec<(ItemId, i64)>,
    /// Keys that went over to other items.
    pub(super) rekeyed: Rekeyed,
    /// Number of items that were known.
    pub(super) known: usize,
    /// Number of all items.
    pub(super) total: usize,
    /// It holds only what is new.
    pub(super) is_delta: bool,
    /// Items that are known again, with the key and the address they have now.
    pub(super) renamed: Vec<(ItemId, Key, Option<String>)>,
    /// Its list was found again by the items of before.
    pub(super) is_healed: bool,
    /// Notes for the operator.
    pub(super) notes: Vec<String>,
    /// The wishes of the document for the schedule.
    pub(super) rhythm: Rhythm,
    /// What asks the admin to confirm a sign-up.
    pub(super) confirmations: Vec<Confirmation>,
}

impl Reading {
    /// Returns the reading of a document that is as it was.
    pub(super) fn unchanged(cursor: Cursor) -> Self {
        Self { cursor, is_unchanged: true, ..Self::default() }
    }
}

/// A new item with all that is stored of it.
pub(super) struct NewItem {
    pub(super) item: Item,
    pub(super) taggings: Vec<Tagging>,
    pub(super) traces: Traces,
}

/// A raw item, and what is stored of it.
pub(super) struct Found {
    pub(super) raw: RawItem,
    pub(super) key: Key,
    pub(super) raw_hash: i64,
    pub(super) known: Option<Known>,
    /// It was known again although it has another address.
    pub(super) is_renamed: bool,
    /// Its own page was wanted but could not be read.
    pub(super) lacks_page: bool,
}

impl Found {
    /// Returns true if it is not stored yet.
    pub(super) const fn is_new(&self) -> bool {
        self.known.is_none()
    }

    /// Returns what is stored of it.
    pub(super) const fn known(&self) -> Option<&Known> {
        self.known.as_ref()
    }

    /// Makes it another stored item, or a new one.
    pub(super) fn set_known(&mut self, known: Option<Known>) {
        self.known = known;
    }

    /// Returns its key.
    pub(super) const fn key(&self) -> &Key {
        &self.key
    }

    /// Returns true if it is stored, and the source says something else of it now.
    pub(super) fn has_changed(&self) -> bool {
        self.known.as_ref().is_some_and(|known| known.raw_hash != self.raw_hash)
    }
}

pub(super) fn passing(error: &StoreError) -> Failure {
    Failure::new(FailureKind::Passing, error.to_string())
}

/// What is to be written because keys went over to other items.
#[derive(Debug, Clone, Default)]
pub(super) struct Rekeyed {
    /// Items that give up their key.
    pub(super) retired: Vec<ItemId>,
    /// Items and the key under which the source lists them now.
    pub(super) keys: Vec<(ItemId, Key)>,
}

//! The nouns. They depend on nothing of ours, and everything depends on them.
//!
//! Contains no behaviour beyond what makes a value valid or readable.

mod act;
mod budget;
mod digest;
mod draft;
mod http;
mod ids;
mod item;
mod item_date;
mod mime;
mod network;
mod outbox;
mod plural;
pub mod settings;
mod source;
mod subscriber;
mod time;
mod topic;
mod tracking;

pub use act::{Act, ActKind, ActOn};
pub use budget::{Budget, Exhausted, Level, Resource};
pub use digest::{
    AlsoReported, Digest, Entry, EntryTopic, Reasons, Reminder, Rendered, Section, Series, Update,
    Window,
};
pub use draft::{Draft, DraftState};
pub use http::{Cursor, Headers, Method, Move, Request, Response, Retry};
pub use ids::{
    DigestId, ItemId, OutboxId, SeriesId, SourceId, StoryId, SubscriberId, TopicId,
    is_well_formed_id,
};
pub use item::{
    Confirmation, Date, Document, Enclosure, Extraction, Fingerprint, Item, Key, Known, RawItem,
    ReadBy, Rhythm, Verdict,
};
pub use item_date::{DateKind, ItemDate, KeptDate, Precision};
pub use mime::{MOST_MESSAGES, affords_message, frame_messages, framed_messages};
pub use network::{Network, NetworkError, is_loopback};
pub use outbox::{Claim, Ended, Envelope, ListFields, MailKind, OutboxEntry, Payload, State};
pub use plural::counted;
pub use settings::{
    Content, Place, Problem, Reader, Table, Value, parse_bytes, parse_duration, suggestion,
};
pub use source::{
    Access, Condition, Detail, DetailPolicy, HEADER_TEXT, IdentityPolicy, Initial, SourceSettings,
    SourceState, WEB_URL,
};
pub use subscriber::{Consent, Standing, Subscriber};
pub use time::Timestamp;
pub use topic::{Correction, Evidence, Field, Tagging, TopicRules, WordList, WordLists};
pub use tracking::is_tracking_parameter;

/// A future that can be sent between threads, as trait methods return it.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;

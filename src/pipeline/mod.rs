//! The journeys, each a function that reads like its name.
//!
//! Everything meets here: the pure modules decide, the thin ones act, and what
//! belongs together is committed in one transaction (docs/ARCHITECTURE.md).

mod compose;
mod context;
mod draft;
mod drain;
mod envelope;
mod health;
mod intake;
mod limiter;
mod notice;
mod outgoing;
mod plan;
mod poll;
pub mod presence;
mod prune;
mod release;
mod restore;
mod retag;
mod returned;
mod subscription;

pub use compose::{
    ComposeReport, Moment, NearMiss, Preview, Upcoming, compose, finish, opinion, preview, reason,
    send_proof, upcoming,
};
pub use context::{Context, PipelineError};
pub use draft::{answer, draft, draft_of_link};
pub use drain::{DrainReport, delivery_of, drain, drain_with, next_mail, resume, sweep};
pub use health::{VERSION, health, health_without, lost_choices};
pub use intake::{Taken, intake, tell_of_letters};
pub use notice::{tell_admin, tell_of_sending};
pub use plan::{MailPlan, Plan, SourcePlan};
pub use poll::{
    ByHand, Choice, Pass, PollOutcome, PollReport, appearance, by_hand, identity_in_use, left_out,
    next_due, note_crashes, poll, read_by,
};
pub use prune::prune;
pub use release::release;
pub use restore::{Caught, Departures, catch_up, departures, fits, renew_links};
pub use retag::{
    Corrected, RetagReport, TopicChange, TopicDiff, considered, correct_within, corrected_items,
    retag, topic_diff, untagged,
};
pub use returned::{Outcome as ReturnedOutcome, ReturnedMail, take_returned};
pub use subscription::{
    Confirmation, Forgotten, Listed, Order, Outcome, Preferences, ProbeReport, Proof, Proofs,
    Renamed, change, confirm, confirmation, forget, import, leave, probe, proofs, rename_choice,
    send_settings_link, set_choice, set_keywords, sign_up, subscribe,
};

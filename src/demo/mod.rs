//! The bundled sample sources: what they say, how they are configured, and a
//! server that gives them out over real HTTP.
//!
//! The samples are written for this program in the shape of what the content
//! management systems of towns and state offices really send: their markup,
//! their character sets, their odd dates and their slips. Sources, places of
//! business and news are invented. Nothing here polls or sends.

mod config;
mod dates;
mod samples;
mod server;

pub use config::{SUBSCRIBERS, SampleSubscriber, config};
pub use dates::fill;
pub use samples::{SAMPLES, Sample};
pub use server::serve;

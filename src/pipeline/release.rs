//! Let what a flood brought be mailed.

use super::{Context, PipelineError};
use crate::model::{Condition, SourceId};
use crate::schedule::watch;
use crate::store::{items, sources};

/// Releases the held items of a source; the next digest takes them. Answers how
/// many there were.
pub async fn release(ctx: &Context, id: &SourceId) -> Result<usize, PipelineError> {
    let (id, now) = (id.clone(), ctx.clock.now());
    let released = ctx
        .store
        .write(move |tx| {
            let mut state = sources::state(tx, &id)?;
            watch::let_go(&mut state.cursor);
            if state.condition == Condition::Held {
                state.condition = Condition::Ok;
                state.last_error = None;
            }
            sources::settle(tx, &state)?;
            items::release(tx, &id, now)
        })
        .await?;
    Ok(released)
}

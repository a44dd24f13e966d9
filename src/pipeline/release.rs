//! Let what a flood brought be mailed, and ask again what was set aside.

use super::{Context, PipelineError};
use crate::model::{Condition, SourceId};
use crate::schedule::watch;
use crate::store::{items, sources};

/// Releases the held items of a source; the next digest takes them. A source that was
/// set aside as `poison` is asked again, at once. Returns how many items there were.
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
            if state.condition == Condition::Poison {
                let was_read = state.last_success.is_some();
                state.condition = if was_read { Condition::Ok } else { Condition::New };
                (state.last_error, state.crashes, state.next_poll) = (None, 0, now);
            }
            sources::settle(tx, &state)?;
            items::release(tx, &id, now)
        })
        .await?;
    Ok(released)
}

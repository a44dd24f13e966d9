//! Sources that brought the process down.

use crate::model::Condition;
use crate::pipeline::{Context, PipelineError};
use crate::store::sources;

/// Crashes in a row after which a source is set aside.
const MAX_CRASHES: u32 = 3;

/// Counts the sources that were being read when the process before went down. Must run
/// before the first poll, by whoever holds the lock: the marks of a running process say
/// nothing.
pub async fn note_crashes(ctx: &Context) -> Result<(), PipelineError> {
    let left = ctx.marks.take();
    if left.is_empty() {
        return Ok(());
    }
    let noted = left.clone();
    ctx.store
        .write(move |tx| {
            for id in &noted {
                let mut state = sources::state(tx, id)?;
                state.crashes += 1;
                if state.crashes >= MAX_CRASHES {
                    state.condition = Condition::Poison;
                    state.last_error = Some(format!(
                        "the program went down {} times while reading it: not asked until `amtsbote source release {id}`",
                        state.crashes
                    ));
                }
                sources::settle(tx, &state)?;
            }
            Ok(())
        })
        .await?;
    for id in left {
        tracing::warn!(source = %id, "the last run went down while source `{id}` was being read");
    }
    Ok(())
}

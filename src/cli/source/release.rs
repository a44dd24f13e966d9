//! `source release`: lets the held items of a source be mailed.

use super::of_plan;
use crate::cli::{Exit, Session};
use crate::model::Condition;
use crate::store::{items, sources};

pub(super) async fn release(session: &Session, id: &str) -> anyhow::Result<Exit> {
    let id = of_plan(&session.plan, id)?.configured.settings.id.clone();
    let now = session.ctx.clock.now();
    let released = session
        .ctx
        .store
        .write(move |tx| {
            let mut state = sources::state(tx, &id)?;
            if state.condition == Condition::Held {
                state.condition = Condition::Ok;
                state.last_error = None;
                sources::settle(tx, &state)?;
            }
            items::release(tx, &id, now)
        })
        .await?;
    session.output.line(&format!("{released} items released; the next digest takes them"))?;
    Ok(Exit::Done)
}

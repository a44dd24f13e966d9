//! `source release`: lets the held items of a source be mailed.

use super::of_plan;
use crate::cli::{Exit, Session};

pub(super) async fn release(session: &Session, id: &str) -> anyhow::Result<Exit> {
    let id = of_plan(&session.plan, id)?.configured.settings.id.clone();
    let released = crate::pipeline::release(&session.ctx, &id).await?;
    session.output.line(&format!("{released} items released; the next digest takes them"))?;
    Ok(Exit::Done)
}

//! `source release`: lets the held items of a source be mailed.

use crate::cli::{Exit, Session, named};

pub(super) async fn release(session: &Session, id: &str) -> anyhow::Result<Exit> {
    let id = named::source(&session.plan, id)?.configured.settings.id.clone();
    let released = crate::pipeline::release(&session.ctx, &id).await?;
    session.output.line(&format!("{released} items released; the next digest takes them"))?;
    Ok(Exit::Done)
}

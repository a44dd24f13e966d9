//! Make one dated digest of what has become known, unique by series and slot,
//! and freeze one message for each subscriber. The digest, its entries and the
//! series' progress are one transaction; the messages follow in small ones, and
//! a digest that a crash left half frozen is finished out of its stored entries.

mod entry;
mod freeze;
mod gather;
mod maker;
mod near;
mod preview;
mod proof;

use std::sync::Arc;

pub use self::entry::{opinion, reason};
use self::freeze::Freezer;
pub(super) use self::maker::Maker;
pub use self::maker::{ComposeReport, Moment};
pub use self::near::NearMiss;
pub use self::preview::{Preview, Upcoming, preview, upcoming};
pub use self::proof::send_proof;
use super::{Context, PipelineError, Plan};
use crate::model::{Digest, SeriesId};
use crate::store::{Transaction, digests};

/// Composes the digest of a series and freezes its messages.
pub async fn compose(
    ctx: &Context,
    plan: &Arc<Plan>,
    series: &SeriesId,
    moment: Moment,
) -> Result<ComposeReport, PipelineError> {
    let maker = Maker::new(ctx, plan, series, moment)?.with_keywords().await?;
    let begun = ctx.store.try_write(move |tx| maker.begin(tx)).await?;
    // This one, and what an earlier run had to leave.
    finish(ctx, plan).await?;
    let Some(digest) = begun.digest.clone() else { return Ok(begun) };
    let row = ctx.store.read(move |tx| digests::get(tx, &digest)).await?;
    Ok(ComposeReport { messages: row.map_or(0, |row| row.recipients), ..begun })
}

/// Freezes the messages of every digest that was begun and not finished.
/// Returns how many digests.
pub async fn finish(ctx: &Context, plan: &Arc<Plan>) -> Result<usize, PipelineError> {
    let mut finished = 0;
    while let Some((row, candidates)) = ctx.store.read(digests::unfinished).await? {
        let digest: Digest = serde_json::from_str(&row.content).map_err(PipelineError::Page)?;
        if plan.series(&row.series).is_none() {
            // The series left the config with its readers' wish for it: nobody gets it.
            ctx.store.write(move |tx| digests::set_reached(tx, &row.id, None)).await?;
            continue;
        }
        let mut maker = Maker::new(ctx, plan, &row.series, Moment::Asked)?;
        maker.now = row.composed_at;
        let digest = Digest { id: row.id, ..digest };
        let read = move |tx: &Transaction<'_>| {
            let shown = maker.still_shown(tx, candidates)?;
            let earlier = maker.earlier(tx)?;
            Ok::<_, PipelineError>(Freezer::new(maker, digest, shown, earlier))
        };
        let freezer = Arc::new(ctx.store.try_read(read).await?);
        while !freezer.freeze_some().await? {}
        finished += 1;
    }
    Ok(finished)
}

//! What the next digest would be, as of now. Nothing here changes anything.

use std::sync::Arc;

use super::maker::{Maker, Moment, narrowed};
use super::near::NearMiss;
use crate::model::{Digest, DigestId, Payload, Rendered, SeriesId, Subscriber};
use crate::pipeline::{Context, PipelineError, Plan};
use crate::store::{Transaction, digests, items};

/// A digest as one subscriber would get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The words.
    pub rendered: Rendered,
    /// The message.
    pub payload: Payload,
}

/// The next digest of a series as of now, before any reader's choice.
#[derive(Debug, Clone, PartialEq)]
pub struct Upcoming {
    /// With all its entries, as on its page.
    pub whole: Digest,
    /// As the mail to someone who chose no topics shows it; none if it shows nothing.
    pub mailed: Option<Digest>,
    /// What fell short of every topic, the nearest first.
    pub near: Vec<NearMiss>,
}

/// Returns the next digest of a series; none if there is nothing to tell. Changes nothing.
pub async fn upcoming(
    ctx: &Context,
    plan: &Arc<Plan>,
    series: &SeriesId,
) -> Result<Option<Upcoming>, PipelineError> {
    let maker = Maker::new(ctx, plan, series, Moment::Asked)?.with_keywords().await?;
    ctx.store.try_read(move |tx| maker.upcoming(tx)).await
}

/// Returns what the next digest would be for someone of these topics (all, if none),
/// as of now. Changes nothing.
pub async fn preview(
    ctx: &Context,
    plan: &Arc<Plan>,
    series: &SeriesId,
    subscriber: Option<Subscriber>,
) -> Result<Option<Preview>, PipelineError> {
    let maker = Maker::new(ctx, plan, series, Moment::Asked)?.with_keywords().await?;
    let someone = subscriber.unwrap_or_else(|| maker.anyone());
    ctx.store.try_read(move |tx| maker.preview(tx, &someone)).await
}

impl Maker {
    pub(in crate::pipeline) fn upcoming(
        &self,
        tx: &Transaction<'_>,
    ) -> Result<Option<Upcoming>, PipelineError> {
        let progress = digests::progress(tx, &self.series)?;
        let upto = items::last_receipt(tx)?;
        let Some(material) = self.gather(tx, &progress, upto)? else { return Ok(None) };
        let mailed = self.digest_for(&material.digest, &material.candidates, &self.anyone());
        let near = self.near_misses(tx, &progress, upto)?;
        Ok(Some(Upcoming { whole: material.digest, mailed, near }))
    }

    pub(super) fn preview(
        &self,
        tx: &Transaction<'_>,
        someone: &Subscriber,
    ) -> Result<Option<Preview>, PipelineError> {
        let progress = digests::progress(tx, &self.series)?;
        let upto = items::last_receipt(tx)?;
        let Some(material) = self.gather(tx, &progress, upto)? else { return Ok(None) };
        let id = DigestId::new(format!("{}-{}", self.local_date(), self.series));
        let digest = Digest { id, ..material.digest };
        let Some(digest) = self.digest_for(&digest, &material.candidates, someone) else {
            return Ok(None);
        };
        let digest = narrowed(digest, Some(someone.since));
        let (rendered, payload, _) = self.message(&digest, &self.earlier(tx)?, someone)?;
        Ok(Some(Preview { rendered, payload }))
    }
}

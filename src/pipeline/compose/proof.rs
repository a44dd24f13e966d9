//! The next digest as a mail to one address, marked as a test. No series comes further by it.

use std::sync::Arc;

use super::maker::{Maker, Moment};
use crate::model::{DigestId, SeriesId, Subscriber};
use crate::pipeline::{Context, PipelineError, Plan, outgoing};
use crate::store::Transaction;
use crate::store::bodies::Bytes;

/// What stands before the subject.
const MARK: &str = "[Test] ";

/// Freezes the next digest of a series for an address, subscribed or not. Returns whether
/// there is anything to tell. Its links to settings and leaving are nobody's.
pub async fn send_proof(
    ctx: &Context,
    plan: &Arc<Plan>,
    series: &SeriesId,
    address: String,
) -> Result<bool, PipelineError> {
    let maker = Maker::new(ctx, plan, series, Moment::Asked)?.with_keywords().await?;
    ctx.store.try_write(move |tx| maker.freeze_proof(tx, address)).await
}

impl Maker {
    fn freeze_proof(&self, tx: &Transaction<'_>, address: String) -> Result<bool, PipelineError> {
        let someone = Subscriber { address, ..self.anyone() };
        let Some(preview) = self.preview(tx, &someone)? else { return Ok(false) };
        let mut words = preview.rendered;
        words.subject.insert_str(0, MARK);
        // Unlike that of the digest, and of another test.
        let id = DigestId::new(format!("test-{}", self.now.0));
        let (payload, envelope) = self.bytes(&id, &someone, &words)?;
        outgoing::freeze(tx, &envelope, Bytes::Whole(&payload), None, None)?;
        Ok(true)
    }
}

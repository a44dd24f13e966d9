//! Takes in the mail that came back.

use std::time::Duration;

use super::shared::{DaemonError, Shared};
use crate::pipeline::{self, PipelineError, ReturnedMail, ReturnedOutcome, Taken};

/// Between two looks.
const EVERY: Duration = Duration::from_secs(2);
/// Between two looks while it cannot be taken in.
const LONGER: Duration = Duration::from_secs(30);

/// Looks again and again, until told to stop.
pub(super) async fn take_in(shared: Shared) -> Result<(), DaemonError> {
    let Some(mail) = shared.current().ctx.data_dir().map(ReturnedMail::in_folder) else {
        return Ok(());
    };
    let mut failure = String::new();
    match mail.recover() {
        Ok(staying) => staying.iter().for_each(|file| {
            tracing::error!(
                "`{}` ended the service twice while it was taken in: it stays there, and nobody reads it again",
                file.display()
            );
        }),
        Err(error) => tracing::error!(%error, "what was in hand of the mail that came back stays there: {error}"),
    }
    while !shared.stop.is_cancelled() {
        let said = take_all(&shared, &mail)
            .await
            .err()
            .map_or_else(String::new, |error| format!("{:#}", anyhow::Error::new(error)));
        // A line for the change, not for each look.
        if failure != said {
            if said.is_empty() {
                tracing::info!("mail that came back is taken in again");
            } else {
                tracing::error!("mail that came back waits: {said}");
            }
            failure = said;
        }
        shared.rest(if failure.is_empty() { EVERY } else { LONGER }).await;
    }
    Ok(())
}

async fn take_all(shared: &Shared, mail: &ReturnedMail) -> Result<(), PipelineError> {
    while !shared.stop.is_cancelled() {
        let running = shared.current();
        match pipeline::take_returned(&running.ctx, &running.plan, mail).await? {
            None => break,
            Some(ReturnedOutcome::Taken(taken)) => {
                log(&taken);
                running.ctx.outbox_changed.notify_one();
                // A newsletter makes its source due.
                shared.wake.poll.notify_one();
            }
            Some(ReturnedOutcome::SetAside(file, error)) => {
                let error = format!("{:#}", anyhow::Error::new(error));
                tracing::error!(
                    "a message that came back cannot be taken in: {error}; it stays in `{}`",
                    file.display()
                );
            }
        }
    }
    Ok(())
}

fn log(taken: &Taken) {
    tracing::info!(class = taken.what, changed = taken.changed, "mail came back: {}", taken.what);
    if taken.is_held {
        tracing::warn!("too many strangers wrote today; the message is counted and not passed on");
    }
}

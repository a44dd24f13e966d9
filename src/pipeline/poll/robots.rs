//! robots.txt of each origin, asked for at most once a day and kept in the
//! store. What it allows is decided in `answer::robots`.

use super::client::{PoliteClient, Refusal};
use crate::answer::robots::{Place, Robots};
use crate::answer::{Failure, FailureKind};
use crate::pipeline::SourcePlan;
use crate::store::{StoreError, robots as stored};

/// Fails if `url` may not be asked for.
pub(super) async fn check(
    client: &PoliteClient,
    source: &SourcePlan,
    url: &str,
) -> Result<(), Refusal> {
    let Some(place) = Place::of(url) else { return Ok(()) };
    let (store, clock) = (&client.ctx.store, &client.ctx.clock);
    let origin = place.origin.clone();
    let remembered = store.read(move |tx| stored::get(tx, &origin)).await.map_err(failed)?;
    let robots = match remembered {
        Some(robots) if robots.is_fresh(clock.now()) => robots,
        before => {
            let request = place.robots_request(client.plan.polling.timeout);
            let answer = match client.ask(source.fetch.as_ref(), &request).await {
                Ok(response) => Ok(response),
                Err(Refusal::Failed(failure)) => Err(failure),
                Err(paused) => return Err(paused),
            };
            let robots = Robots::after(before, &answer, clock.now())?;
            let (origin, row) = (place.origin.clone(), robots.clone());
            store.write(move |tx| stored::keep(tx, &origin, &row)).await.map_err(failed)?;
            robots
        }
    };
    Ok(robots.permit(&place, clock.now())?)
}

fn failed(error: StoreError) -> Refusal {
    Refusal::Failed(Failure::new(FailureKind::Passing, error.to_string()))
}

//! The poll of one source, from its claim to the hand-over to the writer.

use std::time::Duration;

use super::client::{PoliteClient, Refusal};
use super::polled::{Due, Exchange, Polled};
use super::queue::Writer;
use super::reading::{Found, Reading};
use super::{decide, detail, further, pdfs, robots, sizes};
use crate::answer::{self, Failure, FailureKind, Meaning, Terms, caching};
use crate::clock::Stopwatch;
use crate::model::{Cursor, Request, SourceSettings, Timestamp};
use crate::pipeline::PipelineError;
use crate::pipeline::notice::tell_of_confirmation;
use crate::source::MARK;
use crate::store::sources::Asked;
use crate::text::hash64;

/// Mark of when the whole document was read last, in milliseconds.
const WHOLE: &str = "poll.whole";

/// How long a server is believed that nothing has changed. A cache in between may say so
/// for ever; what the document says by then is compared with what is stored.
const BELIEVED: Duration = Duration::from_hours(7 * 24);

/// Mark of the URL and selectors that the validators were earned with.
const ASKED: &str = "poll.asked";

/// Polls one source. Does nothing if another pass is polling it already. A
/// document keeps its request permit until it may wait for the writer, so that
/// no more of them are in memory than requests are allowed at once; the permit
/// goes early where more is to be asked.
pub(super) async fn poll_source(client: &PoliteClient, writer: &Writer, due: Due) {
    let Some(_claim) = client.ctx.hosts.claim(&due.state.id) else { return };
    let source = &due.plan;
    let kind = &source.configured.source;
    let fetch = source.fetch.as_ref();
    let mut exchange = Exchange::default();
    let mut permit = None;
    let mut watch: Option<Stopwatch> = None;
    let mut mark = None;

    let result: Result<Reading, Refusal> = async {
        // May we ask?
        client.check_pause(&due.host)?;
        if kind.obeys_robots() {
            Box::pin(robots::check(client, source, &due.settings().url)).await?;
        }

        // Ask, conditionally if the server gave validators.
        let mut cursor = usable_cursor(&due);
        let response = loop {
            let request = request(client, &due, &cursor);
            let turn = client.turn(&due.host).await?;
            watch.get_or_insert(turn.watch);
            // What an answer before this one said is not what this request comes to.
            (exchange.status, exchange.terms) = (None, Terms::default());
            exchange.requests.push(Asked {
                at: turn.at,
                conditional: caching::has_validators(&cursor),
                not_modified: false,
                retry_after: None,
                // After a restart the host's limit knows nothing, but the source does.
                spacing: turn.spacing.or_else(|| due.asked_before.map(|at| turn.at.since(at))),
            });
            let (response, terms) = turn.send(fetch, &request).await?;
            permit = turn.into_request_permit();
            exchange.note(response.status, terms);
            match answer::meaning(&cursor, &response) {
                Meaning::Document => break response,
                Meaning::NotModified => {
                    let cursor = caching::remember(&cursor, &response).next;
                    return Ok(Reading::unchanged(with_mark(cursor, &due)));
                }
                // Once: without validators a 304 is a failure.
                Meaning::NotModifiedElsewhere => {
                    permit = None;
                    cursor = caching::forget(&cursor);
                }
                Meaning::Failure(failure) => return Err(failure.into()),
            }
        };

        // Ask for what belongs to it.
        let walked = further::fetch(client, source, &cursor, response, &mut permit).await;

        // Read it, and decide what of it is new.
        let mut cursor = read_whole(with_mark(cursor, &due), &due);
        cursor.values.extend(walked.marks);
        mark = client.ctx.marks.set(&due.state.id);
        let (mut reading, undecided) =
            decide::read(client, source, cursor, (walked.answers, walked.items), needs_more)
                .await?;
        reading.notes.extend(walked.notes);
        // Before the cursor is kept: after a crash they are found again, and told once.
        for confirmation in std::mem::take(&mut reading.confirmations) {
            let told = tell_of_confirmation(&client.ctx, &client.plan, source, confirmation).await;
            let failed =
                |error: PipelineError| Failure::new(FailureKind::Passing, error.to_string());
            reading.notes.push(told.map_err(failed)?);
        }
        if !undecided.is_empty() {
            permit = None;
            reading = Box::pin(detail::decide(client, source, undecided, reading)).await?;
        }
        if sizes::lacks_any(&reading) {
            permit = None;
            Box::pin(sizes::fill(client, source, &mut reading)).await;
        }
        Ok(reading)
    }
    .await;

    let duration = watch.map_or(Duration::ZERO, Stopwatch::elapsed);
    writer.hand_over(Polled { due, exchange, result, duration, _mark: mark }).await;
    drop(permit);
}

/// Returns whether an item is decided by more than its list says of it: by its own page or file.
fn needs_more(settings: &SourceSettings, item: &Found) -> bool {
    detail::is_wanted(settings, item) || pdfs::is_wanted(settings, item)
}

fn request(client: &PoliteClient, due: &Due, cursor: &Cursor) -> Request {
    let source = &due.plan.configured.source;
    let mut request = client.plan.polling.get(&due.settings().url, source.accept());
    caching::validate(&mut request, cursor);
    if source.takes_deltas() {
        caching::accept_delta(&mut request);
    }
    request
}

/// Returns the cursor; without its validators and the kind's marks if they were earned with
/// another URL or other settings: then the source must be read anew.
fn usable_cursor(due: &Due) -> Cursor {
    let cursor = &due.state.cursor;
    match cursor.values.get(ASKED) {
        Some(asked) if *asked != mark(due) => {
            let mut cursor = caching::forget(cursor);
            cursor.values.retain(|name, _| !name.starts_with(MARK));
            cursor
        }
        _ if is_long_unread(due) => caching::forget(cursor),
        _ => cursor.clone(),
    }
}

/// Returns whether the server has answered 304 for so long that it is asked for the whole.
fn is_long_unread(due: &Due) -> bool {
    let read = due.state.cursor.values.get(WHOLE).and_then(|at| at.parse().ok());
    let span = due.state.last_attempt.zip(read.map(Timestamp));
    // What a clock wrote that was ahead is not believed.
    span.is_some_and(|(now, read)| read > now || now.since(read) >= BELIEVED)
}

fn read_whole(mut cursor: Cursor, due: &Due) -> Cursor {
    let now = due.state.last_attempt.unwrap_or_default();
    cursor.values.insert(WHOLE.to_owned(), now.0.to_string());
    cursor
}

fn with_mark(mut cursor: Cursor, due: &Due) -> Cursor {
    cursor.values.insert(ASKED.to_owned(), mark(due));
    cursor
}

fn mark(due: &Due) -> String {
    let asked = format!("{} {:?}", due.settings().url, due.plan.configured.source);
    format!("{:016x}", hash64(asked.as_bytes()))
}

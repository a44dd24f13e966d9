//! The pages of new items, asked for what their list lacks.
//!
//! A page that cannot be read is a note: its item is stored from the list.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::client::{PoliteClient, Refusal};
use super::decide::{self, Found, Reading};
use super::hosts::host_of;
use super::robots;
use crate::answer::{self, Failure, FailureKind};
use crate::model::{Detail, RawItem, Response};
use crate::pipeline::SourcePlan;
use crate::source::page::{DetailRead, read_detail};
use crate::text::clean_line;

/// Most pages asked for in one poll of a source.
const MOST: usize = 10;
/// No further page is asked for after so long: other sources wait for the pass.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Asks for the items' own pages, and decides about the items by them.
pub(super) async fn decide(
    client: &PoliteClient,
    source: &Arc<SourcePlan>,
    mut found: Vec<Found>,
    mut reading: Reading,
) -> Result<Reading, Failure> {
    fill(client, source, &mut found, &mut reading.notes).await;
    decide::all(client, source, found, reading).await
}

/// Asks for the pages of items that are new, then of those that changed.
async fn fill(
    client: &PoliteClient,
    source: &Arc<SourcePlan>,
    found: &mut [Found],
    notes: &mut Vec<String>,
) {
    let Some(detail) = &source.configured.settings.detail else { return };
    let new = (0..found.len()).filter(|index| found[*index].is_new());
    let changed = (0..found.len()).filter(|index| found[*index].has_changed());
    let wanted: Vec<usize> = new.chain(changed).collect();
    let begun = client.ctx.clock.now();
    let mut asked = HashSet::new();
    let mut all_well = true;
    for index in wanted {
        let item = &mut found[index];
        item.lacks_page = true;
        let Some(url) = page_of(&item.raw, &source.configured.settings.url) else { continue };
        let is_late = client.ctx.clock.now().since(begun) > TIMEOUT;
        // Items that share a page have none of their own.
        if !all_well || is_late || asked.len() >= MOST || !asked.insert(url.clone()) {
            continue;
        }
        match page(client, source, detail, &url).await {
            Ok(read) => {
                item.lacks_page = false;
                for note in &read.notes {
                    add(notes, note.clone());
                }
                merge(&mut item.raw, read);
            }
            Err(refusal) => {
                all_well = !ends_all(&refusal);
                add(notes, format!("the page of an item was not read: {}", refusal.message()));
            }
        }
    }
}

/// Returns whether the failure of one page says that the others would fail too.
fn ends_all(refusal: &Refusal) -> bool {
    match refusal {
        Refusal::Paused(_) => true,
        Refusal::Failed(failure) => matches!(
            failure.kind,
            FailureKind::Unreachable | FailureKind::Throttled | FailureKind::Challenge
        ),
    }
}

async fn page(
    client: &PoliteClient,
    source: &Arc<SourcePlan>,
    detail: &Detail,
    url: &str,
) -> Result<DetailRead, Refusal> {
    client.check_pause(&host_of(url))?;
    // The page is no feed, whatever the source is.
    robots::check(client, source, url).await?;
    let accept = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1";
    let request = client.plan.polling.get(url, accept);
    let response = client.ask(source.fetch.as_ref(), &request).await?;
    answer::document(&response)?;
    let (detail, zone) = (detail.clone(), source.configured.settings.timezone);
    Ok(decide::on_a_core(client, move || read_page(&response, &detail, zone)).await?)
}

fn read_page(
    response: &Response,
    detail: &Detail,
    zone: chrono_tz::Tz,
) -> Result<DetailRead, Failure> {
    read_detail(response, detail, zone).map_err(Failure::from)
}

/// The item's own page, if it has one: not the list itself, no document.
fn page_of(raw: &RawItem, list: &str) -> Option<String> {
    let mut url = url::Url::parse(raw.link.as_deref()?.trim()).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    url.set_fragment(None);
    let is_document = crate::normalize::format_of(url.as_str()).is_some();
    (!is_document && url::Url::parse(list).ok().as_ref() != Some(&url)).then(|| url.into())
}

/// What the page says goes before what the list says, but for an exact date.
fn merge(raw: &mut RawItem, read: DetailRead) {
    raw.title = read.title.or(raw.title.take());
    raw.body_html = read.body_html.or(raw.body_html.take());
    let exact = raw.published.filter(|date| !date.is_guess);
    raw.published = exact.or(read.published).or(raw.published);
}

fn add(notes: &mut Vec<String>, note: String) {
    let note = clean_line(&note, 300);
    if !notes.contains(&note) {
        notes.push(note);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Date, Timestamp};

    #[test]
    fn a_page_goes_before_the_list_but_for_an_exact_date() {
        let date = |seconds, is_guess| Date { at: Timestamp::from_seconds(seconds), is_guess };
        let merged = |listed, read| {
            let mut raw = RawItem {
                title: Some("Kurz …".to_owned()),
                published: listed,
                ..RawItem::default()
            };
            let title = Some("Kurz und ganz".to_owned());
            merge(&mut raw, DetailRead { title, published: read, ..DetailRead::default() });
            assert_eq!(raw.title.as_deref(), Some("Kurz und ganz"));
            raw.published.map(|date| date.at.seconds())
        };
        let page = Some(date(2, false));
        assert_eq!(merged(Some(date(1, false)), page), Some(1), "the list was exact");
        assert_eq!(merged(Some(date(1, true)), page), Some(2));
        assert_eq!(merged(None, page), Some(2));
        assert_eq!(merged(Some(date(1, true)), None), Some(1));
    }
}

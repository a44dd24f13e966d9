//! The pages of new items, asked for what their list lacks.
//!
//! A page that cannot be read is a note: its item is stored from the list.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::manners::{Manners, Refusal, lane_of};
use super::read::Found;
use super::robots;
use crate::model::{Detail, Headers, Method, RawItem, Request, Response};
use crate::pipeline::SourcePlan;
use crate::source::page::{DetailRead, read_detail};
use crate::text::clean_line;

/// Most pages asked for in one poll of a source.
const MOST: usize = 10;
/// No further page is asked for after so long: other sources wait for the pass.
const PATIENCE: Duration = Duration::from_mins(1);

/// Asks for the pages of items that are new, then of those that changed.
pub(super) async fn fill(
    manners: &Manners<'_>,
    source: &Arc<SourcePlan>,
    found: &mut [Found],
    notes: &mut Vec<String>,
) {
    let Some(detail) = &source.configured.settings.detail else { return };
    let new = (0..found.len()).filter(|index| found[*index].is_new());
    let changed = (0..found.len()).filter(|index| found[*index].has_changed());
    let wanted: Vec<usize> = new.chain(changed).collect();
    let begun = manners.ctx.clock.now();
    let mut asked = HashSet::new();
    let mut all_well = true;
    for index in wanted {
        let item = &mut found[index];
        item.lacks_page = true;
        let Some(url) = page_of(&item.raw, &source.configured.settings.url) else { continue };
        let is_late = manners.ctx.clock.now().since(begun) > PATIENCE;
        // Items that share a page have none of their own.
        if !all_well || is_late || asked.len() >= MOST || !asked.insert(url.clone()) {
            continue;
        }
        match page(manners, source, detail, &url).await {
            Ok(read) => {
                item.lacks_page = false;
                for note in &read.notes {
                    add(notes, note.clone());
                }
                merge(&mut item.raw, read);
            }
            Err(Trouble { what, ends }) => {
                add(notes, format!("the page of an item was not read: {what}"));
                all_well = !ends;
            }
        }
    }
}

/// Why a page was not read, and whether to ask for no other.
struct Trouble {
    what: String,
    ends: bool,
}

async fn page(
    manners: &Manners<'_>,
    source: &Arc<SourcePlan>,
    detail: &Detail,
    url: &str,
) -> Result<DetailRead, Trouble> {
    let passing = |what: String| Trouble { what, ends: false };
    let ending = |what: String| Trouble { what, ends: true };
    let lane = lane_of(url);
    if let Some(until) = manners.rests_until(&lane) {
        return Err(ending(Refusal::Rests(until).message()));
    }
    // The page is no feed, whatever the source is.
    robots::check(manners, source, url).await.map_err(|refusal| Trouble {
        ends: matches!(refusal, Refusal::Rests(_)),
        what: refusal.message(),
    })?;
    let request = Request {
        method: Method::Get,
        url: url.to_owned(),
        accept: "text/html, application/xhtml+xml;q=0.9, */*;q=0.1".to_owned(),
        headers: Headers::new(),
        max_bytes: manners.plan.polling.max_bytes,
        timeout: manners.plan.polling.timeout,
    };
    let sent = manners.send(&lane, source.fetch.as_ref(), &request).await;
    let sent = sent.map_err(|until| ending(Refusal::Rests(until).message()))?;
    let response = sent.response.map_err(|error| ending(error.to_string()))?;
    match response.status {
        200 => {}
        429 => {
            let now = manners.ctx.clock.now();
            let most = manners.plan.polling.max_retry_after;
            let until = crate::fetch::caching::retry_after(&response.headers, now, most);
            if let Some(until) = until {
                manners.ctx.lanes.pause(&lane, until);
            }
            return Err(ending("the server answered 429".to_owned()));
        }
        status => return Err(passing(format!("the server answered {status}"))),
    }
    let (detail, zone) = (detail.clone(), source.configured.settings.timezone);
    tokio::task::spawn_blocking(move || read_page(&response, &detail, zone))
        .await
        .map_err(|panic| passing(format!("the parser gave up: {panic}")))?
        .map_err(passing)
}

fn read_page(
    response: &Response,
    detail: &Detail,
    zone: chrono_tz::Tz,
) -> Result<DetailRead, String> {
    read_detail(response, detail, zone).map_err(|error| error.to_string())
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

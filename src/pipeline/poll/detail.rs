//! The pages of new items, asked for what their list lacks.
//!
//! A page that cannot be read is a note: its item is stored from the list.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::client::{PoliteClient, Refusal, on_a_core};
use super::decide;
use super::hosts::host_of;
use super::reading::{Found, Reading, passing};
use super::recurring::Blocks;
use super::{pdfs, robots};
use crate::answer::{self, Failure, FailureKind, caching};
use crate::extract::html::text_of;
use crate::model::{DetailPolicy, Enclosure, ItemId, RawItem, Response, SourceSettings};
use crate::normalize;
use crate::pipeline::SourcePlan;
use crate::source::page::{DetailRead, read_article, read_detail};
use crate::store::{StoreError, Transaction, items};
use crate::text::{clean_line, fold};

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
    let mut blocks = Blocks::of(&reading.cursor);
    fill(client, source, &mut found, &mut blocks, &mut reading.notes).await;
    blocks.keep(&mut reading.cursor);
    let waiting = wait(&mut found);
    if waiting > 0 {
        reading.notes.push(format!("{waiting} new addresses wait until their pages are read"));
        // A 304 would hide them.
        reading.cursor = caching::forget(&reading.cursor);
    }
    let facts = pdfs::fill(client, source, &mut found, &mut reading.notes).await;
    decide_without_pages(client, &mut found).await?;
    let mut reading = decide::all(client, source, found, reading).await?;
    pdfs::note(&mut reading, &facts);
    Ok(reading)
}

/// Leaves new items out that only their page can name, and that a later poll will ask for;
/// not those of the first poll, which are the baseline. Returns how many they are.
fn wait(found: &mut Vec<Found>) -> usize {
    let all = found.len();
    if found.iter().any(|item| !item.is_new()) {
        found.retain(|item| !(item.is_new() && item.lacks_page && item.raw.title.is_none()));
    }
    all - found.len()
}

/// Asks for the pages of items that are new, then of those that changed.
async fn fill(
    client: &PoliteClient,
    source: &Arc<SourcePlan>,
    found: &mut [Found],
    blocks: &mut Blocks,
    notes: &mut Vec<String>,
) {
    let settings = &source.configured.settings;
    let is_wanted = |index: &usize| is_wanted(settings, &found[*index]);
    let new = (0..found.len()).filter(|index| found[*index].is_new());
    let changed = (0..found.len()).filter(|index| found[*index].has_changed());
    let wanted: Vec<usize> = new.chain(changed).filter(is_wanted).collect();
    let begun = client.ctx.clock.now();
    let mut asked = HashSet::new();
    let mut all_well = true;
    let mut pages = Vec::new();
    for index in wanted {
        let item = &mut found[index];
        item.lacks_page = true;
        let Some(url) = page_of(&item.raw, &source.configured.settings.url) else { continue };
        let is_late = client.ctx.clock.now().since(begun) > TIMEOUT;
        // Items that share a page have none of their own.
        if !all_well || is_late || asked.len() >= MOST || !asked.insert(url.clone()) {
            continue;
        }
        match page(client, source, item.raw.title.clone(), &url).await {
            Ok(read) => {
                item.lacks_page = false;
                for note in &read.notes {
                    add(notes, note.clone());
                }
                match settings.detail {
                    DetailPolicy::Selectors(_) => merge(&mut item.raw, read),
                    _ => {
                        blocks.learn(&url, read.body_html.as_deref().unwrap_or_default());
                        pages.push((index, url, read));
                    }
                }
            }
            Err(refusal) => {
                // A page that is never to be had must not hide what the list says.
                if settings.detail == DetailPolicy::Auto && is_final(&refusal) {
                    item.lacks_page = false;
                }
                all_well = !ends_all(&refusal);
                add(notes, format!("the page of an item was not read: {}", refusal.message()));
            }
        }
    }
    // Only when all are read it shows what recurs.
    for (index, url, mut read) in pages {
        read.body_html = read.body_html.map(|html| blocks.without(&url, html));
        complete(&mut found[index].raw, read);
    }
}

/// Lets changed items be decided by their list where they were stored by it, too: they lose
/// nothing for want of a page, and what it says anew would be told never if the page cannot be had.
async fn decide_without_pages(client: &PoliteClient, found: &mut [Found]) -> Result<(), Failure> {
    let lacking: Vec<(usize, ItemId)> = found
        .iter()
        .enumerate()
        .filter(|(_, item)| item.lacks_page)
        .filter_map(|(index, item)| Some((index, item.known()?.id)))
        .collect();
    if lacking.is_empty() {
        return Ok(());
    }
    let read = move |tx: &Transaction<'_>| {
        let stored = |(index, id)| Ok((index, items::text_length(tx, id)?));
        lacking.into_iter().map(stored).collect::<Result<Vec<(usize, usize)>, StoreError>>()
    };
    let stored = client.ctx.store.read(read).await.map_err(|error| passing(&error))?;
    for (index, length) in stored {
        let item = &mut found[index];
        let listed = longest_text(&item.raw).map_or(0, |text| text.chars().count());
        item.lacks_page = length > listed + listed / 4;
    }
    Ok(())
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
    title: Option<String>,
    url: &str,
) -> Result<DetailRead, Refusal> {
    client.check_pause(&host_of(url))?;
    // The page is no feed, whatever the source is.
    robots::check(client, source, url).await?;
    let accept = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1";
    let request = client.plan.polling.get(url, accept);
    let response = client.ask(source.fetch.as_ref(), &request).await?;
    answer::document(&response)?;
    let (policy, zone) =
        (source.configured.settings.detail.clone(), source.configured.settings.timezone);
    let job = move || read_page(&response, &policy, title.as_deref(), zone);
    Ok(on_a_core(client, job).await?)
}

fn read_page(
    response: &Response,
    policy: &DetailPolicy,
    title: Option<&str>,
    zone: chrono_tz::Tz,
) -> Result<DetailRead, Failure> {
    let media_type = response.headers.get("content-type").unwrap_or_default();
    if let Some(format) = normalize::format_of_media_type(media_type) {
        let file = Enclosure {
            url: response.final_url.clone(),
            media_type: Some(media_type.to_owned()),
            length: Some(response.body.len() as u64),
            title: title.map(str::to_owned),
        };
        let notes = vec![format!("the page of an item is a file ({format})")];
        return Ok(DetailRead { documents: vec![file], notes, ..DetailRead::default() });
    }
    match policy {
        DetailPolicy::Selectors(detail) => match read_detail(response, detail, zone) {
            // The selector is out of date: the text is there all the same, and the note says it.
            Ok(read) if detail.text.is_some() && read.body_html.is_none() => {
                let found = read_article(response, title, zone)?;
                Ok(DetailRead { body_html: found.body_html, ..read })
            }
            read => read,
        },
        _ => read_article(response, title, zone),
    }
    .map_err(Failure::from)
}

/// Returns the item's own page, if it has one: not the list itself, no document.
fn page_of(raw: &RawItem, list: &str) -> Option<String> {
    let mut url = url::Url::parse(raw.link.as_deref()?.trim()).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    url.set_fragment(None);
    let is_document = crate::normalize::format_of(url.as_str()).is_some();
    (!is_document && url::Url::parse(list).ok().as_ref() != Some(&url)).then(|| url.into())
}

/// Returns whether the page of an item is to be read: of a new or changed one
/// whose source says no more of it than a teaser.
pub(super) fn is_wanted(settings: &SourceSettings, item: &Found) -> bool {
    let may_be_wanted = item.is_new() || item.has_changed();
    may_be_wanted
        && match settings.detail {
            DetailPolicy::Never => false,
            DetailPolicy::Selectors(_) => true,
            DetailPolicy::Auto => {
                page_of(&item.raw, &settings.url).is_some() && says_little(&item.raw)
            }
        }
}

/// Returns whether the texts of an item are no more than a teaser.
fn says_little(raw: &RawItem) -> bool {
    /// Seen: teasers of up to 500 characters; whole texts of press releases from 700.
    const TEASER: usize = 600;
    longest_text(raw).is_none_or(|text| text.chars().count() < TEASER || is_cut(&text))
}

/// Returns the longer one of an item's two texts.
fn longest_text(raw: &RawItem) -> Option<String> {
    let text = |html: &Option<String>| html.as_deref().map(text_of);
    let texts = [text(&raw.body_html), text(&raw.summary_html)];
    texts.into_iter().flatten().max_by_key(|text| text.chars().count())
}

/// Returns whether words end in the middle.
fn is_cut(words: &str) -> bool {
    let words = words.trim_end_matches([']', ')', ' ']);
    words.ends_with('…') || words.ends_with("...")
}

/// Returns whether a later request for the page would be answered alike.
fn is_final(refusal: &Refusal) -> bool {
    match refusal {
        Refusal::Paused(_) => false,
        Refusal::Failed(failure) => !matches!(
            failure.kind,
            FailureKind::Unreachable | FailureKind::Throttled | FailureKind::Passing
        ),
    }
}

/// Completes an item by its page: the longer text, the whole title, what the
/// source did not say.
fn complete(raw: &mut RawItem, mut read: DetailRead) {
    if let Some(title) = read.title.take()
        && raw.title.as_deref().is_none_or(|known| continues(known, &title))
    {
        raw.title = Some(title);
    }
    let length = |html: &Option<String>| html.as_deref().map_or(0, |html| text_of(html).len());
    if length(&read.body_html) > length(&raw.body_html) {
        raw.body_html = read.body_html.take();
    }
    raw.published = raw.published.or(read.published);
    add_rest(raw, read);
}

/// Returns whether `title` is what the shortened `known` begins.
fn continues(known: &str, title: &str) -> bool {
    let (known, title) = (text_of(known), text_of(title));
    let begun = fold(known.trim_end_matches(['…', '.', ' ', '[', ']']));
    let is_shortened = is_cut(&known) || known.chars().count() < title.chars().count();
    known.is_empty() || is_shortened && begun.len() >= 4 && fold(&title).starts_with(&begun)
}

fn add_rest(raw: &mut RawItem, read: DetailRead) {
    for document in read.documents {
        if raw.enclosures.iter().all(|known| known.url != document.url) {
            raw.enclosures.push(document);
        }
    }
    if raw.authors.is_empty() {
        raw.authors = read.authors;
    }
    if let Some(number) = read.number {
        let release = format!("Pressemitteilung {number}");
        if !raw.categories.contains(&release) {
            raw.categories.push(release);
        }
    }
    raw.language = raw.language.take().or(read.language);
}

/// Prefers what the page says to what the list says, but for an exact date.
fn merge(raw: &mut RawItem, mut read: DetailRead) {
    raw.title = read.title.take().or(raw.title.take());
    raw.body_html = read.body_html.take().or(raw.body_html.take());
    let exact = raw.published.filter(|date| !date.is_guess);
    raw.published = exact.or(read.published).or(raw.published);
    add_rest(raw, read);
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

//! The text of PDFs: of those that are an item's own link, and of the first file
//! of an item that says little itself.
//!
//! Each is read in a process of its own (`amtsbote pdf-text`) with limits, so that
//! none can stop the service. One that gives no text is told with its reason.

use std::collections::HashMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

use super::client::{PoliteClient, Refusal};
use super::hosts::host_of;
use super::reading::{Found, Reading};
use super::robots;
use crate::answer::{self, Failure, FailureKind};
use crate::extract::html;
use crate::extract::pdf::PdfText;
use crate::model::{DetailPolicy, Document, Enclosure, Item, RawItem, SourceSettings};
use crate::normalize::format_of;
use crate::pipeline::SourcePlan;
use crate::text::clean_line;

/// Most PDFs read in one poll of a source.
const MOST: usize = 5;
/// None is read after so long: other sources wait for the pass.
const TIMEOUT: Duration = Duration::from_mins(1);
/// Longest that one may take.
const PDF_TIMEOUT: Duration = Duration::from_secs(20);
/// Most bytes of an answer of the reader.
const LONGEST: u64 = 4 << 20;
/// An item that says less is completed by its first file.
const SAYS_LITTLE: usize = 400;

/// What was learnt of each file, by its address.
pub(super) type Facts = HashMap<String, (PdfText, u64)>;

/// Returns whether the PDF that an item links to is to be read.
pub(super) fn is_wanted(settings: &SourceSettings, item: &Found) -> bool {
    settings.detail != DetailPolicy::Never
        && (item.is_new() || item.has_changed())
        && own(&item.raw).is_some()
}

/// Reads the PDFs of new and changed items into their texts.
pub(super) async fn fill(
    client: &PoliteClient,
    source: &SourcePlan,
    found: &mut [Found],
    notes: &mut Vec<String>,
) -> Facts {
    let mut facts = Facts::new();
    let Some(reader) = &client.ctx.pdf_reader else { return facts };
    if source.configured.settings.detail == DetailPolicy::Never {
        return facts;
    }
    let begun = client.ctx.clock.now();
    let mut asked = 0;
    for item in found.iter_mut().filter(|item| item.is_new() || item.has_changed()) {
        let own = own(&item.raw);
        let is_own = own.is_some();
        let Some(url) = own.or_else(|| first_file(&item.raw)) else { continue };
        let is_late = client.ctx.clock.now().since(begun) > TIMEOUT;
        if asked >= MOST || is_late || facts.contains_key(&url) {
            // Without its text a known item would seem to have lost it.
            item.lacks_page |= is_own && !facts.contains_key(&url);
            continue;
        }
        asked += 1;
        match read(client, source, reader, &url).await {
            Ok((read, size)) => {
                add(&mut item.raw, &url, &read);
                facts.insert(url, (read, size));
            }
            Err(refusal) => {
                item.lacks_page |= is_own;
                let note = format!("a PDF was not read: {}", refusal.message());
                notes.push(clean_line(&note, 300));
            }
        }
    }
    facts
}

/// Notes size, pages and faults at the documents of the items.
pub(super) fn note(reading: &mut Reading, facts: &Facts) {
    if facts.is_empty() {
        return;
    }
    let new = reading.new.iter_mut().map(|new| &mut new.item);
    let changed = reading.changed.iter_mut().map(|(_, item, _)| item);
    for document in new.chain(changed).flat_map(|item: &mut Item| &mut item.documents) {
        let known: Option<&(PdfText, u64)> = facts.get(&document.url);
        if let Some((read, size)) = known {
            learn(document, read, *size);
        }
    }
}

fn learn(document: &mut Document, read: &PdfText, size: u64) {
    document.pages = read.pages;
    document.remark.clone_from(&read.remark);
    document.size = Some(size);
}

/// Returns the item's own link, if it is a PDF.
fn own(raw: &RawItem) -> Option<String> {
    let link = raw.link.as_deref()?.trim();
    (format_of(link) == Some("PDF")).then(|| link.to_owned())
}

/// Returns the first PDF of an item that says little itself.
fn first_file(raw: &RawItem) -> Option<String> {
    let length = |html: &Option<String>| {
        html.as_deref().map_or(0, |text| html::text_of(text).chars().count())
    };
    if length(&raw.body_html).max(length(&raw.summary_html)) >= SAYS_LITTLE {
        return None;
    }
    let file = raw.enclosures.iter().find(|file| {
        file.media_type.as_deref() == Some("application/pdf") || format_of(&file.url) == Some("PDF")
    })?;
    Some(file.url.clone())
}

async fn read(
    client: &PoliteClient,
    source: &SourcePlan,
    reader: &Path,
    url: &str,
) -> Result<(PdfText, u64), Refusal> {
    client.check_pause(&host_of(url))?;
    robots::check(client, source, url).await?;
    let request = client.plan.polling.get(url, "application/pdf, */*;q=0.1");
    let response = client.ask(source.fetch.as_ref(), &request).await?;
    answer::document(&response)?;
    let size = response.body.len() as u64;
    if response.truncated {
        let read = PdfText { remark: Some("zu groß zum Lesen".to_owned()), ..PdfText::default() };
        return Ok((read, size));
    }
    // Counts as work of a core, though it is another process that does it.
    let _permit = client.ctx.hosts.cpu_permit().await;
    let child = start(reader).map_err(|error| {
        Failure::new(
            FailureKind::Passing,
            format!("`{}` cannot be started: {error}", reader.display()),
        )
    })?;
    let read = tokio::time::timeout(PDF_TIMEOUT, text_of(child, &response.body)).await;
    let read = read.ok().and_then(Result::ok).unwrap_or_else(|| PdfText {
        remark: Some("nicht lesbar".to_owned()),
        ..PdfText::default()
    });
    Ok((read, size))
}

/// Starts the reader's process, which is killed if it is dropped.
fn start(reader: &Path) -> std::io::Result<Child> {
    Command::new(reader)
        .arg("pdf-text")
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
}

/// Asks the reader's process. Fails if it dies.
async fn text_of(mut child: Child, bytes: &[u8]) -> std::io::Result<PdfText> {
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let write = async {
        if let Some(mut stdin) = stdin {
            // A reader that ends early has its reasons in what it printed.
            let _ = stdin.write_all(bytes).await;
        }
    };
    let read = async {
        let mut said = Vec::new();
        if let Some(stdout) = stdout {
            stdout.take(LONGEST).read_to_end(&mut said).await?;
        }
        std::io::Result::Ok(said)
    };
    let ((), said) = tokio::join!(write, read);
    let said = said?;
    child.wait().await?;
    let line = said.rsplit(|byte| *byte == b'\n').find(|line| !line.is_empty()).unwrap_or_default();
    Ok(serde_json::from_slice(line)?)
}

/// Adds the text to an item, and the file to its files.
fn add(raw: &mut RawItem, url: &str, read: &PdfText) {
    if !read.text.is_empty() {
        let escaped = read.text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let paragraphs: String = escaped.lines().map(|line| format!("<p>{line}</p>\n")).collect();
        raw.body_html.get_or_insert_default().push_str(&paragraphs);
    }
    if raw.enclosures.iter().all(|file| file.url != url) {
        let media_type = Some("application/pdf".to_owned());
        raw.enclosures.push(Enclosure { url: url.to_owned(), media_type, ..Enclosure::default() });
    }
}

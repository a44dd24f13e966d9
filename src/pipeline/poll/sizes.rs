//! Type and size of the documents that hang on new items, asked by HEAD. What
//! the server does not say stays unknown.

use std::time::Duration;

use super::client::{PoliteClient, Refusal};
use super::hosts::host_of;
use super::reading::Reading;
use super::robots;
use crate::answer;
use crate::model::{Document, Item, Request, Response};
use crate::normalize;
use crate::pipeline::SourcePlan;

/// Most documents asked about in one poll of a source.
const MOST: usize = 10;
/// None is asked about after so long: other sources wait for the pass.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Returns whether there is a document whose size nobody said.
pub(super) fn lacks_any(reading: &Reading) -> bool {
    let new = reading.new.iter().map(|new| &new.item);
    let mut items = new.chain(reading.changed.iter().map(|(_, item, _)| item));
    items.any(|item| item.documents.iter().any(|document| document.size.is_none()))
}

/// Asks about the documents whose size nobody said. A host that fails is asked
/// about none of the others.
pub(super) async fn fill(client: &PoliteClient, source: &SourcePlan, reading: &mut Reading) {
    let begun = client.ctx.clock.now();
    let new = reading.new.iter_mut().map(|new| &mut new.item);
    let changed = reading.changed.iter_mut().map(|(_, item, _)| item);
    let documents = new.chain(changed).flat_map(|item: &mut Item| &mut item.documents);
    let mut failed = Vec::new();
    for document in documents.filter(|document| document.size.is_none()).take(MOST) {
        let host = host_of(&document.url);
        let is_late = client.ctx.clock.now().since(begun) > TIMEOUT;
        if is_late || failed.contains(&host) {
            continue;
        }
        match head(client, source, &host, &document.url).await {
            Ok(response) => learn(document, &response),
            Err(_) => failed.push(host),
        }
    }
}

async fn head(
    client: &PoliteClient,
    source: &SourcePlan,
    host: &str,
    url: &str,
) -> Result<Response, Refusal> {
    client.check_pause(host)?;
    robots::check(client, source, url).await?;
    client.ask(source.fetch.as_ref(), &Request::head(url, client.plan.polling.timeout)).await
}

fn learn(document: &mut Document, response: &Response) {
    if answer::failure(response).is_some() {
        return;
    }
    let media_type = response.headers.get("content-type").unwrap_or_default();
    let format = normalize::format_of_media_type(media_type);
    if media_type.to_ascii_lowercase().starts_with("text/html") {
        // A page that says sorry, or a form before the document.
        return;
    }
    if let Some(format) = format.filter(|_| document.format.is_empty()) {
        document.format = format.to_owned();
    }
    // The length of a packed answer is not the document's.
    if response.headers.get("content-encoding").is_none() {
        let length = response.headers.get("content-length").and_then(|text| text.parse().ok());
        document.size = length.filter(|length| *length > 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::answer;

    #[test]
    fn only_a_plain_whole_answer_tells_type_and_size() {
        let told = |status, headers: &[(&str, &str)]| {
            let mut document = Document { url: "https://a.test/d".into(), ..Document::default() };
            learn(&mut document, &answer(status, "https://a.test/d", headers, b""));
            (document.format, document.size)
        };
        let pdf = ("Content-Type", "application/pdf; x=y");
        let length = ("Content-Length", "1234");
        assert_eq!(told(200, &[pdf, length]), ("PDF".to_owned(), Some(1234)));
        assert_eq!(told(200, &[pdf]), ("PDF".to_owned(), None));
        assert_eq!(told(200, &[pdf, ("Content-Length", "-1")]).1, None);
        assert_eq!(told(200, &[pdf, length, ("Content-Encoding", "gzip")]).1, None);
        assert_eq!(told(200, &[("Content-Type", "text/html"), length]), (String::new(), None));
        assert_eq!(told(404, &[pdf, length]), (String::new(), None));
    }
}

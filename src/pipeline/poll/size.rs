//! Type and size of the documents that hang on new items, asked by HEAD. What
//! the server does not say stays unknown.

use std::sync::Arc;
use std::time::Duration;

use super::manners::{Manners, Sent, lane_of};
use super::read::Read;
use super::robots;
use crate::model::{Document, Headers, Method, Request, Response};
use crate::normalize;
use crate::pipeline::SourcePlan;

/// Most documents asked about in one poll of a source.
const MOST: usize = 10;
/// None is asked about after so long: other sources wait for the pass.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whether there is a document whose size nobody said.
pub(super) fn lacks_any(read: &Read) -> bool {
    let new = read.new.iter().map(|new| &new.item);
    let mut items = new.chain(read.changed.iter().map(|(_, item, _)| item));
    items.any(|item| item.documents.iter().any(|document| document.size.is_none()))
}

/// Asks about the documents whose size nobody said.
pub(super) async fn fill(manners: &Manners<'_>, source: &Arc<SourcePlan>, read: &mut Read) {
    let begun = manners.ctx.clock.now();
    let new = read.new.iter_mut().map(|new| &mut new.item);
    let changed = read.changed.iter_mut().map(|(_, item, _)| item);
    let unknown =
        new.chain(changed).flat_map(|item| &mut item.documents).filter(|d| d.size.is_none());
    let mut failed = Vec::new();
    for document in unknown.take(MOST) {
        let lane = lane_of(&document.url);
        if manners.ctx.clock.now().since(begun) > PATIENCE || failed.contains(&lane) {
            continue;
        }
        if manners.rests_until(&lane).is_some()
            || robots::check(manners, source, &document.url).await.is_err()
        {
            failed.push(lane);
            continue;
        }
        let request = Request {
            method: Method::Head,
            url: document.url.clone(),
            accept: "*/*".to_owned(),
            headers: Headers::new(),
            max_bytes: 0,
            timeout: manners.plan.polling.timeout,
        };
        match manners.send(&lane, source.fetch.as_ref(), &request).await {
            Ok(Sent { response: Ok(response), .. }) => learn(document, &response),
            Ok(_) | Err(_) => failed.push(lane),
        }
    }
}

fn learn(document: &mut Document, response: &Response) {
    if response.status != 200 {
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

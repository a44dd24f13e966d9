//! Documents that hang on an item: PDF and office files, not pictures.

use url::Url;

use super::text::title;
use super::url::{canonical, resolve};
use crate::extract::file::{format_of, format_of_media_type, may_be_document, size_in};
use crate::extract::html::anchors;
use crate::model::{Budget, Document, Enclosure, RawItem};
use crate::text;

/// Most documents of one item.
const MAX_DOCUMENTS: usize = 20;

/// Returns the documents of an item: enclosures first, then links in its texts.
/// `base` is the address of the item.
pub(super) fn documents(raw: &RawItem, base: Option<&Url>) -> Vec<Document> {
    let mut documents: Vec<Document> = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    let found =
        raw.enclosures.iter().filter_map(|enclosure| from_enclosure(enclosure, base)).chain(
            [&raw.summary_html, &raw.body_html]
                .into_iter()
                .flatten()
                .flat_map(|html| linked(html, base)),
        );
    for document in found {
        let name = canonical(&document.url);
        if !seen.contains(&name) {
            seen.push(name);
            documents.push(document);
        }
        if documents.len() == MAX_DOCUMENTS {
            break;
        }
    }
    documents
}

fn from_enclosure(enclosure: &Enclosure, base: Option<&Url>) -> Option<Document> {
    let claimed = enclosure.media_type.as_deref().unwrap_or_default().to_ascii_lowercase();
    if ["image/", "audio/", "video/"].iter().any(|kind| claimed.starts_with(kind)) {
        return None;
    }
    let url = resolve(&enclosure.url, base)?;
    let format = format_of_media_type(&claimed).or_else(|| format_of(&url))?;
    let words = enclosure.title.as_deref().unwrap_or_default();
    let size = enclosure.length.filter(|length| *length > 0).or_else(|| size_in(words));
    let title = named(words, &url);
    Some(Document { title, url, format: format.to_owned(), size, ..Document::default() })
}

fn linked(html: &str, base: Option<&Url>) -> Vec<Document> {
    anchors(html, &Budget::for_document(html.len()))
        .into_iter()
        .filter_map(|(href, words)| {
            let href = htmlize::unescape(href);
            if !may_be_document(&href) {
                return None;
            }
            let url = resolve(&href, base)?;
            let format = format_of(&url)?.to_owned();
            let (title, size) = (named(words, &url), size_in(words));
            Some(Document { title, url, format, size, ..Document::default() })
        })
        .collect()
}

/// Returns the words of the link, else the name of the file.
fn named(words: &str, url: &str) -> String {
    let words = title(words, 200);
    let words = text::without_link_ends(&words);
    if words.chars().any(char::is_alphanumeric) {
        return words.to_owned();
    }
    let file = Url::parse(url)
        .ok()
        .and_then(|url| url.path_segments()?.next_back().map(str::to_owned))
        .unwrap_or_default();
    let decoded = canonical(&format!("https://x.invalid/{file}"));
    let file = decoded.strip_prefix("https://x.invalid/").unwrap_or("Dokument");
    text::clean_line(&file.replace("%20", " "), 200)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_found_with_words_format_and_size() {
        let raw = RawItem {
            enclosures: vec![
                Enclosure { url: "https://a.de/bild.jpg".into(), media_type: Some("image/jpeg".into()), ..Enclosure::default() },
                Enclosure { url: "/f/Satzung%20neu.pdf".into(), media_type: Some("application/pdf".into()), length: Some(0), title: None },
            ],
            body_html: Some(
                "<p><a class='x' href='/f/Studie.PDF?1712345678'>Die <b>Studie</b> (PDF, 1,5 MB)</a> \
                 <a href=\"https://a.de/seite\">Seite</a> <a href=/loadDocument.phtml?FID=1.2.1&amp;Ext=PDF>Anlage: Datei in neuem Fenster öffnen</a> \
                 <a href=\"javascript:x.pdf\">nein</a> <a href=\"/f/Studie.PDF?1712345678\">noch einmal</a></p>".into(),
            ),
            ..RawItem::default()
        };
        let found: Vec<(String, String, String, Option<u64>)> =
            documents(&raw, Url::parse("https://a.de/n/1").ok().as_ref())
                .into_iter()
                .map(|d| (d.title, d.url, d.format, d.size))
                .collect();
        let expected = [
            ("Satzung neu.pdf", "https://a.de/f/Satzung%20neu.pdf", "PDF", None),
            (
                "Die Studie (PDF, 1,5 MB)",
                "https://a.de/f/Studie.PDF?1712345678",
                "PDF",
                Some(1_572_864),
            ),
            ("Anlage", "https://a.de/loadDocument.phtml?FID=1.2.1&Ext=PDF", "PDF", None),
        ];
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (got, (title, url, format, size)) in found.into_iter().zip(expected) {
            assert_eq!(got, (title.to_owned(), url.to_owned(), format.to_owned(), size));
        }
    }

    proptest::proptest! {
        #[test]
        fn no_document_is_missed_before_it_is_resolved(
            link in "(/|a|\\.|\\\\|#|\\?| |%2[eE]|ext=|pdf|PDF|Zip|/output/|download\\.php|https://b\\.de){0,6}",
            page in "https://a\\.de/(b/c|b\\.pdf|l\\?ext=pdf)",
        ) {
            let format = resolve(&link, Url::parse(&page).ok().as_ref()).and_then(|url| format_of(&url));
            proptest::prop_assert!(format.is_none() || may_be_document(&link), "{}", link);
        }
    }
}

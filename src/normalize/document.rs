//! Documents that hang on an item: PDF and office files, not pictures.

use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use super::text::{title, without_link_ends};
use super::url::{canonical, resolve};
use crate::extract::html::anchors;
use crate::model::{Document, Enclosure, RawItem};
use crate::text;

/// Most documents of one item.
const MAX_DOCUMENTS: usize = 20;

/// Media type, ending of the file, what readers call it.
const FORMATS: &[(&str, &str, &str)] = &[
    ("application/pdf", "pdf", "PDF"),
    ("application/msword", "doc", "DOC"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx", "DOCX"),
    ("application/vnd.ms-excel", "xls", "XLS"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", "XLSX"),
    ("application/vnd.ms-powerpoint", "ppt", "PPT"),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx", "PPTX"),
    ("application/vnd.oasis.opendocument.text", "odt", "ODT"),
    ("application/vnd.oasis.opendocument.spreadsheet", "ods", "ODS"),
    ("application/rtf", "rtf", "RTF"),
    ("application/zip", "zip", "ZIP"),
];

static SIZE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)(\d{1,6})(?:[.,](\d{1,2}))?\s*(kb|kib|mb|mib|byte)\b").ok());

/// The documents of an item: enclosures first, then links in its texts.
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
    let claimed = claimed.split(';').next().unwrap_or_default().trim();
    if ["image/", "audio/", "video/"].iter().any(|kind| claimed.starts_with(kind)) {
        return None;
    }
    let url = resolve(&enclosure.url, base)?;
    let format = FORMATS
        .iter()
        .find(|(media_type, ..)| *media_type == claimed)
        .map(|(.., format)| *format)
        .or_else(|| format_of(&url))?;
    let words = enclosure.title.as_deref().unwrap_or_default();
    let size = enclosure.length.filter(|length| *length > 0).or_else(|| size_in(words));
    Some(Document { title: named(words, &url), url, format: format.to_owned(), size })
}

fn linked(html: &str, base: Option<&Url>) -> Vec<Document> {
    anchors(html)
        .into_iter()
        .filter_map(|(href, words)| {
            let href = htmlize::unescape(href);
            if !may_be_document(&href) {
                return None;
            }
            let url = resolve(&href, base)?;
            let format = format_of(&url)?.to_owned();
            Some(Document { title: named(words, &url), size: size_in(words), url, format })
        })
        .collect()
}

/// Whether [`format_of`] may find a format once the link is resolved: what most
/// links lack is cheaper to see before.
fn may_be_document(link: &str) -> bool {
    let link = link.trim();
    let path = link.split(['?', '#']).next().unwrap_or_default();
    let ends_with = |ending: &str| {
        path.len()
            .checked_sub(ending.len())
            .and_then(|at| path.get(at..))
            .is_some_and(|tail| tail.eq_ignore_ascii_case(ending))
    };
    // A link to the page itself is judged by the page's address.
    path.is_empty()
        || link.contains('?')
        || ends_with("download.php")
        || FORMATS.iter().any(|(_, ending, _)| ends_with(ending))
}

/// What readers call a media type, if it is a document's.
pub fn format_of_media_type(media_type: &str) -> Option<&'static str> {
    let claimed = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    FORMATS.iter().find(|(known, ..)| *known == claimed).map(|(.., format)| *format)
}

/// What an address says about the format; `None` if it is no document's.
/// Also used for the item's own link.
pub fn format_of(url: &str) -> Option<&'static str> {
    let url = Url::parse(url).ok()?;
    let path = url.path().to_ascii_lowercase();
    let by_ending = |ending: &str| {
        FORMATS.iter().find(|(_, known, _)| *known == ending).map(|(.., format)| *format)
    };
    let file = path.rsplit('/').next().unwrap_or_default();
    if let Some(format) = file.rsplit_once('.').and_then(|(_, ending)| by_ending(ending)) {
        return Some(format);
    }
    // iKISS: loadDocument.phtml?…&Ext=PDF, download.php?fid=…
    let extension = url.query_pairs().find(|(name, _)| name.eq_ignore_ascii_case("ext"));
    if let Some((_, ending)) = extension {
        return by_ending(&ending.to_ascii_lowercase());
    }
    (path.ends_with("/output/download.php")).then_some("")
}

/// The words of the link, else the name of the file.
fn named(words: &str, url: &str) -> String {
    let words = title(words, 200);
    let words = without_link_ends(&words);
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

/// `PDF, 1,2 MB` → bytes. Offices count by 1024.
fn size_in(words: &str) -> Option<u64> {
    let found = SIZE.as_ref()?.captures(words)?;
    let whole: u64 = found[1].parse().ok()?;
    let tenths: u64 = match found.get(2).map(|digits| digits.as_str()) {
        Some(digits) => digits.parse::<u64>().ok()? * if digits.len() == 1 { 10 } else { 1 },
        None => 0,
    };
    let unit: u64 = match found[3].to_ascii_lowercase().as_str() {
        "byte" => 1,
        "kb" | "kib" => 1 << 10,
        _ => 1 << 20,
    };
    Some((whole * 100 + tenths) * unit / 100)
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

//! Files by their addresses and media types: PDF and office files, not pictures.

use std::sync::LazyLock;

use regex::Regex;
use url::Url;

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

/// Names of queries that hold the path of a file.
const HANDED_OUT: &[&str] =
    &["file", "filename", "datei", "doc", "document", "dokument", "download"];

static SIZE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)(\d{1,6})(?:[.,](\d{1,2}))?\s*(kb|kib|mb|mib|byte)\b").ok());

/// Returns the media type of a format as readers call it, `PDF` for example.
pub fn media_type_of(format: &str) -> Option<&'static str> {
    FORMATS.iter().find(|(.., known)| *known == format).map(|(media_type, ..)| *media_type)
}

/// Returns the format that words name as one of their own: `(PDF, 1,5 MB)`.
pub fn format_in(words: &str) -> Option<&'static str> {
    let is_part = |c: char| c.is_alphanumeric();
    words.split(|c: char| !is_part(c)).find_map(|word| {
        FORMATS.iter().find(|(.., format)| word == *format).map(|(.., format)| *format)
    })
}

/// Returns whether [`format_of`] may find a format once the link is resolved: what most
/// links lack is cheaper to see before.
pub fn may_be_document(link: &str) -> bool {
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

/// Returns what readers call a media type, if it is a document's.
pub fn format_of_media_type(media_type: &str) -> Option<&'static str> {
    let claimed = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    FORMATS.iter().find(|(known, ..)| *known == claimed).map(|(.., format)| *format)
}

/// Returns what readers call files with an ending, in lower case.
pub fn format_of_ending(ending: &str) -> Option<&'static str> {
    FORMATS.iter().find(|(_, known, _)| *known == ending).map(|(.., format)| *format)
}

/// Returns what an address says about the format; `None` if it is no document's.
/// Also used for the item's own link.
pub fn format_of(url: &str) -> Option<&'static str> {
    let url = Url::parse(url).ok()?;
    let path = url.path().to_ascii_lowercase();
    let by_ending = format_of_ending;
    let file = path.rsplit('/').next().unwrap_or_default();
    if let Some(format) = file.rsplit_once('.').and_then(|(_, ending)| by_ending(ending)) {
        return Some(format);
    }
    // Contao hands out files by a page: ?file=files/pdf/lageplan.pdf
    let handed = url.query_pairs().find_map(|(name, value)| {
        let is_file = HANDED_OUT.iter().any(|known| name.eq_ignore_ascii_case(known));
        value
            .rsplit_once('.')
            .filter(|_| is_file)
            .and_then(|(_, ending)| by_ending(&ending.to_ascii_lowercase()))
    });
    if handed.is_some() {
        return handed;
    }
    // iKISS: loadDocument.phtml?…&Ext=PDF, download.php?fid=…
    let extension = url.query_pairs().find(|(name, _)| name.eq_ignore_ascii_case("ext"));
    if let Some((_, ending)) = extension {
        return by_ending(&ending.to_ascii_lowercase());
    }
    (path.ends_with("/output/download.php")).then_some("")
}

/// Returns the bytes of `PDF, 1,2 MB`. Offices count by 1024.
pub fn size_in(words: &str) -> Option<u64> {
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

//! Links as readers see them: addresses that are safe to follow, without what
//! only counts readers, and documents with their format and size.

use serde::Serialize;
use url::Url;

use crate::model::{Document, is_tracking_parameter};
use crate::text::typography as typo;

/// Longest link that is shown: longer ones break mailers.
const MAX_URL: usize = 2000;

/// Words, and where they lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Link {
    /// Words of the link.
    pub text: String,
    /// None: the words stand alone.
    pub url: Option<String>,
}

/// Returns the address as a reader may follow it: http or https, of sane length,
/// without credentials and without the parameters that count readers and
/// campaigns, and with every character encoded that no IRI holds. Sources'
/// links are cleaned when they are read; this is the last check before a
/// reader's click.
pub fn shown_url(address: &str) -> Option<String> {
    if address.len() > MAX_URL || address.trim() != address {
        return None;
    }
    let mut url = Url::parse(address).ok()?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return None;
    }
    if !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    untracked(&mut url);
    let mut shown = String::with_capacity(url.as_str().len());
    let authority_end = url[..url::Position::BeforePath].len();
    for (at, c) in url.as_str().char_indices() {
        // Brackets are for IPv6 hosts alone; the rest ends an attribute or a line of text.
        let is_bracket = matches!(c, '[' | ']') && at >= authority_end;
        if is_bracket || "<>\"'`{}|\\^".contains(c) {
            shown.push_str(&format!("%{:02X}", u32::from(c)));
        } else {
            shown.push(c);
        }
    }
    (shown.len() <= MAX_URL && shown.bytes().all(|byte| byte.is_ascii_graphic())).then_some(shown)
}

/// Takes out of the query what counts readers. What stays keeps its bytes: a server may
/// compare a checksum over them.
fn untracked(url: &mut Url) {
    let Some(query) = url.query() else { return };
    let name = |pair: &str| pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
    let is_kept = |pair: &&str| !is_tracking_parameter(&name(pair));
    if query.split('&').all(|pair| is_kept(&pair)) {
        return;
    }
    let kept: Vec<&str> = query.split('&').filter(is_kept).collect();
    let kept = (!kept.is_empty()).then(|| kept.join("&"));
    url.set_query(kept.as_deref());
}

/// Returns the link to a document, with its format and size: `Handbuch (PDF, 1,2 MB)`.
pub fn document(document: &Document) -> Option<Link> {
    let url = shown_url(&document.url)?;
    let title = match typo::line(&document.title, 100) {
        empty if empty.is_empty() => "Datei".to_owned(),
        title => title,
    };
    let format = typo::line(&document.format, 10);
    let details: Vec<String> =
        [(!format.is_empty()).then_some(format), document.size.map(typo::size)]
            .into_iter()
            .flatten()
            .chain(document.reading_notes())
            .collect();
    // Many a link says it itself: „Steckbrief (PDF, 412 KB)“.
    let said = title.strip_suffix(')').and_then(|title| title.rsplit_once('('));
    let said = said.map_or("", |(_, said)| said).to_owned();
    let details: Vec<String> =
        details.into_iter().filter(|detail| !said.contains(detail.as_str())).collect();
    let text = if details.is_empty() { title } else { format!("{title} ({})", details.join(", ")) };
    Some(Link { text, url: Some(url) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_document_says_of_itself_is_not_said_twice() {
        for (title, shown) in [
            ("Steckbrief (PDF, 412\u{a0}KB)", "Steckbrief (PDF, 412\u{a0}KB)"),
            ("Steckbrief (Entwurf)", "Steckbrief (Entwurf) (PDF)"),
            ("Steckbrief", "Steckbrief (PDF)"),
        ] {
            let of = Document {
                title: title.to_owned(),
                url: "https://x.example/a.pdf".to_owned(),
                format: "PDF".to_owned(),
                ..Document::default()
            };
            assert_eq!(document(&of).unwrap().text, shown);
        }
    }

    #[test]
    fn a_shown_link_counts_nobody() {
        for (given, shown) in [
            ("https://x.example/a?utm_source=rss&id=7&utm_medium=feed", "https://x.example/a?id=7"),
            ("https://x.example/a?utm_source=rss#b", "https://x.example/a#b"),
            ("https://x.example/a?wt_mc=1&FBCLID=2", "https://x.example/a"),
            ("https://x.example/a?x=%C3%A4&cHash=1b", "https://x.example/a?x=%C3%A4&cHash=1b"),
            ("https://x.example/?tx_news[news]=5", "https://x.example/?tx_news%5Bnews%5D=5"),
            ("http://[::1]:8080/a", "http://[::1]:8080/a"),
        ] {
            assert_eq!(shown_url(given).as_deref(), Some(shown), "{given}");
        }
    }

    #[test]
    fn an_address_with_a_trick_is_none() {
        for given in
            ["javascript:alert(1)", "https://amt.example@boese.example/", "ftp://x.example"]
        {
            assert_eq!(shown_url(given), None, "{given}");
        }
        assert_eq!(shown_url(&format!("https://x.example/{}", "a".repeat(3000))), None);
    }
}

//! Kind `feed`: RSS, Atom, RDF, CDF and JSON Feed.

use chrono_tz::Tz;

use crate::extract::{ExtractError, feed};
use crate::model::{Budget, Exhausted, Extraction, Reader, Response, SourceSettings};
use crate::source::{Kind, Source, SourceError};

pub(super) const KIND: Kind = Kind {
    name: "feed",
    summary: "RSS 0.90 to 2.0, RDF, Atom 0.3 and 1.0, JSON Feed",
    example: r#"[[source]]
id = "kommunalportal"
name = "Kommunalportal Sachsen-Anhalt"
kind = "feed"
url = "https://kommunalportal.example/rss.xml"
interval = "2h"
rank = 2
"#,
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "a kind may refuse its settings; this one takes none")]
fn build(_: &mut Reader<'_>, settings: &SourceSettings) -> Option<Box<dyn Source>> {
    Some(Box::new(Feed { zone: settings.timezone }))
}

#[derive(Debug)]
struct Feed {
    /// Of dates that name none.
    zone: Tz,
}

impl Source for Feed {
    fn accept(&self) -> &'static str {
        "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
    }

    fn extract(&self, response: &Response) -> Result<Extraction, SourceError> {
        let content_type = response.headers.get("content-type");
        let budget = Budget::for_document(response.body.len());
        let mut extraction = feed::read(
            &response.body,
            content_type,
            Some(&response.final_url),
            self.zone,
            &budget,
        )?;
        // The body was cut at our limit: what its rest held was not seen.
        extraction.incomplete |= response.truncated;
        Ok(extraction)
    }

    fn obeys_robots(&self) -> bool {
        false
    }

    fn takes_deltas(&self) -> bool {
        true
    }
}

impl From<Exhausted> for SourceError {
    fn from(exhausted: Exhausted) -> Self {
        Self::TooMuch { reason: exhausted.to_string() }
    }
}

impl From<ExtractError> for SourceError {
    fn from(error: ExtractError) -> Self {
        match error {
            ExtractError::Empty => Self::NotAFeed { found: "an empty document".to_owned() },
            ExtractError::NotAFeed { found } => Self::NotAFeed { found },
            ExtractError::Challenge { whose } => Self::Challenge { whose },
            ExtractError::TooMuch { reason } => Self::TooMuch { reason },
            ExtractError::Unreadable { reason } => Self::Unreadable { reason },
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::model::Headers;

    use super::*;

    fn answer(body: &str, truncated: bool) -> Result<Extraction, SourceError> {
        let response = Response {
            status: 200,
            final_url: "https://stadt.example/rss/feed.xml".to_owned(),
            is_redirected: false,
            moved: None,
            headers: Headers::from_iter([("Content-Type", "text/html")]),
            body: body.as_bytes().to_vec(),
            truncated,
        };
        Feed { zone: chrono_tz::Europe::Berlin }.extract(&response)
    }

    #[test]
    fn links_are_absolute_and_a_cut_body_is_incomplete() {
        let body = "<rss version=\"2.0\"><channel><item><title>A</title><link>../a</link></item></channel></rss>";
        let found = answer(body, true).unwrap();
        assert_eq!(found.items[0].link.as_deref(), Some("https://stadt.example/a"));
        assert!(found.incomplete);
        assert!(!answer(body, false).unwrap().incomplete);
    }

    #[test]
    fn a_page_in_the_place_of_the_feed_is_named() {
        let found = "an HTML page".to_owned();
        assert_eq!(answer("<html><body>Wartung", false), Err(SourceError::NotAFeed { found }));
        let challenge = answer("<html><title>Just a moment...</title>", false);
        assert_eq!(challenge, Err(SourceError::Challenge { whose: "Cloudflare".to_owned() }));
    }
}

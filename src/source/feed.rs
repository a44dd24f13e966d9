//! Kind `feed`: RSS, Atom, RDF and JSON Feed.

use crate::model::{Extraction, Reader, Response, SourceSettings};
use crate::source::{Kind, Source, SourceError};

pub(super) const KIND: Kind = Kind {
    name: "feed",
    summary: "RSS 0.90 to 2.0, RDF, Atom 0.3 and 1.0, JSON Feed",
    example: "",
    build,
};

fn build(_: &mut Reader<'_>, _: &SourceSettings) -> Option<Box<dyn Source>> {
    Some(Box::new(Feed))
}

#[derive(Debug)]
struct Feed;

impl Source for Feed {
    fn accept(&self) -> &'static str {
        "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
    }

    fn extract(&self, _: &Response) -> Result<Extraction, SourceError> {
        Ok(Extraction::default())
    }

    fn obeys_robots(&self) -> bool {
        false
    }
}

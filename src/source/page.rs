//! Kind `page`: a list of news on a web page, read with CSS selectors.

use crate::model::{Extraction, Reader, Response, SourceSettings};
use crate::source::{Kind, Source, SourceError};

pub(super) const KIND: Kind = Kind {
    name: "page",
    summary: "a list of news on a web page, read with CSS selectors",
    example: "",
    build,
};

fn build(reader: &mut Reader<'_>, _: &SourceSettings) -> Option<Box<dyn Source>> {
    let table = reader.table("page")?;
    let mut inner = reader.inner(table, "page");
    for key in
        ["preset", "list", "item", "title", "link", "date", "summary", "exclude", "only_hosts"]
    {
        inner.value(key);
    }
    inner.finish();
    Some(Box::new(Page))
}

#[derive(Debug)]
struct Page;

impl Source for Page {
    fn accept(&self) -> &'static str {
        "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
    }

    fn extract(&self, _: &Response) -> Result<Extraction, SourceError> {
        Ok(Extraction::default())
    }

    fn obeys_robots(&self) -> bool {
        true
    }
}

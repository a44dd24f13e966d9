//! Kind `oparl`: papers and agendas of a council information system (`OParl` 1.0 and 1.1).
//!
//! The walk goes from the system or body to the pages of two lists, papers and meetings,
//! and asks for what changed since the last one. Each public point of an agenda is an item
//! that says when and where the sitting is, so that its day is found as any other date.

mod items;
mod object;
mod walk;

use chrono_tz::Tz;
use url::Url;

use self::object::{Found, body_of, document, is_a};
use crate::model::{Cursor, Extraction, ReadBy, Reader, Response, SourceSettings};
use crate::source::{Kind, Source, SourceError, Walk};

pub(super) const KIND: Kind = Kind {
    name: "oparl",
    summary: "papers and agendas of a council information system (OParl 1.0, 1.1)",
    example: r#"[[source]]
id = "rat-musterstadt"
name = "Stadtrat Musterstadt"
kind = "oparl"
url = "https://ris.musterstadt.example/oparl/v1.1/system"
only = ["ozg", "onlinezugangsgesetz", "digitalisierung*"]
[source.oparl]
body = "Musterstadt"      # name or address, where the system serves several; left out: its only one
"#,
    build,
};

fn build(reader: &mut Reader<'_>, settings: &SourceSettings) -> Option<Box<dyn Source>> {
    let mut body = None;
    if let Some(table) = reader.table("oparl") {
        let mut inner = reader.inner(table, "oparl");
        body = inner.text("body");
        inner.finish();
    }
    Some(Box::new(OParl { body, zone: settings.timezone }))
}

#[derive(Debug)]
struct OParl {
    /// Name or address of the body, where the system serves several.
    body: Option<String>,
    /// Of times that name none.
    zone: Tz,
}

impl Source for OParl {
    fn accept(&self) -> &'static str {
        "application/json, */*;q=0.1"
    }

    fn extract(&self, response: &Response) -> Result<Extraction, SourceError> {
        let (value, budget) = document(response)?;
        let items = match Found::in_value(&value) {
            Found::System { .. } | Found::Body(_) => Vec::new(),
            Found::List(objects) if objects.iter().any(|object| is_a(object, "Body")) => {
                body_of(objects, self.body.as_deref())
                    .map_err(|why| SourceError::NoList { why })?;
                Vec::new()
            }
            Found::List(objects) => {
                let base = Url::parse(&response.final_url).ok();
                items::of(objects, base.as_ref(), self.zone, &budget)?
            }
            Found::Other => {
                return Err(SourceError::NotAFeed { found: "no object of OParl".to_owned() });
            }
        };
        budget.check()?;
        let incomplete = response.truncated;
        Ok(Extraction { items, read_by: ReadBy::Data, incomplete, ..Extraction::default() })
    }

    fn walk(&self, cursor: &Cursor) -> Option<Box<dyn Walk + '_>> {
        Some(Box::new(walk::Visit::new(self.body.as_deref(), self.zone, cursor)))
    }

    fn gives_changes(&self) -> bool {
        true
    }

    /// The interface is published to be fetched.
    fn obeys_robots(&self) -> bool {
        false
    }
}

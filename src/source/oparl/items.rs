//! Items of the papers and meetings of one page.

use chrono_tz::Tz;
use serde_json::Value;
use url::Url;

use super::object::{is_a, is_true, text};
use crate::extract::document::resolve;
use crate::extract::html::escape;
use crate::model::{Budget, Date, Enclosure, Exhausted, RawItem};
use crate::text::{date, typography};

/// Most files of one paper.
const MOST_FILES: usize = 20;

/// How a page is read.
struct Page<'a> {
    base: Option<&'a Url>,
    zone: Tz,
    budget: &'a Budget,
}

/// Returns the items of the objects of a page, in their order. Deleted and closed ones are none.
///
/// Fails if they cost more than `budget`.
pub(super) fn of(
    objects: &[Value],
    base: Option<&Url>,
    zone: Tz,
    budget: &Budget,
) -> Result<Vec<RawItem>, Exhausted> {
    let page = Page { base, zone, budget };
    let mut items = Vec::new();
    for object in objects.iter().filter(|object| !is_true(object, "deleted")) {
        budget.step(1)?;
        if is_a(object, "Paper") {
            items.extend(page.paper(object));
        } else if is_a(object, "Meeting") {
            page.agenda(object, &mut items)?;
        }
    }
    Ok(items)
}

impl Page<'_> {
    fn paper(&self, paper: &Value) -> Option<RawItem> {
        let name = text(paper, "name")?;
        let kind = text(paper, "paperType");
        let number = text(paper, "reference");
        let head = [kind.or(Some("Vorlage")).filter(|_| number.is_some()), number];
        let head: Vec<&str> = head.into_iter().flatten().collect();
        let files = files(paper, "mainFile").chain(files(paper, "auxiliaryFile"));
        let files: Vec<&Value> = files.take(MOST_FILES).collect();
        let body: Vec<String> =
            files.iter().filter_map(|file| text(file, "text")).map(paragraphs).collect();
        let enclosures: Vec<Enclosure> =
            files.iter().filter_map(|file| self.enclosure(file)).collect();
        let created = || self.date(paper, "created").map(guessed);
        Some(RawItem {
            guid: text(paper, "id").map(str::to_owned),
            link: self.address(paper, "web").or_else(|| Some(enclosures.first()?.url.clone())),
            title: Some(escape(name)),
            summary_html: Some(escape(&head.join(" "))).filter(|head| !head.is_empty()),
            body_html: Some(body.concat()).filter(|body| !body.is_empty()),
            categories: kind.map(str::to_owned).into_iter().collect(),
            enclosures,
            published: self.date(paper, "date").or_else(created),
            updated: self.date(paper, "modified"),
            ..RawItem::default()
        })
    }

    /// Adds the public points of a meeting's agenda.
    fn agenda(&self, meeting: &Value, items: &mut Vec<RawItem>) -> Result<(), Exhausted> {
        let points = meeting.get("agendaItem").and_then(Value::as_array);
        let sitting = self.sitting(meeting);
        for point in points.into_iter().flatten() {
            self.budget.step(1)?;
            let is_closed = point.get("public").and_then(Value::as_bool) == Some(false);
            let Some(name) = text(point, "name").filter(|_| !is_closed) else { continue };
            if is_true(point, "deleted") {
                continue;
            }
            let number = text(point, "number");
            let place = number.map(|number| format!("Punkt {number} der Tagesordnung. "));
            let said = text(point, "resolutionText").or_else(|| text(point, "result"));
            items.push(RawItem {
                guid: text(point, "id").map(str::to_owned).or_else(|| {
                    Some(format!("{}#{}", text(meeting, "id")?, number.unwrap_or(name)))
                }),
                link: self.address(point, "web").or_else(|| self.address(meeting, "web")),
                title: Some(escape(name)),
                summary_html: Some(escape(&format!("{}{sitting}", place.unwrap_or_default()))),
                body_html: said.map(paragraphs),
                enclosures: files(point, "resolutionFile")
                    .chain(files(point, "auxiliaryFile"))
                    .take(MOST_FILES)
                    .filter_map(|file| self.enclosure(file))
                    .collect(),
                published: self.date(meeting, "created").map(guessed),
                updated: self.date(meeting, "modified"),
                ..RawItem::default()
            });
        }
        Ok(())
    }

    /// Returns which sitting it is, when and where, in German.
    fn sitting(&self, meeting: &Value) -> String {
        let name = text(meeting, "name").unwrap_or("Sitzung");
        let start = self.date(meeting, "start");
        let at = start.map_or(String::new(), |start| {
            format!(
                " am {}, {}",
                typography::date(start.at, self.zone),
                typography::time(start.at, self.zone)
            )
        });
        let place = meeting.get("location").and_then(|place| {
            ["room", "description", "streetAddress"].into_iter().find_map(|key| text(place, key))
        });
        let place = place.map_or(String::new(), |place| format!(", Ort: {place}"));
        if is_true(meeting, "cancelled") {
            format!("{name}{at} wurde abgesagt.")
        } else {
            format!("{name}{at}{place}.")
        }
    }

    fn enclosure(&self, file: &Value) -> Option<Enclosure> {
        let url = self.address(file, "accessUrl").or_else(|| self.address(file, "downloadUrl"))?;
        Some(Enclosure {
            url,
            media_type: text(file, "mimeType").map(str::to_owned),
            length: file.get("size").and_then(Value::as_u64),
            title: text(file, "name").or_else(|| text(file, "fileName")).map(str::to_owned),
        })
    }

    fn address(&self, object: &Value, key: &str) -> Option<String> {
        resolve(text(object, key)?, self.base, self.budget)
    }

    fn date(&self, object: &Value, key: &str) -> Option<Date> {
        date::parse(text(object, key)?, self.zone)
    }
}

/// Returns the files under a key: one, or a list of them.
fn files<'a>(object: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    let value = object.get(key);
    let list = value.and_then(Value::as_array).map_or(&[] as &[_], Vec::as_slice);
    value.filter(|value| value.is_object()).into_iter().chain(list)
}

fn guessed(date: Date) -> Date {
    Date { is_guess: true, ..date }
}

/// Returns plain text as HTML, a paragraph for each line.
fn paragraphs(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| format!("<p>{}</p>\n", escape(line))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::agenda;

    fn read(objects: &Value) -> Vec<RawItem> {
        let (zone, budget) = (chrono_tz::Europe::Berlin, Budget::for_document(100_000));
        let base = Url::parse("https://ris.stadt.example/oparl/papers").unwrap();
        of(objects.as_array().unwrap(), Some(&base), zone, &budget).unwrap()
    }

    #[test]
    fn a_paper_is_an_item_with_its_number_its_text_and_its_files() {
        let items = read(&json!([
            {"id": "p/1", "type": "https://schema.oparl.org/1.1/Paper", "name": "Beitritt zur KITU <eG>", "paperType": "Beschlussvorlage",
             "reference": "BV/0123/2026", "date": "2026-11-02", "web": "/vorlagen/1",
             "mainFile": {"name": "Vorlage", "accessUrl": "/dateien/1.pdf", "mimeType": "application/pdf", "size": 7, "text": "Der Rat\n\nbeschließt."},
             "auxiliaryFile": [{"fileName": "anlage.pdf", "accessUrl": "/dateien/2.pdf"}]},
            {"id": "p/2", "type": "https://schema.oparl.org/1.1/Paper", "name": "fort", "deleted": true},
            {"id": "p/3", "type": "https://schema.oparl.org/1.1/Paper"}
        ]));
        let [paper] = items.as_slice() else { panic!("{items:?}") };
        assert_eq!(paper.title.as_deref(), Some("Beitritt zur KITU &lt;eG&gt;"));
        assert_eq!(paper.link.as_deref(), Some("https://ris.stadt.example/vorlagen/1"));
        assert_eq!(paper.summary_html.as_deref(), Some("Beschlussvorlage BV/0123/2026"));
        assert_eq!(paper.body_html.as_deref(), Some("<p>Der Rat</p>\n<p>beschließt.</p>\n"));
        let files: Vec<_> = paper.enclosures.iter().map(|file| file.title.as_deref()).collect();
        assert_eq!(files, [Some("Vorlage"), Some("anlage.pdf")]);
        let day = paper.published.map(|date| typography::date(date.at, chrono_tz::Europe::Berlin));
        assert_eq!(day.as_deref(), Some("2.\u{a0}November\u{a0}2026"));
    }

    #[test]
    fn the_public_points_of_an_agenda_are_items_whose_sitting_is_an_event() {
        let meeting = |cancelled: bool| {
            json!([{"id": "m/1", "type": "https://schema.oparl.org/1.1/Meeting", "name": "Sitzung des Stadtrates", "cancelled": cancelled,
             "start": "2027-03-11T17:00:00+01:00", "web": "/si/1", "created": "2027-02-20T08:00:00Z",
             "location": {"room": "Ratssaal"},
             "agendaItem": [
                {"id": "a/1", "number": "Ö 5", "name": "Bericht zur OZG-Umsetzung", "public": true},
                {"id": "a/2", "number": "N 1", "name": "Vergabe", "public": false}]}])
        };
        let [point] = <[RawItem; 1]>::try_from(read(&meeting(false))).unwrap();
        assert_eq!(
            point.summary_html.as_deref().unwrap().replace('\u{a0}', " "),
            "Punkt Ö 5 der Tagesordnung. Sitzung des Stadtrates am 11. März 2027, 17 Uhr, Ort: Ratssaal."
        );
        assert_eq!(point.link.as_deref(), Some("https://ris.stadt.example/si/1"));
        let day = |text: &str| chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap();
        let dates = |item: &RawItem| {
            let text = item.summary_html.as_deref().unwrap().to_owned();
            agenda::dates("Bericht", &text, day("2027-02-20"), &Budget::for_document(1_000))
                .unwrap()
        };
        let [event] = <[_; 1]>::try_from(dates(&point)).unwrap();
        assert_eq!((event.from, event.cancelled), (Some(day("2027-03-11")), false));
        let [gone] = <[RawItem; 1]>::try_from(read(&meeting(true))).unwrap();
        assert!(gone.summary_html.as_deref().unwrap().ends_with("wurde abgesagt."));
        assert!(dates(&gone).iter().all(|date| date.cancelled));
    }
}

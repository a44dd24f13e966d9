//! Walks through a council of our own, with the quirks of real ones.

use serde_json::json;

use super::*;
use crate::model::Headers;
use crate::source::Source as _;
use crate::source::oparl::OParl;

const HOST: &str = "https://ris.stadt.example/oparl";
const DATE: &str = "Sat, 28 Nov 2026 08:00:00 GMT";

/// A system of councils with so many papers, of which a later one has a greater number.
struct Council {
    papers: usize,
    per_page: usize,
    /// Days between one change and the next.
    step: u32,
    /// Days since the first walk.
    days: u32,
    heeds_the_filter: bool,
    keeps_the_filter: bool,
    newest_first: bool,
    /// Page that can never be had, and one that can be had at the second try.
    missing: Option<usize>,
    passing: Option<usize>,
}

impl Default for Council {
    fn default() -> Self {
        Self {
            papers: 40,
            per_page: 10,
            step: 1,
            days: 0,
            heeds_the_filter: true,
            keeps_the_filter: true,
            newest_first: false,
            missing: None,
            passing: None,
        }
    }
}

fn response(url: &str, date: Timestamp, body: &Value) -> Response {
    let date = date.utc().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    Response {
        status: 200,
        final_url: url.to_owned(),
        is_redirected: false,
        moved: None,
        headers: Headers::from_iter([("Date", &*date), ("Content-Type", "application/json")]),
        body: body.to_string().into_bytes(),
        truncated: false,
    }
}

impl Council {
    fn now(&self) -> Timestamp {
        http_date(DATE).unwrap().after(Duration::from_hours(24) * self.days)
    }

    /// When the paper of that number changed, counted back from the newest.
    fn changed(&self, number: usize) -> Timestamp {
        let age = u32::try_from(self.papers - number).unwrap() * self.step;
        self.now().before(Duration::from_hours(24) * age)
    }

    fn answer(&self, url: &str, tries: usize) -> Option<Response> {
        let parsed = Url::parse(url).unwrap();
        let value =
            |name: &str| parsed.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value);
        assert!(!url.contains("%3A"), "an escaped time is refused: {url}");
        let schema = |name: &str| format!("https://schema.oparl.org/1.1/{name}");
        let body = match parsed.path() {
            "/oparl/system" => json!({"type": schema("System"), "body": "bodies"}),
            "/oparl/bodies" => json!({"data": [{"id": format!("{HOST}/body/1"),
                "type": schema("Body"), "name": "Stadt",
                "paper": format!("{HOST}/papers"), "meeting": format!("{HOST}/meetings")}]}),
            "/oparl/meetings" => json!({"data": [], "links": {}}),
            "/oparl/papers" => {
                let page: usize = value("page").map_or(1, |page| page.parse().unwrap());
                if self.missing == Some(page) || (self.passing == Some(page) && tries == 1) {
                    return None;
                }
                let since = value("modified_since").filter(|_| self.heeds_the_filter);
                let since = since.map(|since| date::parse(&since, chrono_tz::UTC).unwrap().at);
                let mut numbers: Vec<usize> = (1..=self.papers)
                    .filter(|number| since.is_none_or(|since| self.changed(*number) >= since))
                    .collect();
                if self.newest_first {
                    numbers.reverse();
                }
                let pages = numbers.len().div_ceil(self.per_page).max(1);
                let kept = value("modified_since").filter(|_| self.keeps_the_filter);
                let kept = kept.map_or(String::new(), |since| format!("&modified_since={since}"));
                let link = |to: usize| {
                    ((1..=pages).contains(&to)).then(|| format!("{HOST}/papers?page={to}{kept}"))
                };
                let objects: Vec<Value> = numbers
                    .chunks(self.per_page)
                    .nth(page - 1)
                    .unwrap_or_default()
                    .iter()
                    .map(|number| {
                        json!({"id": format!("{HOST}/paper/{number}"), "type": schema("Paper"),
                        "name": format!("Vorlage {number}"), "reference": number.to_string(),
                        "modified": self.changed(*number).rfc3339()})
                    })
                    .collect();
                json!({"data": objects, "pagination": {"totalPages": pages},
                    "links": {"next": link(page + 1), "prev": link(page - 1), "last": link(pages)}})
            }
            _ => return None,
        };
        Some(response(url, self.now(), &body))
    }

    /// Walks once. Returns what was asked, the papers that were read, and the next cursor.
    fn walk(&self, cursor: &Cursor) -> (Vec<String>, Vec<usize>, Cursor) {
        let oparl = OParl { body: None, zone: chrono_tz::UTC };
        let mut walk = oparl.walk(cursor).unwrap();
        let url = format!("{HOST}/system");
        let mut answer = self.answer(&url, 1);
        let (mut asked, mut papers) = (vec![url], Vec::new());
        while let Some(next) = walk.next(answer.as_ref()) {
            asked.push(next.clone());
            answer = self.answer(&next, asked.iter().filter(|url| **url == next).count());
            let items = answer.as_ref().map(|answer| oparl.extract(answer).unwrap().items);
            let numbers = items.into_iter().flatten().map(|item| {
                item.guid.unwrap().rsplit('/').next().unwrap().parse::<usize>().unwrap()
            });
            papers.extend(numbers);
        }
        let mut cursor = cursor.clone();
        let marks = walk.end().marks;
        cursor.values.extend(marks.into_iter().map(|(name, mark)| (format!("{MARK}{name}"), mark)));
        papers.sort_unstable();
        papers.dedup();
        (asked, papers, cursor)
    }
}

#[test]
fn of_a_hundred_thousand_papers_only_the_newest_pages_are_read_and_then_what_changed() {
    for heeds_the_filter in [true, false] {
        let mut council = Council {
            papers: 100_000,
            per_page: 100,
            step: 0,
            heeds_the_filter,
            ..Council::default()
        };
        // All of one day: not even the filter bounds the first walk.
        let (asked, papers, cursor) = council.walk(&Cursor::default());
        assert!(asked.len() <= 4 + MOST_PAGES, "{}", asked.len());
        assert!(papers.contains(&1), "{papers:?}");
        council.step = 1;
        council.days = 7;
        council.papers += 7;
        let (asked, papers, _) = council.walk(&cursor);
        assert!(asked.len() <= if heeds_the_filter { 5 } else { 7 }, "{asked:?}");
        assert!((100_001..=100_007).all(|number| papers.contains(&number)), "{papers:?}");
    }
}

#[test]
fn the_newest_papers_are_found_in_either_order_and_with_either_filter() {
    for (heeds_the_filter, keeps_the_filter, newest_first) in [
        (true, true, false),
        (true, true, true),
        (true, false, false),
        (false, true, false),
        (false, false, true),
    ] {
        let council = Council {
            papers: 400,
            heeds_the_filter,
            keeps_the_filter,
            newest_first,
            ..Council::default()
        };
        let (asked, papers, _) = council.walk(&Cursor::default());
        let told = format!("{heeds_the_filter} {keeps_the_filter} {newest_first}: {asked:#?}");
        // 92 days, a paper a day.
        assert!((308..=400).all(|number| papers.contains(&number)), "{told}");
        assert!(asked.len() <= 17, "{told}");
    }
}

#[test]
fn an_error_that_passes_loses_nothing_and_a_page_that_is_never_there_only_itself() {
    let council = Council { passing: Some(2), ..Council::default() };
    assert_eq!(council.walk(&Cursor::default()).1, (1..=40).collect::<Vec<_>>());
    let mut council = Council { missing: Some(2), ..Council::default() };
    let (_, papers, cursor) = council.walk(&Cursor::default());
    assert_eq!(papers, (1..=10).chain(21..=40).collect::<Vec<_>>());
    // The next walk asks for all of it again.
    assert_eq!(cursor.values.get("kind.since"), None);
    council.missing = None;
    let (_, papers, cursor) = council.walk(&cursor);
    assert_eq!(papers, (1..=40).collect::<Vec<_>>());
    // What stays away longer holds nothing up.
    council.days = 40;
    council.papers = 80;
    council.missing = Some(3);
    let (_, _, cursor) = council.walk(&cursor);
    let known = council.changed(80).rfc3339();
    assert_eq!(cursor.values.get("kind.since"), Some(&known));
}

#[test]
fn a_change_that_lies_ahead_hides_nothing_and_a_ring_of_pages_ends() {
    let oparl = OParl { body: None, zone: chrono_tz::UTC };
    let cursor = Cursor::default();
    let mut walk = oparl.walk(&cursor).unwrap();
    let now = http_date(DATE).unwrap();
    let body =
        json!({"type": "https://schema.oparl.org/1.0/Body", "paper": format!("{HOST}/papers")});
    let papers = walk.next(Some(&response(&format!("{HOST}/body/1"), now, &body))).unwrap();
    let page = json!({"data": [{"type": "https://schema.oparl.org/1.0/Paper", "modified": "2031-01-01T00:00:00Z"}],
        "links": {"next": papers}});
    assert_eq!(walk.next(Some(&response(&papers, now, &page))), None);
    assert_eq!(walk.end().marks, [(SINCE, "2026-11-28T08:00:00Z".to_owned())]);
}

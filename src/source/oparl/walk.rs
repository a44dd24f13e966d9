//! The way through a council's interface: to its body, then through the pages of its lists.
//!
//! Lists are asked for what changed since the last walk, the first time within
//! [`FIRST_WALK`]. Systems differ: some ignore that filter, forget it on the second page,
//! list the oldest first, answer 500 once or never have one of their pages. None of that
//! makes the walk read everything, stop for good, or lose what a page holds that was there
//! a moment later.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use chrono_tz::Tz;
use serde_json::Value;
use url::Url;

use super::object::{Found, body_of, document, text};
use crate::answer::caching::http_date;
use crate::extract::document::resolve;
use crate::model::{Budget, Cursor, Response, Timestamp};
use crate::source::{MARK, Walk, WalkEnd};
use crate::text::date;

/// Mark of the newest change that was read.
const SINCE: &str = "since";
/// How far back the first walk reads.
const FIRST_WALK: Duration = Duration::from_hours(92 * 24);
/// Most documents on the way to the body: the system, its list of bodies, the body.
const MOST_SEARCHES: usize = 3;
/// Most pages of one list in a walk.
const MOST_PAGES: usize = 20;
/// How long a page that cannot be had keeps what was read behind it from being passed by.
const HELD: Duration = Duration::from_hours(7 * 24);

/// One walk.
pub(super) struct Visit<'a> {
    /// Name or address of the body, where the system serves several.
    body: Option<&'a str>,
    /// Of times that name none.
    zone: Tz,
    /// The newest change that the last walk read.
    known: Option<Timestamp>,
    /// When the server answered, by its own clock.
    now: Option<Timestamp>,
    /// Lists that are still to be read.
    lists: VecDeque<String>,
    list: Option<List>,
    /// Documents that may still be asked for on the way to the body.
    searches: usize,
    newest: Option<Timestamp>,
    has_missed: bool,
    notes: Vec<String>,
}

/// A list that is being read.
#[derive(Default)]
struct List {
    /// What was asked for, so that a ring of pages has an end.
    asked: HashSet<String>,
    /// The page that was asked for last.
    url: String,
    /// It was asked for again after it could not be had.
    is_again: bool,
    pages: usize,
    /// The page behind the first, kept while the last one is looked at.
    second: Option<String>,
    /// The newest change of the first page.
    first: Option<Timestamp>,
    way: Way,
    /// Whether the server heeds `modified_since`.
    is_filtered: bool,
}

/// Where to go from a page.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Way {
    /// The first page decides.
    #[default]
    Open,
    /// The last page decides.
    AtTheEnd,
    Forward,
    Backward,
}

/// What the walk needs of a page.
struct Page {
    next: Option<String>,
    previous: Option<String>,
    last: Option<String>,
    total: Option<u64>,
    oldest: Option<Timestamp>,
    newest: Option<Timestamp>,
}

impl<'a> Visit<'a> {
    pub(super) fn new(body: Option<&'a str>, zone: Tz, cursor: &Cursor) -> Self {
        let known = cursor.values.get(&format!("{MARK}{SINCE}"));
        let known = known.and_then(|text| date::parse(text, zone)).map(|date| date.at);
        Self {
            body,
            zone,
            known,
            now: None,
            lists: VecDeque::new(),
            list: None,
            searches: MOST_SEARCHES,
            newest: None,
            has_missed: false,
            notes: Vec::new(),
        }
    }

    /// Returns from when on changes are asked for.
    fn since(&self) -> Option<Timestamp> {
        self.known.or_else(|| self.now.map(|now| now.before(FIRST_WALK)))
    }

    /// Returns the address with the filter. A zone of `Z` and bare colons: some systems refuse them
    /// escaped.
    fn filtered(&self, url: &str) -> String {
        let (Some(since), Ok(mut parsed)) = (self.since(), Url::parse(url)) else {
            return url.to_owned();
        };
        let query = parsed.query().unwrap_or_default();
        if query.contains("modified_since") {
            return url.to_owned();
        }
        let join = if query.is_empty() { "" } else { "&" };
        let query = format!("{query}{join}modified_since={}", since.rfc3339());
        parsed.set_query(Some(&query));
        parsed.into()
    }

    /// Goes from the system to its body, and from the body to its lists.
    fn search(&mut self, response: &Response) -> Option<String> {
        self.searches -= 1;
        let (value, budget) = document(response).ok()?;
        let base = Url::parse(&response.final_url).ok();
        let address = |words: &str| resolve(words, base.as_ref(), &budget);
        match Found::in_value(&value) {
            Found::System { bodies } => return address(bodies?),
            Found::Body(body) => self.enter(body, &address),
            Found::List(objects) => match body_of(objects, self.body) {
                Ok(body) if text(body, "paper").or(text(body, "meeting")).is_some() => {
                    self.enter(body, &address);
                }
                // Only its address stands in the list.
                Ok(body) => return address(text(body, "id")?),
                Err(_) => return None,
            },
            Found::Other => return None,
        }
        self.begin_list()
    }

    fn enter(&mut self, body: &Value, address: &dyn Fn(&str) -> Option<String>) {
        self.searches = 0;
        let lists = ["paper", "meeting"].into_iter().filter_map(|key| text(body, key));
        self.lists = lists.filter_map(address).collect();
    }

    fn begin_list(&mut self) -> Option<String> {
        let list = self.lists.pop_front()?;
        let url = self.filtered(&list);
        let mut list = List { is_filtered: true, ..List::default() };
        list.asked.insert(url.clone());
        list.url.clone_from(&url);
        self.list = Some(list);
        Some(url)
    }

    /// Goes to a page of the list in hand, or to the next list where there is none.
    fn go_to(&mut self, page: Option<String>) -> Option<String> {
        let wanted = page.map(|url| match &self.list {
            // Some forget the filter behind the first page.
            Some(list) if list.is_filtered => self.filtered(&url),
            _ => url,
        });
        if let (Some(list), Some(url)) = (self.list.as_mut(), wanted) {
            if list.pages >= MOST_PAGES {
                self.notes.push(format!("{} and further pages were left out", list.url));
            } else if list.asked.insert(url.clone()) {
                list.url.clone_from(&url);
                list.is_again = false;
                return Some(url);
            }
        }
        self.begin_list()
    }

    fn turn(&mut self, page: Page) -> Option<String> {
        self.newest = self.newest.max(page.newest);
        let since = self.since();
        let list = self.list.as_mut()?;
        list.pages += 1;
        let is_old = |at: Option<Timestamp>| at.zip(since).is_some_and(|(at, since)| at < since);
        list.is_filtered &= !is_old(page.oldest);
        let next = match list.way {
            Way::Open => {
                let many = page.total.is_some_and(|total| total > MOST_PAGES as u64);
                list.first = page.newest;
                let last = page.last.filter(|_| !list.is_filtered || many);
                match last.filter(|last| page.next.as_ref().is_some_and(|next| next != last)) {
                    Some(last) => {
                        list.way = Way::AtTheEnd;
                        list.second = page.next;
                        Some(last)
                    }
                    None => {
                        list.way = Way::Forward;
                        page.next
                    }
                }
            }
            // The newest changes stand at one end.
            Way::AtTheEnd if page.newest > list.first => {
                list.way = Way::Backward;
                page.previous.filter(|_| !is_old(page.newest))
            }
            Way::AtTheEnd => {
                list.way = Way::Forward;
                let is_known = !list.is_filtered && is_old(list.first);
                list.second.take().filter(|_| !is_known)
            }
            Way::Forward if list.is_filtered || !is_old(page.newest) => page.next,
            Way::Backward if !is_old(page.newest) => page.previous,
            Way::Forward | Way::Backward => None,
        };
        self.go_to(next)
    }

    /// Asks once more for a page that could not be had, then for the one behind it.
    fn miss(&mut self) -> Option<String> {
        let list = self.list.as_mut()?;
        if !list.is_again {
            list.is_again = true;
            return Some(list.url.clone());
        }
        self.has_missed = true;
        list.pages += 1;
        let beside = neighbour(&list.url, list.way == Way::Backward);
        self.go_to(beside)
    }
}

impl Walk for Visit<'_> {
    fn next(&mut self, answer: Option<&Response>) -> Option<String> {
        if self.now.is_none() {
            let date = answer.and_then(|answer| answer.headers.get("date"));
            self.now = date.and_then(http_date);
        }
        match answer {
            Some(response) if self.searches > 0 => self.search(response),
            Some(response) => match self.page(response) {
                Some(page) => self.turn(page),
                None => self.miss(),
            },
            None => self.miss(),
        }
    }

    fn end(&self) -> WalkEnd {
        // A change that lies ahead would hide those before it.
        let newest = match (self.newest, self.now) {
            (Some(newest), Some(now)) => Some(newest.min(now)),
            (newest, _) => newest,
        };
        let since = match (newest.max(self.known), self.known) {
            (Some(_), None) if self.has_missed => None,
            (Some(newest), Some(known)) if self.has_missed && newest.since(known) < HELD => {
                Some(known)
            }
            (newest, _) => newest,
        };
        let marks = since.map(|since| (SINCE, since.rfc3339()));
        WalkEnd {
            marks: marks.into_iter().collect(),
            notes: self.notes.clone(),
            ..WalkEnd::default()
        }
    }
}

impl Visit<'_> {
    fn page(&self, response: &Response) -> Option<Page> {
        let (value, budget) = document(response).ok()?;
        let base = Url::parse(&response.final_url).ok();
        let Found::List(objects) = Found::in_value(&value) else { return None };
        let link = |name| linked(&value, name, base.as_ref(), &budget);
        let changed = |object| Some(date::parse(text(object, "modified")?, self.zone)?.at);
        let changes = || objects.iter().filter_map(changed);
        Some(Page {
            next: link("next"),
            previous: link("prev"),
            last: link("last"),
            total: value.pointer("/pagination/totalPages").and_then(Value::as_u64),
            oldest: changes().min(),
            newest: changes().max(),
        })
    }
}

fn linked(page: &Value, name: &str, base: Option<&Url>, budget: &Budget) -> Option<String> {
    resolve(text(page.get("links")?, name)?, base, budget)
}

/// Returns the address of the page behind one, or before it, where its number stands in it.
fn neighbour(url: &str, is_before: bool) -> Option<String> {
    let mut parsed = Url::parse(url).ok()?;
    let mut is_counted = false;
    let parts = parsed.query()?.split('&').map(|part| {
        let number = part.strip_prefix("page=").and_then(|number| number.parse::<u32>().ok());
        let other =
            number.and_then(|n| if is_before { n.checked_sub(1) } else { n.checked_add(1) });
        other.map_or_else(
            || part.to_owned(),
            |number| {
                is_counted = true;
                format!("page={number}")
            },
        )
    });
    let query = parts.collect::<Vec<_>>().join("&");
    parsed.set_query(Some(&query));
    is_counted.then(|| parsed.into())
}

#[cfg(test)]
mod tests;

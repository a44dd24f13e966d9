//! Actionable dates as a calendar (RFC 5545), for those who subscribe to it in theirs.
//!
//! A date keeps its UID for ever and raises its SEQUENCE with each change, so that a
//! moved deadline moves and a cancelled event is struck out. What is known by month
//! only is no event: it would get a day that nobody named.

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime};
use ics::components::Property;
use ics::parameters::{TzIDParam, Value};
use ics::properties::{
    CalScale, Categories, Description, DtEnd, DtStart, Location, Method, RRule, Sequence, Status,
    Summary, Transp, TzName, URL,
};
use ics::{Daylight, Event, ICalendar, Standard, TimeZone, escape_text};

use super::shown_url;
use crate::model::{DateKind, ItemId, KeptDate, Precision, Timestamp};
use crate::text::typography as typo;

/// Dates and times of texts are those of German offices.
const ZONE: &str = "Europe/Berlin";
const DAY: &str = "%Y%m%d";
const INSTANT: &str = "%Y%m%dT%H%M%S";

/// A date of an item, and what its entry in a calendar says of it.
#[derive(Debug, Clone)]
pub struct CalendarDate {
    /// The item that tells of it.
    pub item: ItemId,
    /// The date.
    pub kept: KeptDate,
    /// The noun of its kind: `Frist`.
    pub noun: &'static str,
    /// Title of the item.
    pub title: String,
    /// Where to read it.
    pub url: String,
    /// Name of its source.
    pub source: String,
    /// Titles of its topics.
    pub topics: Vec<String>,
    /// When it was last read anew.
    pub changed: Timestamp,
}

/// Returns a calendar of that name; `host` is the one of our pages.
pub fn calendar(name: &str, host: &str, dates: &[CalendarDate]) -> String {
    let mut calendar = ICalendar::new("2.0", format!("-//{host}//amtsbote//DE"));
    calendar.push(CalScale::new("GREGORIAN"));
    calendar.push(Method::new("PUBLISH"));
    calendar.push(Property::new("X-WR-CALNAME", escape_text(typo::line(name, 200))));
    calendar.add_timezone(zone());
    for date in dates {
        if let Some(event) = event(date, host) {
            calendar.add_event(event);
        }
    }
    calendar.to_string()
}

/// Returns the zone as it has been since 1996.
fn zone() -> TimeZone<'static> {
    let mut summer = Daylight::new("19960331T020000", "+0100", "+0200");
    summer.push(TzName::new("CEST"));
    summer.push(RRule::new("FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"));
    let mut winter = Standard::new("19961027T030000", "+0200", "+0100");
    winter.push(TzName::new("CET"));
    winter.push(RRule::new("FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"));
    let mut zone = TimeZone::daylight(ZONE, summer);
    zone.add_standard(winter);
    zone
}

fn event<'a>(date: &CalendarDate, host: &str) -> Option<Event<'a>> {
    let kept = &date.kept;
    if kept.date.precision == Precision::Month {
        return None;
    }
    let (from, to) = match kept.date.kind {
        DateKind::Event => {
            let from = kept.date.due()?;
            (from, kept.date.to.unwrap_or(from))
        }
        _ => (kept.date.due()?, kept.date.due()?),
    };
    let stamp = date.changed.utc().format("%Y%m%dT%H%M%SZ").to_string();
    let mut event = Event::new(format!("item-{}-{}@{host}", date.item, kept.number), stamp);
    match (kept.date.time, kept.date.time_to) {
        // Of several days with a beginning alone nobody knows when the last one ends.
        (Some(time), end) if end.is_some() || from == to => {
            event.push(timed(DtStart::new(instant(from, time)), ZONE));
            if let Some(end) = end.filter(|_| to > from || end > Some(time)) {
                event.push(timed(DtEnd::new(instant(to, end)), ZONE));
            }
        }
        _ => {
            let mut start = DtStart::new(from.format(DAY).to_string());
            start.add(Value::DATE);
            event.push(start);
            // The end of whole days is the day after the last one.
            let mut end = DtEnd::new(to.checked_add_days(Days::new(1))?.format(DAY).to_string());
            end.add(Value::DATE);
            event.push(end);
            event.push(Transp::transparent());
        }
    }
    let url = shown_url(&date.url);
    let title = typo::line(&date.title, 200);
    event.push(Sequence::new(kept.sequence.to_string()));
    event.push(if kept.date.cancelled { Status::cancelled() } else { Status::confirmed() });
    event.push(Summary::new(escape_text(format!("{}: {title}", date.noun))));
    let proof = format!(
        "„{}“\n\nQuelle: {}\n{}",
        typo::inner(&typo::line(&kept.date.sentence, 400)),
        typo::line(&date.source, 80),
        url.as_deref().unwrap_or_default(),
    );
    event.push(Description::new(escape_text(proof.trim_end().to_owned())));
    if let Some(place) = &kept.date.place {
        event.push(Location::new(escape_text(typo::line(place, 200))));
    }
    if !date.topics.is_empty() {
        let topics: Vec<_> = date.topics.iter().map(|topic| escape_text(topic.clone())).collect();
        event.push(Categories::new(topics.join(",")));
    }
    if let Some(url) = url {
        event.push(URL::new(url));
    }
    Some(event)
}

fn instant(day: NaiveDate, time: NaiveTime) -> String {
    NaiveDateTime::new(day, time).format(INSTANT).to_string()
}

fn timed<'a>(property: impl Into<Property<'a>>, zone: &'static str) -> Property<'a> {
    let mut property = property.into();
    property.add(TzIDParam::new(zone));
    property
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ItemDate;

    fn date(kind: DateKind, from: Option<&str>, to: Option<&str>) -> CalendarDate {
        let day = |day: Option<&str>| day.and_then(|day| day.parse().ok());
        CalendarDate {
            item: ItemId(17),
            kept: KeptDate {
                number: 2,
                sequence: 3,
                moved_from: None,
                date: ItemDate {
                    kind,
                    from: day(from),
                    to: day(to),
                    time: None,
                    time_to: None,
                    precision: Precision::Day,
                    sentence: "Anträge bis zum 31. März 2027; danach nicht, sagt das Amt.".into(),
                    place: Some("Magdeburg, Rathaus".into()),
                    cancelled: false,
                },
            },
            noun: "Frist",
            title: "Förderung für Kommunen, die „digital“ werden; jetzt".into(),
            url: "https://amt.example/a?utm_source=x&id=1".into(),
            source: "Amt".into(),
            topics: vec!["OZG, Onlinedienste".into()],
            changed: Timestamp::from_seconds(1_765_260_004),
        }
    }

    fn written(date: CalendarDate) -> String {
        let text = calendar("Fristen", "post.example.de", &[date]);
        for line in text.split("\r\n") {
            assert!(line.len() <= 75, "{line}");
            assert!(!line.contains('\n'), "{line}");
        }
        // Two parsers that know nothing of how it was written.
        let parsed: icalendar::Calendar = text.parse().unwrap();
        let ours = ical::IcalParser::new(text.as_bytes()).next().unwrap().unwrap();
        assert_eq!(ours.timezones.len(), 1);
        let events = parsed.components.iter().filter(|part| part.as_event().is_some()).count();
        assert_eq!(events, ours.events.len());
        text.replace("\r\n ", "")
    }

    #[test]
    fn a_deadline_is_a_whole_day_whose_end_is_the_day_after() {
        let text = written(date(DateKind::Deadline, None, Some("2027-03-31")));
        for line in [
            "UID:item-17-2@post.example.de",
            "SEQUENCE:3",
            "STATUS:CONFIRMED",
            "DTSTART;VALUE=DATE:20270331",
            "DTEND;VALUE=DATE:20270401",
            "DTSTAMP:20251209T060004Z",
            "TZID:Europe/Berlin",
            "SUMMARY:Frist: Förderung für Kommunen\\, die „digital“ werden\\; jetzt",
            "LOCATION:Magdeburg\\, Rathaus",
            "CATEGORIES:OZG\\, Onlinedienste",
            "URL:https://amt.example/a?id=1",
        ] {
            assert!(text.contains(&format!("{line}\r\n")), "{line}\n{text}");
        }
    }

    #[test]
    fn an_event_has_its_local_times_and_a_cancelled_one_says_so() {
        let mut event = date(DateKind::Event, Some("2026-12-08"), None);
        event.kept.date.time = NaiveTime::from_hms_opt(9, 30, 0);
        event.kept.date.time_to = NaiveTime::from_hms_opt(11, 0, 0);
        event.kept.date.cancelled = true;
        let text = written(event);
        assert!(text.contains("DTSTART;TZID=Europe/Berlin:20261208T093000\r\n"), "{text}");
        assert!(text.contains("DTEND;TZID=Europe/Berlin:20261208T110000\r\n"), "{text}");
        assert!(text.contains("STATUS:CANCELLED\r\n"), "{text}");
        let days = written(date(DateKind::Event, Some("2026-12-08"), Some("2026-12-10")));
        assert!(days.contains("DTEND;VALUE=DATE:20261211\r\n"), "{days}");
    }

    #[test]
    fn what_is_known_by_month_never_gets_a_day() {
        let mut month = date(DateKind::Deadline, None, Some("2027-01-31"));
        month.kept.date.precision = Precision::Month;
        assert!(!written(month).contains("BEGIN:VEVENT"));
    }

    #[test]
    fn no_text_of_a_source_ends_a_line_or_begins_an_event() {
        let mut hostile = date(DateKind::Deadline, None, Some("2027-03-31"));
        hostile.title = "x\r\nEND:VEVENT\r\nBEGIN:VEVENT".into();
        hostile.url = "https://x.example/\r\nATTACH:x".into();
        let text = written(hostile);
        assert_eq!(text.matches("\r\nBEGIN:VEVENT\r\n").count(), 1);
        assert!(!text.contains("\r\nATTACH"), "{text}");
    }
}

//! Dates as feeds and pages write them, German ones first of all.
//!
//! A lenient reader, not a validator: it takes the first date that it finds in
//! the first characters of a text and ignores the words round it. What cannot be
//! an editorial date (a year alone, 1970-01-01) is none.

pub mod mention;
pub mod pattern;

mod day;
mod near;
mod time_of_day;
mod token;

pub use self::near::parse_near;

use chrono::{Duration, NaiveDate, NaiveDateTime, TimeZone as _};
use chrono_tz::Tz;

use self::day::{find_day, ymd};
use self::time_of_day::{Clock, find_clock};
use self::token::{Token, tokens};
use crate::model::{Date, Timestamp};

/// Returns the first date in `text`; `zone` is for one that names none. RFC 822 and
/// 3339, asctime, JavaScript's, and German forms such as `21. Juli 2026, 10:00 Uhr`,
/// `Di., 21.07.2026` or `19 Nov. '25`.
pub fn parse(text: &str, zone: Tz) -> Option<Date> {
    let tokens = tokens(text);
    if let [Token::Number { value, digits: 10 }] = tokens.as_slice() {
        // Seconds since 1970, as some home-made feeds give them.
        let plausible = (1_000_000_000..4_000_000_000).contains(value);
        return plausible.then(|| Date { at: Timestamp::from_seconds(*value), is_guess: false });
    }
    let clock = find_clock(&tokens);
    let day = find_day(&tokens, clock.as_ref())?;
    instant(day, clock.as_ref(), zone)
}

/// Returns a date in the path of a URL, as `/2025-11-24-name`, `/2025/11/24/` or
/// `/20251124_`: always a guess, midnight in `zone`.
pub fn from_path(path: &str, zone: Tz) -> Option<Date> {
    let path = path.get(..path.floor_char_boundary(2048)).unwrap_or(path);
    let numbers: Vec<(usize, &str)> = digit_runs(path).take(256).collect();
    let bytes = path.as_bytes();
    let separated = |end: usize, start: usize| {
        start == end + 1 && matches!(bytes.get(end), Some(b'-' | b'/' | b'_' | b'.'))
    };
    for (at, (start, run)) in numbers.iter().enumerate() {
        let day = if run.len() == 8 {
            let (year, rest) = run.split_at(4);
            let (month, day) = rest.split_at(2);
            ymd(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
        } else if run.len() == 4 {
            match (numbers.get(at + 1), numbers.get(at + 2)) {
                (Some((month_at, month)), Some((day_at, day)))
                    if month.len() <= 2
                        && day.len() <= 2
                        && separated(start + 4, *month_at)
                        && separated(month_at + month.len(), *day_at) =>
                {
                    ymd(run.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
                }
                _ => None,
            }
        } else {
            None
        };
        if let Some(date) = day.and_then(|day| instant(day, None, zone)) {
            return Some(Date { is_guess: true, ..date });
        }
    }
    None
}

fn digit_runs(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split(|c: char| !c.is_ascii_digit())
        .filter(|run| !run.is_empty())
        .map(move |run| (run.as_ptr().addr() - text.as_ptr().addr(), run))
}

fn instant(day: NaiveDate, clock: Option<&Clock>, zone: Tz) -> Option<Date> {
    let said = clock;
    let is_guess = said.is_none_or(|clock| clock.offset.is_none());
    let midnight = day.and_hms_opt(0, 0, 0)?;
    let local = said.map_or(midnight, |clock| {
        midnight
            + Duration::hours(clock.hour)
            + Duration::minutes(clock.minute)
            + Duration::seconds(clock.second)
            + Duration::milliseconds(clock.milliseconds)
    });
    let at = match said.and_then(|clock| clock.offset) {
        Some(offset) => Timestamp::from(local.and_utc() - Duration::seconds(offset)),
        None => in_zone(local, zone)?,
    };
    // 1970-01-01 is what programs write when they know no date.
    (at.0 >= 86_400_000).then_some(Date { at, is_guess })
}

/// Returns the instant of a wall-clock time: the first of two in autumn, the end of the gap in
/// spring.
fn in_zone(local: NaiveDateTime, zone: Tz) -> Option<Timestamp> {
    zone.from_local_datetime(&local)
        .earliest()
        .or_else(|| zone.from_local_datetime(&(local + Duration::hours(1))).earliest())
        .map(Timestamp::from)
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::Berlin;

    use super::*;

    /// 2026-07-21 10:00 in Berlin.
    const TEN: i64 = 1_784_620_800;

    fn seconds(text: &str) -> Option<i64> {
        parse(text, Berlin).map(|date| date.at.seconds())
    }

    #[test]
    fn a_span_is_the_day_it_begins_with_and_a_number_before_a_day_is_no_span() {
        let day = |text: &str| {
            let at = parse(text, Berlin)?.at.utc().with_timezone(&Berlin);
            Some(at.format("%Y-%m-%d").to_string())
        };
        for (text, begins) in [
            ("12.–14.11.2026", "2026-11-12"),
            ("12. - 14.11.2026", "2026-11-12"),
            ("12. bis 14. November 2026", "2026-11-12"),
            ("28.11. bis 2.12.2026", "2026-11-28"),
            ("28. November – 2. Dezember 2026", "2026-11-28"),
            ("30.12.–2.1.2027", "2026-12-30"),
            ("bis 14.11.2026", "2026-11-14"),
            ("Heft 12 – 14.11.2026", "2026-11-14"),
            ("20. – 14.11.2026", "2026-11-14"),
            ("12.11.2026 – 14.11.2026", "2026-11-12"),
        ] {
            assert_eq!(day(text).as_deref(), Some(begins), "{text}");
        }
    }

    #[test]
    fn every_form_of_the_same_morning_is_read() {
        for text in [
            "Tue, 21 Jul 2026 10:00:00 +0200",
            "Tue, 21 Jul 26 10:00:00 +0200",
            "Tue, 21 Jul 2026 10:00 +0200",
            "Tue, 21 Jul 2026 10:00:00 CEST",
            "Tue, 21 Jul 2026 10:00:00 MESZ",
            "Tue, 21 Jul 2026 09:00:00 CET",
            "Tue, 21 Jul 2026 03:00:00 EST",
            "Tue, 21 Jul 2026 10:00:00",
            "Tue, 21 Jul 2026 10:00:00 GMT+2",
            "Tue, 21 Jul 2026 10:00:00 +02:00",
            "Tue, 21 Jul 2026 10:00:00 +0200 (CEST)",
            "Tue, 21 Jul 2026 08:00:00 GMT",
            "Tue, 21 Jul 2026 08:00:00 Z",
            "tue, 21 jul 2026 08:00:00 ut",
            "Di, 21 Jul 2026 10:00:00 +0200",
            "Di., 21 Jul 2026 10:00:00 +0200",
            "Tuesday, 21 July 2026 10:00:00 +0200",
            "Dienstag, 21. Juli 2026 10:00:00",
            "Dienstag, 21. Juli 2026, 10:00 Uhr",
            "Dienstag, den 21. Juli 2026 um 10 Uhr",
            "21.07.2026 10:00",
            "21.07.2026 10:00 Uhr MESZ",
            "21.07.2026, 10:00 Uhr",
            "21.07.2026, 10.00 Uhr",
            "21.7.26 10:00",
            "Di, 21.07.2026 - 10:00",
            "21-07-2026 10:00",
            "21 | 07 | 2026, 10:00 Uhr",
            "21/07/2026 10:00",
            "07/21/2026 10:00",
            "21-Jul-2026 10:00:00",
            "2026-07-21T10:00:00+02:00",
            "2026-07-21T10:00:00+0200",
            "2026-07-21T10:00:00+02",
            "2026-07-21T08:00:00Z",
            "2026-07-21t08:00:00z",
            "2026-07-21T10:00:00",
            "2026-07-21 10:00:00",
            "2026-07-21 10:00:00 +0200",
            "2026-07-21T10:00+02:00",
            "2026-07-21T10:00:00.000+02:00",
            "2026-07-21T10:00:00.123456789+02:00",
            "20260721T100000+0200",
            "20260721T080000Z",
            "Tue Jul 21 10:00:00 2026",
            "Tue Jul 21 10:00:00 CEST 2026",
            "Tue Jul 21 10:00:00 +0200 2026",
            "Tue Jul 21 2026 10:00:00 GMT+0200 (CEST)",
            "Mon, 21 Jul 2026 10:00:00 +0200",
            "2026/07/21 10:00:00",
            "July 21st, 2026 10:00 AM",
            "21.07.\u{200b}2026\u{a0}10:00",
            "Datum: 21.07.2026 10:00",
            "Stand vom 21. Juli 2026, 10:00 Uhr in Magdeburg",
            "  \n Tue, 21 Jul 2026 10:00:00 +0200\n ",
            "1784620800",
        ] {
            assert_eq!(seconds(text), Some(TEN), "{text}");
        }
    }

    #[test]
    fn days_without_a_time_begin_at_midnight_in_the_zone() {
        for (text, expected) in [
            ("21.07.2026", TEN - 36_000),
            ("2026-07-21", TEN - 36_000),
            ("Datum: 04.05.2026", 1_777_845_600),
            ("Mo, 4. Mai 2026", 1_777_845_600),
            ("07. Mai 2026", 1_778_104_800),
            ("04. Mär 2026", 1_772_578_800),
            ("3. Februar 2025", 1_738_537_200),
            ("23. März 2023", 1_679_526_000),
            ("23. Ma\u{308}rz 2023", 1_679_526_000),
            ("24.02.2025", 1_740_351_600),
            ("19 Nov. '25", 1_763_506_800),
            ("19 Nov. ’25", 1_763_506_800),
            ("20.11.2025 158/2025", 1_763_593_200),
            ("20251120", 1_763_593_200),
        ] {
            let date = parse(text, Berlin);
            assert_eq!(date.map(|date| date.at.seconds()), Some(expected), "{text}");
            assert!(date.is_some_and(|date| date.is_guess), "{text}");
        }
    }

    #[test]
    fn months_and_hours_have_many_names() {
        for (text, expected) in [
            ("Mi, 21 Okt 2026 10:00:00 +0200", 1_792_569_600),
            ("Di, 03 Mär 2026 10:00:00 +0100", 1_772_528_400),
            ("Do, 03 Dez 2026 10:00:00 +0100", 1_796_288_400),
            ("Mi, 12 Mrz 2025 10:00:00 +0100", 1_741_770_000),
            ("Wed, 1 Jul 2026 10:00:00 +0200", 1_782_892_800),
            ("Tue, 21 Jul 2026 01:00:00 PM +0200", TEN + 10_800),
            ("Sun, 15 Dec 2024 12:15 PM", 1_734_261_300),
            ("Sun, 15 Dec 2024 12:15 AM", 1_734_218_100),
            ("Mi, 21.04.2021 - 15:26", 1_619_011_560),
            ("Tue, 21 Jul 2026 24:00:00 +0200", TEN + 50_400),
            ("2026-07-21T10:00:60Z", TEN + 7260),
            ("12.03.2025 10:00 MEZ", 1_741_770_000),
            ("9. Sept. 2025", 1_757_368_800),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            " ",
            "unbekannt",
            "2026",
            "1970-01-01",
            "1970-01-01T00:00:00Z",
            "1. Januar 1970",
            "0001-01-01T00:00:00Z",
            "9999-12-31",
            "10000-01-01",
            "-5",
            "32.01.2026",
            "2026-13-01",
            "158/2025",
            "10:00",
            "Tel. 0391 567-12",
            "Version 1.2.3",
            "3. Mai",
            "Maria 3 2025",
            "99:99:99",
            "+",
            "Tue, 21 Jul",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn only_what_is_said_in_full_is_no_guess() {
        for (text, is_guess) in [
            ("2026-07-21T10:00:00Z", false),
            ("Tue, 21 Jul 2026 10:00:00 CEST", false),
            ("2026-07-21T10:00:00", true),
            ("2026-07-21", true),
        ] {
            assert_eq!(parse(text, Berlin).map(|date| date.is_guess), Some(is_guess), "{text}");
        }
    }

    #[test]
    fn clock_changes_lose_no_date() {
        assert_eq!(seconds("29.03.2026 02:30"), Some(1_774_747_800));
        assert_eq!(seconds("25.10.2026 02:30"), Some(1_792_888_200));
    }

    #[test]
    fn a_path_gives_a_guess() {
        for path in ["/news/2025-11-24-a", "/2025/11/24/a", "/a_20251124.pdf", "/x/12/2025.11.24"] {
            let date = from_path(path, Berlin);
            assert_eq!(
                date.map(|date| (date.at.seconds(), date.is_guess)),
                Some((1_763_938_800, true)),
                "{path}"
            );
        }
        for path in ["/news/2025", "/a/99999999", "/2025-13-40", "/1/2/3"] {
            assert_eq!(from_path(path, Berlin), None, "{path}");
        }
    }

    #[test]
    fn long_text_is_read_in_part_only() {
        let long = format!("{}21.07.2026", "(".repeat(200_000));
        assert_eq!(seconds(&long), None);
        assert_eq!(seconds(&format!("21.07.2026 10:00 {}", "(a".repeat(100_000))), Some(TEN));
    }
}

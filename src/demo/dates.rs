//! Dates of the samples: markers such as `{{D-3 08:30 rfc822}}` become the day
//! three days before `now`, written as that sample's system writes dates.
//!
//! So the samples are news on whatever day they are served, and the same `now`
//! gives the same bytes.

use chrono::{DateTime, Datelike, Days, NaiveTime, SecondsFormat, TimeZone};
use chrono_tz::{Europe::Berlin, Tz};

use super::Sample;
use crate::model::Timestamp;
use crate::text::MONTHS;

const OPEN: &[u8] = b"{{";
const CLOSE: &[u8] = b"}}";
const DAYS: [&str; 7] = ["Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"];

/// Returns the sample's document as it is served at `now`, in the sample's own character set.
///
/// A marker is `{{D-DAYS [HH:MM] FORMAT}}`, local time in Berlin, nine o'clock
/// where none is given. Formats: `rfc822`, `rfc822-de` (the same with German names, as
/// servers without an English locale send it), `rfc3339`, `sql`, `dotted`, `long`, `year`.
/// What is no marker stays as it is.
pub fn fill(sample: &Sample, now: Timestamp) -> Vec<u8> {
    let charset = if std::str::from_utf8(sample.body).is_ok() {
        encoding_rs::UTF_8
    } else {
        encoding_rs::WINDOWS_1252
    };
    let mut filled = Vec::with_capacity(sample.body.len());
    let mut rest = sample.body;
    while let Some(start) = position(rest, OPEN) {
        filled.extend_from_slice(&rest[..start]);
        rest = &rest[start..];
        let end = position(rest, CLOSE).map_or(rest.len(), |end| end + CLOSE.len());
        let marker = &rest[..end];
        match std::str::from_utf8(marker).ok().and_then(|marker| date(marker, now)) {
            Some(date) => filled.extend_from_slice(&charset.encode(&date).0),
            None => filled.extend_from_slice(marker),
        }
        rest = &rest[end..];
    }
    filled.extend_from_slice(rest);
    filled
}

fn position(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

fn date(marker: &str, now: Timestamp) -> Option<String> {
    let marker = marker.strip_prefix("{{D-")?.strip_suffix("}}")?;
    let mut words = marker.split(' ');
    let days: u64 = words.next()?.parse().ok()?;
    let (time, format) = match (words.next()?, words.next()) {
        (time, Some(format)) => (NaiveTime::parse_from_str(time, "%H:%M").ok()?, format),
        (format, None) => (NaiveTime::from_hms_opt(9, 0, 0)?, format),
    };
    let day = now.utc().with_timezone(&Berlin).date_naive().checked_sub_days(Days::new(days))?;
    // No sample uses the hour that a spring night lacks; earliest() serves the one an autumn night has twice.
    let at = Berlin.from_local_datetime(&day.and_time(time)).earliest()?;
    write(at, format)
}

fn write(at: DateTime<Tz>, format: &str) -> Option<String> {
    let day = DAYS[usize::try_from(at.weekday().num_days_from_monday()).ok()?];
    let month = MONTHS[usize::try_from(at.month0()).ok()?];
    Some(match format {
        "rfc822" => at.format("%a, %d %b %Y %H:%M:%S %z").to_string(),
        "rfc822-de" => {
            let short: String = month.chars().take(3).collect();
            format!("{day}, {:02} {short} {}", at.day(), at.format("%Y %H:%M:%S %z"))
        }
        "rfc3339" => at.to_rfc3339_opts(SecondsFormat::Secs, true),
        "sql" => at.format("%Y-%m-%d %H:%M:%S").to_string(),
        "dotted" => at.format("%d.%m.%Y").to_string(),
        "long" => format!("{}. {month} {}", at.day(), at.year()),
        "year" => at.year().to_string(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::SAMPLES;

    /// 2025-12-09T06:00:04Z, a Tuesday.
    const NOW: Timestamp = Timestamp::from_seconds(1_765_260_004);

    fn sample(body: &'static [u8]) -> Sample {
        Sample { body, ..SAMPLES[0] }
    }

    #[test]
    fn each_format_is_written_as_its_system_writes_it() {
        let cases: [(&[u8], &str); 8] = [
            (b"{{D-6 08:30 rfc822}}", "Wed, 03 Dec 2025 08:30:00 +0100"),
            (b"{{D-6 08:30 rfc822-de}}", "Mi, 03 Dez 2025 08:30:00 +0100"),
            (b"{{D-6 rfc3339}}", "2025-12-03T09:00:00+01:00"),
            (b"{{D-6 sql}}", "2025-12-03 09:00:00"),
            (b"{{D-6 dotted}}", "03.12.2025"),
            (b"{{D-6 long}}", "3. Dezember 2025"),
            (b"{{D-6 year}}", "2025"),
            (b"{{D-200 rfc822}}", "Fri, 23 May 2025 09:00:00 +0200"),
        ];
        for (marker, expected) in cases {
            assert_eq!(fill(&sample(marker), NOW), expected.as_bytes());
        }
    }

    #[test]
    fn a_month_with_an_umlaut_keeps_the_samples_character_set() {
        let april = Timestamp::from_seconds(1_775_000_000);
        assert_eq!(fill(&sample(b"{{D-5 long}}"), april), "27. März 2026".as_bytes());
        assert_eq!(fill(&sample(b"\xfc {{D-5 long}}"), april), b"\xfc 27. M\xe4rz 2026");
    }

    #[test]
    fn what_is_no_marker_stays_as_it_is() {
        for body in [&b"a {{x}} b {{"[..], b"{{D-1 nonsense}}", b"{{D-x dotted}}", b"}}{{"] {
            let sample = Sample { body: Vec::leak(body.to_vec()), ..SAMPLES[0] };
            assert_eq!(fill(&sample, NOW), body);
        }
    }

    #[test]
    fn no_sample_is_served_with_a_marker_left_in_it() {
        for sample in SAMPLES {
            let bytes = fill(sample, NOW);
            assert_eq!(position(&bytes, b"{{"), None, "{}", sample.id);
            assert_eq!(bytes, fill(sample, NOW), "{}", sample.id);
        }
    }
}

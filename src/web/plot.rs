//! How many items each topic had in each of the last weeks, as bars.

use chrono::{Datelike as _, Days, NaiveTime, TimeZone as _};
use chrono_tz::Tz;
use serde_json::{Value, json};

use super::views::HUES;
use crate::model::{Timestamp, TopicId};
use crate::pipeline::Plan;
use crate::text::typography as typo;

/// Weeks that are shown, the current one included.
const WEEKS: u64 = 12;
/// From one bar to the next, and the height of the highest; the template draws to it.
const STEP: usize = 40;
const HIGHEST: usize = 56;
const BASE: usize = 60;

/// Returns the first days of the weeks, in words, and when the first begins.
pub(super) fn weeks(now: Timestamp, zone: Tz) -> (Vec<String>, Timestamp) {
    let today = now.utc().with_timezone(&zone).date_naive();
    let monday = today - Days::new(today.weekday().num_days_from_monday().into());
    let first = monday - Days::new(7 * (WEEKS - 1));
    let midnight = zone.from_local_datetime(&first.and_time(NaiveTime::MIN)).earliest();
    let since = midnight.map_or_else(|| first.and_time(NaiveTime::MIN).and_utc(), |at| at.to_utc());
    let words = (0..WEEKS).map(|week| typo::day(first + Days::new(7 * week)));
    (words.collect(), since.into())
}

/// Returns the bars of each topic, all to one scale; none where no item came.
pub(super) fn plots(
    plan: &Plan,
    weeks: &[String],
    counts: &[(TopicId, usize, usize)],
) -> Vec<Value> {
    let most = counts.iter().map(|(_, _, count)| *count).max().unwrap_or(0);
    if most == 0 {
        return Vec::new();
    }
    let topics = plan.topics.iter().enumerate();
    topics
        .map(|(place, (id, title))| {
            let of = |week: usize| {
                let found = counts.iter().find(|(topic, of, _)| topic == id && *of == week);
                found.map_or(0, |(_, _, count)| *count)
            };
            let numbers: Vec<usize> = (0..weeks.len()).map(of).collect();
            let bars = numbers.iter().enumerate().map(|(week, count)| {
                let height = (count * HIGHEST).div_ceil(most);
                json!({ "x": week * STEP + 4, "y": BASE - height, "height": height })
            });
            let spoken = numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            json!({
                "title": title,
                "hue": place % HUES,
                "total": numbers.iter().sum::<usize>(),
                "words": format!("{title}, Meldungen je Woche: {spoken}"),
                "bars": bars.collect::<Vec<_>>(),
                "counts": numbers,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_mondays_in_local_time_and_end_with_the_current_one() {
        // Sunday, 29 March 2026, 23:30 UTC is Monday in Berlin, the first of summer time.
        let now = Timestamp::from_seconds(1_774_827_000);
        let (words, since) = weeks(now, chrono_tz::Europe::Berlin);
        assert_eq!(words.len(), 12);
        assert_eq!(words[11].replace('\u{a0}', " "), "30. März 2026");
        assert_eq!(since.rfc3339(), "2026-01-11T23:00:00Z");
    }
}

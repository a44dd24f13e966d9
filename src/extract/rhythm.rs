//! When a feed asks to be fetched again: RSS `ttl`, `skipHours`, `skipDays`,
//! and the syndication module of RSS 1.0.

use std::time::Duration;

use crate::model::{Budget, Rhythm};

use super::markup::{Dialect, Token, Tokens};

/// Bytes of the document's head that are looked at.
const HEAD: usize = 32_768;

/// Returns the wishes in the head of a feed, before its first entry.
pub(super) fn read(text: &str, budget: &Budget) -> Rhythm {
    let head = text.get(..text.floor_char_boundary(HEAD)).unwrap_or(text);
    let mut rhythm = Rhythm::default();
    if !["ttl>", "updatePeriod", "skipHours", "skipDays"].iter().any(|name| head.contains(name)) {
        return rhythm;
    }
    let mut open = "";
    let mut period = None;
    let mut frequency = 1;
    for token in Tokens::new(head, Dialect::Xml, budget) {
        match token {
            Token::Start { name: "item" | "entry", .. } => break,
            Token::Start { name, .. } => open = name.rsplit(':').next().unwrap_or(name),
            Token::End { .. } => open = "",
            Token::Text(text) | Token::Cdata(text) => {
                let text = text.trim();
                match open {
                    "ttl" => {
                        rhythm.interval = text
                            .parse()
                            .ok()
                            .filter(|minutes| (1..=525_600).contains(minutes))
                            .map(minutes);
                    }
                    "hour" => rhythm.skip_hours.extend(
                        text.parse()
                            .ok()
                            .map(|hour: u8| if hour == 24 { 0 } else { hour })
                            .filter(|hour| *hour < 24),
                    ),
                    "day" => rhythm.skip_days.extend(weekday(text)),
                    "updatePeriod" => period = seconds_of(text),
                    "updateFrequency" => {
                        frequency = text
                            .parse()
                            .ok()
                            .filter(|times| (1..=1000).contains(times))
                            .unwrap_or(1);
                    }
                    _ => {}
                }
            }
        }
    }
    for hours in [&mut rhythm.skip_hours, &mut rhythm.skip_days] {
        hours.sort_unstable();
        hours.dedup();
    }
    rhythm.interval =
        rhythm.interval.or(period.map(|seconds: u64| Duration::from_secs(seconds / frequency)));
    rhythm
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

fn seconds_of(period: &str) -> Option<u64> {
    Some(match period.to_ascii_lowercase().as_str() {
        "hourly" => 3600,
        "daily" => 86_400,
        "weekly" => 604_800,
        "monthly" => 2_592_000,
        "yearly" => 31_536_000,
        _ => return None,
    })
}

/// Returns the number of a weekday; 0 is Sunday.
fn weekday(name: &str) -> Option<u8> {
    const DAYS: &[(&str, u8)] = &[
        ("sunday", 0),
        ("monday", 1),
        ("tuesday", 2),
        ("wednesday", 3),
        ("thursday", 4),
        ("friday", 5),
        ("saturday", 6),
    ];
    DAYS.iter().find(|(day, _)| day.eq_ignore_ascii_case(name)).map(|(_, number)| *number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_of_the_head_are_read() {
        let rhythm = read(
            "<rss><channel><sy:updatePeriod> hourly </sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>\
             <skipHours><hour>24</hour><hour>3</hour><hour>99</hour></skipHours><skipDays><day>Sunday</day></skipDays><item><ttl>5</ttl></item>",
            &Budget::for_document(0),
        );
        assert_eq!(
            rhythm,
            Rhythm {
                interval: Some(Duration::from_mins(30)),
                skip_hours: vec![0, 3],
                skip_days: vec![0]
            }
        );
        assert_eq!(
            read("<rss><ttl>90</ttl>", &Budget::for_document(0)).interval,
            Some(Duration::from_mins(90))
        );
        assert_eq!(read("<rss><ttl>0</ttl>", &Budget::for_document(0)).interval, None);
    }
}

//! Actionable dates in German, for mails, pages and feeds.

use chrono::{Datelike as _, NaiveDate, NaiveTime, Timelike as _};

use crate::model::{DateKind, ItemDate, KeptDate, Precision};
use crate::text::{MONTHS, typography};

/// Returns the heading word of a kind.
pub const fn noun(kind: DateKind) -> &'static str {
    match kind {
        DateKind::Deadline => "Frist",
        DateKind::Event => "Termin",
        DateKind::Funding => "Förderfrist",
        DateKind::Law => "Rechtsstand",
    }
}

/// Returns the date in words: `bis 31. März 2027, 18 Uhr`, `3. bis 4. Dezember 2026`.
pub fn say(date: &ItemDate) -> String {
    let is_deadline = date.kind.is_deadline();
    let days = match (date.from, date.to) {
        (Some(from), Some(to)) => span(from, to, date.precision),
        (None, Some(to)) if date.precision == Precision::Month => format!("bis Ende {}", month(to)),
        (None, Some(to)) => format!("bis {}", day(to)),
        (Some(from), None) => {
            let from = match date.precision {
                Precision::Day => day(from),
                Precision::Month => month(from),
            };
            match (date.kind, date.precision) {
                (DateKind::Law, _) => format!("ab {from}"),
                (_, Precision::Month) => format!("im {from}"),
                _ => from,
            }
        }
        (None, None) => String::new(),
    };
    match (date.time, date.time_to) {
        (Some(from), Some(to)) if !is_deadline => {
            format!("{days}, {}–{} Uhr", hour(from), hour(to))
        }
        (Some(at), _) => format!("{days}, {} Uhr", hour(at)),
        (None, _) => days,
    }
}

/// Returns the time left until the date for a reader of the day `today`:
/// `heute`, `morgen`, `noch 9 Tage`; nothing for what is over and for what has no day.
pub fn left(date: &ItemDate, today: NaiveDate) -> Option<String> {
    if date.precision == Precision::Month {
        return None;
    }
    let days = (date.due()? - today).num_days();
    Some(match days {
        0 => "heute".to_owned(),
        1 => "morgen".to_owned(),
        2.. => format!("noch {days} Tage"),
        _ => return None,
    })
}

/// Returns a kept date as readers see it, with what became of it and the time left:
/// `Frist bis 31. März 2027, 18 Uhr, noch 9 Tage (bisher 1. März 2027)`.
pub fn when(kept: &KeptDate, today: NaiveDate) -> String {
    let date = &kept.date;
    let mut when = format!("{} {}", noun(date.kind), say(date));
    if date.cancelled {
        when.push_str(", abgesagt");
    } else if let Some(left) = left(date, today) {
        when = format!("{when}, {left}");
    }
    if let Some(before) = kept.moved_from {
        when = format!("{when} (bisher {})", day(before));
    }
    typography::line(&when, 200)
}

/// Returns `31. März 2027`.
pub fn day(day: NaiveDate) -> String {
    format!("{}. {}", day.day(), month(day))
}

fn month(day: NaiveDate) -> String {
    let name = MONTHS.get(day.month0() as usize).copied().unwrap_or_default();
    format!("{name} {}", day.year())
}

fn span(from: NaiveDate, to: NaiveDate, precision: Precision) -> String {
    if precision == Precision::Month {
        return format!("{} bis {}", month(from), month(to));
    }
    if (from.year(), from.month()) == (to.year(), to.month()) {
        format!("{}. bis {}", from.day(), day(to))
    } else {
        format!("{} bis {}", day(from), day(to))
    }
}

fn hour(time: NaiveTime) -> String {
    if time.minute() == 0 { time.hour().to_string() } else { time.format("%-H:%M").to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Budget;

    fn said(text: &str) -> String {
        let published = "2026-11-02".parse().unwrap();
        let budget = Budget::for_document(text.len());
        let dates = crate::agenda::dates("", text, published, &budget).unwrap();
        say(&dates[0])
    }

    #[test]
    fn dates_are_said_as_a_reader_would_say_them() {
        for (text, words) in [
            ("Anmeldung bis 18.11., 12 Uhr.", "bis 18. November 2026, 12 Uhr"),
            ("Meldungen werden bis Ende Januar erbeten.", "bis Ende Januar 2027"),
            ("Die Messe findet vom 8. bis 10. Dezember statt.", "8. bis 10. Dezember 2026"),
            (
                "Das Seminar findet am 8. Dezember von 9.30 bis 11 Uhr statt.",
                "8. Dezember 2026, 9:30–11 Uhr",
            ),
            ("Die Satzung tritt am 1. Januar in Kraft.", "ab 1. Januar 2027"),
        ] {
            assert_eq!(said(text), words, "{text}");
        }
    }

    #[test]
    fn what_moved_was_cancelled_or_has_no_day_says_so() {
        let budget = Budget::for_document(200);
        let today: NaiveDate = "2026-11-02".parse().unwrap();
        let kept = |text: &str| KeptDate {
            number: 1,
            sequence: 0,
            moved_from: None,
            date: crate::agenda::dates("", text, today, &budget).unwrap().remove(0),
        };
        let said = |kept: &KeptDate| when(kept, today).replace('\u{a0}', " ");
        let mut deadline = kept("Anmeldung bis 11. November.");
        assert_eq!(said(&deadline), "Frist bis 11. November 2026, noch 9 Tage");
        deadline.moved_from = "2026-10-31".parse().ok();
        let moved = "Frist bis 11. November 2026, noch 9 Tage (bisher 31. Oktober 2026)";
        assert_eq!(said(&deadline), moved);
        deadline.moved_from = None;
        deadline.date.cancelled = true;
        assert_eq!(said(&deadline), "Frist bis 11. November 2026, abgesagt");
        let month = kept("Meldungen werden bis Ende Januar erbeten.");
        assert_eq!(said(&month), "Frist bis Ende Januar 2027");
    }

    #[test]
    fn the_time_left_counts_days() {
        let today: NaiveDate = "2026-11-02".parse().unwrap();
        let budget = Budget::for_document(100);
        let dates =
            crate::agenda::dates("", "Anmeldung bis 11. November.", today, &budget).unwrap();
        let left_on = |day: &str| left(&dates[0], day.parse().unwrap());
        assert_eq!(left_on("2026-11-02").as_deref(), Some("noch 9 Tage"));
        assert_eq!(left_on("2026-11-10").as_deref(), Some("morgen"));
        assert_eq!(left_on("2026-11-12"), None);
    }
}

//! When the draft of a slot is due.

use std::time::Duration;

use chrono::NaiveTime;
use chrono_tz::Tz;

use super::{Slot, civil};
use crate::model::Timestamp;
use crate::model::parse_duration;
use crate::model::settings::TextSetting;

/// How long before its slot a draft is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftTime {
    text: String,
    moment: Moment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// At the last such time of day before the slot.
    At(NaiveTime),
    /// So long before.
    Before(Duration),
}

impl DraftTime {
    /// Returns when the draft of a slot is due: never later than the slot, whatever clocks do.
    pub fn before(&self, slot: Slot, zone: Tz) -> Timestamp {
        match self.moment {
            Moment::Before(span) => slot.at.before(span),
            Moment::At(time) => {
                let day = slot.civil.date();
                let day = if time < slot.civil.time() { Some(day) } else { day.pred_opt() };
                let at = day.map(|day| civil::resolve(day.and_time(time), zone));
                at.unwrap_or(slot.at).min(slot.at)
            }
        }
    }
}

impl TextSetting for DraftTime {
    const FORM: &'static str = "a time of day such as \"06:30\" or a span such as \"30m\"";

    fn parse(text: &str) -> Result<Self, String> {
        let time = NaiveTime::parse_from_str(text, "%H:%M").ok().map(Moment::At);
        let moment = time.or_else(|| parse_duration(text).map(Moment::Before));
        let moment = moment.ok_or_else(|| {
            format!("`{text}` is no time of day such as `06:30` and no span such as `30m`")
        })?;
        Ok(Self { text: text.to_owned(), moment })
    }

    fn text(&self) -> String {
        self.text.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn before(draft: &str, slot: &str) -> String {
        let zone = chrono_tz::Europe::Berlin;
        let civil = super::super::parse_civil_id(slot).unwrap();
        let slot = Slot { civil, at: civil::resolve(civil, zone) };
        let at = DraftTime::parse(draft).unwrap().before(slot, zone);
        at.utc().with_timezone(&zone).format("%d %H:%M").to_string()
    }

    #[test]
    fn a_draft_is_due_at_the_last_such_time_before_its_slot_or_so_long_before() {
        assert_eq!(before("06:30", "2026-01-12T07:00:00"), "12 06:30");
        assert_eq!(before("16:00", "2026-01-12T07:00:00"), "11 16:00");
        assert_eq!(before("90m", "2026-01-12T07:00:00"), "12 05:30");
        assert!(DraftTime::parse("früh").is_err());
    }

    #[test]
    fn where_clocks_change_a_draft_is_never_later_than_its_slot() {
        // 02:30 does not exist on 29 March 2026: both come at the end of the gap.
        assert_eq!(before("02:30", "2026-03-29T02:45:00"), "29 03:00");
        assert_eq!(before("30m", "2026-03-29T03:15:00"), "29 01:45");
        // 02:30 comes twice on 25 October 2026: the first counts.
        assert_eq!(before("02:30", "2026-10-25T03:00:00"), "25 02:30");
    }
}

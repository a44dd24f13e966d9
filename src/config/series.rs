//! `[[series]]`: the newsletters and their calendars.

use super::{count, take_id};
use crate::model::{Reader, Series, SeriesId};
use crate::schedule::calendar::Calendar;

/// A series and when it is due.
#[derive(Debug, Clone)]
pub struct SeriesPlan {
    /// The newsletter.
    pub series: Series,
    /// Its slots.
    pub calendar: Calendar,
}

pub(super) fn read(root: &mut Reader<'_>) -> Vec<SeriesPlan> {
    let mut taken = Vec::new();
    let mut plans = Vec::new();
    for table in root.tables("series") {
        let mut reader = root.inner(table, "series");
        let id = take_id(&mut reader, "series", &mut taken);
        let title = reader.required_text("title");
        let calendar = reader.required_text("schedule").and_then(|text| {
            Calendar::parse(&text)
                .map_err(|error| reader.problem("schedule", error.to_string()))
                .ok()
        });
        let max_items = count(&mut reader, "max_items", 1000, 30);
        let max_items_per_topic = count(&mut reader, "max_items_per_topic", 1000, 10);
        reader.finish();
        if let (Some(id), Some(title), Some(calendar)) = (id, title, calendar) {
            let series = Series { id: SeriesId::new(id), title, max_items, max_items_per_topic };
            plans.push(SeriesPlan { series, calendar });
        }
    }
    plans
}

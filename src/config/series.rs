//! `[[series]]`: the newsletters and their calendars.

use super::take_id;
use crate::model::settings::Settings as _;
use crate::model::settings::settings;
use crate::model::{Reader, Reasons, Series};
use crate::schedule::calendar::Calendar;

settings! {
    /// A newsletter. Give as many as you like.
    pub struct SeriesPlan in "series" {
        ..series: Series;
        /// Days: täglich, arbeitstags (Mon-Fri but holidays), montags … sonntags, with
        /// commas between them; then one or more HH:MM. Or a cron line: "0 7 * * 1-5".
        schedule: Calendar;
        /// How an entry says why it is there: "line" = in a line of its own, "link" = on its page.
        reasons: Reasons = "link";
    }
}

pub(super) fn read(root: &mut Reader<'_>) -> Vec<SeriesPlan> {
    let mut taken = Vec::new();
    let mut plans = Vec::new();
    for table in root.tables("series") {
        let mut reader = root.inner(table, "series");
        let id = take_id(&mut reader, "series", &mut taken);
        let plan = SeriesPlan::read(&mut reader);
        reader.finish();
        plans.extend(plan.filter(|_| id.is_some()));
    }
    plans
}

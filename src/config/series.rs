//! `[[series]]`: the newsletters, their calendars, and who sees a draft of each digest.

use super::checks::take_id;
use super::mail::is_address;
use crate::model::settings::{Settings as _, TextSetting};
use crate::model::settings::{settings, words};
use crate::model::{Reader, Reasons, Series};
use crate::schedule::calendar::{Calendar, DraftTime};

settings! {
    /// A newsletter. Give as many as you like.
    pub struct SeriesPlan in "series" checked by check {
        ..series: Series;
        /// Days: täglich, arbeitstags (Mon-Fri but holidays), montags … sonntags, with
        /// commas between them; then one or more HH:MM. Or a cron line: "0 7 * * 1-5".
        schedule: Calendar;
        /// How an entry says why it is there: "line" = in a line of its own, "link" = on its page.
        reasons: Reasons = "link";
        /// Who gets a draft of each digest and decides on it: one address, or several with
        /// commas between them; "" = nobody.
        editor: Editors = "";
        /// When: a time of day before the slot, such as "06:30", or a span such as "30m".
        draft: DraftTime = "30m";
        /// Whether a digest goes that nobody decided on: "send", or "hold" (the next one
        /// holds what it held).
        unanswered: Unanswered = "send";
    }
}

words! {
    /// What becomes of a digest whose draft nobody answered.
    pub enum Unanswered {
        /// It goes at its time.
        Send = "send",
        /// It does not go; the next one holds what it held.
        Hold = "hold",
    }
}

/// Addresses of editors.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Editors(pub Vec<String>);

impl TextSetting for Editors {
    const FORM: &'static str = "addresses with commas between them";

    fn parse(text: &str) -> Result<Self, String> {
        let addresses = text.split(',').map(str::trim).filter(|address| !address.is_empty());
        let checked = addresses.map(|address| {
            let complaint = || format!("`{address}` is no address such as `redaktion@example.de`");
            is_address(address).then(|| address.to_owned()).ok_or_else(complaint)
        });
        checked.collect::<Result<_, _>>().map(Self)
    }

    fn text(&self) -> String {
        self.0.join(", ")
    }
}

impl SeriesPlan {
    /// Returns whether anybody sees a draft.
    pub const fn has_editors(&self) -> bool {
        !self.editor.0.is_empty()
    }
}

fn check(plan: &mut SeriesPlan, reader: &mut Reader<'_>) {
    if plan.unanswered == Unanswered::Hold && !plan.has_editors() {
        let message = "would hold every digest, since `editor` names nobody who could answer";
        reader.problem("unanswered", message);
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

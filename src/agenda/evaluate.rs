//! How many of the labelled dates are found, and how many of the found are right.

use chrono::{NaiveDate, NaiveTime};

use crate::model::{DateKind, ItemDate, Precision};

/// A date as a labeller wrote it down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelledDate {
    pub kind: DateKind,
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    pub time: Option<NaiveTime>,
    pub precision: Precision,
    pub cancelled: bool,
}

/// Counts over labelled items.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Found and labelled.
    pub right: usize,
    /// Found, but not labelled.
    pub invented: usize,
    /// Labelled, but not found.
    pub missed: usize,
}

impl Counts {
    /// Returns the share of found dates that are right; 1 if none was found.
    pub fn precision(&self) -> f64 {
        share(self.right, self.right + self.invented)
    }

    /// Returns the share of labelled dates that were found; 1 if there are none.
    pub fn recall(&self) -> f64 {
        share(self.right, self.right + self.missed)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a file are far below 2^52")]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// Returns whether a found date is the labelled one: kind, day and time exact;
/// with month precision only year and month count. A time that the labeller
/// left out because it stands in a neighbouring line is not held against it.
pub fn is_same(found: &ItemDate, labelled: &LabelledDate) -> bool {
    let same_day = |one: Option<NaiveDate>, other: Option<NaiveDate>| match (one, other) {
        (Some(one), Some(other)) if labelled.precision == Precision::Month => {
            one.format("%Y-%m").to_string() == other.format("%Y-%m").to_string()
        }
        (one, other) => one == other,
    };
    found.kind == labelled.kind
        && found.cancelled == labelled.cancelled
        && same_day(found.from, labelled.from)
        && same_day(found.to, labelled.to)
        && (labelled.time.is_none() || found.time == labelled.time)
}

/// Returns the counts of one item, and the dates of both sides that found no partner.
pub fn compare<'a>(
    found: &'a [ItemDate],
    labelled: &'a [LabelledDate],
) -> (Counts, Vec<&'a ItemDate>, Vec<&'a LabelledDate>) {
    let mut missed: Vec<&LabelledDate> = labelled.iter().collect();
    let mut invented = Vec::new();
    for date in found {
        match missed.iter().position(|label| is_same(date, label)) {
            Some(at) => drop(missed.swap_remove(at)),
            None => invented.push(date),
        }
    }
    let right = found.len() - invented.len();
    (Counts { right, invented: invented.len(), missed: missed.len() }, invented, missed)
}

//! What becomes of the dates of an item when its text changes.

use crate::model::{ItemDate, KeptDate};

/// Returns the dates to keep, given those kept before and those that the text holds now.
///
/// The same date keeps its number. A single date of a kind that stands at
/// another day now has moved. An event that is not mentioned any more is
/// forgotten: the text no longer proves it.
pub fn revise(before: &[KeptDate], now: Vec<ItemDate>) -> Vec<KeptDate> {
    let mut left: Vec<&KeptDate> = before.iter().collect();
    let mut kept: Vec<Option<KeptDate>> = vec![None; now.len()];
    let is_same_day =
        |one: &ItemDate, other: &ItemDate| one.kind == other.kind && one.due() == other.due();
    for (date, place) in now.iter().zip(&mut kept) {
        if let Some(at) = left.iter().position(|known| is_same_day(&known.date, date)) {
            *place = Some(followed(left.swap_remove(at), date));
        }
    }
    for (date, place) in now.iter().zip(&mut kept) {
        if place.is_some() {
            continue;
        }
        let of_kind = |known: &&&KeptDate| known.date.kind == date.kind;
        if left.iter().filter(of_kind).count() == 1
            && let Some(at) = left.iter().position(|known| known.date.kind == date.kind)
        {
            *place = Some(followed(left.swap_remove(at), date));
        }
    }
    let mut number = before.iter().map(|known| known.number).max().unwrap_or(0);
    let mut new = |date: ItemDate| {
        number += 1;
        KeptDate { number, sequence: 0, moved_from: None, date }
    };
    now.into_iter().zip(kept).map(|(date, place)| place.unwrap_or_else(|| new(date))).collect()
}

fn followed(known: &KeptDate, date: &ItemDate) -> KeptDate {
    let has_moved = known.date.due() != date.due();
    let proof = |date: &ItemDate| ItemDate { sentence: String::new(), ..date.clone() };
    let has_changed = proof(&known.date) != proof(date);
    KeptDate {
        number: known.number,
        sequence: known.sequence + u32::from(has_changed),
        moved_from: if has_moved { known.date.due() } else { known.moved_from },
        date: date.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DateKind, Precision};

    fn deadline(day: &str) -> ItemDate {
        ItemDate {
            kind: DateKind::Deadline,
            from: None,
            to: day.parse().ok(),
            time: None,
            time_to: None,
            precision: Precision::Day,
            sentence: format!("Anmeldung bis {day}."),
            place: None,
            cancelled: false,
        }
    }

    #[test]
    fn a_deadline_that_moves_keeps_its_number_and_tells_its_old_day() {
        let before = revise(&[], vec![deadline("2027-03-01")]);
        let now = revise(&before, vec![deadline("2027-03-31")]);
        assert_eq!((now[0].number, now[0].sequence), (1, 1));
        assert_eq!(now[0].moved_from, "2027-03-01".parse().ok());
    }

    #[test]
    fn the_same_date_in_other_words_has_not_changed() {
        let before = revise(&[], vec![deadline("2027-03-01")]);
        let other =
            ItemDate { sentence: "Bis 1. März anmelden!".into(), ..deadline("2027-03-01") };
        assert_eq!(revise(&before, vec![other])[0].sequence, 0);
    }

    #[test]
    fn a_further_date_is_no_moved_one() {
        let before = revise(&[], vec![deadline("2027-03-01")]);
        let now = revise(&before, vec![deadline("2027-03-01"), deadline("2027-05-01")]);
        let numbers: Vec<u32> = now.iter().map(|date| date.number).collect();
        assert_eq!(numbers, [1, 2]);
        assert!(now.iter().all(|date| date.moved_from.is_none()));
    }

    #[test]
    fn of_several_dates_none_is_taken_for_another() {
        let before = revise(&[], vec![deadline("2027-03-01"), deadline("2027-04-01")]);
        let now = revise(&before, vec![deadline("2027-06-01")]);
        assert_eq!((now[0].number, now[0].moved_from), (3, None));
    }
}

//! Months and days of the week by their German names, and by the spellings that dates use.

/// January first.
pub const MONTHS: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];

/// Monday first.
pub const WEEKDAYS: [&str; 7] =
    ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"];

/// Spellings in lower case with their number; the beginning of one stands for it.
const SPELLINGS: &[(&str, i64)] = &[
    ("januar", 1),
    ("january", 1),
    ("jänner", 1),
    ("jaenner", 1),
    ("februar", 2),
    ("february", 2),
    ("feber", 2),
    ("märz", 3),
    ("ma\u{308}rz", 3),
    ("maerz", 3),
    ("mrz", 3),
    ("march", 3),
    ("april", 4),
    ("mai", 5),
    ("may", 5),
    ("juni", 6),
    ("juno", 6),
    ("june", 6),
    ("juli", 7),
    ("july", 7),
    ("august", 8),
    ("september", 9),
    ("oktober", 10),
    ("october", 10),
    ("november", 11),
    ("dezember", 12),
    ("december", 12),
];

/// Returns the number of the month that `word`, in lower case, names or abbreviates
/// to at least three letters.
pub(crate) fn month_named(word: &str) -> Option<i64> {
    if word == "sept" {
        return Some(9);
    }
    let first = word.bytes().next()?;
    let begins = |name: &str| name.bytes().next() == Some(first) && name.starts_with(word);
    let (_, month) = SPELLINGS.iter().find(|(name, _)| begins(name))?;
    (word.chars().count() >= 3).then_some(*month)
}

/// Returns the number of the day of the week, Monday being 1, that `word`, in lower
/// case, names or begins with: `montags` and `montagabend` too.
pub(crate) fn weekday_named(word: &str) -> Option<u8> {
    if word.starts_with("sonnabend") {
        return Some(6);
    }
    let is_meant = |(_, day): &(u8, &str)| {
        word.get(..day.len()).is_some_and(|head| head.eq_ignore_ascii_case(day))
    };
    (1..).zip(WEEKDAYS).find(is_meant).map(|(number, _)| number)
}

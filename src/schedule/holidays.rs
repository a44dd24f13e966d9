//! The public holidays of each German Land, by rule.
//!
//! Only days that are a holiday in the whole Land by law. Not here: days of
//! single municipalities (Friedensfest in Augsburg; Mariä Himmelfahrt in
//! Bavaria, Fronleichnam in Saxony and Thuringia, which depend on the place)
//! and customs such as Christmas Eve. A digest on such a day is the lesser
//! fault: nobody misses it.

use chrono::{Datelike, Days, NaiveDate, Weekday};

use crate::model::settings::TextSetting;

/// A Land, by its code in ISO 3166-2:DE without the prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Land {
    Bw,
    By,
    Be,
    Bb,
    Hb,
    Hh,
    He,
    Mv,
    Ni,
    Nw,
    Rp,
    Sl,
    Sn,
    St,
    Sh,
    Th,
}

/// The codes that [`Holidays::parse`] knows, in alphabetical order.
pub const LANDS: [&str; 16] = [
    "BB", "BE", "BW", "BY", "HB", "HE", "HH", "MV", "NI", "NW", "RP", "SH", "SL", "SN", "ST", "TH",
];

/// The holidays that count: those of one Land, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Holidays(Option<Land>);

impl Holidays {
    /// No day is a holiday.
    pub const NONE: Self = Self(None);

    /// Returns the holidays of the Land with that code (`ST`); `""` = none. Nothing if the code is
    /// unknown.
    pub fn parse(code: &str) -> Option<Self> {
        let land = match code {
            "" => return Some(Self::NONE),
            "BB" => Land::Bb,
            "BE" => Land::Be,
            "BW" => Land::Bw,
            "BY" => Land::By,
            "HB" => Land::Hb,
            "HE" => Land::He,
            "HH" => Land::Hh,
            "MV" => Land::Mv,
            "NI" => Land::Ni,
            "NW" => Land::Nw,
            "RP" => Land::Rp,
            "SH" => Land::Sh,
            "SL" => Land::Sl,
            "SN" => Land::Sn,
            "ST" => Land::St,
            "TH" => Land::Th,
            _ => return None,
        };
        Some(Self(Some(land)))
    }

    /// Returns the German name of the holiday on `date`, if it is one. Rules hold from 1995 on.
    pub fn name(self, date: NaiveDate) -> Option<&'static str> {
        let land = self.0?;
        RULES
            .iter()
            .find(|rule| {
                rule.lands.contains(&land)
                    && rule.years.contains(&date.year())
                    && rule.day.falls_on(date)
            })
            .map(|rule| rule.name)
    }

    /// Returns every holiday of `year` with its name, in order.
    pub fn of_year(self, year: i32) -> Vec<(NaiveDate, &'static str)> {
        NaiveDate::from_ymd_opt(year, 1, 1)
            .into_iter()
            .flat_map(|first| first.iter_days().take_while(move |day| day.year() == year))
            .filter_map(|day| self.name(day).map(|name| (day, name)))
            .collect()
    }
}

impl TextSetting for Holidays {
    const FORM: &'static str = "Land";

    fn parse(text: &str) -> Result<Self, String> {
        Self::parse(text).ok_or_else(|| {
            let known = LANDS.join(", ");
            format!("`{text}` is no Land: write one of {known}, or \"\" for none")
        })
    }

    fn text(&self) -> String {
        self.0.map(|land| format!("{land:?}").to_uppercase()).unwrap_or_default()
    }
}

/// How the day of a holiday is found.
enum Day {
    /// Month and day.
    Fixed(u32, u32),
    /// Days after Easter Sunday.
    Easter(i64),
    /// The Wednesday before 23 November: eleven days before the first Sunday of Advent.
    Repentance,
}

impl Day {
    fn falls_on(&self, date: NaiveDate) -> bool {
        match *self {
            Self::Fixed(month, day) => (date.month(), date.day()) == (month, day),
            Self::Easter(offset) => {
                easter(date.year()).is_some_and(|easter| (date - easter).num_days() == offset)
            }
            Self::Repentance => {
                date.month() == 11
                    && date.weekday() == Weekday::Wed
                    && (16..=22).contains(&date.day())
            }
        }
    }
}

struct Rule {
    name: &'static str,
    day: Day,
    lands: &'static [Land],
    years: std::ops::RangeInclusive<i32>,
}

const fn rule(
    name: &'static str,
    day: Day,
    lands: &'static [Land],
    years: std::ops::RangeInclusive<i32>,
) -> Rule {
    Rule { name, day, lands, years }
}

const EVERYWHERE: &[Land] = &[
    Land::Bw,
    Land::By,
    Land::Be,
    Land::Bb,
    Land::Hb,
    Land::Hh,
    Land::He,
    Land::Mv,
    Land::Ni,
    Land::Nw,
    Land::Rp,
    Land::Sl,
    Land::Sn,
    Land::St,
    Land::Sh,
    Land::Th,
];
const ALWAYS: std::ops::RangeInclusive<i32> = 1995..=9999;

/// The law of each Land: BW Feiertagsgesetz § 1; BY Feiertagsgesetz Art. 1;
/// BE Sonn- und Feiertagsgesetz § 1; BB Feiertagsgesetz § 2; HB Sonn- und
/// Feiertagsgesetz § 2; HH Feiertagsgesetz § 1; HE Feiertagsgesetz § 1; MV
/// Feiertagsgesetz § 2; NI Feiertagsgesetz § 2; NW Feiertagsgesetz § 2; RP
/// Landesgesetz über den Schutz der Sonn- und Feiertage § 2; SL Gesetz Nr. 1040
/// § 2; SN Sonn- und Feiertagsgesetz § 1; ST Gesetz über die Sonn- und
/// Feiertage § 2; SH Gesetz über Sonn- und Feiertage § 2; TH Feier- und
/// Gedenktagsgesetz § 2. The Day of German Unity is federal law
/// (Einigungsvertrag Art. 2 (2)).
const RULES: &[Rule] = &[
    rule("Neujahr", Day::Fixed(1, 1), EVERYWHERE, ALWAYS),
    rule("Heilige Drei Könige", Day::Fixed(1, 6), &[Land::Bw, Land::By, Land::St], ALWAYS),
    rule("Internationaler Frauentag", Day::Fixed(3, 8), &[Land::Be], 2019..=9999),
    rule("Internationaler Frauentag", Day::Fixed(3, 8), &[Land::Mv], 2023..=9999),
    rule("Karfreitag", Day::Easter(-2), EVERYWHERE, ALWAYS),
    rule("Ostersonntag", Day::Easter(0), &[Land::Bb], ALWAYS),
    rule("Ostermontag", Day::Easter(1), EVERYWHERE, ALWAYS),
    rule("Tag der Arbeit", Day::Fixed(5, 1), EVERYWHERE, ALWAYS),
    // Berlin gave the round anniversaries once each, by amendments of its § 1.
    rule("Tag der Befreiung", Day::Fixed(5, 8), &[Land::Be], 2020..=2020),
    rule("Tag der Befreiung", Day::Fixed(5, 8), &[Land::Be], 2025..=2025),
    rule("Jahrestag des 17. Juni 1953", Day::Fixed(6, 17), &[Land::Be], 2028..=2028),
    rule("Christi Himmelfahrt", Day::Easter(39), EVERYWHERE, ALWAYS),
    rule("Pfingstsonntag", Day::Easter(49), &[Land::Bb], ALWAYS),
    rule("Pfingstmontag", Day::Easter(50), EVERYWHERE, ALWAYS),
    rule(
        "Fronleichnam",
        Day::Easter(60),
        &[Land::Bw, Land::By, Land::He, Land::Nw, Land::Rp, Land::Sl],
        ALWAYS,
    ),
    rule("Mariä Himmelfahrt", Day::Fixed(8, 15), &[Land::Sl], ALWAYS),
    rule("Weltkindertag", Day::Fixed(9, 20), &[Land::Th], 2019..=9999),
    rule("Tag der Deutschen Einheit", Day::Fixed(10, 3), EVERYWHERE, ALWAYS),
    rule(
        "Reformationstag",
        Day::Fixed(10, 31),
        &[Land::Bb, Land::Mv, Land::Sn, Land::St, Land::Th],
        ALWAYS,
    ),
    // The 500th anniversary, everywhere by ordinances and amendments of the Länder.
    rule("Reformationstag", Day::Fixed(10, 31), EVERYWHERE, 2017..=2017),
    rule(
        "Reformationstag",
        Day::Fixed(10, 31),
        &[Land::Hb, Land::Hh, Land::Ni, Land::Sh],
        2018..=9999,
    ),
    rule(
        "Allerheiligen",
        Day::Fixed(11, 1),
        &[Land::Bw, Land::By, Land::Nw, Land::Rp, Land::Sl],
        ALWAYS,
    ),
    rule("Buß- und Bettag", Day::Repentance, &[Land::Sn], ALWAYS),
    rule("1. Weihnachtstag", Day::Fixed(12, 25), EVERYWHERE, ALWAYS),
    rule("2. Weihnachtstag", Day::Fixed(12, 26), EVERYWHERE, ALWAYS),
];

/// Returns Easter Sunday of the Gregorian calendar: Lichtenberg's form of Gauss's rule,
/// which needs no exceptions.
fn easter(year: i32) -> Option<NaiveDate> {
    let century = year / 100;
    let moon = 15 + (3 * century + 3) / 4 - (8 * century + 13) / 25;
    let sun = 2 - (3 * century + 3) / 4;
    let cycle = year % 19;
    let seed = (19 * cycle + moon) % 30;
    let correction = (seed + cycle / 11) / 29;
    let full_moon = 21 + seed - correction;
    let first_sunday = 7 - (year + year / 4 + sun) % 7;
    let distance = 7 - (full_moon - first_sunday) % 7;
    let march_first = NaiveDate::from_ymd_opt(year, 3, 1)?;
    march_first.checked_add_days(Days::new(u64::try_from(full_moon + distance - 1).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    fn holidays(land: &str) -> Holidays {
        Holidays::parse(land).unwrap()
    }

    #[test]
    fn easter_falls_where_the_calendars_say() {
        for (year, month, day) in [
            (1954, 4, 18),
            (1981, 4, 19),
            (2000, 4, 23),
            (2008, 3, 23),
            (2011, 4, 24),
            (2024, 3, 31),
            (2025, 4, 20),
            (2026, 4, 5),
            (2027, 3, 28),
            (2028, 4, 16),
            (2029, 4, 1),
            (2030, 4, 21),
            (2031, 4, 13),
            (2032, 3, 28),
            (2033, 4, 17),
            (2034, 4, 9),
            (2035, 3, 25),
            (2038, 4, 25),
        ] {
            assert_eq!(easter(year), Some(date(year, month, day)), "{year}");
        }
    }

    #[test]
    fn saxony_anhalt_has_these_eleven_days_in_2026() {
        let days: Vec<String> = holidays("ST")
            .of_year(2026)
            .into_iter()
            .map(|(day, name)| format!("{} {name}", day.format("%d.%m.")))
            .collect();
        assert_eq!(
            days,
            [
                "01.01. Neujahr",
                "06.01. Heilige Drei Könige",
                "03.04. Karfreitag",
                "06.04. Ostermontag",
                "01.05. Tag der Arbeit",
                "14.05. Christi Himmelfahrt",
                "25.05. Pfingstmontag",
                "03.10. Tag der Deutschen Einheit",
                "31.10. Reformationstag",
                "25.12. 1. Weihnachtstag",
                "26.12. 2. Weihnachtstag",
            ]
        );
    }

    #[test]
    fn each_land_has_its_number_of_days_each_year_to_2035() {
        let expected = [
            ("BB", 12),
            ("BE", 10),
            ("BW", 12),
            ("BY", 12),
            ("HB", 10),
            ("HE", 10),
            ("HH", 10),
            ("MV", 11),
            ("NI", 10),
            ("NW", 11),
            ("RP", 11),
            ("SH", 10),
            ("SL", 12),
            ("SN", 11),
            ("ST", 11),
            ("TH", 11),
        ];
        assert_eq!(expected.map(|(land, _)| land), LANDS);
        for (land, count) in expected {
            for year in 2024..=2035 {
                let once = usize::from(land == "BE" && [2025, 2028].contains(&year));
                // 1 May 2008 was both; none of these years has such a meeting of two days.
                assert_eq!(holidays(land).of_year(year).len(), count + once, "{land} {year}");
            }
        }
    }

    #[test]
    fn days_came_in_with_their_laws() {
        for (land, day, before, after) in [
            ("BE", (3, 8), 2018, 2019),
            ("MV", (3, 8), 2022, 2023),
            ("TH", (9, 20), 2018, 2019),
            ("NI", (10, 31), 2016, 2018),
            ("HH", (10, 31), 2016, 2018),
        ] {
            assert_eq!(holidays(land).name(date(before, day.0, day.1)), None, "{land} {before}");
            assert!(holidays(land).name(date(after, day.0, day.1)).is_some(), "{land} {after}");
        }
        for land in LANDS {
            assert_eq!(holidays(land).name(date(2017, 10, 31)), Some("Reformationstag"), "{land}");
        }
        assert_eq!(holidays("BY").name(date(2018, 10, 31)), None);
        assert_eq!(holidays("BE").name(date(2025, 5, 8)), Some("Tag der Befreiung"));
        assert_eq!(holidays("BE").name(date(2026, 5, 8)), None);
    }

    #[test]
    fn repentance_day_is_a_wednesday_and_only_saxon() {
        for (year, day) in
            [(2024, 20), (2025, 19), (2026, 18), (2027, 17), (2028, 22), (2033, 16), (2035, 21)]
        {
            assert_eq!(holidays("SN").name(date(year, 11, day)), Some("Buß- und Bettag"), "{year}");
            assert_eq!(holidays("ST").name(date(year, 11, day)), None);
        }
    }

    #[test]
    fn days_of_single_towns_are_none() {
        assert_eq!(holidays("BY").name(date(2026, 8, 8)), None, "Friedensfest in Augsburg");
        assert_eq!(holidays("BY").name(date(2026, 8, 15)), None, "depends on the municipality");
        assert_eq!(holidays("SL").name(date(2026, 8, 15)), Some("Mariä Himmelfahrt"));
        assert_eq!(holidays("TH").name(date(2026, 6, 4)), None, "Fronleichnam");
        assert_eq!(holidays("HE").name(date(2026, 6, 4)), Some("Fronleichnam"));
    }

    #[test]
    fn no_land_has_no_holidays_and_an_unknown_one_is_refused() {
        assert_eq!(Holidays::parse("").unwrap().of_year(2026), []);
        for code in ["st", "XX", "Sachsen-Anhalt"] {
            assert_eq!(Holidays::parse(code), None, "{code}");
        }
        for land in LANDS {
            assert!(Holidays::parse(land).is_some());
        }
    }
}

use chrono::NaiveDate;
use chrono_tz::Europe::Berlin;
use proptest::prelude::*;

use super::*;

fn civil(text: &str) -> NaiveDateTime {
    parse_civil_id(text).unwrap()
}

fn instant(text: &str) -> Timestamp {
    chrono::DateTime::parse_from_rfc3339(text).unwrap().into()
}

fn saxony_anhalt() -> Holidays {
    Holidays::parse("ST").unwrap()
}

fn slots(schedule: &str, from: &str, to: &str) -> Vec<String> {
    Calendar::parse(schedule)
        .unwrap()
        .between(civil(from), civil(to), Berlin, saxony_anhalt())
        .map(|slot| format!("{} {}", slot.id(), slot.at.rfc3339()))
        .collect()
}

fn days(schedule: &str, from: &str, to: &str) -> Vec<String> {
    Calendar::parse(schedule)
        .unwrap()
        .between(civil(from), civil(to), Berlin, saxony_anhalt())
        .map(|slot| slot.civil.format("%a %d.%m. %H:%M").to_string())
        .collect()
}

#[test]
fn words_name_days_and_times() {
    let week = ("2026-11-23T00:00:00", "2026-11-30T00:00:00");
    assert_eq!(
        days("dienstags, freitags 07:00, 16:00", week.0, week.1),
        ["Tue 24.11. 07:00", "Tue 24.11. 16:00", "Fri 27.11. 07:00", "Fri 27.11. 16:00"]
    );
    assert_eq!(days("täglich 6:30", week.0, week.1).len(), 7);
    assert_eq!(days("Ta\u{308}glich um 06:30 Uhr", week.0, week.1).len(), 7);
    assert_eq!(days("sonntags 23:59", week.0, week.1), ["Sun 29.11. 23:59"]);
    assert_eq!(days("arbeitstags und samstags 07:00", week.0, week.1).len(), 6);
}

#[test]
fn workdays_skip_the_holidays_of_the_land_but_a_named_day_does_not() {
    let easter = ("2026-04-02T00:00:00", "2026-04-08T00:00:00");
    assert_eq!(
        days("arbeitstags 07:00", easter.0, easter.1),
        ["Thu 02.04. 07:00", "Tue 07.04. 07:00"]
    );
    assert_eq!(days("montags 07:00", easter.0, easter.1), ["Mon 06.04. 07:00"]);
    assert_eq!(
        Calendar::parse("arbeitstags 07:00")
            .unwrap()
            .between(civil(easter.0), civil(easter.1), Berlin, Holidays::NONE)
            .count(),
        4
    );
}

#[test]
fn zero_and_seven_are_sunday_and_one_is_monday_in_every_form() {
    let week = ("2026-11-23T00:00:00", "2026-11-30T00:00:00");
    let at_seven = |weekdays: &str| days(&format!("0 7 * * {weekdays}"), week.0, week.1);
    assert_eq!(at_seven("0"), ["Sun 29.11. 07:00"]);
    assert_eq!(at_seven("7"), ["Sun 29.11. 07:00"]);
    assert_eq!(at_seven("1"), ["Mon 23.11. 07:00"]);
    assert_eq!(at_seven("SUN,mon"), ["Mon 23.11. 07:00", "Sun 29.11. 07:00"]);
    assert_eq!(at_seven("5-7"), ["Fri 27.11. 07:00", "Sat 28.11. 07:00", "Sun 29.11. 07:00"]);
    assert_eq!(at_seven("6-1"), ["Mon 23.11. 07:00", "Sat 28.11. 07:00", "Sun 29.11. 07:00"]);
    assert_eq!(at_seven("7-1"), ["Mon 23.11. 07:00", "Sun 29.11. 07:00"]);
    assert_eq!(at_seven("1-5/2"), ["Mon 23.11. 07:00", "Wed 25.11. 07:00", "Fri 27.11. 07:00"]);
    assert_eq!(at_seven("1-7").len(), 7);
    assert_eq!(at_seven("0-7").len(), 7);
    assert_eq!(days("0 0 7 * * 1", week.0, week.1), ["Mon 23.11. 07:00"]);
    assert_eq!(days("0 0 7 * * 1 2026", week.0, week.1), ["Mon 23.11. 07:00"]);
    assert_eq!(days("0 0 7 * * 1 2027", week.0, week.1), Vec::<String>::new());
    // Whoever writes all days of the week has not restricted them.
    assert_eq!(days("0 7 25 * 0-6", week.0, week.1), ["Wed 25.11. 07:00"]);
}

#[test]
fn a_slot_in_the_spring_gap_comes_at_its_end() {
    assert_eq!(
        slots("täglich 02:30", "2026-03-28T00:00:00", "2026-03-31T00:00:00"),
        [
            "2026-03-28T02:30:00 2026-03-28T01:30:00Z",
            "2026-03-29T02:30:00 2026-03-29T01:00:00Z",
            "2026-03-30T02:30:00 2026-03-30T00:30:00Z",
        ]
    );
}

#[test]
fn a_slot_in_the_autumn_overlap_comes_in_the_first_pass_only() {
    assert_eq!(
        slots("30 2 * * *", "2026-10-25T00:00:00", "2026-10-27T00:00:00"),
        ["2026-10-25T02:30:00 2026-10-25T00:30:00Z", "2026-10-26T02:30:00 2026-10-26T01:30:00Z"]
    );
    let calendar = Calendar::parse("*/30 * * * *").unwrap();
    let second_pass = instant("2026-10-25T02:10:00+01:00");
    let done =
        calendar.due(Some(civil("2026-10-25T01:00:00")), second_pass, Berlin, Holidays::NONE);
    assert_eq!(done.unwrap().slot.id(), "2026-10-25T02:30:00");
    assert_eq!(
        calendar.next_after_instant(second_pass, Berlin, Holidays::NONE).unwrap().at,
        instant("2026-10-25T03:00:00+01:00")
    );
    // A series that begins in the second pass owes nothing to the first.
    let begun = Calendar::reached(second_pass, Berlin);
    assert_eq!(calendar.due(Some(begun), second_pass, Berlin, Holidays::NONE), None);
}

#[test]
fn other_zones_change_their_clocks_otherwise() {
    let at = |schedule: &str, from: &str, zone: Tz| {
        let calendar = Calendar::parse(schedule).unwrap();
        calendar.next_after(civil(from), zone, Holidays::NONE).unwrap().at
    };
    // Samoa left out 30 December 2011.
    assert_eq!(
        at("täglich 07:00", "2011-12-29T12:00:00", chrono_tz::Pacific::Apia),
        instant("2011-12-31T00:00:00+14:00")
    );
    // Brazil changed at midnight, Lord Howe changes by half an hour.
    assert_eq!(
        at("täglich 00:15", "2018-11-03T12:00:00", chrono_tz::America::Sao_Paulo),
        instant("2018-11-04T01:00:00-02:00")
    );
    assert_eq!(
        at("täglich 01:45", "2026-04-04T12:00:00", chrono_tz::Australia::Lord_Howe),
        instant("2026-04-05T01:45:00+11:00")
    );
}

#[test]
fn an_outage_is_made_up_for_by_its_newest_slot() {
    let calendar = Calendar::parse("arbeitstags 07:00").unwrap();
    let due = |last: &str, now: &str| {
        calendar
            .due(Some(civil(last)), instant(now), Berlin, saxony_anhalt())
            .map(|due| (due.slot.id(), due.missed))
    };
    let last = "2026-11-20T07:00:00";
    assert_eq!(due(last, "2026-11-23T06:59:59+01:00"), None);
    assert_eq!(due(last, "2026-11-23T07:00:00+01:00"), Some(("2026-11-23T07:00:00".into(), 0)));
    assert_eq!(due(last, "2026-11-26T12:00:00+01:00"), Some(("2026-11-26T07:00:00".into(), 3)));
    assert_eq!(due("2026-11-26T07:00:00", "2026-11-26T12:00:00+01:00"), None);
    assert_eq!(
        calendar.due(None, instant("2026-11-26T12:00:00+01:00"), Berlin, saxony_anhalt()),
        None
    );
}

#[test]
fn slots_that_share_the_end_of_a_gap_are_no_outage() {
    let calendar = Calendar::parse("*/15 * * * *").unwrap();
    let now = instant("2026-03-29T03:00:00+02:00");
    let due =
        calendar.due(Some(civil("2026-03-29T01:45:00")), now, Berlin, Holidays::NONE).unwrap();
    assert_eq!((due.slot.id().as_str(), due.missed), ("2026-03-29T03:00:00", 0));
}

#[test]
fn every_two_seconds_is_legal_and_a_year_of_sleep_is_cheap() {
    let calendar = Calendar::parse("*/2 * * * * *").unwrap();
    let now = instant("2026-11-23T12:00:01+01:00");
    let due =
        calendar.due(Some(civil("2025-11-23T12:00:00")), now, Berlin, Holidays::NONE).unwrap();
    assert_eq!((due.slot.id().as_str(), due.missed), ("2026-11-23T12:00:00", MOST_COUNTED));
    let next = calendar.next_after_instant(now, Berlin, Holidays::NONE).unwrap();
    assert_eq!(next.id(), "2026-11-23T12:00:02");
}

#[test]
fn a_schedule_that_cannot_be_read_says_why_and_shows_one_that_can() {
    let shown: Vec<String> = [
        "",
        "werktags 07:00",
        "arbeitstag 07:00",
        "07:00",
        "montags",
        "montags 07:00, freitags 16:00",
        "täglich 24:00",
        "0 7 * *",
        "0 7 1 * 1",
        "0 7 */2 * 1",
        "61 7 * * *",
        "0 7 * * 8",
        "0 7 * * L",
        "*/0 7 * * *",
        "0 18-7 * * *",
        "0 7 30 2 *",
        "@daily",
    ]
    .iter()
    .map(|text| Calendar::parse(text).unwrap_err().to_string())
    .collect();
    assert_eq!(
        shown,
        [
            "the schedule is empty; write for example `arbeitstags 07:00`",
            "`werktags` is no day and no time, did you mean `arbeitstags`? (write for example `arbeitstags 07:00` or `dienstags, freitags 07:00, 16:00`)",
            "`arbeitstag` is no day and no time, did you mean `arbeitstags`? (write for example `arbeitstags 07:00` or `dienstags, freitags 07:00, 16:00`)",
            "no day is given; write for example `dienstags, freitags 07:00, 16:00`",
            "no time of day is given; write for example `dienstags, freitags 07:00, 16:00`",
            "days stand before the times, and each time is for all days (for other times on other days make a second series); write for example `dienstags, freitags 07:00, 16:00`",
            "`24:00` is no day and no time (write for example `arbeitstags 07:00` or `dienstags, freitags 07:00, 16:00`)",
            "a cron schedule has 5 fields (minute hour day month weekday), or 6 or 7 with seconds first, not 4; write for example `0 7 * * 1-5`",
            "day of month `1` and weekday `1` are both given, and cron programs disagree on what that means; keep one and write `*` for the other, for example `0 7 * * 1`",
            "day of month `*/2` and weekday `1` are both given, and cron programs disagree on what that means; keep one and write `*` for the other, for example `0 7 * * 1`",
            "`61` is no minute: it goes from 0 to 59; write for example `*/15`",
            "`8` is no weekday: it goes from 0 to 7; write for example `1-5`",
            "`L` is no weekday: `L` is no number; write for example `1-5`",
            "`*/0` is no minute: a step is 1 to 60, not `0`; write for example `*/15`",
            "`18-7` is no hour: 18 comes after 7; write for example `7-18`",
            "`0 7 30 2 *` never comes; write for example `0 7 1 * *`",
            "`@daily` is no day and no time, did you mean `täglich`? (write for example `arbeitstags 07:00` or `dienstags, freitags 07:00, 16:00`)",
        ]
    );
}

#[test]
fn readers_see_how_often_in_german() {
    for (schedule, words) in [
        ("täglich 07:00", "täglich, 7 Uhr"),
        ("arbeitstags 07:00, 16:00", "Montag bis Freitag, 7 und 16 Uhr"),
        ("montags 07:30", "montags, 7:30 Uhr"),
        ("freitags, dienstags 07:00", "dienstags und freitags, 7 Uhr"),
        ("montags, mittwochs, freitags 07:00", "montags, mittwochs und freitags, 7 Uhr"),
        ("0 7 * * 1-5", "montags bis freitags"),
        ("0 7 * * 0", "sonntags"),
        ("0 7 * * *", "täglich"),
        ("*/2 * * * * *", "mehrmals täglich"),
        ("0 7 1 * *", "monatlich"),
        ("0 7 1 1,7 *", "regelmäßig"),
    ] {
        assert_eq!(Calendar::parse(schedule).unwrap().every(), words, "{schedule}");
    }
}

#[test]
fn once_a_week_is_weekly_and_nothing_else_is() {
    for schedule in ["montags 07:00", "0 7 * * 1", "sonntags 18:30"] {
        assert!(Calendar::parse(schedule).unwrap().is_weekly(), "{schedule}");
    }
    let others = ["täglich 07:00", "arbeitstags 07:00", "montags 07:00, 16:00", "0 7,16 * * 1"];
    for schedule in others.into_iter().chain(["dienstags, freitags 07:00", "0 7 1 * *"]) {
        assert!(!Calendar::parse(schedule).unwrap().is_weekly(), "{schedule}");
    }
}

#[test]
fn a_slot_has_a_name_that_reads_back() {
    let slot = civil("2026-10-25T02:30:00");
    assert_eq!(civil_id(slot), "2026-10-25T02:30:00");
    assert_eq!(parse_civil_id("2026-10-25"), None);
}

/// Schedules of every form, with slots in the changing hours.
const SCHEDULES: [&str; 9] = [
    "täglich 02:00, 02:30, 03:00",
    "arbeitstags 07:00",
    "sonntags 02:59",
    "*/15 * * * *",
    "30 2 * * *",
    "0 */7 * * * *",
    "17 */2 * * 0,1",
    "*/20 0 2,3 * * 7",
    "0 2 25,29 * *",
];

proptest! {
    /// Whatever the ticks and pauses of the daemon over the two nights of 2026:
    /// each slot is done exactly once, in order, never before its instant, and
    /// never later than the first tick that could.
    #[test]
    fn each_civil_slot_is_done_exactly_once_over_both_nights(
        schedule in 0..SCHEDULES.len(),
        autumn in any::<bool>(),
        offset in 0i64..7200,
        pauses in prop::collection::vec(prop_oneof![20 => 1i64..900, 3 => 900i64..9000, 1 => 9000i64..200_000], 30..120),
    ) {
        let calendar = Calendar::parse(SCHEDULES[schedule]).unwrap();
        let night = if autumn { "2026-10-25T00:00:00+02:00" } else { "2026-03-29T00:00:00+01:00" };
        let mut now = instant(night).before(std::time::Duration::from_hours(1)).after(
            std::time::Duration::from_secs(offset.unsigned_abs()));
        let start = Calendar::reached(now, Berlin);
        let mut last_done = start;
        let mut done: Vec<NaiveDateTime> = Vec::new();
        for pause in pauses {
            let before = now;
            now = now.after(std::time::Duration::from_secs(pause.unsigned_abs()));
            let Some(due) = calendar.due(Some(last_done), now, Berlin, saxony_anhalt()) else {
                let next = calendar.next_after(last_done, Berlin, saxony_anhalt()).unwrap();
                prop_assert!(next.at > now, "{} was left out", next.id());
                continue;
            };
            let after_last = last_done + TimeDelta::seconds(1);
            let until = due.slot.civil + TimeDelta::seconds(1);
            let covered: Vec<Slot> =
                calendar.between(after_last, until, Berlin, saxony_anhalt()).collect();
            prop_assert!(covered.iter().all(|slot| before < slot.at && slot.at <= now));
            let earlier = covered.iter().filter(|slot| slot.at < due.slot.at).count();
            prop_assert_eq!(due.missed, earlier);
            done.extend(covered.iter().map(|slot| slot.civil));
            last_done = due.slot.civil;
            prop_assert_eq!(calendar.due(Some(last_done), now, Berlin, saxony_anhalt()), None);
        }
        let end = Calendar::reached(now, Berlin);
        let all: Vec<NaiveDateTime> = calendar
            .between(start + TimeDelta::seconds(1), end + TimeDelta::seconds(1), Berlin, saxony_anhalt())
            .map(|slot| slot.civil)
            .collect();
        prop_assert_eq!(done, all);
    }

    #[test]
    fn instants_never_run_backwards(schedule in 0..SCHEDULES.len(), day in 0u64..366) {
        let calendar = Calendar::parse(SCHEDULES[schedule]).unwrap();
        let from = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + chrono::Days::new(day);
        let from = from.and_hms_opt(0, 0, 0).unwrap();
        let slots: Vec<Slot> = calendar
            .between(from, from + TimeDelta::days(2), Berlin, Holidays::NONE)
            .collect();
        prop_assert!(slots.windows(2).all(|pair| pair[0].civil < pair[1].civil && pair[0].at <= pair[1].at));
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,40}") {
        let _ = Calendar::parse(&text);
    }

    #[test]
    fn no_cron_line_makes_it_panic(text in "[0-9*/,? a-z-]{0,30}") {
        let _ = Calendar::parse(&text);
    }
}

//! Days of entries: where they stand, and what completes them.

use super::*;

#[test]
fn a_date_may_stand_before_after_or_above_its_title() {
    let expected = [
        row("Brücke wird gesperrt", "/n/1", "2026-11-24"),
        row("Neues Portal ist online", "/n/2", "2026-11-20"),
        row("Haushalt ist beschlossen", "/n/3", "2026-11-02"),
    ];
    let items = [
        ("24.11.2026", "/n/1", "Brücke wird gesperrt"),
        ("20. November 2026", "/n/2", "Neues Portal ist online"),
        ("2.11.26", "/n/3", "Haushalt ist beschlossen"),
    ];
    let each = |form: &dyn Fn(&str, &str, &str) -> String| {
        items.iter().map(|(day, link, title)| form(day, link, title)).collect::<String>()
    };
    for (what, main) in [
        (
            "before",
            each(&|d, l, t| {
                format!("<div class=x>{d}</div><h4><a href={l}>{t}</a></h4><p>Text dazu.</p>")
            }),
        ),
        ("after", each(&|d, l, t| format!("<h4><a href={l}>{t}</a></h4><div class=x>{d}</div>"))),
        (
            "glued by br",
            each(&|d, l, t| {
                format!(
                    "<div class=r><div>{d}<br/>158/2026</div><h2><a href={l}>{t}</a></h2></div>"
                )
            }),
        ),
        ("in lines", format!("<p>{}</p>", each(&|d, l, t| format!("{d} <a href={l}>{t}</a><br>")))),
        (
            "in rows",
            format!(
                "<table>{}</table>",
                each(&|d, l, t| format!("<tr><td>{d}<td><a href={l}>{t}</a></tr>"))
            ),
        ),
        (
            "in the title",
            format!("<ul>{}</ul>", each(&|d, l, t| format!("<li><a href={l}>{d}: {t}</a>"))),
        ),
        (
            "between bars",
            each(&|d, l, t| {
                let day = d.split('.').next().unwrap();
                format!("<div class=r><p>{day} | 11 | 2026</p><h3><a href={l}>{t}</a></h3></div>")
            }),
        ),
        (
            "in a list of terms",
            format!("<dl>{}</dl>", each(&|d, l, t| format!("<dt>{d}<dd><a href={l}>{t}</a>"))),
        ),
        (
            "for machines",
            each(&|d, l, t| {
                let iso = if d.starts_with("24") {
                    "2026-11-24"
                } else if d.starts_with("20") {
                    "2026-11-20"
                } else {
                    "2026-11-02"
                };
                format!(
                    "<article><h3><a href={l}>{t}</a></h3><time datetime={iso}T09:15:00+01:00></time></article>"
                )
            }),
        ),
        (
            "shown by a pointer",
            each(&|d, l, t| {
                format!(
                    "<article><h3><a href={l}>{t}</a></h3><abbr title='{d}'>neulich</abbr></article>"
                )
            }),
        ),
    ] {
        assert_eq!(read(&whole(&main)), expected, "{what}");
    }
    let above = "<h3>24.11.2026</h3><ul><li><a href=/n/1>Brücke wird gesperrt</a><li><a href=/n/4>Wahl wird wiederholt</a></ul>\
        <h3>20.11.2026</h3><ul><li><a href=/n/2>Neues Portal ist online</a><li><a href=/n/5>Kita feiert Richtfest</a></ul>";
    assert_eq!(
        read(&whole(above)),
        [
            row("Brücke wird gesperrt", "/n/1", "2026-11-24"),
            row("Wahl wird wiederholt", "/n/4", "2026-11-24"),
            row("Neues Portal ist online", "/n/2", "2026-11-20"),
            row("Kita feiert Richtfest", "/n/5", "2026-11-20"),
        ],
        "above a group"
    );
}

#[test]
fn a_month_or_year_above_completes_the_day_of_an_entry() {
    let entry = |day: &str, link: &str, title: &str| {
        format!("<div class=z><div class=d>{day}</div><div><a href={link}>{title}</a></div></div>")
    };
    let months = format!(
        "<div><h2>November 2026</h2>{}{}</div><div><h2>Oktober 2026</h2>{}</div>",
        entry("24.", "/n/1", "Brücke wird gesperrt"),
        entry("Fr, 20.", "/n/2", "Neues Portal ist online"),
        entry("2.", "/n/3", "Haushalt ist beschlossen")
    );
    let days = |html: &str| read(&whole(html)).into_iter().map(|item| item.2).collect::<Vec<_>>();
    assert_eq!(days(&months), ["2026-11-24", "2026-11-20", "2026-10-02"]);
    let item = |day: &str, link: &str, title: &str| {
        format!("<li><a href={link}>{title}</a> <span>{day}</span></li>")
    };
    let years = format!(
        "<h3>2026</h3><ul>{}</ul><h3>2024</h3><ul>{}{}</ul>",
        item("24. Nov", "/n/1", "Brücke wird gesperrt"),
        item("20. November", "/n/2", "Neues Portal ist online"),
        item("2. Okt", "/n/3", "Haushalt ist beschlossen")
    );
    assert_eq!(days(&years), ["2026-11-24", "2024-11-20", "2024-10-02"]);
    let budget = format!(
        "<h3>Haushalt 2024</h3><ul>{}{}</ul>",
        item("24. Nov", "/n/1", "Brücke wird gesperrt"),
        item("20. Nov", "/n/2", "Neues Portal ist online")
    );
    assert_eq!(days(&budget), ["2026-11-24", "2026-11-20"], "a title is no group of a year");
}

#[test]
fn journals_that_are_named_by_their_day_are_dated_by_it() {
    let journal = |number: u8, day: &str| {
        let title = format!("Amtsblatt Nr. {number} vom {day}");
        format!("<li><a href=/files/amtsblatt/{number}.pdf>{title}</a> (PDF, 2 MB)</li>")
    };
    let list = format!(
        "<title>Amtsblatt</title>{MENU}<div><h1>Amtsblatt</h1><ul>{}{}{}</ul></div>",
        journal(24, "22. November 2026"),
        journal(23, "1. November 2026"),
        journal(22, "11.10.2026")
    );
    assert_eq!(
        read(&list),
        [
            row("Amtsblatt Nr. 24 vom 22. November 2026", "/files/amtsblatt/24.pdf", "2026-11-22"),
            row("Amtsblatt Nr. 23 vom 1. November 2026", "/files/amtsblatt/23.pdf", "2026-11-01"),
            row("Amtsblatt Nr. 22 vom 11.10.2026", "/files/amtsblatt/22.pdf", "2026-10-11"),
        ]
    );
    let day = |title| dates::at_end(title, Reading { zone: Berlin, now: Some(NOW) }).is_some();
    assert!(day("Sitzung (24.11.2026)"));
    assert!(!day("Der Stadtrat tagt am 24.11.2026"), "a day of an event");
    assert!(!day("Neues vom 24. November"), "a day without its year");
}

#[test]
fn a_date_behind_the_teaser_is_the_date_and_no_part_of_it() {
    let reading = Reading { zone: Berlin, now: Some(NOW) };
    for (text, told) in [
        ("Wer kommt, meldet sich an. – 24.11.2026", "Wer kommt, meldet sich an."),
        ("Der Rat stimmt zu! (24.11.2026/red)", "Der Rat stimmt zu!"),
    ] {
        let (_, end) = dates::behind(text, reading).unwrap();
        assert_eq!(&text[..end], told);
    }
    for text in [
        "Die Frist endet am 24.11.2026",
        "Die Sitzung (24.11.2026)",
        "Er kommt. Am 24.11.2026 geht er.",
    ] {
        assert!(dates::behind(text, reading).is_none(), "{text}");
    }
}

#[test]
fn a_date_is_no_title_and_one_word_in_a_heading_is() {
    let entry = |day: &str, link: &str, title: &str| {
        format!(
            "<article><h2><a href={link}>{title}</a></h2><a href={link}>{day}</a><p>Ein Satz, der es erzählt.</p></article>"
        )
    };
    let list = [
        entry("24. November 2026", "/n/1", "Brücke wird gesperrt"),
        entry("20. November 2026", "/n/2", "Portal"),
        entry("2. November 2026", "/n/3", "Haushalt ist beschlossen"),
    ];
    let titles: Vec<String> = read(&whole(&list.concat())).into_iter().map(|item| item.0).collect();
    assert_eq!(titles, ["Brücke wird gesperrt", "Portal", "Haushalt ist beschlossen"]);
}

#[test]
fn a_day_may_stand_apart_from_month_and_year_in_numbers() {
    let entry = |link: &str, title: &str, day: &str, rest: &str| {
        format!(
            "<div class=e><div class=box><b>{day}</b><i>{rest}</i></div><h3><a href={link}>{title}</a></h3></div>"
        )
    };
    let list = entry("/n/1", "Brücke wird gesperrt", "24", "11, 2026")
        + &entry("/n/2", "Neues Portal ist online", "02", "11/2026");
    let days: Vec<String> = read(&whole(&list)).into_iter().map(|row| row.2).collect();
    assert_eq!(days, ["2026-11-24", "2026-11-02"]);
}

#[test]
fn days_without_a_year_are_counted_from_the_day_of_the_answer() {
    let main = "<ul><li><span>vor 3 Tagen</span><a href=/n/1>Brücke wird gesperrt</a>\
        <li><span>heute</span><a href=/n/2>Neues Portal ist online</a>\
        <li><span>12. Nov.</span><a href=/n/3>Haushalt ist beschlossen</a></ul>";
    let days: Vec<String> = read(&whole(main)).into_iter().map(|(_, _, day)| day).collect();
    assert_eq!(days, ["2026-11-24", "2026-11-27", "2026-11-12"]);
}

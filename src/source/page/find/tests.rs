//! Small pages of our own, each for one way in which a list may stand.

mod days;

use chrono_tz::Europe::Berlin;
use url::Url;

use super::*;
use crate::model::Budget;
use crate::source::page::document;

/// 2026-11-27 16:00 in Berlin.
const NOW: Timestamp = Timestamp(1_795_791_600_000);
const PAGE: &str = "https://www.ort.example/aktuelles/";

fn look(html: &str) -> Found {
    let budget = Budget::for_document(html.len());
    let page = document::parse(html, &budget).unwrap();
    let base = Url::parse(PAGE).unwrap();
    let around = Surroundings { base: Some(&base), page: PAGE, zone: Berlin, budget: &budget };
    find(&page, &around, Some(NOW), true).unwrap()
}

/// Title, path and day of each item of the list.
fn read(html: &str) -> Vec<(String, String, String)> {
    let Some(list) = look(html).lists.into_iter().find(|list| list.is_sure) else {
        return Vec::new();
    };
    let day = |item: &RawItem| {
        let at = item.published?.at;
        let at = chrono::DateTime::from_timestamp_millis(at.0)?.with_timezone(&Berlin);
        Some(at.date_naive().to_string())
    };
    list.items
        .iter()
        .map(|item| {
            let link = item.link.as_deref().unwrap_or_default();
            (
                item.title.clone().unwrap_or_default(),
                link.strip_prefix("https://www.ort.example").unwrap_or(link).to_owned(),
                day(item).unwrap_or_default(),
            )
        })
        .collect()
}

fn row(title: &str, link: &str, day: &str) -> (String, String, String) {
    (title.to_owned(), link.to_owned(), day.to_owned())
}

const MENU: &str = "<ul><li><a href=/rathaus>Rathaus und Politik</a><ul><li><a href=/rathaus/rat>Der Rat der Stadt</a>\
    <li><a href=/rathaus/wahl>Wahlen und Ergebnisse</a></ul><li><a href=/leben>Leben in Ort</a><ul>\
    <li><a href=/leben/schule>Schulen und Horte</a><li><a href=/leben/sport>Sport und Vereine</a></ul></ul>";
const FOOTER: &str = "<div><p>© Ort<ul><li><a href=/impressum>Impressum</a><li><a href=/kontakt>Kontakt</a></ul></div>";

fn whole(main: &str) -> String {
    format!("<title>Aktuelles</title>{MENU}<div><h1>Aktuelles</h1>{main}</div>{FOOTER}")
}

#[test]
fn an_entry_that_takes_several_rows_of_a_table_is_one_entry() {
    let rows = |day: &str, link: &str, title: &str| {
        format!(
            "<tr><td>{day}</td><td><b>{title}</b></td></tr><tr><td></td><td>Ein Satz dazu steht hier unten.</td></tr>\
             <tr><td></td><td><a href={link}>&gt;&gt; mehr</a></td></tr><tr><td colspan=2><img src=x.gif></td></tr>"
        )
    };
    let table = [
        rows("24.11.2026", "/n.asp?id=1", "Brücke wird gesperrt"),
        rows("20.11.2026", "/n.asp?id=2", "Neues Portal ist online"),
        rows("02.11.2026", "/n.asp?id=3", "Haushalt ist beschlossen"),
    ]
    .concat();
    assert_eq!(
        read(&whole(&format!("<table>{table}</table>"))),
        [
            row("Brücke wird gesperrt", "/n.asp?id=1", "2026-11-24"),
            row("Neues Portal ist online", "/n.asp?id=2", "2026-11-20"),
            row("Haushalt ist beschlossen", "/n.asp?id=3", "2026-11-02"),
        ]
    );
}

#[test]
fn rows_whose_classes_alternate_are_one_list_without_head_and_pager() {
    let rows = |class: &str, day: &str, link: &str, title: &str| {
        format!(
            "<tr class={class}><td>{day}</td><td><span>{title}</span></td><td><a href={link}>Details</a></td></tr>"
        )
    };
    let table = [
        rows("gridRow", "24.11.2026", "/d.aspx?id=1", "Brücke wird gesperrt"),
        rows("gridAlt", "20.11.2026", "/d.aspx?id=2", "Neues Portal ist online"),
        rows("gridRow", "12.11.2026", "/d.aspx?id=3", "Haushalt ist beschlossen"),
        rows("gridAlt", "2.11.2026", "/d.aspx?id=4", "Kita feiert Richtfest"),
    ];
    let head = "<tr class=gridHead><th>Datum</th><th>Überschrift der Meldung</th><th></th></tr>";
    let pager = "<tr class=gridPager><td colspan=3><a href=?2>2</a> <a href=?3>3</a></td></tr>";
    let items = read(&whole(&format!("<table>{head}{}{pager}</table>", table.concat())));
    assert_eq!(items.len(), 4, "{items:?}");
}

#[test]
fn a_folded_entry_is_called_what_stays_of_it_and_not_by_a_link_in_its_text() {
    let entry = |day: &str, title: &str| {
        format!(
            "<details><summary><span>{day}</span> {title}</summary><p>Die Sperrung dauert noch einige Wochen. Näheres beim <a href=/k/{}>Kontakt zum Fachamt</a>.</p></details>",
            title.len()
        )
    };
    let list = entry("24.11.2026", "Brücke wird gesperrt")
        + &entry("2.11.2026", "Neues Portal ist online");
    assert_eq!(
        read(&whole(&list)),
        [
            row("Brücke wird gesperrt", "/aktuelles/", "2026-11-24"),
            row("Neues Portal ist online", "/aktuelles/", "2026-11-02"),
        ]
        .map(|(title, _, day)| row(&title, "", &day))
    );
}

#[test]
fn older_news_below_the_list_as_links_only_belong_to_it() {
    let teaser = |link: &str, title: &str, day: &str| {
        format!(
            "<div class=t><h3><a href={link}>{title}</a></h3><p>{day}</p><p>Ein Satz dazu.</p></div>"
        )
    };
    let links = "<li><a href=/aktuelles/3>Haushalt ist beschlossen worden</a><li><a href=/aktuelles/4>Kita feiert am Anger Richtfest</a>";
    let page = |heading: &str| {
        whole(&format!(
            "<div>{}{}</div><div><h4>{heading}</h4><ul>{links}</ul></div>",
            teaser("/aktuelles/1", "Brücke wird gesperrt", "24.11.2026"),
            teaser("/aktuelles/2", "Neues Portal ist online", "20.11.2026")
        ))
    };
    assert_eq!(read(&page("Weitere Beiträge")).len(), 4);
    assert_eq!(read(&page("Meistgelesen")).len(), 2);
}

#[test]
fn what_stands_above_titles_and_repeats_is_their_category() {
    let entry = |kicker: &str, link: &str, title: &str, day: &str| {
        format!(
            "<article><h3><a href={link}><span class=k>{kicker}<i class=sr-only>:</i></span><span class=h>{title}</span></a></h3><p>{day}</p></article>"
        )
    };
    let list = |class: &str, kickers: [&str; 3]| {
        let list = entry(kickers[0], "/n/1", "Brücke wird gesperrt", "24.11.2026")
            + &entry(kickers[1], "/n/2", "Neues Portal ist online", "20.11.2026")
            + &entry(kickers[2], "/n/3", "Haushalt ist beschlossen", "2.11.2026");
        whole(&list.replace("class=k", &format!("class={class}")))
    };
    let titles = ["Brücke wird gesperrt", "Neues Portal ist online", "Haushalt ist beschlossen"];
    let read_titles = |html: &str| read(html).into_iter().map(|row| row.0).collect::<Vec<_>>();
    assert_eq!(read_titles(&list("a", ["Verwaltung"; 3])), titles, "the same in all");
    let different = ["Bauen", "Verwaltung digital", "Finanzen"];
    assert_eq!(read_titles(&list("teaser-kicker", different)), titles, "named so");
    let first = look(&list("a", ["Verwaltung"; 3])).lists.remove(0).items.remove(0);
    assert_eq!(first.categories, ["Verwaltung"]);
    let parts = read_titles(&list("a", ["Am Mühlgraben", "Rat der Stadt", "Ab Januar gilt"]));
    assert_eq!(parts[0], "Am Mühlgraben Brücke wird gesperrt", "a title in two parts");
}

#[test]
fn a_line_of_date_and_category_in_a_whole_link_is_no_title() {
    let entry = |link: &str, title: &str, day: &str| {
        format!(
            "<a href={link}><div><span>Montag, {day} / Bürgerservice</span><span>{title}</span><span>Ein Satz, der es genauer sagt.</span></div></a>"
        )
    };
    let list = entry("/n/1", "Brücke wird gesperrt", "24. November 2026")
        + &entry("/n/2", "Neues Portal ist online", "20. November 2026");
    assert_eq!(
        read(&whole(&list)),
        [
            row("Brücke wird gesperrt", "/n/1", "2026-11-24"),
            row("Neues Portal ist online", "/n/2", "2026-11-20"),
        ]
    );
}

#[test]
fn members_of_a_council_with_the_day_they_came_are_no_news() {
    let member = |n: u8, name: &str| {
        format!("<li><a href=/p/{n}>{name}</a><br>Mitglied seit 0{n}.07.2024</li>")
    };
    let list = member(1, "Berger, Anna") + &member(2, "Dietz, Carl") + &member(3, "Fuchs, Emma");
    let page = format!("<h1>Mitglieder des Rates</h1>{MENU}<ul>{list}</ul>{FOOTER}");
    assert_eq!(read(&page), []);
}

#[test]
fn events_vacancies_and_services_in_the_very_same_markup_are_no_news() {
    let section = |heading: &str, folder: &str, days: [&str; 2], titles: [&str; 2]| {
        let items: String = (0..2)
            .map(|n| format!("<li><small>{}</small><h3><a href=/{folder}/{n}>{}</a></h3><p>Ein Satz, der den Inhalt mit einigen Worten sagt.</p>", days[n], titles[n]))
            .collect();
        format!("<div class=block><h2>{heading}</h2><ul>{items}</ul></div>")
    };
    let main = section(
        "Termine",
        "kalender",
        ["27.11.2026", "03.12.2026"],
        ["Orgelkonzert in der Kirche", "Tanz im Bürgerhaus"],
    ) + &section(
        "Stellenangebote",
        "karriere",
        ["20.11.2026", "19.11.2026"],
        ["Leitung des Bauamtes gesucht", "Erzieher in Teilzeit"],
    ) + &section(
        "Neuigkeiten",
        "artikel",
        ["26.11.2026", "18.11.2026"],
        ["Brücke wird gesperrt", "Neues Portal ist online"],
    );
    let page = format!("<h1>Willkommen in Ort</h1>{MENU}{main}{FOOTER}");
    assert_eq!(
        read(&page),
        [
            row("Brücke wird gesperrt", "/artikel/0", "2026-11-26"),
            row("Neues Portal ist online", "/artikel/1", "2026-11-18"),
        ]
    );
}

#[test]
fn a_tile_that_leads_elsewhere_and_the_pager_are_no_items() {
    let main = "<div class=row><div class=c><h3><a href=/n/1>Brücke wird gesperrt</a></h3><span>24.11.2026</span></div>\
        <div class=c><h3><a href=/termin>Termin im Rathaus buchen</a></h3></div>\
        <div class=c><h3><a href=/n/2>Neues Portal ist online</a></h3><span>20.11.2026</span></div>\
        <div class=c><h3><a href=/n/3>Haushalt ist beschlossen</a></h3><span>02.11.2026</span></div></div>\
        <p><a href=/aktuelles/?seite=2>2</a> <a href=/aktuelles/?seite=3>Nächste Seite</a></p>";
    let links: Vec<String> = read(&whole(main)).into_iter().map(|(_, link, _)| link).collect();
    assert_eq!(links, ["/n/1", "/n/2", "/n/3"]);
}

#[test]
fn entries_without_an_address_stay_one_item_each_and_a_picture_is_none() {
    let block = |title: &str, n: u8| {
        format!(
            "<article><h4>{title}</h4><p>Die Verwaltung hat den Entwurf des Planes vorgelegt und erläutert.</p>\
            <a href=/media/{n}_g.JPG title='Bild vergrößern'><img src=x></a></article>"
        )
    };
    let main = block("Kita geht voran", 1)
        + &block("Gewerbegebiet wächst", 2)
        + &block("Rathaus am 24. November geschlossen", 3);
    assert_eq!(
        read(&whole(&main)),
        [
            row("Kita geht voran", "", ""),
            row("Gewerbegebiet wächst", "", ""),
            row("Rathaus am 24. November geschlossen", "", ""),
        ],
        "the date in a title is no date of the item"
    );
}

#[test]
fn links_within_teasers_do_not_name_the_item() {
    let item = |n: u8, title: &str| {
        format!(
            "<div class=n><h3>{title}</h3><p>Der Hinweis steht ausführlich auf der Seite vom <a href=https://nachbar.example/>Amt der Nachbarstadt</a> und im Netz.</p>\
            <p><small>2{n}.11.2026</small></p><a href=/n/{n}>Weiterlesen</a></div>"
        )
    };
    let main = item(4, "Brücke wird gesperrt") + &item(1, "Neues Portal ist online");
    assert_eq!(
        read(&whole(&main)),
        [
            row("Brücke wird gesperrt", "/n/4", "2026-11-24"),
            row("Neues Portal ist online", "/n/1", "2026-11-21"),
        ]
    );
}

#[test]
fn a_page_without_a_list_says_why_and_invents_nothing() {
    for (main, why) in [
        (
            "<p>Zurzeit keine Meldungen.</p><p>Wir berichten hier über alles, was die Stadt bewegt, sobald es Neues gibt, und bitten bis dahin um Geduld.</p>",
            "nothing at present",
        ),
        (
            "<form><label>Name<input></label><label>Kennwort<input></label><button>Anmelden</button></form><p>Dieser Bereich ist nur für Mitglieder. Bitte melden Sie sich mit Ihrem Namen und dem Kennwort an.</p>",
            "no list of news",
        ),
        ("<div id=root></div>", "by script"),
        ("<p>Wir verwenden Cookies.</p><button>Alle akzeptieren</button>", "question for consent"),
    ] {
        let page = if main.len() < 100 {
            main.to_owned()
        } else {
            format!("{MENU}<h1>Ort</h1>{main}{FOOTER}")
        };
        let found = look(&page);
        assert!(found.lists.iter().all(|list| !list.is_sure), "{why}");
        assert!(
            found.why_none.as_deref().is_some_and(|said| said.contains(why)),
            "{why}: {:?}",
            found.why_none
        );
    }
    let tiles = "<div><a href=/rathaus><h3>Rathaus und Politik</h3><p>Der Rat, die Wahlen und alles, was dazu gehört</p></a></div>\
        <div><a href=/leben><h3>Leben in Ort</h3><p>Schulen, Sport, Vereine und alles, was Spaß macht</p></a></div>";
    assert_eq!(read(&format!("{MENU}<h1>Willkommen</h1>{tiles}{FOOTER}")), [], "tiles of the menu");
}

#[test]
fn selectors_pin_what_was_found() {
    let item = |n: u8, title: &str| {
        format!(
            "<li class='news item-{n}'><h3><a href=/n/{n}>{title}</a></h3><time datetime=2026-11-0{n}>0{n}.11.2026</time></li>"
        )
    };
    let main = format!(
        "<ul class=liste>{}{}</ul>",
        item(1, "Brücke wird gesperrt"),
        item(2, "Neues Portal ist online")
    );
    let pins = look(&whole(&main)).lists.remove(0).pins.unwrap();
    let said = [pins.list, pins.item, pins.title, pins.link, pins.date];
    assert_eq!(said, ["ul.liste", "li.news", "h3", "h3 a@href", "time@datetime"]);
}

#[test]
fn the_work_grows_with_the_page_and_not_faster() {
    let steps = |count: usize| {
        let items: String = (0..count)
            .map(|n| {
                format!(
                    "<div><h3><a href=/n/{n}>Titel der Meldung {n}</a></h3><p>24.11.2026</p></div>"
                )
            })
            .collect();
        let html = whole(&items);
        let budget = Budget::for_document(html.len());
        let page = document::parse(&html, &budget).unwrap();
        let around = Surroundings { base: None, page: PAGE, zone: Berlin, budget: &budget };
        found(&page, &around, Some(NOW), true).unwrap();
        budget.spent(crate::model::Resource::Steps)
    };
    let (one, two, four) = (steps(100), steps(200), steps(400));
    assert!(two < one * 5 / 2 && four < two * 5 / 2, "{one} {two} {four}");
}

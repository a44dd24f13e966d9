use chrono_tz::Europe::Berlin;

use super::*;
use crate::extract::html::text_of;
use crate::model::Resource;

const LEAD: &str = "Der Rat der Stadt hat am Montag das neue Portal für Anträge beschlossen.";
const BODY: &str = "Alle Formulare sind barrierefrei und auf dem Telefon nutzbar, sagte die Leiterin des Hauptamtes. Die Kosten trägt zur Hälfte das Land.";

fn article(html: &str) -> Article {
    let budget = Budget::for_document(html.len());
    read(html, "https://stadt.example/aktuelles/portal", None, Berlin, &budget).unwrap()
}

fn text(article: &Article) -> String {
    text_of(article.body_html.as_deref().unwrap_or_default())
}

fn day(article: &Article) -> Option<String> {
    let at = article.published?.at;
    Some(
        chrono::DateTime::from_timestamp_millis(at.0)?
            .with_timezone(&Berlin)
            .date_naive()
            .to_string(),
    )
}

fn files(article: &Article) -> Vec<&str> {
    article.documents.iter().map(|file| file.url.as_str()).collect()
}

/// A page as offices have it: menu, path, text, box with files, other news, sidebar, foot.
fn page(inner: &str) -> String {
    let links = |words: &[&str]| {
        words
            .iter()
            .map(|word| format!("<li><a href='/{word}'>{word}</a></li>"))
            .collect::<String>()
    };
    format!(
        "<html lang=de><title>Neues Portal | Stadt</title><body><div><ul>{}</ul></div>\
         <p>Sie sind hier: <a href=/>Start</a> &gt; <a href=/a>Aktuelles</a></p><div>{inner}</div>\
         <div><h3>Downloads</h3><ul><li><a href=/hunde.pdf>Hundesteuer (PDF, 90 KB)</a></li></ul>\
         <h3>Termine</h3><p><a href=/t>01.12.2026 Tanztee</a></p></div><footer><p>Die Stadt haftet nicht für Inhalte anderer Seiten.</p></footer>",
        links(&["Rathaus", "Bürgerservice", "Kultur", "Wirtschaft", "Leben", "Politik"])
    )
}

#[test]
fn the_text_is_what_stands_between_title_and_boxes() {
    let page = page(&format!(
        "<div><h1>Neues Portal</h1></div><div><p>12. November 2026</p></div><div><p>{LEAD}</p></div>\
         <div><p>{BODY}</p><h2>Termine im Rathaus</h2><ul><li>montags 9 Uhr</li></ul>\
         <table><tr><th>Ort</th><th>Zeit</th></tr><tr><td>Altdorf</td><td>8 Uhr</td></tr></table>\
         <figure><img><figcaption>Foto: Stadt</figcaption></figure></div>\
         <div><h3>Weitere Meldungen</h3><article><h4><a href=/x>Brücke gesperrt</a></h4><time>01.11.2026</time>\
         <p>Die Brücke bleibt bis in den Winter für alle Fahrzeuge gesperrt, sagt das Bauamt.</p></article></div>"
    ));
    let article = article(&page);
    let lines = [LEAD, BODY, "Termine im Rathaus", "montags 9 Uhr", "Ort Zeit", "Altdorf 8 Uhr"];
    assert_eq!(text(&article), lines.join("\n"));
    assert_eq!(article.title.as_deref(), Some("Neues Portal"));
    assert_eq!(day(&article).as_deref(), Some("2026-11-12"));
    assert_eq!(article.language.as_deref(), Some("de"));
    assert_eq!(files(&article), Vec::<&str>::new());
}

#[test]
fn files_of_the_text_are_taken_and_those_of_the_sidebar_are_not() {
    let page = page(&format!(
        "<h1>Neues Portal</h1><p>{LEAD} Mehr steht im <a href='/konzept.pdf'>Konzept</a>.</p><p>{BODY}</p>\
         <h3>Anlagen</h3><ul><li><a href='/x?file=files/plan.pdf'>Plan</a> PDF, 2 MB</li>\
         <li><a href='/downloads/datei/17'>Protokoll</a> (PDF, 118 KB)</li></ul>"
    ));
    let article = article(&page);
    assert_eq!(
        files(&article),
        [
            "https://stadt.example/konzept.pdf",
            "https://stadt.example/x?file=files/plan.pdf",
            "https://stadt.example/downloads/datei/17"
        ]
    );
    assert_eq!(article.documents[2].length, Some(118 << 10));
    assert!(!text(&article).contains("Protokoll"));
}

#[test]
fn the_claim_of_the_page_chooses_among_headings() {
    let page = format!(
        "<title>Detailansicht | Stadt</title><meta property=og:title content='Neues Portal'>\
         <h1>Aktuelles</h1><h2>Neues Portal</h2><p>{LEAD}</p><p>{BODY}</p><h2>Zahlen und Fakten</h2><p>{BODY}</p>"
    );
    assert_eq!(article(&page).title.as_deref(), Some("Neues Portal"));
    // Without any claim the words that the list had for it decide.
    let page = format!(
        "<h2>Aktuelles im Rathaus</h2><h2>Portal am Netz seit heute</h2><p>{LEAD}</p><p>{BODY}</p>"
    );
    let budget = Budget::for_document(page.len());
    let hinted =
        read(&page, "https://stadt.example/", Some("Portal am Netz …"), Berlin, &budget).unwrap();
    assert_eq!(hinted.title.as_deref(), Some("Portal am Netz seit heute"));
}

#[test]
fn the_date_is_that_of_the_publication() {
    let body = format!("<p>{LEAD} Das Fest ist am 24.12.2026.</p><p>{BODY}</p>");
    for (around, expected) in [
        (
            format!(
                "<h1>Neues Portal</h1><p>veröffentlicht 14.11.2025, zuletzt verändert 15.11.2025</p>{body}"
            ),
            "2025-11-14",
        ),
        (format!("<h1>Neues Portal</h1>{body}<p>20.09.2026</p>"), "2026-09-20"),
        (format!("<p>Sonntag, 14. Juni 2026</p><h1>Neues Portal</h1>{body}"), "2026-06-14"),
        (
            format!("<h1>Neues Portal</h1><p>Magdeburg, 3. März 2026. {LEAD}</p>{body}"),
            "2026-03-03",
        ),
        (format!("<h1>Neues Portal</h1>{body}<p>Magdeburg, den 3. März 2026</p>"), "2026-03-03"),
        (
            format!(
                "<script type='application/ld+json'>{{\"@type\":\"NewsArticle\",\"datePublished\":\"2026-01-15T18:15:00+01:00\"}}</script><h1>Neues Portal</h1><p>zuletzt geändert am 17.01.2026</p>{body}"
            ),
            "2026-01-15",
        ),
    ] {
        assert_eq!(day(&article(&page(&around))).as_deref(), Some(expected), "{around}");
    }
    assert_eq!(day(&article(&page(&format!("<h1>Neues Portal</h1>{body}")))), None);
}

#[test]
fn number_and_author_are_read_beside_the_title() {
    let page = page(&format!(
        "<p>Pressemitteilung Nr. 158/2025</p><h1>Neues Portal</h1><p>Von Erika Muster, 20.11.2025</p><p>{LEAD}</p><p>{BODY}</p>"
    ));
    let article = article(&page);
    assert_eq!(article.number.as_deref(), Some("158/2025"));
    assert_eq!(article.authors, ["Erika Muster"]);
}

#[test]
fn a_page_without_sentences_has_no_text() {
    for page in
        ["", "<p>x", "<ul><li><a href=/a>A</a></ul>", "<html><body><script>x()</script></body>"]
    {
        assert_eq!(article(page).body_html, None, "{page}");
    }
    let shell = format!(
        "<div id=app></div><script type='application/ld+json'>{{\"@type\":\"Article\",\"articleBody\":\"{LEAD}\"}}</script>"
    );
    assert_eq!(text(&article(&shell)), LEAD);
}

#[test]
fn files_that_only_the_data_of_the_article_name_are_its_documents() {
    let media = r#"{"@type":"MediaObject","contentUrl":"/d/lageplan.pdf","name":"Lageplan & mehr"},
        {"@type":"MediaObject","url":"/d/7","encodingFormat":"application/pdf"},
        {"@type":"ImageObject","contentUrl":"/d/bild.pdf"},{"contentUrl":"/d/ton.mp3"},{"contentUrl":"/d/a.pdf"}"#;
    let page = |data: &str| {
        let body = format!("<h1>Neues Portal</h1><p>{LEAD}</p><p>{BODY}</p><a href=/d/a.pdf>A</a>");
        page(&format!("<script type='application/ld+json'>{data}</script>{body}"))
    };
    let named = |data: &str| -> Vec<(String, Option<String>)> {
        let files = article(&page(data)).documents.into_iter();
        files.map(|file| (file.url.replace("https://stadt.example", ""), file.title)).collect()
    };
    let article = format!(r#"{{"@type":"NewsArticle","associatedMedia":[{media}]}}"#);
    assert_eq!(
        named(&article),
        [
            ("/d/a.pdf".to_owned(), Some("A".to_owned())),
            ("/d/lageplan.pdf".to_owned(), Some("Lageplan &amp; mehr".to_owned())),
            ("/d/7".to_owned(), None),
        ]
    );
    assert_eq!(
        named(&format!("[{article},{{\"@type\":\"Article\"}}]")).len(),
        1,
        "of two articles"
    );
    assert_eq!(named(&article.replace("NewsArticle", "WebSite")).len(), 1, "of the site");
}

#[test]
fn a_page_of_tables_is_read_like_any_other() {
    let page = format!(
        "<table><tr><td><a href=/a>Start</a><br><a href=/b>Amt</a><br><a href=/c>Rat</a><br><a href=/d>Ort</a></td>\
         <td><h2>Neues Portal</h2>17.04.2026<br><br>{LEAD}<br><br>{BODY}</td></tr></table>"
    );
    let article = article(&page);
    assert_eq!(text(&article), format!("{LEAD}\n{BODY}"));
    assert_eq!(day(&article).as_deref(), Some("2026-04-17"));
}

#[test]
fn a_title_that_no_heading_is_begins_as_the_list_said() {
    let hint = Some("Neues Portal für die …");
    let title = |page: &str| {
        let page = format!("<h1>Aktuelles</h1>{page}<p>{LEAD}</p><p>{BODY}</p>");
        read(&page, "https://a.example/x", hint, Berlin, &Budget::for_document(page.len()))
            .unwrap()
            .title
    };
    let whole = "Neues Portal für die Stadt";
    assert_eq!(title(&format!("<p><b>{whole}</b></p>")).as_deref(), Some(whole));
    assert_eq!(
        title(&format!("<meta property=og:title content='{whole}'>")).as_deref(),
        Some(whole)
    );
    let kicked = format!("<h1><span>Aus dem Rat</span><span>{whole}</span></h1>");
    assert_eq!(title(&kicked).as_deref(), Some(whole));
    assert_eq!(title(&format!("<p>{whole} gibt es nicht.</p>")).as_deref(), Some("Aktuelles"));
}

#[test]
fn a_page_that_scripts_draw_is_read_from_their_data() {
    let page = format!(
        "<h1>Aktuelles</h1><div id=__next></div><script id=__NEXT_DATA__ type=application/json>\
         {{\"props\":{{\"news\":{{\"title\":\"Neues Portal\",\"publishedAt\":\"2026-04-17\",\"content\":\"<p>{LEAD}</p><p>{BODY}</p>\"}}}}}}</script>"
    );
    let article = read(
        &page,
        "https://a.example/x",
        Some("Neues Portal"),
        Berlin,
        &Budget::for_document(page.len()),
    )
    .unwrap();
    assert_eq!(text(&article), format!("{LEAD}\n{BODY}"));
    assert_eq!(article.title.as_deref(), Some("Neues Portal"));
    assert_eq!(day(&article).as_deref(), Some("2026-04-17"));
}

#[test]
fn reading_is_linear_and_bounded() {
    let steps = |times: usize| {
        let part = format!(
            "<div class=related><h3><a href=/x>Titel</a></h3><p>{BODY}</p><ul><li><a href=a.pdf>A</a></ul></div>"
        );
        let page = part.repeat(times);
        let budget = Budget::for_document(page.len());
        read(&page, "https://a.example/", None, Berlin, &budget).unwrap();
        budget.spent(Resource::Steps)
    };
    let (one, four) = (steps(200), steps(800));
    assert!(four <= one * 5, "{one} {four}");
    let page = "<p>x".repeat(1_000);
    let small = Budget::for_document(0).with_limit(Resource::Nodes, 100);
    let error = read(&page, "https://a.example/", None, Berlin, &small).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the document is too large or too deep: too much to read: more than 100 nodes"
    );
}

proptest::proptest! {
    #[test]
    fn nothing_panics(html in "(<(p|div|h1|h2|td|table|tr|li|ul|br|a href=x\\.pdf|aside|time|meta name=date content=2026)>|</(p|div|h1|a|table|aside)>|Wort für Wort\\. |12\\.11\\.2026|ä){0,40}") {
        let budget = Budget::for_document(html.len());
        let _ = read(&html, "https://a.example/2026/x", Some("Wort"), Berlin, &budget);
    }
}

#[test]
fn a_line_that_dates_the_text_is_none_of_it_though_it_ends_like_a_sentence() {
    let html = page(&format!(
        "<h4>Neues Portal</h4><div>Pressestelle</div><div>Veröffentlicht am 12.11.2026.</div><p>{LEAD}</p><p>{BODY}</p>"
    ));
    let article = article(&html);
    assert!(text(&article).starts_with("Der Rat der Stadt"), "{}", text(&article));
    assert_eq!(day(&article).as_deref(), Some("2026-11-12"));
}

#[test]
fn teasers_below_the_links_of_a_box_are_left_out() {
    let html = page(&format!(
        "<h1>Neues Portal</h1><p>{LEAD}</p><p>{BODY}</p><h3>Das könnte Sie auch interessieren</h3><ul>\
         <li><a href=/b>Brücke gesperrt</a><p>Die Brücke bleibt bis in den Winter für alle Fahrzeuge gesperrt.</p></li>\
         <li><a href=/k>Kita feiert</a><p>Am Anger feiert die Kita am Montag ihr Richtfest mit allen Kindern.</p></li></ul>"
    ));
    let text = text(&article(&html));
    assert!(text.ends_with("zur Hälfte das Land."), "{text}");
}

#[test]
fn a_cell_whose_type_is_set_may_hold_title_date_and_text() {
    let html = format!(
        "<title>Stadt - Neuigkeiten</title><table><tr><td><font><b>Neues Portal beschlossen</b></font><br><font>vom 12.11.2026</font></td></tr>\
         <tr><td><font>{LEAD}<br><br>{BODY}<br><br>{LEAD}</font></td></tr></table>"
    );
    let budget = Budget::for_document(html.len());
    let url = "https://stadt.example/news.asp?id=3";
    let article = read(&html, url, Some("Neues Portal …"), Berlin, &budget).unwrap();
    assert_eq!(article.title.as_deref(), Some("Neues Portal beschlossen"));
    assert_eq!(day(&article).as_deref(), Some("2026-11-12"));
    assert!(text(&article).starts_with("Der Rat der Stadt"), "{}", text(&article));
}

//! What a page says about itself: who made it, and which feeds it offers.

use scraper::{Html, Selector};
use url::Url;

use crate::extract::document;
use crate::model::Budget;

/// Most feeds reported of one page.
const MAX_FEEDS: usize = 50;

/// Words in the source of a page that give its publishing system away, most
/// telling first, folded to lower case; the preset that reads it.
const SIGNS: &[(&str, &str)] = &[
    ("data-ikiss-mfid", "ikiss"),
    ("advantic gmbh", "ikiss"),
    ("content=\"ikiss", "ikiss"),
    ("object=tx%7c", "ikiss"),
    ("object=tx|", "ikiss"),
    ("object=tx,", "ikiss"),
    ("tx-rssdisplay", "landesportal"),
    ("tx_tsarssinclude", "landesportal"),
    ("news-list-view", "typo3-news"),
    ("tx_news_pi1", "typo3-news"),
    ("/typo3conf/ext/news/", "typo3-news"),
    ("/siteglobals/", "gsb"),
    ("government site builder", "gsb"),
    ("searchresultbox", "liferay"),
    ("content=\"typo3 cms", "typo3-news"),
    ("/wp-content/", "wordpress"),
    ("/wp-includes/", "wordpress"),
    ("content=\"wordpress", "wordpress"),
];

/// Returns the preset for the publishing system that made this page.
pub fn recognise(html: &str) -> Option<&'static str> {
    sign(html, SIGNS)
}

fn sign(html: &str, signs: &[(&str, &'static str)]) -> Option<&'static str> {
    let lower = html.to_ascii_lowercase();
    signs.iter().find(|(sign, _)| lower.contains(sign)).map(|(_, name)| *name)
}

/// Returns the feeds a page offers (`link rel=alternate`, else links that look like
/// feeds), absolute, in document order. `base` is the page's own URL.
pub fn feed_links(html: &str, base: &str, budget: &Budget) -> Vec<String> {
    let Ok(page) = document::parse(html, budget) else { return Vec::new() };
    let base = document::base_url(&page, base);
    let offered = hrefs(
        &page,
        r#"link[rel~="alternate" i][type*="rss" i], link[rel~="alternate" i][type*="atom" i], link[rel~="alternate" i][type*="feed+json" i], link[rel~="feed" i]"#,
        base.as_ref(),
        budget,
    );
    if !offered.is_empty() {
        return offered;
    }
    hrefs(
        &page,
        r#"a[href$=".rss" i], a[href*="/media/rss/" i], a[href*="RSSNewsfeed" i], a[href*="type=9818"], a[href*="type=9988"], a[href$="/feed/"], a[href$="/feed"], a[type*="rss" i]"#,
        base.as_ref(),
        budget,
    )
}

/// Returns where a feed of the site or of the page often is although the page does not
/// say so, likeliest first. `system` is what [`recognise`] answered.
pub fn usual_feeds(page: &str, system: Option<&str>) -> Vec<String> {
    let Ok(page) = Url::parse(page) else { return Vec::new() };
    // Names of iKISS feeds are the editors' choice; these are the common ones.
    const IKISS: &[&str] =
        &["/media/rss/Pressemitteilungen.xml", "/media/rss/Pressemitteilung.xml"];
    const TYPO3: &[&str] = &["?type=9818", "/?type=9818", "/feed.xml"];
    let places: &[&str] = match system {
        Some("ikiss") => IKISS,
        Some("typo3-news") => TYPO3,
        Some("wordpress") => &["/feed/"],
        Some(_) => &[],
        None => &["/feed/", "/rss.xml", "/feed.xml", "/?type=9818"],
    };
    let mut found: Vec<String> = Vec::new();
    for place in places {
        let Ok(url) = page.join(place) else { continue };
        if url != page && !found.contains(&url.to_string()) {
            found.push(url.into());
        }
    }
    found
}

/// Returns the address of the newest posts in the interface that WordPress has for
/// programs: announced in the page, else where it usually is if the page is one of WordPress.
pub fn wordpress_posts(html: &str, page: &str, budget: &Budget) -> Option<String> {
    let tree = document::parse(html, budget).ok()?;
    let base = document::base_url(&tree, page);
    let announced = hrefs(&tree, r#"link[rel~="https://api.w.org/"]"#, base.as_ref(), budget);
    let root = announced.into_iter().next().or_else(|| {
        let is_wordpress = recognise(html) == Some("wordpress");
        is_wordpress.then(|| Some(Url::parse(page).ok()?.join("/wp-json/").ok()?.into())).flatten()
    })?;
    // Sites without telling addresses have it in a parameter.
    let mark = if root.contains('?') { '&' } else { '?' };
    Some(format!("{}/wp/v2/posts{mark}per_page=20", root.trim_end_matches('/')))
}

/// Returns where a site's sitemap often is although robots.txt does not say so.
pub fn usual_sitemaps(page: &str, system: Option<&str>) -> Vec<String> {
    let Ok(page) = Url::parse(page) else { return Vec::new() };
    let places: &[&str] = match system {
        Some("wordpress") => &["/wp-sitemap.xml", "/sitemap.xml"],
        _ => &["/sitemap.xml"],
    };
    places.iter().filter_map(|place| Some(page.join(place).ok()?.into())).collect()
}

fn hrefs(page: &Html, css: &str, base: Option<&Url>, budget: &Budget) -> Vec<String> {
    let Ok(selector) = Selector::parse(css) else { return Vec::new() };
    let mut found: Vec<String> = Vec::new();
    for element in page.select(&selector) {
        let Some(url) = element.attr("href").and_then(|href| document::resolve(href, base, budget))
        else {
            continue;
        };
        if !found.contains(&url) {
            found.push(url);
        }
        if found.len() == MAX_FEEDS {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_publishing_system_is_recognised_by_its_marks() {
        for (html, preset) in [
            ("<meta name=designer content='Advantic GmbH'>", Some("ikiss")),
            ("<a href='?La=1&amp;object=tx%7C1.2.1'>x</a>", Some("ikiss")),
            ("<div class='tx-rssdisplay'>", Some("landesportal")),
            ("<meta name=\"generator\" content=\"TYPO3 CMS\">", Some("typo3-news")),
            ("<link href='/wp-content/x.css'>", Some("wordpress")),
            ("<a href='/SiteGlobals/Forms/x'>", Some("gsb")),
            ("<p>nothing</p>", None),
            ("", None),
        ] {
            assert_eq!(recognise(html), preset, "{html}");
        }
    }

    #[test]
    fn feeds_are_looked_for_where_the_publishing_system_keeps_them() {
        assert_eq!(
            usual_feeds("https://a.de/aktuelles/?page=2", Some("typo3-news")),
            [
                "https://a.de/aktuelles/?type=9818",
                "https://a.de/?type=9818",
                "https://a.de/feed.xml"
            ]
        );
        assert_eq!(usual_feeds("https://a.de/x", Some("wordpress")), ["https://a.de/feed/"]);
        assert_eq!(usual_feeds("https://a.de/x", Some("landesportal")), Vec::<String>::new());
        assert_eq!(usual_feeds("https://a.de/", None).len(), 4);
        assert_eq!(usual_feeds("nonsense", None), Vec::<String>::new());
    }

    #[test]
    fn the_interface_of_wordpress_is_where_the_page_says_or_where_it_usually_is() {
        let posts = |html: &str| {
            wordpress_posts(html, "https://a.de/aktuelles/", &Budget::for_document(html.len()))
        };
        for (html, expected) in [
            (
                "<link rel='https://api.w.org/' href='/blog/wp-json/'>",
                "https://a.de/blog/wp-json/wp/v2/posts?per_page=20",
            ),
            (
                "<link rel='https://api.w.org/' href='/?rest_route=/'>",
                "https://a.de/?rest_route=/wp/v2/posts&per_page=20",
            ),
            ("<link href='/wp-content/x.css'>", "https://a.de/wp-json/wp/v2/posts?per_page=20"),
        ] {
            assert_eq!(posts(html).as_deref(), Some(expected));
        }
        assert_eq!(posts("<p>nothing</p>"), None);
    }

    #[test]
    fn offered_feeds_are_found_and_made_absolute() {
        let html = "<head><base href='/sub/'><link rel=alternate type='application/rss+xml' href='news.xml'>\
            <link rel='Alternate' type=application/atom+xml href=//b.de/a.atom>\
            <link rel=alternate hreflang=en href=/en><link rel=alternate type=application/rss+xml href='javascript:x'></head>";
        assert_eq!(
            feed_links(html, "https://a.de/x/y", &Budget::for_document(html.len())),
            ["https://a.de/sub/news.xml", "https://b.de/a.atom"]
        );
        let html = "<a href='/media/rss/Presse.xml'>RSS</a><a href=/x>x</a>";
        assert_eq!(
            feed_links(html, "https://a.de/", &Budget::for_document(html.len())),
            ["https://a.de/media/rss/Presse.xml"]
        );
    }
}

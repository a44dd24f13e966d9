//! The list of samples; their bytes lie beside it.

/// A source as it would be found on the web: one document and how to read it.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// The source's id in the config.
    pub id: &'static str,
    /// Name for readers.
    pub name: &'static str,
    /// The kind of source that reads it.
    pub kind: &'static str,
    /// Absolute path on the sample server.
    pub path: &'static str,
    /// The Content-Type field it is served with; not always the right one.
    pub content_type: &'static str,
    /// The document. Dates in it are markers, see [`super::fill`].
    pub body: &'static [u8],
    /// Its `[[source]]` block; `{base}` stands for the sample server's origin.
    pub toml: &'static str,
}

/// Every sample: all systems that the program knows by heart.
pub const SAMPLES: &[Sample] = &[
    // TYPO3 with EXT:news. The channel still bears the extension's defaults, one link is
    // relative, one date has German names, and one text tries to run a script.
    Sample {
        id: "ozg-portal",
        name: "OZG-Portal (Beispiel)",
        kind: "feed",
        path: "/ozg/feed.xml",
        content_type: "text/html; charset=utf-8",
        body: include_bytes!("samples/ozg-portal.xml"),
        toml: r#"[[source]]
id = "ozg-portal"
name = "OZG-Portal (Beispiel)"
kind = "feed"
detail = "never"
url = "{base}/ozg/feed.xml"
rank = 1
initial = "all"
"#,
    },
    // iKISS: windows-1252 in bytes and in name, no guid, entities escaped twice.
    Sample {
        id: "staedtebund",
        name: "Städtebund (Beispiel)",
        kind: "feed",
        path: "/media/rss/Aktuelle_Informationen.xml",
        content_type: "text/xml",
        body: include_bytes!("samples/staedtebund.xml"),
        toml: r#"[[source]]
id = "staedtebund"
name = "Städtebund (Beispiel)"
kind = "feed"
detail = "never"
url = "{base}/media/rss/Aktuelle_Informationen.xml"
rank = 2
initial = "all"
"#,
    },
    // The press list of the state's portal: numbered releases, two links each, parameters in any order.
    Sample {
        id: "landesportal",
        name: "Landesportal (Beispiel)",
        kind: "page",
        path: "/bs/pressemitteilungen/ministerien",
        content_type: "text/html; charset=utf-8",
        body: include_bytes!("samples/landesportal.html"),
        toml: r#"[[source]]
id = "landesportal"
name = "Landesportal (Beispiel)"
kind = "page"
detail = "never"
url = "{base}/bs/pressemitteilungen/ministerien"
rank = 1
initial = "all"
[source.page]
list = ".tx-rssdisplay"
item = ".tx-rssdisplay-newslist"
title = ".tx-rssdisplay-item-meta-header"
link = "h2 a@href"
date = ".tx-rssdisplay-item-meta-date"
summary = ".tx-rssdisplay-item-content"
"#,
    },
    // A town's list in iKISS: the date is a bare text after a hidden label.
    Sample {
        id: "burgwalde",
        name: "Stadt Burgwalde (Beispiel)",
        kind: "page",
        path: "/Rathaus/Meldungen/",
        content_type: "text/html; charset=utf-8",
        body: include_bytes!("samples/burgwalde.html"),
        toml: r#"[[source]]
id = "burgwalde"
name = "Stadt Burgwalde (Beispiel)"
kind = "page"
detail = "never"
url = "{base}/Rathaus/Meldungen/"
rank = 2
initial = "all"
[source.page]
list = ".result-list"
item = "li"
title = "h3"
link = "a@href"
date = "small"
summary = "p"
"#,
    },
    // A start page that is edited in place: no dates, hardly a link.
    Sample {
        id: "it-genossenschaft",
        name: "IT-Genossenschaft (Beispiel)",
        kind: "page",
        path: "/kitu/",
        content_type: "text/html; charset=utf-8",
        body: include_bytes!("samples/kitu.html"),
        toml: r##"[[source]]
id = "it-genossenschaft"
name = "IT-Genossenschaft (Beispiel)"
kind = "page"
detail = "never"
url = "{base}/kitu/"
rank = 2
topics = ["central-services"]
initial = "all"
identity = "content"
[source.page]
list = "#aktuelle-meldungen"
item = ".block"
title = "h3"
summary = "p"
"##,
    },
    // WordPress: tracking parameters, a footer in every text, entities that XML does not know.
    Sample {
        id: "fachportal",
        name: "Fachportal Rathaus-IT (Beispiel)",
        kind: "feed",
        path: "/fachportal/feed/",
        content_type: "application/rss+xml; charset=UTF-8",
        body: include_bytes!("samples/fachportal.xml"),
        toml: r#"[[source]]
id = "fachportal"
name = "Fachportal Rathaus-IT (Beispiel)"
kind = "feed"
detail = "never"
url = "{base}/fachportal/feed/"
rank = 3
initial = "all"
"#,
    },
    // A university's series of papers: a list of PDF files and nothing else.
    Sample {
        id: "schriftenreihe",
        name: "Schriftenreihe im Harz (Beispiel)",
        kind: "page",
        path: "/hochschule/schriftenreihe.html",
        content_type: "text/html",
        body: include_bytes!("samples/schriftenreihe.html"),
        toml: r#"[[source]]
id = "schriftenreihe"
name = "Schriftenreihe im Harz (Beispiel)"
kind = "page"
detail = "never"
url = "{base}/hochschule/schriftenreihe.html"
rank = 2
initial = "all"
[source.page]
list = ".hefte"
item = "li"
title = "a"
link = "a@href"
"#,
    },
    // Atom: decisions with numbers, dates of change that move.
    Sample {
        id: "it-planungsrat",
        name: "IT-Planungsrat (Beispiel)",
        kind: "feed",
        path: "/it-planungsrat/feed.atom",
        content_type: "application/atom+xml",
        body: include_bytes!("samples/itplanungsrat.xml"),
        toml: r#"[[source]]
id = "it-planungsrat"
name = "IT-Planungsrat (Beispiel)"
kind = "feed"
detail = "never"
url = "{base}/it-planungsrat/feed.atom"
rank = 1
initial = "all"
"#,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::is_well_formed_id;

    #[test]
    fn each_sample_is_named_once_and_its_block_names_it_too() {
        for (position, sample) in SAMPLES.iter().enumerate() {
            assert!(is_well_formed_id(sample.id), "{}", sample.id);
            assert!(sample.path.starts_with('/'), "{}", sample.path);
            for other in &SAMPLES[position + 1..] {
                assert_ne!(sample.id, other.id);
                assert_ne!(sample.path, other.path);
            }
            let table: toml::Table = sample.toml.parse().unwrap();
            let block = &table["source"][0];
            assert_eq!(block["id"].as_str(), Some(sample.id));
            assert_eq!(block["name"].as_str(), Some(sample.name));
            assert_eq!(block["kind"].as_str(), Some(sample.kind));
            assert_eq!(block["url"].as_str(), Some(format!("{{base}}{}", sample.path).as_str()));
            assert_eq!(block.get("page").is_some(), sample.kind == "page");
        }
    }

    #[test]
    fn the_ikiss_feed_is_windows_1252_in_fact() {
        let sample = SAMPLES.iter().find(|sample| sample.id == "staedtebund").unwrap();
        assert!(std::str::from_utf8(sample.body).is_err());
        let (text, _, had_errors) = encoding_rs::WINDOWS_1252.decode(sample.body);
        assert!(!had_errors);
        assert!(text.contains("„IT-Personal in Kommunen“ – Beteiligung"));
        assert!(text.contains("150.000 €"));
    }

    #[test]
    fn one_release_stands_word_for_word_in_three_sources() {
        let release = "übernimmt die Vorprüfung der Anträge, die Entscheidung bleibt in jedem Rathaus selbst. \
                       Das Land trägt die Kosten der Erprobung für achtzehn Monate";
        let having: Vec<&str> = SAMPLES
            .iter()
            .filter(|sample| {
                let text = std::str::from_utf8(sample.body).map_or_else(
                    |_| encoding_rs::WINDOWS_1252.decode(sample.body).0.into_owned(),
                    str::to_owned,
                );
                text.contains(release)
            })
            .map(|sample| sample.id)
            .collect();
        assert_eq!(having, ["ozg-portal", "staedtebund", "landesportal"]);
    }
}

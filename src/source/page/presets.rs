//! Selectors for publishing systems that many offices use.
//!
//! A preset lists the shapes in which its system prints a list. The first
//! shape whose list and items are on the page is used, so the most telling one
//! stands first. An empty selector means the shape has no such thing. Where no
//! list can be told from the page, `body` stands for it; the page then counts
//! as rebuilt if it has no items.

/// One shape of a list.
pub(super) struct Shape {
    pub(super) list: &'static str,
    pub(super) item: &'static str,
    pub(super) title: &'static str,
    pub(super) link: &'static str,
    pub(super) date: &'static str,
    pub(super) summary: &'static str,
}

/// The shapes of one publishing system.
pub(super) struct Preset {
    /// The word of `preset = "…"`.
    pub(super) name: &'static str,
    /// Every shape, in the order tried.
    pub(super) shapes: &'static [Shape],
}

/// Every preset, in the order of the documentation.
pub(super) const PRESETS: &[Preset] = &[
    // iKISS by Advantic: SGSA, KITU, KID, many towns. The `7.` is its news
    // module: contact cards (`9.`) stand in the same lists.
    Preset {
        name: "ikiss",
        shapes: &[
            Shape {
                list: "ul.result-list, ol.result-list",
                item: r#"li[data-ikiss-mfid^="7."]"#,
                title: ".list-title, h3, h2",
                link: "a[href]@href",
                date: "time@datetime, .news-date, .date, small",
                summary: "p.descr, .descr, p",
            },
            Shape {
                list: ".result-list",
                item: r#".result-list_object[data-ikiss-mfid^="7."]"#,
                title: ".list-title, h3, h2, a.result-list_object-link",
                link: "a.result-list_object-link@href, a[href]@href",
                date: "time@datetime, .news-date, .date, small",
                summary: "p.descr, .descr, p",
            },
            Shape {
                list: ".result-list",
                item: "li, .result-list_object",
                title: ".list-title, h3, h2, a",
                link: "a[href]@href",
                date: "time@datetime, .news-date, .date, small",
                summary: "p.descr, .descr, p",
            },
            // KITU's start page: blocks that are edited in place, none with a link.
            Shape {
                list: "body:has(article.elem.row):not(:has(article.elem.row a[href]))",
                item: "article.elem.row",
                title: ".liste-titel, h4, h3",
                link: "",
                date: "small.date, .date, time@datetime",
                summary: "p.descr, .descr, p",
            },
            Shape {
                list: "body",
                item: r#"article.elem[data-ikiss-mfid^="7."], article.elem.row"#,
                title: ".liste-titel, h4, h3",
                link: ".liste-titel a@href, a[href]@href",
                date: "small.date, .date, time@datetime",
                summary: "p.descr, .descr, p",
            },
            Shape {
                list: "body",
                item: "div.date + h4, div.date + h3",
                title: "a",
                link: "a@href",
                date: "^ .date",
                summary: "",
            },
        ],
    },
    // TYPO3 with EXT:news: ozg.sachsen-anhalt.de, IT-Planungsrat, FITKO.
    Preset {
        name: "typo3-news",
        shapes: &[
            Shape {
                list: ".news-list-view, .news",
                item: r#".article, .post-item, [itemtype$="/Article"]"#,
                title: "[itemprop=headline], h3, h2",
                link: "a[itemprop=url]@href, h3 a@href, h2 a@href, a[href]@href",
                date: "time[itemprop=datePublished]@datetime, time@datetime, .news-list-date",
                summary: "[itemprop=description], .teaser-text, .lead",
            },
            Shape {
                list: ".list-group",
                item: ".news-list-item, li.list-group-item",
                title: "[itemprop=headline], h3, h2",
                link: "a[itemprop=url]@href, h3 a@href, a[href]@href",
                date: "time@datetime, .news-list-date",
                summary: "[itemprop=description], .lead",
            },
            Shape {
                list: ".news-latest-container, .news-list-container",
                item: ".news-latest-item, .news-list-item",
                title: "h2, h3, h4",
                link: "h2 a@href, h3 a@href, h4 a@href, a[href]@href",
                date: ".news-list-date, .news-latest-date, time@datetime",
                summary: ".news-list-subheader, .bodytext, p",
            },
            Shape {
                list: "main, #content, body",
                item: ".newsbox, .news-item",
                title: "h2, h3, h4",
                link: "a[href]@href",
                date: "time@datetime, .date, .news-date",
                summary: "p",
            },
        ],
    },
    // Press lists of the state's portal and its ministries. The title may be
    // empty there; the head of the entry then says it.
    Preset {
        name: "landesportal",
        shapes: &[
            Shape {
                list: ".tx-rssdisplay, .tx-tsarssinclude, .tx-tsa-rssinclude",
                item: ".tx-rssdisplay-newslist, .tx-rssdisplay-item",
                title: "h2 a, .tx-rssdisplay-item-meta-header, h2, h3",
                link: "h2 a@href, a[href]@href",
                date: ".tx-rssdisplay-item-meta-date",
                summary: ".tx-rssdisplay-item-content",
            },
            Shape {
                list: "main, #content, body",
                item: ".tx-rssdisplay.tx-rssdisplay-newslist, .tx-rssdisplay-newslist",
                title: "h2 a, .tx-rssdisplay-item-meta-header, h2, h3",
                link: "h2 a@href, a[href]@href",
                date: ".tx-rssdisplay-item-meta-date",
                summary: ".tx-rssdisplay-item-content",
            },
        ],
    },
    Preset {
        name: "wordpress",
        shapes: &[
            Shape {
                list: "main, #main, #content, body",
                item: "article.post, article.hentry, article[id^=post-], article",
                title: ".entry-title, h2, h3, h1",
                link: ".entry-title a@href, h2 a@href, h3 a@href, a[rel=bookmark]@href, a[href]@href",
                date: "time.published@datetime, time@datetime, .entry-date, .date",
                summary: ".entry-summary, .entry-content, .excerpt, p",
            },
            Shape {
                list: ".wp-block-query, .wp-block-post-template, ul.wp-block-latest-posts",
                item: "li",
                title: ".wp-block-post-title, .wp-block-latest-posts__post-title, h2, h3",
                link: ".wp-block-post-title a@href, a[href]@href",
                date: "time@datetime",
                summary: ".wp-block-post-excerpt__excerpt, .wp-block-latest-posts__post-excerpt",
            },
        ],
    },
    // Government Site Builder: federal ministries and offices.
    Preset {
        name: "gsb",
        shapes: &[
            Shape {
                list: ".c-search-result-list, .searchresults, .c-teaser-list, .l-search-result",
                item: ".c-search-result, .searchresult, .c-teaser, li",
                title: "h2, h3, .c-teaser__headline, .c-search-result__headline",
                link: "h2 a@href, h3 a@href, a[href]@href",
                date: "time@datetime, .c-topline__item, .c-date, .date, .dateOfIssue",
                summary: ".c-teaser__text, .c-search-result__text, p",
            },
            Shape {
                list: "#content, main, body",
                item: ".teaser, .c-teaser",
                title: "h2, h3",
                link: "h2 a@href, h3 a@href, a[href]@href",
                date: "time@datetime, .date, .dateOfIssue, .metadata",
                summary: "p",
            },
        ],
    },
    // Liferay, as KGSt uses it; the first date of `… | Ort | …` counts.
    Preset {
        name: "liferay",
        shapes: &[Shape {
            list: ".searchResults, #main-content, body",
            item: ".searchResultBox",
            title: ".searchResultHeadline",
            link: ".searchResultHeadline a@href",
            date: ".searchResultTopic .date",
            summary: ".searchResultDescription",
        }],
    },
    // Bare lists of PDF files, such as a university's series.
    Preset {
        name: "harz-pdf",
        shapes: &[Shape {
            list: "main, #content, #main, body",
            item: r#"a[href$=".pdf" i], a[href*=".pdf?" i], a[href*="Ext=PDF" i]"#,
            title: "",
            link: "@href",
            date: "",
            summary: "",
        }],
    },
];

/// Returns the preset of that name.
pub(super) fn find(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}

//! READ: what the kinds share.

/// Finds the charset.
pub mod sniff {
    /// A decoded document.
    #[derive(Debug, Clone, Default)]
    pub struct Decoded {
        /// Its text.
        pub text: String,
        /// What was odd.
        pub notes: Vec<String>,
    }

    /// Decodes a document.
    pub fn decode(body: &[u8], _content_type: Option<&str>) -> Decoded {
        let text = match std::str::from_utf8(body) {
            Ok(text) => text.to_owned(),
            Err(_) => encoding_rs::WINDOWS_1252.decode(body).0.into_owned(),
        };
        Decoded { text, notes: Vec::new() }
    }
}

/// Safe text of HTML.
pub mod html {
    /// Text and links.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct HtmlText {
        /// The text, blocks as lines.
        pub text: String,
        /// URLs of its links.
        pub links: Vec<String>,
    }

    const BLOCKS: &[&str] = &[
        "p", "div", "li", "ul", "ol", "br", "h1", "h2", "h3", "h4", "h5", "h6", "tr", "td",
        "table", "section", "article",
    ];

    /// Text of HTML.
    pub fn to_text(html: &str) -> HtmlText {
        let mut out = HtmlText::default();
        let mut rest = html;
        while let Some(at) = rest.find('<') {
            out.text.push_str(&htmlize::unescape(&rest[..at]));
            rest = &rest[at..];
            let after = rest[1..].chars().next().unwrap_or(' ');
            if !(after.is_ascii_alphabetic() || matches!(after, '/' | '!' | '?')) {
                out.text.push('<');
                rest = &rest[1..];
                continue;
            }
            let end = rest.find('>').map_or(rest.len(), |end| end + 1);
            let tag = &rest[..end];
            rest = &rest[end..];
            let name: String = tag
                .trim_start_matches(['<', '/'])
                .chars()
                .take_while(char::is_ascii_alphanumeric)
                .collect::<String>()
                .to_ascii_lowercase();
            if (name == "script" || name == "style") && !tag.starts_with("</") {
                let close = format!("</{name}");
                rest = rest.find(&close).map_or("", |end| &rest[end..]);
            } else if name == "a"
                && let Some(at) = tag.find("href=\"")
            {
                let href = &tag[at + 6..];
                let href = &href[..href.find('"').unwrap_or(href.len())];
                out.links.push(htmlize::unescape(href).into_owned());
            }
            if BLOCKS.contains(&name.as_str()) {
                out.text.push('\n');
            }
        }
        out.text.push_str(&htmlize::unescape(rest));
        out
    }

    /// Whether no more than `max` elements are open at once.
    pub fn depth_within(html: &str, max: usize) -> bool {
        const VOID: &[&str] =
            &["br", "img", "meta", "link", "input", "hr", "p", "li", "col", "area", "source"];
        let mut depth = 0_usize;
        for part in html.split('<').skip(1) {
            let name: String = part
                .trim_start_matches('/')
                .chars()
                .take_while(char::is_ascii_alphanumeric)
                .collect::<String>()
                .to_ascii_lowercase();
            if name.is_empty() || VOID.contains(&name.as_str()) {
                continue;
            }
            if part.starts_with('/') {
                depth = depth.saturating_sub(1);
            } else {
                depth += 1;
            }
            if depth > max {
                return false;
            }
        }
        true
    }
}

/// Lenient German dates.
pub mod date {
    use chrono::{NaiveDate, NaiveDateTime, TimeZone as _};
    use chrono_tz::Tz;

    use crate::model::Date;

    const MONTHS: &[&str] =
        &["jan", "feb", "mär", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "dez"];

    fn at(day: NaiveDate, zone: Tz) -> Option<Date> {
        let noon = day.and_hms_opt(12, 0, 0)?;
        Some(Date { at: zone.from_local_datetime(&noon).earliest()?.into(), is_guess: true })
    }

    /// Reads a date.
    pub fn parse(text: &str, zone: Tz) -> Option<Date> {
        let text = text.trim();
        if let Ok(date) = chrono::DateTime::parse_from_rfc3339(text) {
            return Some(Date { at: date.into(), is_guess: false });
        }
        if let Ok(date) = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S") {
            return Some(Date {
                at: zone.from_local_datetime(&date).earliest()?.into(),
                is_guess: true,
            });
        }
        if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            return at(day, zone);
        }
        if let Ok(day) = NaiveDate::parse_from_str(text, "%d.%m.%Y") {
            return at(day, zone);
        }
        let mut words = text.split_whitespace();
        let day: u32 = words.next()?.strip_suffix('.')?.parse().ok()?;
        let name = words.next()?.to_lowercase();
        let month = MONTHS.iter().position(|month| name.starts_with(month))?;
        let year: i32 = words.next()?.parse().ok()?;
        at(NaiveDate::from_ymd_opt(year, u32::try_from(month).ok()? + 1, day)?, zone)
    }

    /// Reads a date from the path of a URL.
    pub fn from_path(path: &str, zone: Tz) -> Option<Date> {
        let parts: Vec<&str> = path.split('/').collect();
        for three in parts.windows(3) {
            let [year, month, day] = three else { continue };
            if year.len() == 4
                && let (Ok(year), Ok(month), Ok(day)) = (year.parse(), month.parse(), day.parse())
                && let Some(day) = NaiveDate::from_ymd_opt(year, month, day)
            {
                return at(day, zone);
            }
        }
        None
    }
}

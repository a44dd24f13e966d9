//! One selector key: `css`, `css@attribute`, `@attribute`, `^ css`, or several
//! of these with commas between, which are tried in the order written.

use scraper::{ElementRef, Selector};

/// Siblings looked at for `^ css`: a page of 5 MiB may have a hundred thousand.
const MAX_SIBLINGS: usize = 200;

/// Matches that are joined to one text.
const MAX_MATCHES: usize = 100;

/// What a key of the settings asks for.
#[derive(Debug, Clone)]
pub(super) struct Picks {
    /// As written.
    pub(super) source: String,
    alternatives: Vec<Pick>,
}

impl Picks {
    /// Reads `text`; the error says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let alternatives = split_commas(text).map(Pick::parse).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { source: text.trim().to_owned(), alternatives })
    }

    /// Returns what each alternative finds, best first.
    pub(super) fn find<'a>(&self, item: ElementRef<'a>) -> impl Iterator<Item = Found<'a>> {
        self.alternatives.iter().filter_map(move |pick| pick.find(item))
    }

    /// Returns every element that the first alternative with a match finds inside `item`.
    pub(super) fn all<'a>(&self, item: ElementRef<'a>) -> impl Iterator<Item = ElementRef<'a>> {
        let found = self.alternatives.iter().find_map(|pick| {
            let elements: Vec<_> = match &pick.place {
                Place::Inside(selector) => item.select(selector).take(MAX_MATCHES).collect(),
                _ => pick.find(item).map(|found| found.element).into_iter().collect(),
            };
            (!elements.is_empty()).then_some(elements)
        });
        found.unwrap_or_default().into_iter()
    }
}

/// Where to look, what to match, what to read off the match.
#[derive(Debug, Clone)]
struct Pick {
    place: Place,
    attribute: Option<String>,
}

#[derive(Debug, Clone)]
enum Place {
    /// The item itself.
    Own,
    /// The first match inside the item.
    Inside(Selector),
    /// The nearest match before the item, beside it.
    Before(Selector),
}

/// What a selector found.
pub(super) struct Found<'a> {
    /// The element.
    pub(super) element: ElementRef<'a>,
    /// Its attribute, where one was asked for and is not empty.
    pub(super) attribute: Option<&'a str>,
}

impl Pick {
    fn parse(text: &str) -> Result<Self, String> {
        let (css, attribute) = split_attribute(text.trim());
        if let Some(name) = attribute
            && (name.is_empty()
                || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':')))
        {
            return Err(format!("`{name}` is not the name of an attribute"));
        }
        let attribute = attribute.map(str::to_ascii_lowercase);
        let place = if css.is_empty() {
            if attribute.is_none() {
                return Err("must not be empty".to_owned());
            }
            Place::Own
        } else if let Some(css) = css.strip_prefix('^') {
            Place::Before(parse_css(css.trim())?)
        } else {
            Place::Inside(parse_css(css)?)
        };
        Ok(Self { place, attribute })
    }

    /// Returns the first match that has the attribute, if one is asked for; else the
    /// first match.
    fn find<'a>(&self, item: ElementRef<'a>) -> Option<Found<'a>> {
        match &self.place {
            Place::Own => Some(self.found(item)),
            Place::Inside(selector) => {
                let mut first = None;
                for element in item.select(selector) {
                    let found = self.found(element);
                    if self.attribute.is_none() || found.attribute.is_some() {
                        return Some(found);
                    }
                    first.get_or_insert(found);
                }
                first
            }
            Place::Before(selector) => item
                .prev_siblings()
                .filter_map(ElementRef::wrap)
                .take(MAX_SIBLINGS)
                .find(|element| selector.matches(element))
                .map(|element| self.found(element)),
        }
    }

    fn found<'a>(&self, element: ElementRef<'a>) -> Found<'a> {
        let attribute = self
            .attribute
            .as_deref()
            .and_then(|name| element.attr(name))
            .filter(|value| !value.trim().is_empty());
        Found { element, attribute }
    }
}

/// Parses CSS; the error names what was written.
pub(super) fn parse_css(css: &str) -> Result<Selector, String> {
    if css.is_empty() {
        return Err("must not be empty".to_owned());
    }
    Selector::parse(css).map_err(|error| format!("`{css}` is not a CSS selector: {error}"))
}

/// Splits at the last `@` that stands outside brackets and quotation marks.
fn split_attribute(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once('@') {
        Some((css, attribute)) if !attribute.contains([']', ')', '"', '\'']) => {
            (css.trim(), Some(attribute.trim()))
        }
        _ => (text, None),
    }
}

/// Splits at the commas that stand outside brackets and quotation marks.
fn split_commas(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_u32;
    let mut quote = None;
    text.split(move |c: char| {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth = depth.saturating_sub(1),
            (None, ',') => return depth == 0,
            _ => {}
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use scraper::Html;

    use super::*;

    fn found(html: &str, pick: &str) -> Option<String> {
        let page = Html::parse_document(html);
        let item = page.select(&Selector::parse(".item").unwrap()).next().unwrap();
        let picks = Picks::parse(pick).unwrap();
        let found = picks.find(item).next()?;
        Some(found.attribute.map_or_else(|| found.element.text().collect(), str::to_owned))
    }

    #[test]
    fn a_selector_looks_inside_at_itself_and_before() {
        let html = "<p class=date>1.2.2025</p><p class=date>3.2.2025</p><a class=item href=/x id=i7><b title=t>Titel</b></a>";
        assert_eq!(found(html, "b").as_deref(), Some("Titel"));
        assert_eq!(found(html, "b@title").as_deref(), Some("t"));
        assert_eq!(found(html, "@href").as_deref(), Some("/x"));
        assert_eq!(found(html, "^ .date").as_deref(), Some("3.2.2025"));
        assert_eq!(found(html, "i"), None);
        assert_eq!(found(html, "^ h2"), None);
        assert_eq!(found(html, "i, b@title, @href").as_deref(), Some("t"));
        assert_eq!(found(html, "b:is(i, b)").as_deref(), Some("Titel"));
    }

    #[test]
    fn the_first_match_with_the_attribute_wins() {
        let html = "<li class=item><a name=top>x</a><a href=''>y</a><a href=/z>z</a></li>";
        assert_eq!(found(html, "a@href").as_deref(), Some("/z"));
    }

    #[test]
    fn an_at_sign_inside_a_selector_is_not_an_attribute() {
        assert!(Pick::parse("a[href*='@']").is_ok_and(|pick| pick.attribute.is_none()));
        for bad in ["", "a@", "a@b c", ">>", "a[", "^", "a@@", "a,,b", "a,"] {
            assert!(Picks::parse(bad).is_err(), "{bad}");
        }
    }
}

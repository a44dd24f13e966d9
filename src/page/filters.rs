//! The escape and the filters of all templates.

use minijinja::value::{Value, ValueKind};
use minijinja::{AutoEscape, Error, Output, State};

use super::link;

/// Widest line of text parts (RFC 3676 advises 78; quotes need room).
const WIDTH: usize = 72;

/// Escapes text for HTML and XML, also inside quotes. The library's own way turns each
/// slash of an address into six bytes.
pub(super) fn escape(
    out: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    let is_plain = !matches!(state.auto_escape(), AutoEscape::Html)
        || value.is_safe()
        || value.kind() != ValueKind::String;
    let Some(text) = value.as_str().filter(|_| !is_plain) else {
        return minijinja::escape_formatter(out, state, value);
    };
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        let (plain, special) = rest.split_at(at);
        out.write_str(plain)?;
        out.write_str(match special.as_bytes().first() {
            Some(b'&') => "&amp;",
            Some(b'<') => "&lt;",
            Some(b'>') => "&gt;",
            Some(b'"') => "&quot;",
            _ => "&#39;",
        })?;
        rest = special.get(1..).unwrap_or_default();
    }
    Ok(out.write_str(rest)?)
}

/// Breaks at blanks into lines of at most 72 characters; no-break spaces hold.
/// Words that are longer stand alone. No line can pose as the mark before the
/// footer.
pub(super) fn wrap(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut width = 0;
    for word in text.split([' ', '\n']).filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > WIDTH {
            out.push('\n');
            width = 0;
        } else if width > 0 {
            out.push(' ');
            width += 1;
        }
        if width == 0 && word == "--" {
            out.push('–');
            width = 1;
            continue;
        }
        out.push_str(word);
        width += length;
    }
    out
}

/// Returns at most `most` characters, cut at a word where there is one: a window's title
/// has little room.
pub(super) fn cut(text: &str, most: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(most) else {
        return text.to_owned();
    };
    let beginning = text.get(..end).unwrap_or(text);
    let word = beginning.rfind(' ').and_then(|blank| beginning.get(..blank)).unwrap_or(beginning);
    format!("{} …", word.trim_end_matches([',', '.', ':', ';', ' ', '–']))
}

/// Returns the address if a browser may follow it, else one that leads nowhere: the last
/// wall against `javascript:` in an address that a source gave.
pub(super) fn web_address(address: &str) -> String {
    link::shown_url(address).unwrap_or_else(|| "about:invalid".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_blanks_only() {
        let text = format!("{} {}", "wort ".repeat(30), "9.\u{a0}Dezember\u{a0}2025");
        let wrapped = wrap(&text);
        assert!(wrapped.lines().all(|line| line.chars().count() <= 72));
        assert!(wrapped.contains("9.\u{a0}Dezember\u{a0}2025"));
        assert_eq!(wrap("-- \nAbmelden"), "– Abmelden");
    }

    #[test]
    fn a_long_title_of_a_window_ends_at_a_word() {
        assert_eq!(cut("Zwölf Kommunen", 14), "Zwölf Kommunen");
        assert_eq!(cut("Zwölf Kommunen, und mehr", 17), "Zwölf Kommunen …");
        assert_eq!(cut("Donaudampfschifffahrt", 5), "Donau …");
        assert_eq!(cut("", 0), "");
    }

    #[test]
    fn an_address_that_no_browser_should_follow_leads_nowhere() {
        assert_eq!(web_address("HTTPS://x.example/ä"), "https://x.example/%C3%A4");
        for bad in ["", "data:text/html,x", "javascript:alert(1)", "äääääää", "//x.example"]
        {
            assert_eq!(web_address(bad), "about:invalid", "{bad}");
        }
    }
}

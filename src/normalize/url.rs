//! URLs: what may be shown, and when two of them are the same page.
//!
//! [`clean`] decides what a reader may click and changes no meaning;
//! [`canonical`] is for comparing only and must never be requested: it drops
//! what a server may need (`cHash`) and swaps what a server may tell apart.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_normalization::UnicodeNormalization as _;
use url::Url;

use crate::model::is_tracking_parameter;

/// Longest URL that is kept; Berlin-type sites have query strings of 2 kB.
const MAX_CHARS: usize = 4_000;

/// Parameters that name a visit, never a page; those of campaigns stand in `model::tracking`.
const NOISE: &[&str] = &[
    "cmp",
    // sessions
    "jsessionid",
    "phpsessid",
    "sessionid",
    "session_id",
    "aspsessionid",
    "cfid",
    "cftoken",
    // TYPO3: without cHash a server may refuse the page, but it names nothing
    "chash",
    "no_cache",
    "tx_news_pi1[action]",
    "tx_news_pi1[controller]",
    "tx_tsarssinclude_pi1[action]",
    "tx_tsarssinclude_pi1[controller]",
    // Government Site Builder: where the visitor came from
    "nn",
    "resourceid",
    "input_",
    "pagelocale",
];

/// Parameters of iKISS that say by which menu an object was reached. Dropped
/// only where the object itself is named.
const IKISS_NAVIGATION: &[&str] =
    &["la", "navid", "modid", "kat", "call", "start", "max", "kuo", "ofs_1", "sub"];

/// Returns the URL as it may be shown and followed: http or https, no credentials, no
/// control characters, blanks and quotes encoded. `None` if nothing safe is left.
pub fn clean(url: &str) -> Option<String> {
    let url = url.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    if url.is_empty() || url.chars().count() > MAX_CHARS {
        return None;
    }
    // The parser would drop tabs and line ends inside; what needs that trick is not meant well.
    if url.chars().any(char::is_control) {
        return None;
    }
    let parsed = if url.starts_with("//") {
        Url::parse(&format!("https:{url}")).ok()?
    } else {
        Url::parse(url).ok()?
    };
    shown(parsed)
}

/// Returns a parsed URL as it may be shown; see [`clean`].
fn shown(mut parsed: Url) -> Option<String> {
    if !matches!(parsed.scheme(), "http" | "https") || parsed.host_str().is_none_or(str::is_empty) {
        return None;
    }
    parsed.set_username("").ok()?;
    parsed.set_password(None).ok()?;
    // Legal in a URL, but they end an attribute or a line of text too early.
    let ends_text = |c| matches!(c, '\'' | '"' | '<' | '>' | '`' | '\\' | '^' | '{' | '}');
    if !parsed.as_str().contains(ends_text) {
        return Some(parsed.into());
    }
    let mut shown = String::with_capacity(parsed.as_str().len());
    for c in parsed.as_str().chars() {
        if ends_text(c) {
            encode(&mut shown, c);
        } else {
            shown.push(c);
        }
    }
    Some(shown)
}

/// Resolves `link` as found on a page against `base`, then cleans it.
pub(crate) fn resolve(link: &str, base: Option<&Url>) -> Option<String> {
    let link = link.trim();
    if link.chars().any(char::is_control) {
        return None;
    }
    match base {
        Some(base) => {
            shown(base.join(link).ok().filter(|joined| joined.as_str().len() <= MAX_CHARS)?)
        }
        None => clean(link),
    }
}

/// Returns one spelling for all addresses of a page. For comparison only, never to be
/// requested or shown. What is no http(s) URL comes back trimmed.
pub fn canonical(url: &str) -> String {
    spell(url, false)
}

/// Returns what [`canonical`] does, with the fragment: for items that have no page of their
/// own and differ only in their place on one.
pub(crate) fn canonical_with_fragment(url: &str) -> String {
    spell(url, true)
}

fn spell(url: &str, with_fragment: bool) -> String {
    let trimmed = url.trim();
    let Ok(parsed) = Url::parse(trimmed) else { return trimmed.to_owned() };
    let Some(host) = parsed.host_str().filter(|_| matches!(parsed.scheme(), "http" | "https"))
    else {
        return trimmed.to_owned();
    };
    let mut spelled = String::from("https://");
    spelled.push_str(plain_host(host));
    // A default port is not reported by the parser; 80 and 443 change places with the scheme.
    if let Some(port) = parsed.port().filter(|port| !matches!(port, 80 | 443)) {
        let _ = write!(spelled, ":{port}");
    }
    push_path(&mut spelled, parsed.path());
    let pairs = spell_query(parsed.query().unwrap_or_default());
    for (index, pair) in pairs.iter().enumerate() {
        spelled.push(if index == 0 { '?' } else { '&' });
        spelled.push_str(pair);
    }
    if let Some(fragment) = parsed.fragment().filter(|f| !f.is_empty())
        && (with_fragment || fragment.starts_with('!'))
    {
        spelled.push('#');
        spelled.push_str(&escaped(decode(fragment), ""));
    }
    spelled
}

/// Returns the host without `www.` and the root's dot.
pub(crate) fn plain_host(host: &str) -> &str {
    let mut host = host.trim_end_matches('.');
    while let Some(rest) = host.strip_prefix("www.").filter(|rest| rest.contains('.')) {
        host = rest;
    }
    host
}

/// Returns decoded parameters of a URL in the order written, for reading ids off them.
pub(crate) fn parameters(url: &Url) -> Vec<(String, String)> {
    let Some(query) = url.query() else { return Vec::new() };
    query.split('&').map(split_pair).collect()
}

fn push_path(spelled: &mut String, path: &str) {
    // `;jsessionid=…` hangs on the last segment.
    let session = path.match_indices(';').find(|(at, _)| begins(&path[*at..], ";jsessionid="));
    let path = session.map_or(path, |(at, _)| &path[..at]);
    let mut segments: Vec<Cow<'_, str>> =
        path.split('/').map(|segment| escaped(decode(segment), "/?\\")).collect();
    while segments.last().is_some_and(|last| is_index(last)) {
        segments.pop();
    }
    if segments.len() < 2 {
        spelled.push('/');
    }
    // The first stands before the first slash: it is empty.
    for segment in segments.iter().skip(1) {
        spelled.push('/');
        spelled.push_str(segment);
    }
}

/// Returns whether a last segment is empty (a trailing slash) or the name of a folder's own page.
fn is_index(segment: &str) -> bool {
    ["", "index.php", "index.html", "index.htm", "index.jsp", "default.aspx"]
        .iter()
        .any(|index| segment.eq_ignore_ascii_case(index))
}

/// Parameters that are noise only if the value looks like it: `sid=12` may be
/// a story, `type=press` a page.
fn is_noise_here(name: &str, value: &str, is_typo3: bool) -> bool {
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    match name.to_ascii_lowercase().as_str() {
        "sid" => value.len() >= 16 && value.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        "l" | "type" => is_typo3 && is_number,
        _ => is_noise(name),
    }
}

fn spell_query(query: &str) -> Vec<String> {
    if query.is_empty() {
        return Vec::new();
    }
    let mut pairs: Vec<(String, String)> = query.split('&').map(split_pair).collect();
    let is_typo3 = pairs.iter().any(|(name, _)| name == "cHash" || name.starts_with("tx_"));
    pairs.retain(|(name, value)| {
        !(name.is_empty() && value.is_empty() || is_noise_here(name, value, is_typo3))
    });
    if ikiss(&pairs).is_some() {
        let with_fid = pairs.iter().any(|(name, _)| name == "FID");
        pairs.retain(|(name, _)| {
            let lower = name.to_ascii_lowercase();
            !(IKISS_NAVIGATION.contains(&lower.as_str()) || with_fid && name == "object")
        });
    }
    let mut spelt: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| {
            let name = escaped(Cow::Owned(name), "&=+");
            // `|` and `,` are one separator to iKISS, and browsers encode one of them.
            let value = escaped(Cow::Owned(value.replace('|', ",")), "&+");
            if value.is_empty() { name.into_owned() } else { format!("{name}={value}") }
        })
        .collect();
    // Last: an order by other letters than those written would not hold a second time.
    spelt.sort();
    spelt.dedup();
    spelt
}

fn split_pair(pair: &str) -> (String, String) {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let decoded = |text: &str| decode(&text.replace('+', " ")).into_owned();
    let name = decoded(name);
    // `&amp;` that was escaped once too often, as in WordPress' `&#038;`.
    let name = name.trim_start_matches("amp;").trim_start_matches("#038;").to_owned();
    (name, decoded(value))
}

fn is_noise(name: &str) -> bool {
    is_tracking_parameter(name) || NOISE.iter().any(|noise| name.eq_ignore_ascii_case(noise))
}

/// Returns whether `text` begins with `prefix`, whatever the case of its ASCII letters.
pub(super) fn begins(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

/// Returns text percent-decoded as UTF-8, else as windows-1252 (`Wir-f%FCr-Sie`); NFC.
fn decode(text: &str) -> Cow<'_, str> {
    if text.is_ascii() && !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let digit = |at: usize| tail.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        if *first == b'%'
            && let (Some(high), Some(low)) = (digit(0), digit(1))
            && let Ok(byte) = u8::try_from(high * 16 + low)
        {
            bytes.push(byte);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    Cow::Owned(match String::from_utf8(bytes) {
        Ok(decoded) => decoded.nfc().collect(),
        Err(error) => encoding_rs::WINDOWS_1252.decode(error.as_bytes()).0.nfc().collect(),
    })
}

/// Encodes what would be read as something else: `%`, `#`, blanks, controls
/// and `also`. Everything else stays as it is, so that umlauts compare.
fn escaped<'a>(text: Cow<'a, str>, also: &str) -> Cow<'a, str> {
    let misread =
        |c: char| c == '%' || c == '#' || c.is_whitespace() || c.is_control() || also.contains(c);
    if !text.contains(misread) {
        return text;
    }
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if misread(c) {
            encode(&mut escaped, c);
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

fn encode(out: &mut String, c: char) {
    let mut buffer = [0_u8; 4];
    for byte in c.encode_utf8(&mut buffer).bytes() {
        let _ = write!(out, "%{byte:02X}");
    }
}

/// Reads `FID=<client>.<id>.<language>`, else `object=tx|<client>.<id>.<language>`;
/// beside a FID, `object` only names the template of the list.
pub(super) fn ikiss(parameters: &[(String, String)]) -> Option<String> {
    if let Some(id) = value(parameters, "FID") {
        return client_and_id(id);
    }
    let object = value(parameters, "object")?;
    client_and_id(object.strip_prefix("tx")?.strip_prefix(['|', ','])?)
}

fn client_and_id(text: &str) -> Option<String> {
    let mut parts = text.split('.');
    let (client, id, language) = (parts.next()?, parts.next()?, parts.next()?);
    let is_number = |part: &str| {
        (1..=9).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    (is_number(client) && is_number(id) && is_number(language) && parts.next().is_none())
        .then(|| format!("{client}.{id}"))
}

/// Returns the value of the parameter of that name.
pub(super) fn value<'a>(parameters: &'a [(String, String)], name: &str) -> Option<&'a str> {
    parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn all_addresses_of_a_page_are_spelled_alike() {
        for same in [
            // scheme, www, port, slash, index, fragment
            &[
                "http://www.example.de/aktuelles/",
                "https://example.de:443/aktuelles",
                "https://example.de:80/aktuelles/index.php#post-7",
                "HTTPS://EXAMPLE.de./aktuelles/index.html",
            ][..],
            // tracking and sessions
            &[
                "https://a.de/x?b=2&a=1",
                "https://a.de/x?a=1&b=2&utm_source=rss&wt_mc=rss.red.ho&fbclid=9",
                "https://a.de/x;jsessionid=0A1B?a=1&amp;b=2&PHPSESSID=77&sid=0123456789abcdef&cmp=nl-1&cflt=rdt",
            ],
            // umlauts: raw, UTF-8, Latin-1
            &[
                "https://a.de/Wir-für-Sie",
                "https://a.de/Wir-f%C3%BCr-Sie",
                "https://a.de/Wir-f%FCr-Sie",
                "https://a.de/Wir-fu\u{308}r-Sie",
            ],
            // iKISS: separators, order, ways through the menu
            &[
                "https://k.de/Aktuelles/index.php?La=1&NavID=39.68&object=tx%7C2348.6253.1",
                "https://k.de/Aktuelles/index.php?NavID=39.19&object=tx|2348.6253.1&La=1",
                "https://k.de/Aktuelles/?object=tx%2C2348.6253.1",
                "https://k.de/Aktuelles?object=tx,2348.6253.1&kat=2&call=suche&start=0&max=9",
            ],
            // TYPO3: order, brackets, what is not the page
            &[
                "https://t.de/aktuelles?tx_news_pi1%5Baction%5D=detail&tx_news_pi1%5Bcontroller%5D=News&tx_news_pi1%5Bnews%5D=116&cHash=41b9",
                "https://t.de/aktuelles?cHash=77&tx_news_pi1[news]=116&no_cache=1&L=0&type=98",
            ],
        ] {
            for url in same {
                assert_eq!(canonical(url), canonical(same[0]), "{url}");
            }
        }
    }

    #[test]
    fn different_pages_stay_different() {
        for (one, other) in [
            ("https://a.de/x", "https://a.de/X"),
            ("https://a.de/x?id=1", "https://a.de/x?id=2"),
            ("https://a.de/x?sid=12", "https://a.de/x?sid=13"),
            ("https://a.de/x?type=press", "https://a.de/x?type=event"),
            ("https://a.de/x?a=b%26c", "https://a.de/x?a=b&c"),
            ("https://a.de/a%2Fb", "https://a.de/a/b"),
            ("https://a.de:8443/", "https://a.de/"),
            ("https://a.de/#!/one", "https://a.de/#!/two"),
            ("https://k.de/?object=tx|1.2.1", "https://k.de/?object=tx|1.3.1"),
            ("https://k.de/?FID=1.2.1&object=tx,1.5", "https://k.de/?FID=1.3.1&object=tx,1.5"),
        ] {
            assert_ne!(canonical(one), canonical(other), "{one}");
        }
        assert_ne!(
            canonical_with_fragment("https://a.de/news#a"),
            canonical_with_fragment("https://a.de/news#b")
        );
    }

    #[test]
    fn what_is_not_safe_to_click_is_dropped() {
        for bad in [
            "  JaVaScRiPt:alert(1)",
            "java\tscript:alert(1)",
            "vbscript:x",
            "file:///etc/passwd",
            "mailto:x@y.test?bcc=victim@evil.test",
            "data:text/html,x",
            "ftp://a.test/x",
            "/relative",
            "http://",
            "http://x.test/\r\nBcc: a@b.test",
            "",
        ] {
            assert_eq!(clean(bad), None, "{bad}");
        }
        assert_eq!(clean(&format!("http://x.test/{}", "a".repeat(65_536))), None);
    }

    #[test]
    fn what_can_be_made_harmless_is_kept() {
        for (given, shown) in [
            (
                "http://x.test/\" onmouseover=\"alert(1)",
                "http://x.test/%22%20onmouseover=%22alert(1)",
            ),
            (
                "http://x.test/<script>alert(1)</script>",
                "http://x.test/%3Cscript%3Ealert(1)%3C/script%3E",
            ),
            ("//evil.test/x", "https://evil.test/x"),
            ("http://user:pw@evil.test/", "http://evil.test/"),
            ("http://x.test/a b c", "http://x.test/a%20b%20c"),
            ("http://xn--80ak6aa92e.test/", "http://xn--80ak6aa92e.test/"),
            ("\n https://x.test/y \n", "https://x.test/y"),
            ("https://x.test/?a='b'", "https://x.test/?a=%27b%27"),
            ("https://a.de/x?cHash=1&type=2", "https://a.de/x?cHash=1&type=2"),
        ] {
            assert_eq!(clean(given).as_deref(), Some(shown), "{given}");
        }
    }

    #[test]
    fn a_relative_link_is_resolved_before_it_is_judged() {
        let base = Url::parse("https://a.de/b/c").ok();
        let base = base.as_ref();
        assert_eq!(resolve("d.pdf", base).as_deref(), Some("https://a.de/b/d.pdf"));
        assert_eq!(resolve("//e.de/f", base).as_deref(), Some("https://e.de/f"));
        assert_eq!(resolve("javascript:x", base), None);
        assert_eq!(resolve("d.pdf", None), None);
    }

    #[test]
    fn the_order_of_parameters_is_that_of_what_is_written() {
        let once = canonical("http://a.de/?=0&=|");
        assert_eq!(canonical(&once), once);
    }

    proptest! {
        #[test]
        fn canonical_of_a_canonical_url_is_itself(
            host in "(www\\.){0,3}[a-z]{1,5}\\.(de|www\\.de)\\.?",
            rest in "[/a-cA-C%0-9?&=#;+.,| \\\\äß\u{308}\u{a0}-]{0,40}",
        ) {
            let once = canonical(&format!("http://{host}/{rest}"));
            prop_assert_eq!(canonical(&once), once);
        }

        #[test]
        fn canonical_takes_anything(text in "\\PC{0,60}") {
            let once = canonical(&text);
            prop_assert_eq!(canonical(&once), once);
        }

        #[test]
        fn a_cleaned_url_is_safe_and_stays_as_it_is(text in "(https?://|//)?[\\PC\\t\\n]{0,60}") {
            if let Some(once) = clean(&text) {
                prop_assert!(once.starts_with("http://") || once.starts_with("https://"));
                prop_assert!(!once.contains(['"', '<', '>', '\'', ' ']) && !once.chars().any(char::is_control));
                prop_assert_eq!(clean(&once), Some(once.clone()));
            }
        }
    }
}

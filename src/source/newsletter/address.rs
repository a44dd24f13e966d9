//! Links of newsletters: what stands behind a redirect that counts clicks, and without what
//! names the reader.

use std::collections::{HashMap, HashSet};

use data_encoding::BASE64URL_NOPAD;
use url::{Url, form_urlencoded};

use crate::model::is_tracking_parameter;

/// Redirects within redirects that are opened.
const MOST_LAYERS: usize = 5;
/// Longest address.
const LONGEST: usize = 4_000;

/// Parameters that name a reader in the addresses that mailers write.
const PERSONAL: &[&str] = &[
    "rid",
    "ac",
    "authcode",
    "uid",
    "email",
    "e-mail",
    "mail",
    "recipient",
    "recipient_id",
    "subscriber",
    "subscriberid",
    "subscriber_id",
    "sid",
    "token",
    "hash",
    "cr_key",
    "crid",
    "nlid",
    "member",
    "contact",
    "contactid",
    "user",
    "userid",
    "user_id",
    "mid",
    "jumpurl",
    "juhash",
    "ml_subscriber",
    "ml_subscriber_hash",
    "sib_id",
    "_se",
    "ck_subscriber_id",
    "lmid",
    "lmsid",
    "inxmail",
    "cid",
];

/// Parts of hosts that do nothing but redirect for mailers.
const MAILERS: &[&str] = &[
    "list-manage.com",
    "sendibt",
    "sendinblue",
    "brevo.",
    "cleverreach",
    "crsend.com",
    "emailsys",
    "rapidmail",
    "mjt.lu",
    "mailjet",
    "sendgrid",
    "newsletter2go",
    "safelinks.",
    "mailchi.mp",
    "inxmail",
    "mailerlite",
    "klicktipp",
    "episerver",
    "evalanche",
    "scnem",
    "awstrack.me",
];

/// Beginnings of paths that count clicks.
const COUNTERS: &[&str] =
    &["track", "click", "clk", "cl", "c", "ls", "tr", "lt", "redirect", "redir", "r", "go", "link"];

/// What is known of a message for judging its links.
pub(in crate::source) struct Readers {
    /// The addresses it was sent to, and what is usually made of them.
    marks: Vec<String>,
    /// The address of the page it stands on, for relative links.
    base: Option<Url>,
}

impl Readers {
    pub(in crate::source) fn of(recipients: &[String]) -> Self {
        let mut marks = Vec::new();
        for one in recipients {
            marks.push(one.clone());
            marks.push(BASE64URL_NOPAD.encode(one.as_bytes()).to_lowercase());
        }
        Self { marks, base: None }
    }

    /// Nobody in particular: the newsletter stands on a page.
    pub(in crate::source) fn of_page(base: Option<&Url>) -> Self {
        Self { marks: Vec::new(), base: base.cloned() }
    }

    /// Returns whether words hold one of the readers' marks.
    pub(in crate::source) fn are_in(&self, words: &str) -> bool {
        let lower = words.to_lowercase();
        self.marks.iter().any(|mark| lower.contains(mark.as_str()))
    }

    /// Takes their addresses out of a text.
    pub(in crate::source) fn taken_out(&self, text: &str) -> String {
        self.marks.iter().fold(text.to_owned(), |text, mark| {
            if text.to_lowercase().contains(mark.as_str()) {
                replace_ignoring_case(&text, mark)
            } else {
                text
            }
        })
    }
}

fn replace_ignoring_case(text: &str, mark: &str) -> String {
    let lower = text.to_lowercase();
    if lower.len() != text.len() {
        return String::new();
    }
    let mut rest = String::new();
    let mut from = 0;
    while let Some(at) = lower.get(from..).and_then(|tail| tail.find(mark)) {
        rest.push_str(text.get(from..from + at).unwrap_or_default());
        from += at + mark.len();
    }
    rest.push_str(text.get(from..).unwrap_or_default());
    rest
}

/// Returns where a link leads, without a redirect whose address holds its target and without
/// what names the reader; none if only the mailer knows where it leads, or who follows it.
pub(in crate::source) fn target(href: &str, readers: &Readers) -> Option<String> {
    let href = href.trim();
    if href.len() > LONGEST || href.starts_with('#') {
        return None;
    }
    let join = || readers.base.as_ref()?.join(href).ok();
    let mut url = Url::parse(href).ok().or_else(join).filter(is_web)?;
    for _ in 0..MOST_LAYERS {
        match inner(&url) {
            Some(next) => url = next,
            None => break,
        }
    }
    if counts(&url) {
        return None;
    }
    take_out(&mut url, |name, value| is_personal(name, value, readers));
    if url.fragment().is_some_and(|fragment| readers.are_in(fragment)) {
        url.set_fragment(None);
    }
    let _ = url.set_username("");
    let _ = url.set_password(None);
    (!readers.are_in(&decoded(url.as_str()))).then(|| url.to_string())
}

/// Takes parameters out of an address. Returns whether it had any of them.
fn take_out(url: &mut Url, is_unwanted: impl Fn(&str, &str) -> bool) -> bool {
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, value)| !is_unwanted(name, value))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    let has_dropped = url.query_pairs().count() != kept.len();
    if kept.is_empty() {
        url.set_query(None);
    } else if has_dropped {
        url.query_pairs_mut().clear().extend_pairs(kept);
    }
    has_dropped
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.host_str().is_some()
}

/// The address that stands in a parameter or in the path of another.
fn inner(url: &Url) -> Option<Url> {
    let whole = |text: &str| {
        let text = text.trim();
        let text = text.get(..text.len().min(LONGEST)).unwrap_or_default();
        (text.starts_with("http://") || text.starts_with("https://"))
            .then(|| Url::parse(text).ok().filter(is_web))
            .flatten()
    };
    let read = |text: &str| {
        whole(text).or_else(|| whole(&decoded(text))).or_else(|| {
            let bytes = BASE64URL_NOPAD
                .decode(text.trim_end_matches('=').replace('+', "-").replace('/', "_").as_bytes())
                .ok()?;
            let text = std::str::from_utf8(&bytes).ok()?;
            whole(text).or_else(|| whole(quoted(text)?))
        })
    };
    let in_query = url.query_pairs().find_map(|(name, value)| {
        // A page may be told where to come from: that is no target.
        let is_back = matches!(
            &*name.to_lowercase(),
            "referer" | "referrer" | "origin" | "source" | "return" | "back"
        );
        if is_back { None } else { read(&value) }
    });
    let in_path = || url.path_segments()?.filter(|part| part.len() > 10).find_map(read);
    // `/redirect/https://www.stadt.example/aktuelles`
    let at_end = || {
        let text = url.as_str();
        let at = text.get(8..)?.find("http://").or_else(|| text.get(8..)?.find("https://"))? + 8;
        let before = text.get(..at)?;
        before.ends_with('/').then(|| whole(text.get(at..)?)).flatten()
    };
    in_query.or_else(in_path).or_else(at_end)
}

/// The address that stands in quotes: `{"user":7,"url":"https://…"}`.
fn quoted(text: &str) -> Option<&str> {
    let quoted = text.split('"').find(|part| part.starts_with("http"));
    quoted.filter(|part| part.len() < text.len())
}

fn decoded(text: &str) -> String {
    let pair = format!("x={}", text.replace('+', "%2B").replace('&', "%26"));
    form_urlencoded::parse(pair.as_bytes()).map(|(_, value)| value.into_owned()).collect()
}

/// Returns whether an address counts clicks and hides where it leads.
fn counts(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().to_lowercase();
    if MAILERS.iter().any(|mailer| host.contains(mailer)) {
        return true;
    }
    if url
        .query_pairs()
        .any(|(name, value)| name.eq_ignore_ascii_case("jumpurl") && !value.is_empty())
    {
        return true;
    }
    let mut parts = url.path_segments().into_iter().flatten();
    let first = parts.next().unwrap_or_default().to_lowercase();
    let is_counter = COUNTERS.contains(&first.as_str());
    is_counter && (parts.any(is_token) || url.query_pairs().any(|(_, value)| is_token(&value)))
}

/// Returns whether a text is a long mixture of letters and digits that no person wrote.
fn is_token(text: &str) -> bool {
    let (mut letters, mut digits, mut changes) = (0, 0, 0);
    let mut last = None;
    for c in text.chars() {
        if !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-' | '=' | '.') {
            return false;
        }
        letters += usize::from(c.is_ascii_alphabetic());
        digits += usize::from(c.is_ascii_digit());
        let kind = (c.is_ascii_digit(), c.is_ascii_uppercase());
        changes += usize::from(last.is_some_and(|last| last != kind));
        last = Some(kind);
    }
    letters + digits >= 16 && digits >= 2 && letters >= 2 && changes * 5 >= letters + digits
}

/// Returns whether a part of an address looks like a token.
pub(in crate::source) fn holds_token(link: &str) -> bool {
    Url::parse(link).is_ok_and(|url| {
        url.path_segments().into_iter().flatten().any(is_token)
            || url.query_pairs().any(|(_, value)| is_token(&value))
    })
}

fn is_personal(name: &str, value: &str, readers: &Readers) -> bool {
    is_tracking_parameter(name)
        || PERSONAL.iter().any(|known| name.eq_ignore_ascii_case(known))
            && (value.len() >= 4 || value.is_empty())
        || value.contains('@')
        || readers.are_in(value)
}

/// Returns the parameters that stand with one value in most of the stories' links and in
/// others of the message: they are of the message and its reader, if they look like a token or
/// a code, or if a link by which the reader leaves holds them too.
pub(in crate::source) fn shared_tokens(
    stories: &[String],
    all: &[String],
    leaving: &[String],
) -> Vec<(String, String)> {
    let counted = |links: &[String]| {
        let mut counted: HashMap<(String, String), usize> = HashMap::new();
        let links: HashSet<&String> = links.iter().collect();
        for url in links.into_iter().filter_map(|link| Url::parse(link).ok()) {
            for (name, value) in url.query_pairs() {
                *counted.entry((name.into_owned(), value.into_owned())).or_default() += 1;
            }
        }
        counted
    };
    let in_all = counted(all);
    let of_leaving: Vec<Url> = leaving.iter().filter_map(|link| Url::parse(link).ok()).collect();
    let names_reader = |value: &str| {
        let is_mark = value.len() >= 4
            && value.contains(|c: char| c.is_ascii_digit())
            && value.contains(|c: char| c.is_ascii_alphabetic());
        is_mark
            && of_leaving.iter().any(|url| {
                url.query_pairs().any(|(_, other)| other == value)
                    || url.path_segments().into_iter().flatten().any(|part| part == value)
            })
    };
    let is_shared = |pair: &(String, String), count: usize| {
        count * 3 >= stories.len() * 2 && in_all.get(pair).is_some_and(|all| *all > 1)
    };
    counted(stories)
        .into_iter()
        .filter(|(pair, count)| {
            names_reader(&pair.1)
                || is_shared(pair, *count) && (is_token(&pair.1) || is_code(&pair.1))
        })
        .map(|(pair, _)| pair)
        .collect()
}

/// Returns whether a text is a short mixture of letters and digits: no word, number or language.
fn is_code(text: &str) -> bool {
    let count = |of: fn(&char) -> bool| text.chars().filter(of).count();
    let (letters, digits) = (count(char::is_ascii_alphabetic), count(char::is_ascii_digit));
    letters >= 2 && digits >= 2 && letters + digits >= 6 && letters + digits == text.chars().count()
}

/// Returns the address without these parameters.
pub(in crate::source) fn without(link: &str, tokens: &[(String, String)]) -> String {
    let Ok(mut url) = Url::parse(link) else { return link.to_owned() };
    let is_token =
        |name: &str, value: &str| tokens.iter().any(|(n, v)| (&**n, &**v) == (name, value));
    if take_out(&mut url, is_token) { url.to_string() } else { link.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn led(href: &str) -> Option<String> {
        target(href, &Readers::of(&["news+stadt@ort.example".to_owned()]))
    }

    #[test]
    fn a_redirect_that_holds_its_target_is_opened() {
        let page = "https://www.stadt.example/aktuelles/portal";
        for href in [
            "https://www.stadt.example/aktuelles/portal",
            "https://nl.mailer.example/track?u=https%3A%2F%2Fwww.stadt.example%2Faktuelles%2Fportal&e=4f5a6b7c8d",
            "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fwww.stadt.example%2Faktuelles%2Fportal&data=05%7C02%7Cx%40ort.example",
            "https://nl.mailer.example/c/aHR0cHM6Ly93d3cuc3RhZHQuZXhhbXBsZS9ha3R1ZWxsZXMvcG9ydGFs/4711",
            "https://nl.mailer.example/redirect/https://www.stadt.example/aktuelles/portal",
            "https://www.stadt.example/aktuelles/portal?mc_eid=4a5b6c&utm_source=nl&rid=t_1234",
            "https://www.stadt.example/aktuelles/portal?an=news%2Bstadt%40ort.example",
        ] {
            assert_eq!(led(href).as_deref(), Some(page), "{href}");
        }
        assert_eq!(
            led("https://www.stadt.example/index.php?id=12&La=1&NavID=39.68&rid=t_99").as_deref(),
            Some("https://www.stadt.example/index.php?id=12&La=1&NavID=39.68")
        );
    }

    #[test]
    fn what_only_the_mailer_can_resolve_is_no_link() {
        for href in [
            "https://xyz.r.bh.d.sendibt3.com/tr/cl/kW3xT9aQ2bZ7mN4pR8sV1cD6",
            "https://stadt.list-manage.com/track/click?u=5f6e7d8c9b0a1234&id=0a1b2c3d4e&e=9f8e7d6c5b",
            "https://t1234.emailsys1a.net/c/12/34567/0/0/0/89/a1b2c3d4e5.html",
            "https://www.stadt.example/index.php?id=7&rid=t_1&mid=5&aC=1a2b3c4d&jumpurl=12",
            "https://nl.stadt.example/c/Zk9aQ2bZ7mN4pR8sV1cD6x",
            "mailto:x@stadt.example",
            "#oben",
        ] {
            assert_eq!(led(href), None, "{href}");
        }
    }

    #[test]
    fn a_token_that_all_links_share_names_the_reader() {
        let links: Vec<String> = (1..4)
            .map(|n| format!("https://s.example/n?id={n}&La=1&x=a1B2c3D4e5F6g7H8i9"))
            .collect();
        let tokens = shared_tokens(&links, &links, &[]);
        assert_eq!(tokens.len(), 1);
        assert_eq!(without(&links[0], &tokens), "https://s.example/n?id=1&La=1");
    }

    #[test]
    fn addresses_of_readers_are_taken_out_of_texts() {
        let readers = Readers::of(&["news@ort.example".to_owned()]);
        assert_eq!(readers.taken_out("an News@Ort.example gesandt"), "an  gesandt");
    }
}

//! Numbers by which publishing systems know an item, read off its address.
//!
//! A table of small readers: each takes the parts of an address and answers
//! the name under which the system holds the item, whatever way led there.

use url::Url;

use super::numbers;
use super::url::{ikiss, parameters, plain_host, value};

/// An address in parts.
struct Address {
    host: String,
    path: String,
    parameters: Vec<(String, String)>,
}

impl Address {
    fn parse(url: &str) -> Option<Self> {
        let url = Url::parse(url.trim()).ok()?;
        let host = plain_host(url.host_str()?).to_owned();
        Some(Self { host, path: url.path().to_owned(), parameters: parameters(&url) })
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        value(&self.parameters, name)
    }

    fn segments(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.path.split('/').filter(|segment| !segment.is_empty())
    }
}

type ReadId = fn(&Address) -> Option<String>;

/// Each publishing system: what its ids look like in an address.
const SYSTEMS: &[(&str, ReadId)] = &[
    ("ikiss", |address| ikiss(&address.parameters)),
    ("typo3", typo3),
    ("tsa", landesportal),
    ("wordpress", wordpress),
    ("vogel", vogel),
    ("itplr", decision),
    ("k21", k21),
];

/// Returns names of the item behind `url`, for example `ikiss:116.635`; most have none.
pub(super) fn of_url(url: &str) -> Vec<String> {
    Address::parse(url).map_or_else(Vec::new, |address| of_address(&address))
}

/// Returns names of the item behind `url` whose text is `text`: those of [`of_url`] and
/// the numbers under which its publisher files it.
pub(super) fn of_page(url: &str, text: &str) -> Vec<String> {
    let Some(address) = Address::parse(url) else { return Vec::new() };
    let mut names = of_address(&address);
    names.extend(numbers::named(&address.host, &address.path, text));
    names
}

fn of_address(address: &Address) -> Vec<String> {
    SYSTEMS
        .iter()
        .filter_map(|(system, read)| read(address).map(|id| format!("{system}:{id}")))
        .collect()
}

/// Returns the name that may stand for the item within its source. The slug of such an
/// address may change, its number does not.
pub(super) fn key_of_url(url: &str) -> Option<String> {
    of_url(url).into_iter().next()
}

fn typo3(address: &Address) -> Option<String> {
    let id = ["tx_news_pi1[news]", "tx_news_pi1[news_preview]", "tx_ttnews[tt_news]"]
        .iter()
        .find_map(|name| address.parameter(name))?;
    number(id).map(|id| format!("{}/{id}", address.host))
}

fn landesportal(address: &Address) -> Option<String> {
    number(address.parameter("tx_tsarssinclude_pi1[uid]")?)
        .map(|id| format!("{}/{id}", address.host))
}

fn wordpress(address: &Address) -> Option<String> {
    if address.segments().next().is_some() {
        return None;
    }
    number(address.parameter("p")?).map(|id| format!("{}/{id}", address.host))
}

/// Reads `…-a-<32 hex digits>`: the words before it change with the headline.
fn vogel(address: &Address) -> Option<String> {
    let (_, tail) = address.segments().next_back()?.rsplit_once("-a-")?;
    let is_hash = tail.len() == 32 && tail.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then(|| tail.to_ascii_lowercase())
}

/// Decisions of the IT planning council, in all spellings of their page.
fn decision(address: &Address) -> Option<String> {
    if address.host != "it-planungsrat.de" || !address.path.contains("/beschl") {
        return None;
    }
    let slug = address.segments().next_back()?.to_ascii_lowercase();
    let slug = slug.trim_start_matches("beschluss-").trim_start_matches("b-");
    let mut parts = slug.split('-');
    let (first, second) = (parts.next()?, number(parts.next()?)?);
    let is_year = first.len() == 4 && number(first).is_some();
    (is_year || first == "fitko").then(|| format!("{first}/{second}"))
}

/// Two magazines of one publisher carry the same articles under the same slug.
fn k21(address: &Address) -> Option<String> {
    if !matches!(address.host.as_str(), "kommune21.de" | "move-online.de") {
        return None;
    }
    let last = address.segments().next_back()?;
    if let Some(old) = last.strip_prefix("meldung_") {
        return number(old.split('_').next()?);
    }
    let mut segments = address.segments();
    (segments.next()? == "k21-meldungen" && segments.next()? == last && segments.next().is_none())
        .then(|| last.to_owned())
}

/// Returns the name of a page itself: `link:` and its canonical address, or the hash
/// of it where that is long.
pub(super) fn link_name(canonical_url: &str) -> String {
    named("link", canonical_url)
}

/// Returns `kind:text`, hashed where the text is long or could break a line.
pub(super) fn named(kind: &str, text: &str) -> String {
    if text.len() <= 300 && !text.chars().any(char::is_control) {
        format!("{kind}:{text}")
    } else {
        format!("{kind}:#{}", hash(text.as_bytes()))
    }
}

/// Returns 128 bits of SHA-256 in hexadecimal.
pub(super) fn hash(bytes: &[u8]) -> String {
    use sha2::{Digest as _, Sha256};

    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes)[..16])
}

/// Returns whether a canonical URL leads to one page among others: not to a host's
/// start page.
pub(super) fn is_specific(canonical_url: &str) -> bool {
    Address::parse(canonical_url).is_some_and(|address| {
        address.segments().next().is_some() || !address.parameters.is_empty()
    })
}

fn number(text: &str) -> Option<String> {
    ((1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_names_its_items_whatever_way_led_there() {
        for (url, name) in [
            (
                "https://k.de/index.php?ModID=255&FID=2852.45456.1&object=tx%2C2852.5",
                "ikiss:2852.45456",
            ),
            (
                "https://k.de/P/S.php?object=tx,3652.5.1&ModID=7&FID=3652.22947.1&NavID=3652.193&La=1",
                "ikiss:3652.22947",
            ),
            (
                "https://k.de/P/index.php?La=1&NavID=39.68&object=tx%7C2348.6253.1",
                "ikiss:2348.6253",
            ),
            (
                "https://kid.de/U/A/index.php?La=1&NavID=116.86.1&object=tx|116.635.1",
                "ikiss:116.635",
            ),
            ("https://kitu.de/?object=tx%7C116.635.1", "ikiss:116.635"),
            (
                "https://www.transinno-lsa.de/aktuelles?tx_news_pi1%5Bnews%5D=116&cHash=41",
                "typo3:transinno-lsa.de/116",
            ),
            (
                "https://mb.sachsen-anhalt.de/p/?cHash=2&tx_tsarssinclude_pi1[uid]=13393",
                "tsa:mb.sachsen-anhalt.de/13393",
            ),
            ("https://www.kommune21.de/?p=125625", "wordpress:kommune21.de/125625"),
            (
                "https://www.egovernment.de/der-titel-a-0123456789abcdef0123456789ABCDEF/?cmp=nl-1",
                "vogel:0123456789abcdef0123456789abcdef",
            ),
            ("https://www.it-planungsrat.de/beschluss/b-2025-33-it", "itplr:2025/33"),
            ("https://www.it-planungsrat.de/beschluss/beschluss-2021-40", "itplr:2021/40"),
            ("https://www.it-planungsrat.de/beschluesse/beschluss/fitko-1", "itplr:fitko/1"),
            ("https://www.move-online.de/k21-meldungen/eine-meldung/", "k21:eine-meldung"),
            (
                "https://www.kommune21.de/meldung_32634_IT-Dienstleister+jubilieren.html",
                "k21:32634",
            ),
        ] {
            assert_eq!(key_of_url(url).as_deref(), Some(name), "{url}");
        }
    }

    #[test]
    fn what_is_no_items_address_has_no_name() {
        for url in [
            "https://k.de/index.php?object=tx%2C2852.5",
            "https://k.de/index.php?La=1&NavID=39.68",
            "https://a.de/x?p=12",
            "https://a.de/?p=x",
            "https://forum.de/thread?FID=12",
            "https://www.kommune21.de/k21-meldungen/feed/2",
            "https://a.de/k21-meldungen/x",
            "https://a.de/beschluss/b-2025-33-it",
            "no address",
        ] {
            assert_eq!(key_of_url(url), None, "{url}");
        }
    }
}

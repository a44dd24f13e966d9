//! Pages that keep robots out and answer instead of a source: challenges for
//! browsers, captchas, cookie checks. They are recognised to be named, and never
//! circumvented.

use url::Url;

use crate::model::{Headers, Response};

/// No more of a page is searched than this. A page that merely writes about a
/// challenge is long and has its text further down.
const SEARCHED_BYTES: usize = 64 * 1024;

/// A page with a widget that ordinary pages have too is a challenge only if it
/// holds little else.
const SHORT_BYTES: usize = 16 * 1024;

/// Sign in the page, in small letters, and whose challenge it is.
const SIGNS: &[(&str, &str)] = &[
    ("cf-browser-verification", "Cloudflare"),
    ("cf-challenge", "Cloudflare"),
    ("cf_chl_", "Cloudflare"),
    ("challenge-platform", "Cloudflare"),
    ("cf-mitigated", "Cloudflare"),
    ("attention required! | cloudflare", "Cloudflare"),
    ("<title>just a moment...</title>", "Cloudflare"),
    ("_incapsula_resource", "Imperva"),
    ("ddos-guard", "DDoS-Guard"),
    ("sucuri_cloudproxy", "Sucuri"),
    ("/.within.website/", "Anubis"),
    ("anubis_challenge", "Anubis"),
    ("making sure you&#39;re not a bot", "Anubis"),
    ("making sure you're not a bot", "Anubis"),
    ("cookie-check", "a cookie check"),
    ("cookiecheck", "a cookie check"),
];

/// Signs that ordinary pages have too.
const WIDGETS: &[(&str, &str)] = &[
    ("datadome", "DataDome"),
    ("friendly-challenge", "Friendly Captcha"),
    ("g-recaptcha", "reCAPTCHA"),
    ("h-captcha", "hCaptcha"),
    ("please enable cookies", "a cookie check"),
    ("bitte aktivieren sie cookies", "a cookie check"),
];

/// Words in the name or path of pages that ask for consent.
const CONSENT: &[&str] = &["consent", "cookie", "cookies", "cookiewall", "einwilligung"];

/// Returns where a redirect led that ended at a page asking for consent: its host and path.
pub(super) fn consent(response: &Response) -> Option<String> {
    let url = response.is_redirected.then(|| Url::parse(&response.final_url).ok()).flatten()?;
    let host = url.host_str()?;
    let mut words = host.split(['.', '-']).chain(url.path().split(|c: char| !c.is_alphanumeric()));
    words
        .any(|word| CONSENT.iter().any(|known| word.eq_ignore_ascii_case(known)))
        .then(|| format!("{host}{}", url.path()))
}

/// Returns whose challenge a refusal is, by its header fields or its page.
pub(super) fn of_refusal(response: &Response) -> Option<&'static str> {
    let head = &response.body[..response.body.len().min(SEARCHED_BYTES)];
    of_headers(&response.headers).or_else(|| of_page(&String::from_utf8_lossy(head)))
}

/// Returns whose challenge the header fields announce.
fn of_headers(headers: &Headers) -> Option<&'static str> {
    (headers.get("cf-mitigated")? == "challenge").then_some("Cloudflare")
}

/// Returns whose challenge the page is. Ask only where the source's own
/// content was not found: pages of towns hold captchas and cookie notices too.
pub fn of_page(html: &str) -> Option<&'static str> {
    let head = &html[..html.floor_char_boundary(SEARCHED_BYTES)];
    let head = head.to_ascii_lowercase();
    let widgets = if html.len() < SHORT_BYTES { WIDGETS } else { &[] };
    SIGNS.iter().chain(widgets).find(|(sign, _)| head.contains(sign)).map(|(_, whose)| *whose)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_told_from_a_page() {
        assert_eq!(of_page("<html><title>Just a moment...</title>"), Some("Cloudflare"));
        assert_eq!(of_page("<script src=\"/.within.website/x/cmd/anubis/\">"), Some("Anubis"));
        assert_eq!(of_page("<html><title>Stadt</title>"), None);
        let form = "<form class=\"h-captcha\">";
        assert_eq!(of_page(form), Some("hCaptcha"));
        let page = format!("{form}<p>{}</p>", "ü".repeat(SHORT_BYTES));
        assert_eq!(of_page(&page), None, "a page with a form of its own");
    }
}

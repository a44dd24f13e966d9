//! Whom a host belongs to: fairness is owed to servers, not to names.
//!
//! All hosts of one registrant count as one, since they mostly share a server:
//! that is the last two labels of the name. The public suffix list would know
//! more; a short list of the suffixes that sources of ours live under does.

/// Suffixes below which each label is somebody else.
const SHARED_SUFFIXES: &[&str] = &[
    "ac.at",
    "amazonaws.com",
    "ac.uk",
    "azurewebsites.net",
    "blogspot.com",
    "cloudfront.net",
    "co.at",
    "co.uk",
    "github.io",
    "gitlab.io",
    "gov.uk",
    "gv.at",
    "herokuapp.com",
    "netlify.app",
    "or.at",
    "org.uk",
    "pages.dev",
    "vercel.app",
    "wordpress.com",
    "web.app",
];

/// Returns the name under which a host's requests are counted; the host of a URL as it
/// stands there. Addresses and single labels stand for themselves.
pub fn registrable(host: &str) -> String {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    if is_address(&host) {
        return host;
    }
    let labels: Vec<&str> = host.split('.').collect();
    let last = |count: usize| labels[labels.len().saturating_sub(count)..].join(".");
    let two = last(2);
    if SHARED_SUFFIXES.contains(&two.as_str()) { last(3) } else { two }
}

/// Returns whether the host of a URL is an address; a parsed URL has no other spelling
/// of one than digits and dots, or brackets.
fn is_address(host: &str) -> bool {
    host.starts_with('[') || host.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

/// Returns whether all under that name belong together: then a server that asks to be
/// left alone speaks for all of them. A bare address or machine name says
/// nothing about who stands behind it.
pub fn is_one_registrant(name: &str) -> bool {
    !is_address(name) && name.contains('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_registrant_count_as_one() {
        for (host, name) in [
            ("www.stadt.de", "stadt.de"),
            ("a.b.Stadt.DE.", "stadt.de"),
            ("stadt.de", "stadt.de"),
            ("localhost", "localhost"),
            ("127.0.0.1", "127.0.0.1"),
            ("[2001:db8::1]", "[2001:db8::1]"),
            ("verein.github.io", "verein.github.io"),
            ("a.verein.github.io", "verein.github.io"),
            ("www.linz.gv.at", "linz.gv.at"),
            ("", ""),
        ] {
            assert_eq!(registrable(host), name, "{host}");
        }
    }

    #[test]
    fn an_address_or_a_machine_name_stands_for_nobody() {
        assert!(is_one_registrant("stadt.de"));
        for name in ["127.0.0.1", "[::1]", "localhost", ""] {
            assert!(!is_one_registrant(name), "{name}");
        }
    }
}

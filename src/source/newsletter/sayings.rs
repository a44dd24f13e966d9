//! Blocks and links that belong to the newsletter itself and to no story.

use super::blocks::{Block, Link};
use crate::text::{fold, letter};

/// Networks, as they stand in addresses.
const NETWORKS: &[&str] = &[
    "facebook.",
    "instagram.",
    "linkedin.",
    "twitter.",
    "//x.com",
    "youtube.",
    "xing.",
    "mastodon",
    "whatsapp",
];

/// Returns whether a block may begin what stands below the stories.
pub(super) fn is_foot(block: &Block) -> bool {
    letter::is_foot(&block.text) || block.links.iter().any(leaves)
}

/// Returns whether a reader leaves by a link.
pub(super) fn leaves(link: &Link) -> bool {
    letter::leaves(&link.words, link.url.as_deref().unwrap_or_default())
}

/// Returns whether a link may be that of a story. Where it leads only its mailer may know; that
/// it leads on is seen.
pub(super) fn is_usable(link: &Link) -> bool {
    let leads = match &link.url {
        Some(url) => !is_home(url),
        None => letter::begins_leading(&link.words),
    };
    leads && !is_furniture(link)
}

/// Returns whether a link belongs to the newsletter itself or to a network.
pub(super) fn is_furniture(link: &Link) -> bool {
    let url = link.url.as_deref().unwrap_or_default().to_lowercase();
    letter::says_online(&link.words)
        || letter::is_own_link(&link.words)
        || leaves(link)
        || NETWORKS.iter().any(|network| url.contains(network))
        || link.is_picture && fold(&link.words).contains("logo")
}

/// Returns whether an address is a whole site and no page of it.
fn is_home(url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|url| url.path() == "/" && url.query().is_none())
}

/// Returns whether a text is nothing but an address.
pub(super) fn is_address(text: &str) -> bool {
    let is_one = !text.trim().contains(char::is_whitespace);
    is_one && (text.contains("://") || text.starts_with("www."))
}

/// Beginnings of links that lead on and may repeat the title, folded.
const REPEATING: &[&str] = &[
    "weiterlesen",
    "weiter lesen",
    "mehr lesen",
    "mehr zu",
    "mehr ueber",
    "lesen sie",
    "read more",
    "continue reading",
];

/// Returns whether a block is only a link that leads on: `Zum vollständigen Artikel`.
pub(super) fn is_button(block: &Block) -> bool {
    let folded = fold(&block.text);
    let ends = [" lesen", " ansehen", " erfahren", " weiterlesen", " öffnen"];
    let is_short = block.text.split_whitespace().count() <= 5;
    block.is_linked
        && !block.is_heading
        && (REPEATING.iter().any(|beginning| folded.starts_with(beginning))
            || is_short
                && (letter::begins_leading(&block.text)
                    || ends.iter().any(|end| block.text.ends_with(end))))
}

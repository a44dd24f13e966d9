//! Data that a page carries for scripts and search engines: JSON-LD, `__NEXT_DATA__`.
//!
//! Looks at the page's text, since its tree has lost the scripts.

use serde_json::Value;

use super::json;
use crate::model::Budget;

/// Most scripts of one page.
const MOST_SCRIPTS: usize = 20;
/// Most bytes of one script: pages made by Next.js carry several hundred kilobytes.
const LONGEST_SCRIPT: usize = 1 << 20;

/// Most bytes of a tag on either side of its type.
const LONGEST_TAG: usize = 2_000;

/// Types of scripts that are JSON.
const LINKED_DATA: &str = "ld+json";
const PLAIN_DATA: &str = "application/json";

/// Returns the documents of JSON-LD.
pub fn linked_data(page: &str) -> Vec<Value> {
    values(page, LINKED_DATA)
}

/// Returns all documents of JSON: JSON-LD first, then the state of programs.
pub fn data(page: &str) -> Vec<Value> {
    let mut values = linked_data(page);
    values.extend(self::values(page, PLAIN_DATA));
    values
}

/// What costs too much is left out, as what is broken is.
fn values(page: &str, kind: &str) -> Vec<Value> {
    let budget = Budget::for_document(page.len());
    let mut values = Vec::new();
    let mut at = 0;
    while let Some(found) = page.get(at..).and_then(|rest| rest.find(kind)) {
        let from = at + found;
        at = from + kind.len();
        // `type` must stand in the tag of a script: feeds are announced by such types as well.
        let before = &page[page.ceil_char_boundary(from.saturating_sub(LONGEST_TAG))..from];
        let tag = before.rfind('<').and_then(|tag| before.get(tag + 1..));
        let is_script = tag.is_some_and(|tag| {
            tag.as_bytes().get(..6).is_some_and(|name| name.eq_ignore_ascii_case(b"script"))
        });
        if budget.step(tag.map_or(before.len(), str::len) + kind.len()).is_err() {
            break;
        }
        let after = &page[from..page.floor_char_boundary(from + LONGEST_TAG)];
        let Some(begin) = after.find('>').map(|offset| from + offset + 1) else { continue };
        if !is_script {
            continue;
        }
        let end = page[begin..].find("</script").map_or(page.len(), |offset| begin + offset);
        if end - begin <= LONGEST_SCRIPT && json::weigh(&page[begin..end], &budget).is_ok() {
            values.extend(parsed(&page[begin..end]));
        }
        at = end;
        if values.len() == MOST_SCRIPTS {
            break;
        }
    }
    values
}

/// Line breaks inside strings are an error in JSON and common in the wild.
fn parsed(script: &str) -> Option<Value> {
    let script = script.trim().trim_start_matches("<![CDATA[").trim_end_matches("]]>");
    serde_json::from_str(script)
        .or_else(|_| serde_json::from_str(&script.replace(['\n', '\r', '\t'], " ")))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_scripts_are_read_and_broken_ones_left_out() {
        let page = "<link type='application/json' href=x><SCRIPT type='application/ld+json'>{\"a\":\"x\ny\"}</script>\
            <script id=__NEXT_DATA__ type=application/json>{\"b\":1}</script>\
            <script type='application/ld+json'>{broken</script><script type=application/json>[";
        assert_eq!(data(page).len(), 2);
        assert_eq!(linked_data(page)[0]["a"], "x y");
    }

    #[test]
    fn a_type_without_a_script_costs_its_own_bytes_only() {
        for piece in [PLAIN_DATA.to_owned(), format!("<{PLAIN_DATA} ")] {
            let page = piece.repeat(50_000) + "><script type='application/json'>[1]</script>";
            assert!(data(&page).len() <= 1);
        }
        let heavy =
            format!("<script type='application/json'>[{}]</script>", vec!["{}"; 250_000].join(","));
        assert_eq!(data(&heavy), Vec::<Value>::new());
    }
}

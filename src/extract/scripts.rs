//! Data that a page carries for scripts and search engines: JSON-LD, `__NEXT_DATA__`.
//!
//! Looks at the page's text, since its tree has lost the scripts.

use serde_json::Value;

/// Most scripts of one page.
const MOST_SCRIPTS: usize = 20;
/// Most bytes of one script: pages made by Next.js carry several hundred kilobytes.
const LONGEST_SCRIPT: usize = 1 << 20;

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

fn values(page: &str, kind: &str) -> Vec<Value> {
    let mut values = Vec::new();
    let mut at = 0;
    while let Some(found) = page.get(at..).and_then(|rest| rest.find(kind)) {
        let from = at + found;
        at = from + kind.len();
        // `type` must stand in the tag of a script: feeds are announced by such types as well.
        let is_script = page[..from].rfind('<').is_some_and(|tag| {
            page.as_bytes()[tag + 1..from]
                .get(..6)
                .is_some_and(|name| name.eq_ignore_ascii_case(b"script"))
        });
        let Some(begin) = page[from..].find('>').map(|offset| from + offset + 1) else { break };
        if !is_script {
            continue;
        }
        let end = page[begin..].find("</script").map_or(page.len(), |offset| begin + offset);
        if end - begin <= LONGEST_SCRIPT {
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
}

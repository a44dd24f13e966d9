//! A unified diff of two texts, as `patch` and `git apply` take it.

use similar::TextDiff;

/// Returns the diff that makes `new` of `old`; empty if they are equal.
pub(super) fn unified(path: &str, old: &str, new: &str) -> String {
    TextDiff::from_lines(old, new)
        .unified_diff()
        .header(&format!("a/{path}"), &format!("b/{path}"))
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Applies a diff of ours, strictly: each line of context must be there.
    fn apply(old: &str, patch: &str) -> String {
        let old: Vec<&str> = old.split_inclusive('\n').collect();
        let (mut at, mut new) = (0, String::new());
        let mut lines = patch.split_inclusive('\n').skip(2).peekable();
        while let Some(line) = lines.next() {
            if let Some(range) = line.strip_prefix("@@ -") {
                let range = range.split(' ').next().unwrap();
                // A length of one may be left out.
                let (first, length) = range.split_once(',').unwrap_or((range, "1"));
                let length: usize = length.parse().unwrap();
                let first: usize = first.parse().unwrap();
                let first = if length == 0 { first } else { first - 1 };
                new.extend(old[at..first].iter().copied());
                at = first;
                continue;
            }
            let (sign, words) = line.split_at(1);
            let ends_without = lines.peek().is_some_and(|next| next.starts_with('\\'));
            let words = if ends_without { words.trim_end_matches('\n') } else { words };
            match sign {
                " " | "-" => {
                    assert_eq!(old[at], words);
                    at += 1;
                    if sign == " " {
                        new.push_str(words);
                    }
                }
                "+" => new.push_str(words),
                _ => {}
            }
        }
        new.extend(old[at..].iter().copied());
        new
    }

    #[test]
    fn a_change_stands_in_its_context() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\n";
        let new = "a\nb\nc\nd\nE\nf\ng\nh\n";
        assert_eq!(
            unified("x.toml", old, new),
            "--- a/x.toml\n+++ b/x.toml\n@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n"
        );
        assert_eq!(unified("x", old, old), "");
    }

    proptest::proptest! {
        #[test]
        fn the_diff_makes_the_one_of_the_other(
            old in "([abc]\n){0,30}[ab]?", new in "([abc]\n){0,30}[ab]?",
        ) {
            let patch = unified("x", &old, &new);
            if old == new {
                proptest::prop_assert_eq!(patch, "");
            } else {
                proptest::prop_assert_eq!(apply(&old, &patch), new);
            }
        }
    }
}

//! A unified diff of two texts, as `patch` and `git apply` take it.

/// Lines of context round a change.
const CONTEXT: usize = 3;
/// No finer than one change in files of more lines than this: the table of
/// comparisons grows with the square.
const MOST_LINES: usize = 4000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Line<'a> {
    Same(&'a str),
    Old(&'a str),
    New(&'a str),
}

/// The diff that makes `new` of `old`; empty if they are equal.
pub(super) fn unified(path: &str, old: &str, new: &str) -> String {
    if old == new {
        return String::new();
    }
    let old: Vec<&str> = old.split_inclusive('\n').collect();
    let new: Vec<&str> = new.split_inclusive('\n').collect();
    let script = compare(&old, &new);
    let mut text = format!("--- a/{path}\n+++ b/{path}\n");
    let mut at = 0;
    while let Some(first) = (at..script.len()).find(|i| !matches!(script[*i], Line::Same(_))) {
        let start = first.saturating_sub(CONTEXT).max(at);
        let mut end = first + 1;
        let mut quiet = 0;
        while end < script.len() && quiet <= 2 * CONTEXT {
            quiet = if matches!(script[end], Line::Same(_)) { quiet + 1 } else { 0 };
            end += 1;
        }
        let end = end - quiet.saturating_sub(CONTEXT);
        hunk(&mut text, &script, start, end);
        at = end;
    }
    text
}

fn hunk(text: &mut String, script: &[Line<'_>], start: usize, end: usize) {
    let count = |lines: &[Line<'_>], old: bool| {
        lines
            .iter()
            .filter(|line| match line {
                Line::Same(_) => true,
                Line::Old(_) => old,
                Line::New(_) => !old,
            })
            .count()
    };
    let (before, body) = (&script[..start], &script[start..end]);
    let range = |old: bool| {
        let (first, length) = (count(before, old), count(body, old));
        // An empty range names the line before it.
        format!("{},{length}", if length == 0 { first } else { first + 1 })
    };
    text.push_str(&format!("@@ -{} +{} @@\n", range(true), range(false)));
    for line in body {
        let (sign, words) = match line {
            Line::Same(words) => (' ', words),
            Line::Old(words) => ('-', words),
            Line::New(words) => ('+', words),
        };
        text.push(sign);
        text.push_str(words);
        if !words.ends_with('\n') {
            text.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// The shortest way from one to the other by lines (longest common subsequence).
fn compare<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let tail =
        old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let mut script: Vec<Line<'a>> = old[..head].iter().map(|line| Line::Same(line)).collect();
    if a.len() > MOST_LINES || b.len() > MOST_LINES {
        script.extend(a.iter().map(|line| Line::Old(line)));
        script.extend(b.iter().map(|line| Line::New(line)));
    } else {
        // longest[i][j]: of a[i..] and b[j..]
        let mut longest = vec![vec![0_u32; b.len() + 1]; a.len() + 1];
        for i in (0..a.len()).rev() {
            for j in (0..b.len()).rev() {
                longest[i][j] = if a[i] == b[j] {
                    longest[i + 1][j + 1] + 1
                } else {
                    longest[i + 1][j].max(longest[i][j + 1])
                };
            }
        }
        let (mut i, mut j) = (0, 0);
        while i < a.len() || j < b.len() {
            if i < a.len() && j < b.len() && a[i] == b[j] {
                script.push(Line::Same(a[i]));
                i += 1;
                j += 1;
            } else if i < a.len() && (j == b.len() || longest[i + 1][j] >= longest[i][j + 1]) {
                script.push(Line::Old(a[i]));
                i += 1;
            } else {
                script.push(Line::New(b[j]));
                j += 1;
            }
        }
    }
    script.extend(old[old.len() - tail..].iter().map(|line| Line::Same(line)));
    script
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
                let (first, rest) = range.split_once(',').unwrap();
                let length: usize = rest.split(' ').next().unwrap().parse().unwrap();
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

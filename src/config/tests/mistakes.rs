//! The mistakes that editors make in `sources.toml`, each with the one message that names it.

use super::problems;

#[test]
fn the_likeliest_mistakes_are_named_with_their_line_and_what_to_write() {
    const REST: &str = "name = 'Musterstadt'\nkind = 'feed'\nurl = 'https://stadt.example/feed'\n";
    let source = |lines: &str| format!("[[source]]\n{lines}\n{REST}");
    let id = |line: &str| source(&format!("id = 'a'\n{line}"));
    let cases = [
        (
            format!("[source]\nid = 'a'\n{REST}"),
            "1:1",
            "expected `[[source]]`, found `[source]`: one table; there may be several",
        ),
        (
            format!("{}[source.page]\nlist = '.x'\n", source("id = 'a'")),
            "6:1",
            "`[source.page]` belongs to a source of `kind = \"page\"`; this one is of kind `feed`",
        ),
        (
            source("id = „a“"),
            "2:6",
            "`„` is a quotation mark of a word processor; TOML takes `\"` or `'`",
        ),
        (
            source("id = ”a”"),
            "2:6",
            "`”` is a quotation mark of a word processor; TOML takes `\"` or `'`",
        ),
        (
            "[[source]]\nid = 'a'\nkind = 'feed'\nurl = 'www.stadt.example/feed'\n".to_owned(),
            "4:7",
            "`www.stadt.example/feed` is no URL: write it in full, `https://www.stadt.example/feed`",
        ),
        (id("topics = ['ozg' 'it']"), "3:17", "missing comma between array elements, expected `,`"),
        (id("intervall = '1h'"), "3:1", "unknown key `intervall`, did you mean `interval`?"),
        (
            format!("{}{}", source("id = 'a'"), source("id = 'a'")),
            "7:6",
            "the id `a` is already taken at",
        ),
        (id("name = 'x'"), "4:1", "the key `name` stands twice; take one of the lines out"),
        (id("größe = 3"), "3:3", "`größe` is no key: `ö` stands in none"),
        (id("min interval = '1h'"), "3:5", "`min interval` is no key: a space stands in none"),
        (
            id("interval = 30"),
            "3:12",
            "expected text, found a whole number: write 30 as text in quotation marks, with its unit if it has one",
        ),
        (
            id("rank = '1'"),
            "3:8",
            "expected a whole number, found text: write 1 without quotation marks",
        ),
        (
            id("enabled = 'false'"),
            "3:11",
            "expected true or false, found text: write false without quotation marks",
        ),
        (id("enabled = True"), "3:11", "`True` is written in small letters: `true`"),
        (source("id = musterstadt"), "2:6", "text stands in quotation marks: `\"musterstadt\"`"),
        (source("id = feed"), "2:6", "text stands in quotation marks: `\"feed\"`"),
        (source("id: 'a'"), "2:5", "between a key and its value stands `=`: `id = …`"),
        (source("id = \"a"), "2:8", "the quotation mark is not closed on its line"),
        (
            source("id"),
            "2:3",
            "`id` has no value; a line is `key = value`, a remark begins with `#`",
        ),
        (
            id("remark = \"C:\\Users\""),
            "3:15",
            "a backslash means something else in `\"…\"`; write the text as `'…'`",
        ),
        (
            format!("[[sources]]\nid = 'a'\n{REST}"),
            "1:3",
            "unknown key `sources`, did you mean `source`?",
        ),
        (format!("[[source]]\n{REST}"), "1:1", "missing key `id`"),
    ];
    let wrong: Vec<String> = cases
        .into_iter()
        .filter_map(|(text, place, message)| {
            let found = problems(&text);
            let is_told = found.len() == 1
                && found[0].contains(&format!(":{place}  "))
                && found[0].contains(message);
            (!is_told).then(|| format!("{text}: {found:?}\nwanted {place}: {message}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

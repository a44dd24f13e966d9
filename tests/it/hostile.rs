//! Families of hostile documents, made of the grammar and not listed: each atom and each
//! pair of atoms, repeated behind each frame. Work is counted in steps of the budget, at
//! n, 2n and 4n bytes, so that a search which begins anew for each piece is seen.

use std::path::{Path, PathBuf};

use amtsbote::extract::{article, document, feed, html};
use amtsbote::model::{Budget, Resource};

use crate::crash::{from_environment, next};

/// Shared with the fuzz targets.
#[path = "../../fuzz/readers.rs"]
mod readers;

/// What a language is made of, and where its pieces may stand.
struct Grammar {
    atoms: &'static [&'static str],
    frames: &'static [&'static str],
}

/// Beginnings, ends and insides of all that markup knows, each without its other half.
const MARKUP: Grammar = Grammar {
    atoms: &[
        "<",
        ">",
        "/>",
        "</",
        "<!",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?",
        "?>",
        "<!DOCTYPE [",
        "<!ENTITY a 'b'",
        "]",
        "[",
        "&",
        "&#",
        "&#x41;",
        "&amp;",
        "&a;",
        "=\"",
        "='",
        "=",
        "\"",
        "'",
        " ",
        "<item ",
        "<item>",
        "</item>",
        "<entry>",
        "<title>",
        "</title>",
        "<link href='a'/>",
        "<rdf:about ",
        "xml:base='a' ",
        "xmlns:a='b' ",
        "<author>a@b",
        "<category>a</category>",
        "<div>",
        "</div>",
        "</b>",
        "<a href=",
        "<a>",
        "<p>",
        "<li>",
        "<table>",
        "<td>",
        "<font ",
        "<script>",
        "</script ",
        "<svg>",
        "<base href=a>",
        "<time>",
        "12.11.2026 ",
        "Wort ",
        "ä",
    ],
    frames: &[
        "",
        "<rss version=\"2.0\"><channel>",
        "<rss version=\"2.0\"><channel><item><title>x</title><description>",
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><content type=\"xhtml\">",
        "<rdf:RDF><item ",
        "<html><body><ul><li>",
    ],
};

impl Grammar {
    /// Returns each atom and each pair of atoms.
    fn pieces(&self) -> impl Iterator<Item = String> {
        let singles = self.atoms.iter().map(|atom| (*atom).to_owned());
        singles.chain(
            self.atoms
                .iter()
                .flat_map(|one| self.atoms.iter().map(move |two| format!("{one}{two}"))),
        )
    }
}

/// Reads a document, and returns whether it was read to its end.
type Read = fn(&str, &Budget) -> bool;

/// Readers of markup that look at every byte themselves, and the frames that lead into
/// their different parts.
const SCANS: &[(&str, &[&str], Read)] = &[
    ("feed", MARKUP.frames, |text, budget| {
        let url = Some("https://stadt.example/feed");
        feed::read(text.as_bytes(), None, url, chrono_tz::UTC, budget).is_ok()
    }),
    ("text of HTML", &[""], |text, budget| !html::to_text(text, budget).text.is_empty()),
    ("links of HTML", &[""], |text, budget| !html::anchors(text, budget).is_empty()),
    ("depth of HTML", &[""], |text, budget| html::depth_within(text, usize::MAX, budget)),
];

/// Bytes of the smallest document of a family.
const SIZE: usize = 600;

/// Returns the steps that a document of about `size` bytes takes, and whether it was read.
fn steps(read: Read, frame: &str, piece: &str, size: usize) -> (u64, bool) {
    let text = format!("{frame}{}", piece.repeat(size / piece.len()));
    let budget = Budget::for_document(text.len());
    let is_read = read(&text, &budget);
    (budget.spent(Resource::Steps), is_read)
}

#[test]
fn work_on_any_construct_of_markup_grows_with_its_bytes_and_not_faster() {
    let mut worse = Vec::new();
    for (name, frames, read) in SCANS {
        for frame in *frames {
            for piece in MARKUP.pieces() {
                let (once, _) = steps(*read, frame, &piece, SIZE);
                let (twice, _) = steps(*read, frame, &piece, SIZE * 2);
                let (four, is_read) = steps(*read, frame, &piece, SIZE * 4);
                // A document that is refused early has cost less, not more.
                let grows = |from: u64, to: u64| to * 10 <= from * 22;
                if !grows(once, twice) || !grows(twice, four) {
                    worse.push(format!(
                        "{name}: {frame}({piece})*: {once} {twice} {four} {is_read}"
                    ));
                }
            }
        }
    }
    assert!(
        worse.is_empty(),
        "{} families, such as\n{}",
        worse.len(),
        worse[..worse.len().min(40)].join("\n")
    );
}

/// The tree is built by another's parser, whose steps nobody counts. What it may look
/// through for each tag are the elements that are open: their number is the bound.
#[test]
fn a_tree_is_built_within_its_depth_and_its_nodes_or_not_at_all() {
    for piece in MARKUP.pieces() {
        let text = format!("<ul>{}", piece.repeat(6_000 / piece.len()));
        let budget = Budget::for_document(text.len());
        let Ok(page) = document::parse(&text, &budget) else { continue };
        let deepest = page.tree.nodes().map(|node| node.ancestors().count()).max();
        // Of the last bytes some may be deeper, which were read together.
        assert!(deepest.unwrap() <= 512 + 4096 / 3, "{piece}");
        let url = "https://stadt.example/a";
        let _ = article::read(&text, url, None, chrono_tz::UTC, &budget);
    }
}

/// What messages, dates, terms and configs are made of.
const OTHERS: &[Grammar] = &[
    Grammar {
        atoms: &[
            "Content-Type: message/rfc822\n\n",
            "Content-Type: multipart/report; boundary=a\n",
            "\n--a\n",
            "\n--a--\n",
            "From: a@b.example\n",
            "Subject: =?utf-8?q?=C3?= ",
            "Action: failed\n",
            "Status: 5.1.1\n",
            " (",
            ")",
            "\"",
            "<",
            ">",
            ";",
            "=?",
            "?=",
            "\r\n",
            "\n\n",
            "\0",
            "550 5.1.1 ",
            "Content-Type: message/delivery-status\n\n",
        ],
        frames: &[
            "",
            "From: MAILER-DAEMON@b.example\nContent-Type: multipart/report; boundary=a\n\n--a\n",
        ],
    },
    Grammar {
        atoms: &[
            "12.11.2026",
            "12. November",
            "bis ",
            "vom ",
            "ab ",
            "Frist ",
            "Montag, ",
            "10 Uhr",
            "2026",
            "-",
            ".",
            ":",
            "/",
            " ",
            "\n",
            "heute",
            "Ende ",
            "1",
            "Anmeldung ",
            "um ",
            "und ",
            "ä",
        ],
        frames: &["", "Die Anmeldung ist möglich "],
    },
    Grammar {
        atoms: &[
            "OZG", "*", "|", "\"", "~", "@", "!", "?", "^", " ", "\n", "-", "(", ")", "Portal",
            "ä", "+", "A|B ",
        ],
        frames: &["", "Portal\n"],
    },
    Grammar {
        atoms: &[
            "[[source]]\n",
            "[",
            "]",
            "=",
            "\"",
            "'",
            "\n",
            "id = 'a'\n",
            "kind = 'page'\n",
            "url = 'https://a.example'\n",
            "{",
            "}",
            ",",
            "#",
            "\\",
            "1",
            "[fetch]\n",
            "interval = '2h'\n",
            "a.",
            "[[topic]]\n",
            "strong = ['a']\n",
            "schedule = '* *'\n",
        ],
        frames: &["", "[service]\n"],
    },
];

#[test]
fn no_reader_is_brought_down_by_any_construct_of_its_language() {
    const SIZE: usize = 400;
    let all = [
        ("opml", &MARKUP),
        ("page", &MARKUP),
        ("mail", &OTHERS[0]),
        ("dates", &OTHERS[1]),
        ("terms", &OTHERS[2]),
        ("config", &OTHERS[3]),
    ];
    for (name, grammar) in all {
        let (_, read) = readers::READERS.iter().find(|(known, _)| *known == name).unwrap();
        for frame in grammar.frames.iter().take(2) {
            for piece in grammar.atoms {
                read(format!("{frame}{}", piece.repeat(SIZE / piece.len() + 1)).as_bytes());
            }
        }
    }
}

#[test]
fn every_fixture_and_every_seed_is_read_by_every_reader() {
    const MOST_BYTES: usize = 20_000;
    let files = files();
    assert!(files.len() > 100, "{}", files.len());
    for path in files {
        let bytes = std::fs::read(&path).unwrap();
        let bytes = &bytes[..bytes.len().min(MOST_BYTES)];
        for (name, read) in readers::READERS {
            // Whole, and torn in the middle.
            for part in [bytes, &bytes[..bytes.len() / 2]] {
                let outcome = std::panic::catch_unwind(|| read(part));
                assert!(outcome.is_ok(), "{name}: {}", path.display());
            }
        }
    }
}

/// Every fixture and every seed, in the same order on every disk.
fn files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("tests/fixtures"), root.join("fuzz/corpus")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

/// A seed with some places cut, repeated, replaced, or filled with words of a language.
fn mutated(seeds: &[Vec<u8>], chance: &mut u64) -> Vec<u8> {
    let mut draw = |below: usize| {
        *chance = next(*chance);
        usize::try_from(*chance % below.max(1) as u64).unwrap()
    };
    let mut bytes = seeds[draw(seeds.len())].clone();
    for _ in 0..=draw(8) {
        let from = draw(bytes.len());
        let to = (from + 1 + draw(64)).min(bytes.len());
        let piece = match draw(6) {
            0 => Vec::new(),
            1 => vec![u8::try_from(draw(256)).unwrap()],
            2 => bytes[from..to].repeat(1 + draw(8)),
            3 => {
                let grammar = OTHERS.iter().chain([&MARKUP]).nth(draw(OTHERS.len() + 1)).unwrap();
                grammar.atoms[draw(grammar.atoms.len())].repeat(1 + draw(3)).into_bytes()
            }
            4 => {
                let other = &seeds[draw(seeds.len())];
                let at = draw(other.len());
                other[at..(at + 64).min(other.len())].to_vec()
            }
            _ => bytes[from..to].iter().map(|byte| byte ^ 1 << draw(8)).collect(),
        };
        bytes.splice(from..to, piece);
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}

/// `AMTSBOTE_FUZZ_SECONDS=600` goes on for so long with each reader, where no cargo-fuzz is at hand.
#[test]
fn no_reader_is_brought_down_by_a_seed_that_was_changed_by_chance() {
    const LEAST: usize = 40;
    const MOST_BYTES: usize = 4_000;
    let read = |path: PathBuf| {
        let mut bytes = std::fs::read(path).unwrap();
        bytes.truncate(MOST_BYTES);
        bytes
    };
    let mut seeds: Vec<Vec<u8>> = files().into_iter().map(read).collect();
    seeds.retain(|bytes| !bytes.is_empty());
    let span = std::time::Duration::from_secs(from_environment("AMTSBOTE_FUZZ_SECONDS", 0));
    let mut chance = from_environment("AMTSBOTE_SEED", 7).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    for (name, read) in readers::READERS {
        let watch = amtsbote::clock::Stopwatch::start();
        let mut count = 0;
        while count < LEAST || watch.elapsed() < span {
            let bytes = mutated(&seeds, &mut chance);
            let outcome = std::panic::catch_unwind(|| read(&bytes));
            assert!(outcome.is_ok(), "{name}: {}", bytes.escape_ascii());
            count += 1;
        }
        eprintln!("{name}: {count} changed seeds");
    }
}

#[test]
fn each_reader_has_a_fuzz_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
    for (name, _) in readers::READERS {
        let target = std::fs::read_to_string(folder.join(format!("{name}.rs"))).unwrap();
        assert!(target.contains(&format!("readers::{name}(bytes)")), "{name}");
    }
}

//! Families of hostile documents, made of the grammar and not listed: each atom and each
//! pair of atoms, repeated behind each frame. Work is counted in steps of the budget, at
//! n, 2n and 4n bytes, so that a search which begins anew for each piece is seen.

use amtsbote::extract::{article, document, feed, html};
use amtsbote::model::{Budget, Resource};

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

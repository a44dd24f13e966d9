//! No file needs another that needs it, directly or by way of others (docs/ARCHITECTURE.md).
//!
//! Names are followed through imports and re-exports to the file that defines them: that the
//! root of a module lends the names of its files costs nothing, that two files can only be
//! understood together does.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::str::FromStr as _;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::architecture::{read, rust_files, show, source_root};

/// A path of names: of a module from the crate's root, or as it stands in the code.
type Names = Vec<String>;

/// What the code of one file says, without its tests.
#[derive(Default)]
struct Code {
    /// What each imported name stands for, and whether it is lent to others.
    imports: HashMap<String, (Names, bool)>,
    /// Paths in the code itself, and single names.
    paths: Vec<Names>,
}

#[test]
fn files_need_each_other_in_no_circle() {
    let mut files = BTreeMap::new();
    for path in rust_files(&source_root()) {
        let module = module_of(&path);
        if !module.contains(&"tests".to_owned()) && module != ["main"] {
            files.insert(module, (show(&path), read_code(&read(&path))));
        }
    }
    let circles = circles(&needs(&files));
    let told: Vec<String> = circles
        .iter()
        .map(|circle| {
            let names = circle.iter().map(|module| files[module].0.as_str());
            names.collect::<Vec<_>>().join(", ")
        })
        .collect();
    assert!(told.is_empty(), "these files can only be understood together:\n{}", told.join("\n"));
}

#[test]
fn a_planted_circle_is_found_and_a_lent_name_is_none() {
    let planted = |root: &str, one: &str, other: &str| {
        let file = |code: &str| (String::new(), read_code(code));
        let module = |path: &str| path.split("::").map(str::to_owned).collect::<Names>();
        let files = BTreeMap::from([
            (module("room"), file(root)),
            (module("room::one"), file(one)),
            (module("room::other"), file(other)),
        ]);
        circles(&needs(&files)).len()
    };
    let root = "mod one; mod other; pub use one::One; pub use other::Other;";
    let one = "use super::Other; pub struct One(Other);";
    assert_eq!(planted(root, one, "pub struct Other;"), 0);
    assert_eq!(planted(root, one, "pub struct Other; fn f() -> super::one::One {}"), 1);
    assert_eq!(
        planted(root, one, "pub struct Other; #[cfg(test)] mod tests { use super::super::One; }"),
        0
    );
    let uses = format!("{root} pub fn make() {{ One::new() }}");
    assert_eq!(planted(&uses, "pub struct One; fn f() { super::make() }", ""), 1);
}

/// Returns the module of a file: `["web", "door"]` for `src/web/door.rs`.
fn module_of(path: &Path) -> Names {
    let path = path.strip_prefix(source_root()).unwrap().with_extension("");
    let mut names: Names =
        path.components().map(|part| part.as_os_str().to_str().unwrap().to_owned()).collect();
    if matches!(names.last().map(String::as_str), Some("mod" | "lib")) {
        names.pop();
    }
    names
}

fn read_code(text: &str) -> Code {
    let mut code = Code::default();
    gather(TokenStream::from_str(text).unwrap(), &mut code);
    code
}

/// Gathers imports and paths; whatever `#[cfg(test)]` stands above is skipped.
fn gather(stream: TokenStream, code: &mut Code) {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    let mut at = 0;
    let mut is_lent = false;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '#' => {
                let Some(TokenTree::Group(attribute)) = tokens.get(at) else { continue };
                at += 1;
                if attribute.stream().to_string() == "cfg (test)" {
                    at += tokens[at..].iter().take_while(|token| !ends_item(token)).count() + 1;
                }
            }
            TokenTree::Ident(name) if name == "use" => {
                let end = at + tokens[at..].iter().take_while(|token| !ends_use(token)).count();
                import(&tokens[at..end], &[], is_lent, code);
                at = end + 1;
            }
            TokenTree::Ident(name) if name == "pub" => is_lent = true,
            TokenTree::Ident(name) => {
                is_lent = false;
                let is_field = at > 1 && is_punct(tokens.get(at - 2), '.');
                let is_declared = at > 1
                    && matches!(&tokens[at - 2], TokenTree::Ident(word) if word == "fn" || word == "mod");
                let mut path = vec![name.to_string()];
                while is_punct(tokens.get(at), ':')
                    && is_punct(tokens.get(at + 1), ':')
                    && let Some(TokenTree::Ident(next)) = tokens.get(at + 2)
                {
                    path.push(next.to_string());
                    at += 3;
                }
                // A lower-case name by itself may be a variable; called, it is a function.
                let is_called = matches!(tokens.get(at), Some(TokenTree::Group(group))
                    if group.delimiter() == Delimiter::Parenthesis);
                let is_type = name.to_string().starts_with(char::is_uppercase);
                if !is_field && !is_declared && (path.len() > 1 || is_called || is_type) {
                    code.paths.push(path);
                }
            }
            TokenTree::Group(group) => gather(group.stream(), code),
            _ => {}
        }
    }
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

fn ends_use(token: &TokenTree) -> bool {
    is_punct(Some(token), ';')
}

fn ends_item(token: &TokenTree) -> bool {
    ends_use(token)
        || matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

/// Reads the tree of an import: `a::{self, b::C as D}`.
fn import(tokens: &[TokenTree], before: &[String], is_lent: bool, code: &mut Code) {
    let mut path = before.to_vec();
    let mut alias = None;
    let mut is_renamed = false;
    for token in tokens {
        match token {
            TokenTree::Ident(name) if name == "as" => is_renamed = true,
            TokenTree::Ident(name) if is_renamed => alias = Some(name.to_string()),
            TokenTree::Ident(name) => path.push(name.to_string()),
            TokenTree::Group(group) => {
                let branches: Vec<TokenTree> = group.stream().into_iter().collect();
                for branch in branches.split(|token| is_punct(Some(token), ',')) {
                    if !branch.is_empty() {
                        import(branch, &path, is_lent, code);
                    }
                }
                return;
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    if path.last().is_some_and(|name| name == "self") && path.len() > 1 {
        path.pop();
    }
    if let Some(name) = alias.or_else(|| path.last().cloned()) {
        code.imports.insert(name, (path, is_lent));
    }
}

/// Returns for each file the files that define what it names.
fn needs(files: &BTreeMap<Names, (String, Code)>) -> BTreeMap<Names, BTreeSet<Names>> {
    let needed_by = |module: &Names, code: &Code| {
        let own = code.imports.iter().filter(|(_, (_, is_lent))| !is_lent);
        let own = own.map(|(_, (path, _))| path);
        own.chain(&code.paths)
            .filter_map(|path| defined(files, &absolute(files, module, path, 0)?, 0))
            .filter(|definer| definer != module && !definer.is_empty())
            .collect()
    };
    files.iter().map(|(module, (_, code))| (module.clone(), needed_by(module, code))).collect()
}

/// Returns a path from the crate's root; none for names that are of no module of ours.
fn absolute(
    files: &BTreeMap<Names, (String, Code)>,
    module: &[String],
    path: &[String],
    depth: usize,
) -> Option<Names> {
    let (first, rest) = path.split_first()?;
    let below = |base: &[String]| Some([base, rest].concat());
    match first.as_str() {
        "crate" => below(&[]),
        "self" => below(module),
        "super" => {
            let parent = module.get(..module.len().checked_sub(1)?)?;
            match rest.first() {
                Some(next) if next == "super" => absolute(files, parent, rest, depth),
                _ => below(parent),
            }
        }
        _ if files.contains_key(&[module, std::slice::from_ref(first)].concat()) => {
            Some([module, path].concat())
        }
        _ => {
            let (imported, _) = files.get(module)?.1.imports.get(first)?;
            if depth == 4 || imported.as_slice() == path {
                return None;
            }
            below(&absolute(files, module, imported, depth + 1)?)
        }
    }
}

/// Returns the module in which what a path names is defined; none if it names a module only.
fn defined(
    files: &BTreeMap<Names, (String, Code)>,
    path: &[String],
    depth: usize,
) -> Option<Names> {
    let at = (0..=path.len()).rev().find(|at| files.contains_key(&path[..*at]))?;
    let (module, rest) = path.split_at(at);
    let (name, after) = rest.split_first()?;
    if depth < 5
        && let Some((imported, _)) = files[module].1.imports.get(name)
        && let Some(target) = absolute(files, module, imported, 0)
        && target != path[..=at]
    {
        return defined(files, &[target.as_slice(), after].concat(), depth + 1);
    }
    Some(module.to_vec())
}

/// Returns the groups of files that lead to one another.
fn circles(needs: &BTreeMap<Names, BTreeSet<Names>>) -> Vec<Vec<Names>> {
    let reached = |from: &Names| {
        let mut seen: BTreeSet<&Names> = BTreeSet::new();
        let mut open: Vec<&Names> = needs.get(from).into_iter().flatten().collect();
        while let Some(next) = open.pop() {
            if seen.insert(next) {
                open.extend(needs.get(next).into_iter().flatten());
            }
        }
        seen
    };
    let reach: BTreeMap<&Names, BTreeSet<&Names>> =
        needs.keys().map(|module| (module, reached(module))).collect();
    let mut told = BTreeSet::new();
    let mut circles = Vec::new();
    for (module, seen) in &reach {
        if seen.contains(*module) && told.insert(*module) {
            let leads_back = |other: &&Names| reach[*other].contains(*module);
            let circle: Vec<&Names> = seen.iter().copied().filter(leads_back).collect();
            told.extend(&circle);
            circles.push(circle.into_iter().cloned().collect());
        }
    }
    circles
}

//! Whatever a server calls a page, read with a preset: no panic, and the same bytes give the same items.

#![no_main]

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use amtsbote::config::{self, Config, Environment, Files};
use amtsbote::model::{Headers, Response};
use libfuzzer_sys::fuzz_target;

const SETTINGS: &str = r#"
[[source]]
id = "page"
name = "Page"
kind = "page"
url = "https://www.example.de/"
page = { preset = "ikiss" }
"#;

struct Memory;

impl Files for Memory {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match path.ends_with("amtsbote.toml") {
            true => Ok(SETTINGS.as_bytes().to_vec()),
            false => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn list(&self, _: &Path) -> io::Result<Vec<PathBuf>> {
        Ok(Vec::new())
    }

    fn is_public(&self, _: &Path) -> bool {
        false
    }
}

static CONFIG: LazyLock<Config> = LazyLock::new(|| {
    config::load_from(&Memory, Path::new("."), &Environment::new(&BTreeMap::new()))
        .unwrap_or_else(|error| panic!("{error}"))
});

fuzz_target!(|bytes: &[u8]| {
    let response = Response {
        status: 200,
        final_url: "https://www.example.de/".to_owned(),
        moved: None,
        headers: Headers::new(),
        body: bytes.to_vec(),
        truncated: false,
    };
    let source = &CONFIG.sources[0].source;
    assert_eq!(source.extract(&response), source.extract(&response));
});

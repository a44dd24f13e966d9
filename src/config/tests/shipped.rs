//! The shipped files and the manual.

use super::*;

#[test]
fn the_shipped_files_load_and_their_keys_are_at_their_defaults() {
    let mut files = Memory::default();
    for (name, text) in DEFAULTS {
        files = files.with(&format!("etc/{name}"), text);
    }
    let shipped = loaded(&files).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(shipped.series[0].schedule.as_str(), "arbeitstags 07:00");
    assert_eq!(shipped.series[0].series.max_items, 30);
    assert!(shipped.sources.len() > 25, "{}", shipped.sources.len());
    for core in ["sgsa", "kitu", "ozg-portal", "ozg-newsletter", "landesportal", "presse-st"] {
        let source = shipped.sources.iter().find(|source| source.settings.id.as_str() == core);
        assert!(source.unwrap().settings.enabled, "{core}");
    }
    for source in shipped.sources.iter().filter(|source| !source.settings.enabled) {
        assert!(source.settings.remark.is_some(), "{} is off without a reason", source.settings.id);
    }
    let bare = loaded(&Memory::default().with("etc/amtsbote.toml", "")).unwrap();
    let scalars =
        |config: &Config| config.show(false).split("\n[[").next().map(str::to_owned).unwrap();
    assert_eq!(scalars(&shipped), scalars(&bare));
}

#[test]
fn every_key_that_is_shown_stands_in_the_shipped_file() {
    let bare = loaded(&Memory::default().with("etc/amtsbote.toml", "")).unwrap();
    let shown: toml::Table = bare.show(false).parse().unwrap();
    let shipped: toml::Table = DEFAULTS[0].1.parse().unwrap();
    let keys = |table: &toml::Table, name: &str| -> Vec<String> {
        table[name].as_table().unwrap().keys().cloned().collect()
    };
    for name in ["service", "fetch", "web", "retention", "mail"] {
        assert_eq!(keys(&shown, name), keys(&shipped, name), "{name}");
    }
    let smtp = keys(shipped["mail"].as_table().unwrap(), "smtp");
    assert_eq!(keys(shown["mail"].as_table().unwrap(), "smtp"), smtp);
}

#[test]
fn the_defaults_are_valid_toml_together() {
    let text = defaults();
    assert!(text.parse::<toml::Table>().is_ok());
    for (_, file) in DEFAULTS {
        assert!(text.contains(file));
    }
}

#[test]
fn what_is_shown_loads_again_and_shows_the_same() {
    let files = Memory::default()
        .with("etc/amtsbote.toml", "[service]\nname = \"A \\\"b\\\"\"\ndata_dir = '/var/lib/a'\n[fetch]\nmax_bytes = '1536KiB'\n[retention]\nproof = ''\nbodies = '0s'\n[[series]]\nid = 'w'\ntitle = 'W'\nschedule = '0 7 * * 1'\n")
        .with("etc/sources.toml", "[[source]]\nid = 'a'\nkind = 'page'\nurl = 'https://a.example/'\nheaders = { X-Token = 'geheim' }\n[source.page]\nlist = 'ul'\nitem = \"a[href*='x']\"\n")
        .with("etc/topics.toml", TOPICS);
    let config = loaded(&files).unwrap();
    assert_eq!(config.sources[0].settings.access.headers, [("X-Token".into(), "geheim".into())]);
    let shown = config.show(false);
    assert!(!shown.contains("geheim"), "{shown}");
    let again = loaded(&Memory::default().with("etc/amtsbote.toml", &shown)).unwrap();
    assert_eq!(again.show(false), shown);
    assert_eq!(again.retention.proof, None);
    assert_eq!(again.fetch.max_bytes, 1536 << 10);
}

#[test]
fn the_manual_names_every_key_of_the_shipped_file() {
    let pages = man_pages();
    let toml = &pages.iter().find(|(name, _)| *name == "amtsbote.toml.5").unwrap().1;
    for line in shipped_file().lines().map(|line| line.trim_start_matches("# ")) {
        let is_key = |key: &str| key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if let Some((key, _)) = line.split_once(" = ").filter(|(key, _)| is_key(key)) {
            assert!(toml.contains(&format!(".B {key}\n")), "{key}");
        }
    }
    let sources = &pages[1].1;
    assert!(
        sources.contains(".B initial\n") && sources.contains("default: that of fetch.interval")
    );
    let topics = &pages[2].1;
    assert!(topics.contains(".B threshold\nnumber; default 3") && topics.contains(".SH TERMS"));
}

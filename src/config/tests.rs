mod mistakes;
mod secrets;
mod shipped;

use std::collections::BTreeMap;
use std::io;

use proptest::prelude::*;
use secrecy::ExposeSecret as _;

use super::*;
use crate::deliver::smtp::SmtpSettings;
use crate::model::settings::Surroundings as _;
use crate::model::{Content, DetailPolicy, IdentityPolicy, Initial};

/// Files in memory, by path.
#[derive(Default)]
struct Memory {
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl Memory {
    fn with(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.into(), text.into());
        self
    }
}

impl Files for Memory {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.files.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        Ok(self.files.keys().filter(|path| path.parent() == Some(folder)).cloned().collect())
    }

    fn is_public(&self, _: &Path) -> bool {
        false
    }
}

const TOPICS: &str = "[[topic]]\nid = 'ozg'\ntitle = 'OZG'\nstrong = ['OZG']\n";

fn nothing() -> Environment {
    Environment::default()
}

fn environment(vars: &[(&str, &str)]) -> Environment {
    Environment::new(
        &vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    )
}

fn loaded(files: &Memory) -> Result<Config, ConfigError> {
    load_from(files, Path::new("etc"), &nothing())
}

/// The problems of one `amtsbote.toml`.
fn problems(text: &str) -> Vec<String> {
    match loaded(&Memory::default().with("etc/amtsbote.toml", text)) {
        Ok(_) => Vec::new(),
        Err(error) => error.problems.iter().map(ToString::to_string).collect(),
    }
}

fn warnings(text: &str) -> Vec<String> {
    let config =
        loaded(&Memory::default().with("etc/amtsbote.toml", text).with("etc/topics.toml", TOPICS))
            .unwrap();
    config.warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn five_mistakes_in_three_files_are_five_located_messages() {
    let files = Memory::default()
        .with("etc/amtsbote.toml", "[fetch]\ninterval = \"2 hours\"\n\n[[series]]\nid = \"t\"\ntitle = \"T\"\nschedule = \"werktags 07:00\"\n")
        .with("etc/sources.toml", "[[source]]\nid = \"a\"\nkind = \"feed\"\nurl = \"ftp://a.example/\"\ntopics = [\"ozg\", \"zsaa\"]\n")
        .with("etc/topics.toml", &format!("{TOPICS}treshold = 4\n"));
    let error = loaded(&files).unwrap_err();
    assert_eq!(
        error.to_string(),
        "error: 2 problems in etc/amtsbote.toml\n\
         \x20 2:12  fetch.interval: `2 hours` is not a duration such as `90s`, `15m`, `2h` or `7d`\n\
         \x20 7:12  series.t.schedule: `werktags` is no day and no time, did you mean `arbeitstags`? (write for example `arbeitstags 07:00` or `dienstags, freitags 07:00, 16:00`)\n\
         error: 2 problems in etc/sources.toml\n\
         \x20  4:7  source.a.url: `ftp://a.example/` is neither http nor https\n\
         \x20 5:18  source.a.topics: there is no topic `zsaa`\n\
         error: 1 problem in etc/topics.toml\n\
         \x20 5:1  topic.ozg: unknown key `treshold`, did you mean `threshold`?\n\
         hint: `amtsbote topic test --help` shows the term language"
    );
}

#[test]
fn conf_d_is_read_last_and_in_order() {
    let files = Memory::default()
        .with("etc/amtsbote.toml", "[service]\nname = 'A'\ncontact = 'a@b.de'\n")
        .with("etc/conf.d/20-second.toml", "[service]\nname = 'C'\n")
        .with("etc/conf.d/10-first.toml", "[service]\nname = 'B'\nholidays = ''\n[[source]]\nid = 'x'\nkind = 'feed'\nurl = 'http://x.example/'\n")
        .with("etc/conf.d/.hidden.toml", "[service]\nname = 'D'\n")
        .with("etc/conf.d/30-third.toml.bak", "nonsense");
    let config = loaded(&files).unwrap();
    assert_eq!((config.service.name.as_str(), config.service.contact.as_str()), ("C", "a@b.de"));
    assert_eq!(config.service.holidays, crate::schedule::holidays::Holidays::NONE);
    assert_eq!(config.sources.len(), 1);
}

#[test]
fn the_same_id_twice_names_both_places() {
    let row = "[[source]]\nid = 'a'\nkind = 'feed'\nurl = 'http://a.example/'\n";
    let files = Memory::default()
        .with("etc/amtsbote.toml", "")
        .with("etc/sources.toml", row)
        .with("etc/conf.d/more.toml", &format!("\n{row}"));
    let error = loaded(&files).unwrap_err();
    assert_eq!(
        error.problems[0].to_string(),
        "etc/conf.d/more.toml:3:6  source.a.id: the id `a` is already taken at etc/sources.toml:2:6"
    );
}

#[test]
fn a_fault_of_syntax_does_not_hide_other_problems_nor_make_false_ones() {
    let files = Memory::default()
        .with("etc/amtsbote.toml", "[web]\nlisten = '8080'\n")
        .with(
            "etc/sources.toml",
            "[[source]]\nid = 'a'\nkind = 'feed'\nurl = 'http://a.example/'\ntopics = ['ozg']\n",
        )
        .with("etc/topics.toml", "[[topic]]\nid = 'ozg\n");
    let error = loaded(&files).unwrap_err();
    let places: Vec<String> =
        error.problems.iter().map(|problem| problem.place.as_ref().unwrap().to_string()).collect();
    assert_eq!(places[0], "etc/amtsbote.toml:2:10");
    assert!(places[1..].iter().all(|place| place.starts_with("etc/topics.toml:2:")), "{error}");
    assert!(places.len() >= 2);
}

#[test]
fn without_a_config_the_message_says_where_it_was_looked_for() {
    let error = loaded(&Memory::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "error: 1 problem in the config\n\
         \x20 no file `etc/amtsbote.toml`; name the folder with `--config`, or write one with `amtsbote config show --defaults`\n\
         hint: `amtsbote config show --defaults` shows every key at its default"
    );
}

#[test]
fn links_in_mails_go_by_https_but_on_loopback() {
    let url = |url: &str| problems(&format!("[service]\npublic_url = '{url}'\n"));
    assert!(url("http://127.0.0.1:8080/").is_empty());
    assert!(url("http://[::1]:8080/").is_empty());
    assert!(url("https://a.de/news/").is_empty());
    for (bad, message) in [
        ("http://a.de/", "must begin with `https://`"),
        ("https://a.de", "must end with `/`: `https://a.de/`"),
        ("https://a.de/?x=/", "must not hold `?` or `#`"),
        ("https://u:p@a.de/", "holds a name or password"),
        ("a.de", "is no URL"),
    ] {
        let found = url(bad);
        assert!(found.len() == 1 && found[0].contains(message), "{bad}: {found:?}");
        assert!(!found[0].contains("u:p"), "{found:?}");
    }
}

#[test]
fn mail_is_not_sent_in_clear_text_over_a_network() {
    let smtp = |lines: &str| problems(&format!("[mail]\nchannel = 'smtp'\n[mail.smtp]\n{lines}\n"));
    assert!(smtp("host = 'localhost'").is_empty());
    assert!(smtp("host = 'relay.lan'\ninsecure = true").is_empty());
    assert!(smtp("host = 'relay.lan'\ntls = 'starttls'").is_empty());
    let refused = |lines: &str| {
        let found = smtp(lines);
        found.len() == 1 && found[0].contains("mail.smtp.")
    };
    assert!(refused("host = 'relay.lan'"));
    assert!(refused("username = 'u'\npassword_file = ''\ntls = 'implicit'"));
    let login = smtp("host = 'relay.lan'\ninsecure = true\nusername = 'u'");
    assert!(login.iter().any(|problem| problem.contains("mail.smtp.username")), "{login:?}");
    // What is not used is not judged.
    assert!(problems("[mail.smtp]\nhost = 'relay.lan'\n").is_empty());
}

#[test]
fn the_port_follows_the_encryption_unless_it_is_named() {
    let port = |lines: &str| {
        let text = format!("[mail.smtp]\n{lines}\n");
        let shown =
            loaded(&Memory::default().with("etc/amtsbote.toml", &text)).unwrap().show(false);
        let shown: toml::Table = shown.parse().unwrap();
        shown["mail"]["smtp"]["port"].as_integer().unwrap()
    };
    assert_eq!(port(""), 25);
    assert_eq!(port("tls = 'starttls'"), 587);
    assert_eq!(port("tls = 'implicit'"), 465);
    assert_eq!(port("tls = 'implicit'\nport = 2465"), 2465);
}

#[test]
fn a_block_that_is_tried_takes_the_place_of_the_sources_of_all_files() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("conf.d")).unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let block = "[[source]]\nid = 'amt'\nkind = 'feed'\nurl = 'https://amt.test/feed'\n";
    write("amtsbote.toml", "");
    write("conf.d/10-own.toml", &format!("service.name = 'Eigen'\n{block}"));
    let config = load_with(folder.path(), &nothing(), block).unwrap();
    assert_eq!((config.sources.len(), config.service.name.as_str()), (1, "Eigen"));
}

#[test]
fn returned_mail_that_is_to_be_forgotten_too_early_is_warned_of() {
    let warned = |period: &str| {
        let found = warnings(&format!("[retention]\nbounces = '{period}'\n"));
        found.into_iter().find(|warning| warning.contains("retention.bounces"))
    };
    assert_eq!(warned("30d"), None);
    assert_eq!(warned(""), None);
    let said = warned("29d").unwrap();
    assert!(said.contains("2:") && said.contains("kept for 30 days all the same"), "{said}");
    assert!(warned("0s").is_some());
}

#[test]
fn paths_are_relative_to_the_config_and_systemd_wins_for_data() {
    let files = Memory::default().with("etc/amtsbote.toml", "[service]\ndata_dir = 'data'\n");
    assert_eq!(loaded(&files).unwrap().service.data_dir, Path::new("etc/data"));
    let systemd = environment(&[("STATE_DIRECTORY", "/var/lib/amtsbote:/var/lib/other")]);
    let config = load_from(&files, Path::new("etc"), &systemd).unwrap();
    assert_eq!(config.service.data_dir, Path::new("/var/lib/amtsbote"));
    assert_eq!(config.service.key_file(), Path::new("/var/lib/amtsbote/secret.key"));
}

#[test]
fn the_option_wins_over_the_environment() {
    let named = environment(&[("AMTSBOTE_CONFIG", "/srv/a")]);
    assert_eq!(named.locate(Some(Path::new("/srv/b"))), Path::new("/srv/b"));
    assert_eq!(named.locate(None), Path::new("/srv/a"));
}

#[test]
fn a_source_has_its_own_keys_else_the_defaults() {
    let text = "[fetch]\ninterval = '3h'\nproxy = 'http://proxy.lan:3128'\n\
        [[source]]\nid = 'a'\nkind = 'feed'\nurl = 'https://a.example/'\n\
        [[source]]\nid = 'b'\nname = 'B'\nkind = 'feed'\nurl = 'https://b.example/'\ninterval = '6h'\nrank = 1\ninitial = '10'\nidentity = 'link'\ntimezone = 'UTC'\nproxy = ''\nuser = 'u'\npassword_file = 'pw'\nenabled = false\nremark = 'r'\naliases = ['C.example']\ndetail = { text = 'p' }\n";
    let files = Memory::default().with("etc/amtsbote.toml", text).with("etc/pw", "geheim");
    let config = loaded(&files).unwrap();
    let [one, other] = config.sources.as_slice() else { panic!() };
    let (one, other) = (&one.settings, &other.settings);
    assert_eq!((one.name.as_str(), one.rank, one.initial), ("a", 3, Initial::None));
    assert_eq!(one.interval, config.fetch.interval);
    assert_eq!(one.access.proxy.as_deref(), Some("http://proxy.lan:3128"));
    assert_eq!((other.rank, other.initial), (1, Initial::Newest(10)));
    assert_eq!(other.identity, IdentityPolicy::Link);
    assert_eq!((other.timezone, other.enabled), (chrono_tz::UTC, false));
    assert_eq!(other.access.proxy, None);
    assert_eq!(other.access.password_file.value.as_ref().unwrap().expose_secret(), "geheim");
    assert_eq!(other.aliases, ["c.example"]);
    let DetailPolicy::Selectors(detail) = &other.detail else { panic!("{:?}", other.detail) };
    assert_eq!((detail.text.as_deref(), &one.detail), (Some("p"), &DetailPolicy::Auto));
    assert!(!format!("{config:?}").contains("geheim"));
}

#[test]
fn keys_that_contradict_each_other_are_problems() {
    for (text, message) in [
        ("[fetch]\nmin_interval = '2d'\n", "must not be longer than `max_interval`"),
        ("[mail]\nretry_first = '5h'\n", "must not be longer than `retry_max`"),
        ("[mail]\nfrom = 'nobody'\n", "is no sender"),
        ("[mail]\nadmin = \"a@b.de\\nBcc: c@d.de\"\n", "is no address"),
        ("[service]\nholidays = 'Sachsen-Anhalt'\n", "is no Land"),
        ("[service]\ntimezone = 'Europe/Berln'\n", "did you mean `Europe/Berlin`?"),
        ("[web]\nstatus = ['localhost']\n", "is no network"),
        ("[retention]\nitems = 'ever'\n", "is not a duration"),
        ("[sevice]\n", "unknown key `sevice`, did you mean `service`?"),
        ("service = 1\n", "expected a table"),
        ("[source]\nid = 'a'\n", "expected `[[source]]`"),
        ("[[source]]\nid = 'A'\nkind = 'feed'\nurl = 'http://a.example/'\n", "is no id"),
        ("[[source]]\nid = 'a'\nkind = 'fed'\nurl = 'http://a.example/'\n", "did you mean `feed`?"),
        ("[[source]]\nid = 'a'\nkind = 'feed'\n", "missing key `url`"),
        (
            "[[source]]\nid = 'a'\nkind = 'feed'\nurl = 'http://a.example/'\ninitial = 'some'\n",
            "neither `none`",
        ),
        (
            "[[source]]\nid = 'a'\nkind = 'feed'\nurl = 'http://a.example/'\nheaders = { Authorization = 'x' }\n",
            "cannot be set here",
        ),
    ] {
        let found = problems(text);
        assert!(found.len() == 1 && found[0].contains(message), "{text}: {found:?}");
    }
}

#[test]
fn what_works_but_nobody_wants_is_a_warning() {
    let found = warnings(
        "[[source]]\nid = 'kitu'\nkind = 'feed'\nurl = 'http://k.example/'\nenabled = false\nremark = 'moved'\n[[series]]\nid = 't'\ntitle = 'T'\nschedule = 'montags 07:00'\n",
    );
    assert_eq!(
        found,
        [
            "source: no source is switched on, so nothing is ever polled",
            "etc/amtsbote.toml:1:1  service.public_url: still is the example's address: links in mails would lead nowhere",
            "etc/amtsbote.toml:1:1  service.imprint_url: our own imprint lacks `operator`, `representative`, `phone`: set them, or the address of yours",
            "etc/amtsbote.toml:1:1  service.privacy_url: our own privacy text lacks `data_protection_officer`, `recipients`, `privacy_authority`: set them, or the address of yours",
            "etc/amtsbote.toml:1:1  service.accessibility_url: our own accessibility statement lacks `accessibility_date`, `accessibility_method`, `enforcement_body`: set them, or the address of yours",
            "etc/amtsbote.toml:1:1  service.contact: no contact of your own: webmasters of the polled sources and your readers cannot reach you",
            "etc/amtsbote.toml:5:11  source.kitu.enabled: a source that readers count on is switched off: moved",
        ]
    );
}

#[test]
fn the_version_changes_with_any_byte() {
    let version =
        |text: &str| loaded(&Memory::default().with("etc/amtsbote.toml", text)).unwrap().version;
    assert_eq!(version("# a"), version("# a"));
    assert_ne!(version("# a"), version("# b"));
    assert_eq!(version("").len(), 12);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut files = Memory::default();
        files.files.insert("etc/amtsbote.toml".into(), bytes);
        let _ = loaded(&files).map(|config| config.show(false));
    }

    /// Any value in any place: a problem at worst, and what loads also shows.
    #[test]
    fn no_value_makes_it_panic(
        table in prop::sample::select(vec!["service", "fetch", "mail", "mail.smtp", "web", "retention"]),
        key in prop::sample::select(vec!["name", "interval", "from", "port", "listen", "items", "timezone", "status", "public_url"]),
        value in prop_oneof![
            "\\PC{0,12}".prop_map(|text| toml::Value::String(text).to_string()),
            any::<i64>().prop_map(|number| number.to_string()),
            Just("[]".to_owned()), Just("{}".to_owned()), Just("1979-05-27".to_owned()), Just("nan".to_owned()),
        ],
    ) {
        let text = format!("[{table}]\n{key} = {value}\n");
        if let Ok(config) = loaded(&Memory::default().with("etc/amtsbote.toml", &text)) {
            prop_assert!(config.show(false).parse::<toml::Table>().is_ok());
        }
    }
}

#[test]
fn one_judge_decides_on_the_table_of_a_channel() {
    let host = |lines: &str| problems(&format!("{lines}[mail.smtp]\nhost = 'localhost/x'\n"));
    let (unused, used) = (host(""), host("[mail]\nchannel = 'smtp'\n"));
    assert_eq!(unused.len(), 1, "{unused:?}");
    assert_eq!(used.len(), 1, "{used:?}");
    assert!(
        unused[0].ends_with(
            "mail.smtp.host: `localhost/x` is no host name; the port is a key of its own"
        )
    );
    assert_eq!(unused[0].split_once("  ").unwrap().1, used[0].split_once("  ").unwrap().1);
}

#[test]
fn a_model_that_is_broken_or_of_other_topics_is_a_problem_with_its_place() {
    let files = || Memory::default().with("etc/amtsbote.toml", "").with("etc/topics.toml", TOPICS);
    assert!(loaded(&files()).unwrap().tagger.model().is_none());
    let problems = |model: &str| -> Vec<String> {
        let error = loaded(&files().with("etc/topics.model", model)).unwrap_err();
        error.problems.iter().map(ToString::to_string).collect()
    };
    let foreign = problems("[[topic]]\n");
    assert!(foreign[0].starts_with("etc/topics.model:1:1"), "{foreign:?}");
    let cut = problems(&SHIPPED_MODEL[..50_000]);
    assert!(cut[0].contains("topics.model:401:1"), "{cut:?}");
    let others = problems(SHIPPED_MODEL);
    assert_eq!(others.len(), 2);
    assert!(others[0].contains("the model knows the topic `central-services`"), "{others:?}");
    let shipped = Memory::default()
        .with("etc/amtsbote.toml", "")
        .with("etc/topics.toml", DEFAULTS[2].1)
        .with("etc/topics.model", SHIPPED_MODEL);
    let with = loaded(&shipped).unwrap();
    assert!(with.tagger.model().is_some());
    let without =
        Memory::default().with("etc/amtsbote.toml", "").with("etc/topics.toml", DEFAULTS[2].1);
    assert_ne!(with.topics_version(), loaded(&without).unwrap().topics_version());
}

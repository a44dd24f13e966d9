//! The built binary in a folder of its own, with feeds on loopback. When it is
//! over the database must be sound and nothing left in anybody's hand.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Mutex;

use amtsbote::store::{Store, outbox};
use serde_json::Value;

use super::feed_server::{FeedServer, response};

/// Everything a journey of the binary needs.
pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) feeds: FeedServer,
    /// Processes that end with it.
    children: Mutex<Vec<u32>>,
}

/// What a command said and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// stdout, line by line as JSON.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let parse =
            |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        self.out.lines().map(parse).collect()
    }

    /// It ended well.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl World {
    /// With the shipped topics, no source, the series `taeglich` at `schedule`.
    pub(crate) async fn new(schedule: &str) -> Self {
        let world = Self {
            folder: tempfile::tempdir().unwrap(),
            feeds: FeedServer::start().await,
            children: Mutex::default(),
        };
        std::fs::create_dir(world.config()).unwrap();
        world.write("amtsbote.toml", &main_file(schedule));
        let (_, topics) = amtsbote::config::DEFAULTS[2];
        world.write("topics.toml", topics);
        world
    }

    /// Where the config is.
    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    /// The data folder.
    pub(crate) fn var(&self) -> PathBuf {
        self.folder.path().join("var")
    }

    /// Writes a file of the config.
    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.config().join(name), text).unwrap();
    }

    /// One `[[source]]` that is served here.
    pub(crate) fn source(&self, id: &str, more: &str) -> String {
        let url = self.feeds.url(&format!("/{id}"));
        format!(
            "[[source]]\nid = '{id}'\nname = 'Quelle {id}'\nkind = 'feed'\ndetail = 'never'\nurl = '{url}'\n{more}\n"
        )
    }

    /// Serves the feed of a source from now on.
    pub(crate) fn serve(&self, id: &str, body: &str) {
        let fields = [("Content-Type", "application/rss+xml")];
        self.feeds.on(&format!("/{id}"), [response(200, &fields, body)]);
    }

    /// The binary with that command line, in a bare environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_amtsbote"));
        command
            .arg("--config")
            .arg(self.config())
            .args(arguments)
            .env_clear()
            .env("TMPDIR", self.folder.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end. The feeds go on answering meanwhile.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Said {
        let mut command = self.command(arguments);
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap().into()
    }

    /// Notes a process that must not outlive this world.
    pub(crate) fn adopt(&self, child: &Child) {
        self.children.lock().unwrap().push(child.id());
    }

    /// The files of the maildir, by name.
    pub(crate) fn mails(&self) -> Vec<(String, String)> {
        let Ok(entries) = std::fs::read_dir(self.var().join("mail/new")) else { return Vec::new() };
        let mut mails: Vec<(String, String)> = entries
            .map(|entry| entry.unwrap().path())
            .map(|path| {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                (name, std::fs::read_to_string(path).unwrap())
            })
            .collect();
        mails.sort();
        mails
    }

    /// The database, as another process sees it.
    pub(crate) fn store(&self) -> Store {
        Store::open(&self.var().join("amtsbote.db")).unwrap()
    }

    fn check(&self) {
        if !self.var().join("amtsbote.db").exists() {
            return;
        }
        let path = self.var();
        let findings = std::thread::spawn(move || findings(&path)).join().unwrap();
        assert!(findings.is_empty(), "the journey left behind: {findings:?}");
    }
}

/// What is wrong with the database, and what is still in somebody's hand.
fn findings(var: &Path) -> Vec<String> {
    let store = Store::open(&var.join("amtsbote.db")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut findings = store.check().await.unwrap();
        let claimed = store.read(|tx| outbox::list(tx, Some("claimed"), None, 9)).await.unwrap();
        findings.extend(claimed.iter().map(|entry| format!("claimed: {}", entry.message_id)));
        findings
    })
}

impl Drop for World {
    fn drop(&mut self) {
        for pid in self.children.lock().unwrap().drain(..) {
            // Those that have ended are nobody's any more: a failing kill is fine.
            let _ =
                Command::new("kill").args(["-9", &pid.to_string()]).stderr(Stdio::null()).status();
        }
        if !std::thread::panicking() {
            self.check();
        }
    }
}

/// An `amtsbote.toml` for loopback, as quick as it may be.
pub(crate) fn main_file(schedule: &str) -> String {
    format!(
        "[service]\npublic_url = \"http://127.0.0.1:8080/\"\ncontact = \"redaktion@meldungen.test\"\n\
         data_dir = \"../var\"\n[fetch]\ninterval = \"1s\"\nmin_interval = \"1s\"\nhost_spacing = \"0s\"\n\
         timeout = \"30s\"\nper_host = 4\nallow_private = [\"127.0.0.0/8\"]\n\
         [mail]\nfrom = \"Meldungen <meldungen@meldungen.test>\"\n[web]\nlisten = \"\"\n\
         [[series]]\nid = \"taeglich\"\ntitle = \"Am Morgen\"\nschedule = \"{schedule}\"\n"
    )
}

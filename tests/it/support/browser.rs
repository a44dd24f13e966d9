//! A real browser, driven by what it says on two pipes (its `DevTools` protocol): pages are read and
//! buttons pressed as people do.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use amtsbote::clock::Stopwatch;
use serde_json::{Value, json};

/// Where browsers are.
const PROGRAMS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
/// Longest that a page may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A page in a browser of its own.
pub(crate) struct Browser {
    child: Child,
    to: std::fs::File,
    from: BufReader<std::fs::File>,
    session: String,
    last: u64,
}

impl Browser {
    /// Starts one that keeps its files in a folder; none where none is installed.
    pub(crate) fn start(folder: &Path) -> Option<Self> {
        let program = PROGRAMS.into_iter().find(|name| {
            let found = Command::new("which").arg(name).stdout(Stdio::null()).status();
            found.is_ok_and(|status| status.success())
        })?;
        let pipes = ["to", "from"].map(|name| folder.join(name));
        for pipe in &pipes {
            assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());
        }
        // The browser reads its orders from 3 and answers on 4.
        let script = format!(
            "exec {program} --headless --no-sandbox --disable-gpu --remote-debugging-pipe \
             --user-data-dir={} about:blank 3<{} 4>{}",
            folder.join("profile").display(),
            pipes[0].display(),
            pipes[1].display()
        );
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).stdout(Stdio::null()).stderr(Stdio::null());
        // It has children of its own, which end with its group.
        let child = shell.process_group(0).spawn().unwrap();
        let to = std::fs::OpenOptions::new().write(true).open(&pipes[0]).unwrap();
        let from = BufReader::new(std::fs::File::open(&pipes[1]).unwrap());
        let mut browser = Self { child, to, from, session: String::new(), last: 0 };
        let target = browser.ask("Target.createTarget", &json!({"url": "about:blank"}));
        let of = json!({"targetId": target["targetId"], "flatten": true});
        let session = browser.ask("Target.attachToTarget", &of);
        browser.session = session["sessionId"].as_str().unwrap().to_owned();
        Some(browser)
    }

    fn ask(&mut self, method: &str, parameters: &Value) -> Value {
        self.last += 1;
        let mut message = json!({"id": self.last, "method": method, "params": parameters});
        if !self.session.is_empty() {
            message["sessionId"] = self.session.clone().into();
        }
        self.to.write_all(format!("{message}\0").as_bytes()).unwrap();
        loop {
            let mut bytes = Vec::new();
            self.from.read_until(0, &mut bytes).unwrap();
            bytes.pop();
            let said: Value = serde_json::from_slice(&bytes).unwrap();
            if said["id"] == self.last {
                assert!(said["error"].is_null(), "{method}: {said}");
                return said["result"].clone();
            }
        }
    }

    /// Opens an address and waits for the page.
    pub(crate) fn open(&mut self, address: &str) {
        self.ask("Page.navigate", &json!({"url": address}));
        self.until(&format!("location.href === {address:?} && document.readyState === 'complete'"));
    }

    /// The value of an expression.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let parameters = json!({"expression": expression, "returnByValue": true});
        self.ask("Runtime.evaluate", &parameters)["result"]["value"].clone()
    }

    fn until(&mut self, expression: &str) {
        let begun = Stopwatch::start();
        while self.value(expression) != true {
            assert!(begun.elapsed() < PATIENCE, "{expression}: {}", self.text());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What stands on the page.
    pub(crate) fn text(&mut self) -> String {
        self.value("document.body.innerText").as_str().unwrap_or_default().to_owned()
    }

    /// Fills in the field that a label names.
    pub(crate) fn fill(&mut self, label: &str, text: &str) {
        let field = format!(
            "(() => {{ const label = [...document.querySelectorAll('label')]
                .find(label => label.textContent.trim() === {label:?});
              label.control.value = {text:?}; return label.control.value; }})()"
        );
        assert_eq!(self.value(&field), text, "{label}");
    }

    /// Presses the button of that name and waits for the page that answers.
    pub(crate) fn press(&mut self, name: &str) {
        let press = format!(
            "(() => {{ const button = [...document.querySelectorAll('button')]
                .find(b => (b.getAttribute('aria-label') ?? b.textContent.trim()) === {name:?});
              window.before = true; button.click(); return true; }})()"
        );
        assert_eq!(self.value(&press), true, "there is no button {name}: {}", self.text());
        self.until("window.before === undefined && document.readyState === 'complete'");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-9", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.child.wait();
    }
}

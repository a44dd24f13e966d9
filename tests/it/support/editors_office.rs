//! The built binary with a series that has an editor, whose mails land in a folder: the editor's
//! and the reader's.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::Duration;

use super::world::{World, main_file};

pub(crate) const EDITOR: &str = "redaktion@amt.test";
pub(crate) const READER: &str = "leserin@stadt.test";

/// An editor, a reader, a feed called `amt`.
pub(crate) struct Office {
    pub(crate) world: World,
    /// Where the web face listens.
    pub(crate) web: String,
}

impl Office {
    /// With the digest at `schedule` and its draft that long before; nothing goes unapproved.
    pub(crate) async fn new(schedule: &str, draft: &str) -> Self {
        let world = World::new(schedule).await;
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let web = format!("127.0.0.1:{port}");
        let main = main_file(schedule)
            .replace("127.0.0.1:8080", &web)
            .replace("listen = \"\"", &format!("listen = \"{web}\""));
        let editor = format!(
            "max_items = 1000\nmax_items_per_topic = 1000\neditor = '{EDITOR}'\ndraft = '{draft}'\nunanswered = 'hold'\n"
        );
        world.write("amtsbote.toml", &format!("{main}{editor}"));
        world.write("sources.toml", &world.source("amt", "initial = 'all'"));
        let choice = ["--series", "taeglich", "--reason", "Formular"];
        world.run(&[&["subscriber", "add", READER][..], &choice].concat()).await.ok();
        Self { world, web }
    }

    /// Starts the service.
    pub(crate) fn start(&self) -> Child {
        let mut command = self.world.command(&["--quiet", "run"]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        self.world.adopt(&child);
        child
    }

    /// The text parts of the mails to someone, in the order of their names.
    pub(crate) fn mails_to(&self, address: &str) -> Vec<String> {
        let to = format!("To: <{address}>");
        let of = self.world.mails().into_iter().filter(|(_, mail)| mail.contains(&to));
        of.map(|(_, mail)| {
            let mail = mail_parser::MessageParser::default().parse(mail.as_bytes()).unwrap();
            mail.body_text(0).unwrap().into_owned()
        })
        .collect()
    }

    /// The paths of the drafts that the editor got, by the names of their mails.
    pub(crate) fn links(&self) -> Vec<String> {
        let home = format!("http://{}", self.web);
        let link = |text: &String| {
            let line = text.lines().find(|line| line.starts_with(&format!("{home}/r/")))?;
            Some(line[home.len()..].trim().to_owned())
        };
        self.mails_to(EDITOR).iter().filter_map(link).collect()
    }

    /// Asks the web face; none if it does not answer.
    pub(crate) fn ask(&self, method: &str, path: &str, form: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(&self.web).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {1}\r\n\r\n",
            self.web,
            form.len()
        );
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(form.as_bytes()).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1)?.parse().ok()?;
        Some((status, answer))
    }
}

//! A folder of mail that is asked like a server: its new messages are the answer, and its
//! validator names those that were read.
//!
//! A message is put aside only when the next request brings that validator back: by then its
//! items are stored. A crash in between has it read again, which changes nothing.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Fetch, FetchError};
use crate::model::{BoxFuture, MOST_MESSAGES, Request, Response, frame_messages};

/// Asks a Maildir for one address, and the web for all others.
pub struct MaildirFetch {
    home: String,
    folder: PathBuf,
    web: Arc<dyn Fetch>,
}

impl MaildirFetch {
    /// Returns what answers requests for `home` with the messages in `folder`.
    pub fn new(home: &str, folder: PathBuf, web: Arc<dyn Fetch>) -> Self {
        Self { home: home.to_owned(), folder, web }
    }
}

impl Fetch for MaildirFetch {
    fn fetch<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, FetchError>> {
        if request.url != self.home {
            return self.web.fetch(request);
        }
        let (folder, home) = (self.folder.clone(), self.home.clone());
        let read = request.headers.get("if-none-match").map(str::to_owned);
        let limit = usize::try_from(request.max_bytes).unwrap_or(usize::MAX);
        Box::pin(async move {
            let asked = tokio::task::spawn_blocking({
                let home = home.clone();
                move || answer(&folder, &home, read.as_deref(), limit)
            });
            asked.await.map_err(std::io::Error::other).flatten().map_err(|error| {
                FetchError::Setup {
                    host: home,
                    why: format!("its mailbox cannot be read: {error}"),
                }
            })
        })
    }
}

fn answer(
    folder: &Path,
    home: &str,
    read: Option<&str>,
    limit: usize,
) -> std::io::Result<Response> {
    let new = folder.join("new");
    for name in ["tmp", "new", "cur"] {
        fs::create_dir_all(folder.join(name))?;
    }
    let mut names: Vec<String> = fs::read_dir(&new)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort_unstable();
    let read: Vec<&str> = read.unwrap_or_default().trim_matches('"').split(' ').collect();
    let (done, mut names): (Vec<String>, Vec<String>) =
        names.into_iter().partition(|name| read.contains(&mark(name).as_str()));
    for name in done {
        let stem = name.split(":2,").next().unwrap_or(&name);
        fs::rename(new.join(&name), folder.join("cur").join(format!("{stem}:2,S")))?;
    }
    names.truncate(MOST_MESSAGES);
    let mut messages: Vec<Vec<u8>> = Vec::new();
    let mut marks: Vec<String> = Vec::new();
    let mut left = limit;
    for name in &names {
        let mut bytes = Vec::new();
        fs::File::open(new.join(name))?.take(limit as u64).read_to_end(&mut bytes)?;
        if bytes.len() > left && !messages.is_empty() {
            break;
        }
        left = left.saturating_sub(bytes.len());
        messages.push(bytes);
        marks.push(mark(name));
    }
    // Nothing new: what was read stays so.
    let is_idle = marks.is_empty() && !read.concat().is_empty();
    let validator = if is_idle { read.join(" ") } else { marks.join(" ") };
    let headers = std::iter::once(("ETag", format!("\"{validator}\""))).collect();
    let body = frame_messages(messages.iter().map(Vec::as_slice));
    Ok(Response {
        status: if is_idle { 304 } else { 200 },
        final_url: home.to_owned(),
        is_redirected: false,
        moved: None,
        headers,
        body: if is_idle {
            Vec::new()
        } else if body.is_empty() {
            b"\n".to_vec()
        } else {
            body
        },
        truncated: false,
    })
}

/// Returns a short name for a file: validators are kept with each poll.
fn mark(name: &str) -> String {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::framed_messages;

    #[test]
    fn messages_are_put_aside_when_the_next_request_says_that_they_were_read() {
        let folder = tempfile::tempdir().unwrap();
        let ask = |read: Option<&str>| {
            answer(folder.path(), "https://a.example/", read, 1 << 20).unwrap()
        };
        assert_eq!(ask(None).status, 200, "an empty folder is no fault");
        let put = |name: &str| {
            fs::write(folder.path().join("new").join(name), format!("From: {name}\n\nx")).unwrap();
        };
        put("1.a");
        put("2.b");
        let first = ask(None);
        assert_eq!(framed_messages(&first.body).len(), 2);
        assert_eq!(framed_messages(&ask(None).body).len(), 2, "after a crash they come again");
        put("0.late");
        let validator = first.headers.get("etag").unwrap().to_owned();
        let second = ask(Some(&validator));
        assert_eq!(framed_messages(&second.body), [b"From: 0.late\n\nx"], "the others are in cur");
        assert_eq!(fs::read_dir(folder.path().join("cur")).unwrap().count(), 2);
        let validator = second.headers.get("etag").unwrap().to_owned();
        let idle = ask(Some(&validator));
        assert_eq!((idle.status, idle.headers.get("etag")), (304, Some(validator.as_str())));
        assert_eq!(fs::read_dir(folder.path().join("new")).unwrap().count(), 0);
    }
}

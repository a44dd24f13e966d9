//! Mails as files: a Maildir under `data_dir/mail`, one file per message.
//!
//! The envelope stands on top as `X-Envelope-From` and `X-Envelope-To`. The
//! file's name is made from the Message-ID, so a retry overwrites itself.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Channel, ChannelContext, Kind, Outgoing, SendError, Step, message};
use crate::model::{BoxFuture, Envelope, Payload, Reader, Rendered};

/// The registry's line.
pub const KIND: Kind = Kind {
    name: "maildir",
    summary: "mails land as files under `data_dir/mail`; the default, for trying out and for other programs to pick up",
    fields: Vec::new,
    judge: |_| Vec::new(),
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature of the registry")]
fn build(_: &mut Reader<'_>, context: &ChannelContext<'_>) -> Option<Box<dyn Channel>> {
    Some(Box::new(Maildir { folder: context.data_dir.join("mail"), dkim: context.dkim.clone() }))
}

/// The channel.
#[derive(Debug)]
pub struct Maildir {
    folder: PathBuf,
    dkim: Option<Arc<message::dkim::Signer>>,
}

impl Channel for Maildir {
    fn connections(&self) -> usize {
        2
    }

    fn encode(&self, envelope: &Envelope, rendered: &Rendered) -> Result<Payload, SendError> {
        message::build(envelope, rendered, self.dkim.as_deref())
    }

    fn send<'a>(&'a self, mail: Outgoing<'a>) -> BoxFuture<'a, Result<(), SendError>> {
        let folder = self.folder.clone();
        let name = file_name(mail.message_id);
        // They were checked when the message was encoded; a line break here
        // would forge a field all the same.
        let plain = |text: &str| text.replace(['\r', '\n'], "");
        let mut bytes = format!(
            "X-Envelope-From: <{}>\r\nX-Envelope-To: <{}>\r\n",
            plain(mail.sender),
            plain(mail.recipient)
        )
        .into_bytes();
        bytes.extend(&mail.payload.0);
        Box::pin(async move {
            let written =
                tokio::task::spawn_blocking(move || write(&folder, &name, &name, &bytes)).await;
            let reason = match written {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) => error.kind().to_string(),
                Err(_) => "the writing task broke off".to_owned(),
            };
            Err(SendError::Misconfigured { step: Step::File, code: None, reason })
        })
    }
}

/// Writes by `tmp` + fsync + rename + fsync of `new`: after a crash the file is whole or
/// not there, and what was reported as sent is there.
pub(crate) fn write(folder: &Path, temporary: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
    for part in ["tmp", "new", "cur"] {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder.join(part))?;
    }
    let temporary = folder.join("tmp").join(temporary);
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, folder.join("new").join(name))?;
    File::open(folder.join("new"))?.sync_all()
}

fn file_name(message_id: &str) -> String {
    let safe: String = message_id
        .chars()
        .take(200)
        .map(|c| if c.is_ascii_alphanumeric() || "@.-_+".contains(c) { c } else { '_' })
        .collect();
    // A leading dot would hide it from readers of the Maildir.
    format!("{}.eml", safe.trim_start_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_retry_overwrites_itself_and_leaves_nothing_in_tmp() {
        let folder = tempfile::tempdir().unwrap();
        let channel = Maildir { folder: folder.path().join("mail"), dkim: None };
        let payload = Payload(b"Subject: x\r\n\r\ny\r\n".to_vec());
        for _ in 0..2 {
            let mail = Outgoing {
                sender: "r+t@x.de",
                recipient: "a@y.de",
                message_id: "d.1.2@x.de",
                payload: &payload,
            };
            channel.send(mail).await.unwrap();
        }
        let files = |part: &str| {
            fs::read_dir(folder.path().join("mail").join(part))
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(files("new"), ["d.1.2@x.de.eml"]);
        assert!(files("tmp").is_empty() && files("cur").is_empty());
        let text = fs::read_to_string(folder.path().join("mail/new/d.1.2@x.de.eml")).unwrap();
        assert_eq!(
            text,
            "X-Envelope-From: <r+t@x.de>\r\nX-Envelope-To: <a@y.de>\r\nSubject: x\r\n\r\ny\r\n"
        );
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_stops_all_and_burns_nobody() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("mail"), b"a file in the way").unwrap();
        let channel = Maildir { folder: folder.path().join("mail"), dkim: None };
        let payload = Payload(vec![]);
        let (sender, recipient, message_id) = ("a@x.de", "b@y.de", "i@x.de");
        let mail = Outgoing { sender, recipient, message_id, payload: &payload };
        let error = channel.send(mail).await.unwrap_err();
        assert!(error.pauses_all() && error.hint().is_some(), "{error}");
    }

    #[test]
    fn a_name_never_leaves_its_folder() {
        assert_eq!(file_name("../../etc/passwd"), "_.._etc_passwd.eml");
        assert_eq!(file_name("a:2,S/b"), "a_2_S_b.eml");
    }
}

//! Put a backup in the place of the database. Everything is done to a copy
//! beside it; until the last rename the old database is in place and whole.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::assemble::{database, make_data_dir, signing_key, write_key};
use super::lock::Lock;
use crate::config::Config;
use crate::model::Timestamp;
use crate::pipeline::{self, Caught, Departures};
use crate::store::{Store, StoreError, copy};
use crate::subscriber::token::{Key, Tokens};

/// What became of the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyFate {
    /// The one in use made the backup's links.
    Stays,
    /// Taken from beside the backup; where the one before is, if there was one.
    Taken(Option<PathBuf>),
    /// Neither made them: links in mails of before do not work.
    Foreign,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Where the database of before is.
    pub aside: Option<PathBuf>,
    /// Why it could not be read, so that nobody who left since could be found.
    pub unread: Option<String>,
    /// What the copy was taught.
    pub caught: Caught,
    pub key: KeyFate,
}

/// Returns where the key of a backup lies: beside it.
pub fn key_beside(backup: &Path) -> PathBuf {
    let mut name = backup.as_os_str().to_owned();
    name.push(".key");
    name.into()
}

/// Puts the backup in place, unless a service works on the folder.
pub async fn restore(config: &Config, backup: &Path, now: Timestamp) -> anyhow::Result<Restored> {
    make_data_dir(config)?;
    let _lock = Lock::take(&config.service.data_dir)?;
    let present = database(config);
    let copy = suffixed(&present, ".restoring");
    for end in ["", "-wal", "-shm"] {
        // What a restore that was cut short left behind.
        let _ = fs::remove_file(suffixed(&copy, end));
    }
    // Without the hints of these errors, which are about the database in use.
    copy::take(backup, &copy).map_err(|error| match error {
        StoreError::Foreign { .. } | StoreError::Damaged(_) | StoreError::Schema(_) => {
            anyhow::anyhow!("`{}` cannot be restored: {error}", backup.display())
        }
        other => other.into(),
    })?;
    let done = exchange(config, backup, &present, &copy, now).await;
    if done.is_err() {
        for end in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(suffixed(&copy, end));
        }
    }
    done
}

async fn exchange(
    config: &Config,
    backup: &Path,
    present: &Path,
    copy: &Path,
    now: Timestamp,
) -> anyhow::Result<Restored> {
    let store = Store::open(copy)?;
    let own = signing_key(&config.service)?;
    let beside = match fs::read_to_string(key_beside(backup)) {
        Ok(text) => Some(Key::parse(&text)?),
        Err(_) => None,
    };
    let (key, takes_beside, is_foreign) = choose(config, &store, own.clone(), beside)?;
    let (departures, unread) = departures(present).await;
    let after = Tokens::new(key.clone());
    let before = Tokens::new(own.clone().unwrap_or_else(|| key.clone()));
    let caught = pipeline::catch_up(&store, departures, before, after.clone(), now).await?;
    if is_foreign {
        // Else the links of the next mails would work no better than those of before.
        pipeline::renew_links(&store, after).await?;
    }
    store.close().await?;
    let mark = now.utc().format(".before-%Y%m%dT%H%M%S%.3fZ").to_string();
    let fate = if takes_beside {
        let file = config.service.key_file();
        let aside = own.is_some().then(|| suffixed(&file, &mark));
        if let Some(aside) = &aside {
            fs::rename(&file, aside).with_context(|| format!("moving `{}`", file.display()))?;
        }
        write_key(&file, &key)?;
        KeyFate::Taken(aside)
    } else {
        KeyFate::Stays
    };
    let fate = if is_foreign { KeyFate::Foreign } else { fate };
    let aside = put_in_place(present, copy, &mark)
        .with_context(|| format!("putting the copy in the place of `{}`", present.display()))?;
    Ok(Restored { aside, unread, caught, key: fate })
}

/// Returns the key from now on, whether it is the one beside the backup, and whether
/// the backup's links were made by another.
fn choose(
    config: &Config,
    store: &Store,
    own: Option<Key>,
    beside: Option<Key>,
) -> anyhow::Result<(Key, bool, bool)> {
    if let Some(own) = &own
        && pipeline::fits(store, &Tokens::new(own.clone()))?
    {
        return Ok((own.clone(), false, false));
    }
    // A key from outside cannot be replaced here.
    if let Some(beside) = beside.filter(|_| config.service.key.0.is_none()) {
        let fits = pipeline::fits(store, &Tokens::new(beside.clone()))?;
        if fits || own.is_none() {
            return Ok((beside, true, !fits));
        }
    }
    match own {
        Some(own) => Ok((own, false, true)),
        None => anyhow::bail!(
            "there is no signing key: neither `{}` nor one beside the backup",
            config.service.key_file().display()
        ),
    }
}

/// Returns who left, if the database that is replaced can say so.
async fn departures(present: &Path) -> (Departures, Option<String>) {
    if !present.exists() {
        return (Departures::default(), None);
    }
    let read = async {
        let store = Store::open(present)?;
        let departures = pipeline::departures(&store).await?;
        store.close().await?;
        Ok::<_, pipeline::PipelineError>(departures)
    };
    match read.await {
        Ok(departures) => (departures, None),
        Err(error) => (Departures::default(), Some(format!("{:#}", anyhow::Error::new(error)))),
    }
}

/// Gives the old one a second name, then the copy takes the first: at no instant
/// is there none, from which the next start would make an empty one.
fn put_in_place(present: &Path, copy: &Path, mark: &str) -> std::io::Result<Option<PathBuf>> {
    let mut aside = None;
    if present.exists() {
        let name = suffixed(present, mark);
        fs::hard_link(present, &name)?;
        let log = suffixed(present, "-wal");
        if log.exists() {
            // A log beside another database would be taken for its own.
            fs::rename(&log, suffixed(&name, "-wal"))?;
        }
        aside = Some(name);
    }
    let _ = fs::remove_file(suffixed(present, "-shm"));
    fs::File::open(copy)?.sync_all()?;
    fs::rename(copy, present)?;
    if let Some(folder) = present.parent() {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(aside)
}

fn suffixed(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

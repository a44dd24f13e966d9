//! The door to the database: open, pragmas, one writer, one reader.
//!
//! The async door is `spawn_blocking` round a std mutex. Not a thread with a
//! channel: under paused time tokio holds its clock while blocking work runs,
//! but jumps to the next timer when it waits for a plain thread.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use tokio::sync::Semaphore;

use super::{StoreError, copy, migrate};

/// How long a write waits for another process's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

const PING: &str = "select 1";

/// Between two tries where SQLite does not wait by itself.
const AGAIN: Duration = Duration::from_millis(10);

/// Connections for readers of the web: as many as cores that answer them.
const WEB_READERS: usize = 2;

/// Steps of SQLite's virtual machine that one read of the web may take: a page
/// takes some ten thousand, a search over 100,000 items some million.
const MAX_WEB_STEPS: u64 = 50_000_000;

/// Steps between two looks at the count.
const STEPS_AT_ONCE: u32 = 100_000;

/// The database. Clones share the connections.
#[derive(Clone)]
pub struct Store {
    // Let go in this order: the last one copies the log back and removes it, which
    // a reader may not, and an address that was erased would stay readable there.
    readers: Readers,
    writer: Arc<Mutex<Connection>>,
    /// Writes nothing and reads nothing but whether others wrote: only the web asks that.
    watcher: Option<Arc<Mutex<Connection>>>,
}

impl Store {
    /// Opens or creates the file and brings it up to date.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        copy::private(path);
        let mut writer = Connection::open(path)?;
        writer.busy_timeout(BUSY_TIMEOUT)?;
        // Before anything is set: the mode of the journal stands in the file.
        migrate::recognise(&writer, &path.display().to_string())?;
        prepare(&writer)?;
        migrate::migrate(&mut writer, &path.display().to_string())?;
        let readers = Readers::one(Arc::new(Mutex::new(reader(path)?)));
        Ok(Self { writer: Arc::new(Mutex::new(writer)), readers, watcher: None })
    }

    /// Returns this database with reading connections of its own for strangers,
    /// whose reads end after a bounded number of steps: polls, mails and the
    /// watchdog never wait for them. In memory there is one connection for all.
    ///
    /// # Errors
    /// Fails if the connections cannot be opened.
    pub fn for_web(&self) -> Result<Self, StoreError> {
        let path = lock(&self.writer).path().map(PathBuf::from);
        let Some(path) = path.filter(|path| !path.as_os_str().is_empty()) else {
            return Ok(self.clone());
        };
        let others: Result<Vec<_>, _> = (1..WEB_READERS).map(|_| Reader::bounded(&path)).collect();
        let readers = Readers::new(Reader::bounded(&path)?, others?);
        let watcher = Some(Arc::new(Mutex::new(reader(&path)?)));
        Ok(Self { readers, writer: Arc::clone(&self.writer), watcher })
    }

    /// Returns a database that lives as long as its handle, with the same schema.
    pub fn open_in_memory() -> Result<Self, StoreError> {
        let mut connection = Connection::open_in_memory()?;
        prepare(&connection)?;
        migrate::migrate(&mut connection, ":memory:")?;
        let shared = Arc::new(Mutex::new(connection));
        Ok(Self { readers: Readers::one(Arc::clone(&shared)), writer: shared, watcher: None })
    }

    /// Runs `work` in one immediate transaction and commits it. Immediate,
    /// since one that begins by reading and then writes is busy at once.
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.try_write(work).await
    }

    /// Does what [`Store::write`] does for work that can fail otherwise: then nothing is written.
    pub async fn try_write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    {
        let writer = Arc::clone(&self.writer);
        blocking(move || {
            let mut connection = lock(&writer);
            let transaction = connection
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .map_err(StoreError::from)?;
            let value = work(&transaction)?;
            transaction.commit().map_err(StoreError::from)?;
            Ok(value)
        })
        .await
    }

    /// Runs `work` on the reader, in one transaction: it sees one state.
    pub async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.try_read(work).await
    }

    /// Does what [`Store::read`] does for work that can fail otherwise.
    pub async fn try_read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    {
        let store = self.clone();
        let turn = Arc::clone(&self.readers.turns).acquire_owned().await;
        blocking(move || {
            let _turn = turn;
            store.read_here(work)
        })
        .await
    }

    /// Does what [`Store::read`] does for work that is on a blocking thread already.
    pub fn read_here<T, E, F>(&self, work: F) -> Result<T, E>
    where
        E: From<StoreError>,
        F: FnOnce(&Transaction<'_>) -> Result<T, E>,
    {
        let mut connection = self.readers.lock();
        let transaction = connection.transaction().map_err(StoreError::from)?;
        work(&transaction)
    }

    /// Returns a number that changes whenever anyone has written, this process or another; none
    /// where nobody watches: see [`Store::for_web`].
    pub async fn version(&self) -> Result<Option<i64>, StoreError> {
        const VERSION: &str = "pragma data_version";
        let Some(watcher) = self.watcher.clone() else { return Ok(None) };
        blocking(move || Ok(Some(lock(&watcher).query_row(VERSION, [], |row| row.get(0))?))).await
    }

    /// Returns whether both connections answer.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.ping_reader().await?;
        self.write(|tx| Ok(tx.query_row(PING, [], |_| Ok(()))?)).await
    }

    /// Returns whether the database can be read.
    pub async fn ping_reader(&self) -> Result<(), StoreError> {
        self.read(|tx| Ok(tx.query_row(PING, [], |_| Ok(()))?)).await
    }

    /// Returns everything SQLite finds wrong with the file; empty if it is sound.
    pub async fn check(&self) -> Result<Vec<String>, StoreError> {
        self.read(|tx| {
            let mut findings = Vec::new();
            let mut statement = tx.prepare("select * from pragma_integrity_check")?;
            for finding in statement.query_map([], |row| row.get::<_, String>(0))? {
                findings.push(finding?);
            }
            findings.retain(|finding| finding != "ok");
            let mut statement =
                tx.prepare("select \"table\", rowid from pragma_foreign_key_check")?;
            let broken = statement.query_map([], |row| {
                Ok(format!(
                    "row {:?} of `{}` refers to a missing row",
                    row.get::<_, Option<i64>>(1)?,
                    row.get::<_, String>(0)?
                ))
            })?;
            for finding in broken {
                findings.push(finding?);
            }
            findings.extend(super::outbox::damaged(tx)?);
            Ok(findings)
        })
        .await
    }

    /// Writes a sound copy of the whole database to a new file.
    pub async fn backup(&self, target: &Path) -> Result<(), StoreError> {
        let target = target.to_owned();
        let readers = self.readers.clone();
        blocking(move || copy::write(&readers.lock(), &target)).await
    }

    /// Writes everything into the one file, so that it can be moved, and lets it go.
    pub async fn close(self) -> Result<(), StoreError> {
        blocking(move || {
            let Self { writer, readers, watcher } = self;
            // The last one tidies up, and only the writer may.
            drop((readers, watcher));
            let writer = lock(&writer);
            writer.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()))?;
            Ok(())
        })
        .await
    }

    /// Copies the write-ahead log into the file and empties it: what was erased
    /// stands in neither then. If a reader is in the way, next time.
    pub async fn empty_log(&self) -> Result<(), StoreError> {
        const EMPTY_LOG: &str = "pragma wal_checkpoint(truncate)";
        let writer = Arc::clone(&self.writer);
        blocking(move || Ok(lock(&writer).query_row(EMPTY_LOG, [], |_| Ok(()))?)).await
    }

    /// Gives free pages back to the disk.
    pub async fn vacuum(&self) -> Result<(), StoreError> {
        let writer = Arc::clone(&self.writer);
        blocking(move || Ok(lock(&writer).execute_batch("vacuum")?)).await
    }
}

/// Runs `work` so that its failure undoes what it wrote and nothing else of the
/// transaction.
pub(crate) fn nested<T, E>(
    tx: &Transaction<'_>,
    work: impl FnOnce() -> Result<T, E>,
) -> Result<Result<T, E>, StoreError> {
    tx.execute_batch("savepoint nested")?;
    let result = work();
    let end = if result.is_ok() { "release nested" } else { "rollback to nested; release nested" };
    tx.execute_batch(end)?;
    Ok(result)
}

/// Connections that only read, at least one.
#[derive(Clone)]
struct Readers {
    first: Reader,
    others: Arc<[Reader]>,
    /// A permit for each, given in the order in which it was asked for. Of a mutex he has it who
    /// comes just then: under load some wait four times as long as others.
    turns: Arc<Semaphore>,
}

/// A connection, and the steps that its present read has taken.
#[derive(Clone)]
struct Reader {
    connection: Arc<Mutex<Connection>>,
    steps: Arc<AtomicU64>,
}

impl Readers {
    fn new(first: Reader, others: Vec<Reader>) -> Self {
        let turns = Arc::new(Semaphore::new(1 + others.len()));
        Self { first, others: others.into(), turns }
    }

    fn one(connection: Arc<Mutex<Connection>>) -> Self {
        Self::new(Reader { connection, steps: Arc::default() }, Vec::new())
    }

    /// Returns a free connection, else waits for the first.
    fn lock(&self) -> MutexGuard<'_, Connection> {
        let mut all = std::iter::once(&self.first).chain(self.others.iter());
        let free = all.find_map(|reader| Some((reader, reader.connection.try_lock().ok()?)));
        let (reader, connection) =
            free.unwrap_or_else(|| (&self.first, lock(&self.first.connection)));
        reader.steps.store(0, Ordering::Relaxed);
        connection
    }
}

impl Reader {
    /// Opens a connection whose reads end after [`MAX_WEB_STEPS`].
    fn bounded(path: &Path) -> Result<Self, StoreError> {
        let mut connection = reader(path)?;
        let steps = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&steps);
        let is_over =
            move || counted.fetch_add(u64::from(STEPS_AT_ONCE), Ordering::Relaxed) > MAX_WEB_STEPS;
        let at_once = i32::try_from(STEPS_AT_ONCE).unwrap_or(i32::MAX);
        connection.progress_handler(at_once, Some(is_over))?;
        Ok(Self { connection: Arc::new(Mutex::new(connection)), steps })
    }
}

fn reader(path: &Path) -> Result<Connection, StoreError> {
    let reader = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    reader.busy_timeout(BUSY_TIMEOUT)?;
    steady_plans(&reader)?;
    reader.set_prepared_statement_cache_capacity(64);
    Ok(reader)
}

/// Plans that do not look at the values bound: else SQLite prepares some
/// statements anew at each use.
fn steady_plans(connection: &Connection) -> Result<(), StoreError> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

fn prepare(connection: &Connection) -> Result<(), StoreError> {
    steady_plans(connection)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    write_ahead(connection)?;
    // Under `normal` a power cut may undo a commit whose mail is already out.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", "on")?;
    // Erased addresses must not survive in free pages.
    connection.pragma_update(None, "secure_delete", "on")?;
    // Pages of the hashes of stories are written again and again: fewer
    // checkpoints copy each of them less often. 64 MiB of log.
    connection.pragma_update(None, "wal_autocheckpoint", 16_000)?;
    connection.pragma_update(None, "cache_size", -8000)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(())
}

/// Sets the journal's mode. While several make the file at once each may be in
/// another's way here, and SQLite does not wait by itself for this change.
fn write_ahead(connection: &Connection) -> Result<(), StoreError> {
    for _ in 0..BUSY_TIMEOUT.as_millis() / AGAIN.as_millis() {
        match connection.pragma_update(None, "journal_mode", "wal").map_err(StoreError::from) {
            Err(StoreError::Busy) => std::thread::sleep(AGAIN),
            set => return set,
        }
    }
    Err(StoreError::Busy)
}

fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    // A panic inside a transaction has rolled it back: the connection is sound.
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn blocking<T, E, F>(work: F) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
    F: FnOnce() -> Result<T, E> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Only at shutdown of the runtime.
            Err(_) => Err(StoreError::Busy.into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_read_of_the_web_ends_after_so_many_steps_and_the_next_begins_anew() {
        const ENDLESS: &str = "
            with recursive n (i) as (select 1 union all select i + 1 from n) select count(*) from n";
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("amtsbote.db")).unwrap();
        let web = store.for_web().unwrap();
        for _ in 0..2 {
            let ended: Result<i64, _> =
                web.read(|tx| Ok(tx.query_row(ENDLESS, [], |row| row.get(0))?)).await;
            assert!(matches!(ended, Err(StoreError::Interrupted)), "{ended:?}");
            assert!(web.ping().await.is_ok());
        }
    }

    #[test]
    fn a_second_read_of_the_web_does_not_wait_for_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let web = Store::open(&folder.path().join("amtsbote.db")).unwrap().for_web().unwrap();
        let inside: i64 = web
            .read_here::<_, StoreError, _>(|_| {
                web.read_here::<_, StoreError, _>(|tx| {
                    Ok(tx.query_row("select 7", [], |row| row.get(0))?)
                })
            })
            .unwrap();
        assert_eq!(inside, 7);
    }

    #[tokio::test]
    async fn reads_take_their_turn_in_the_order_in_which_they_were_asked_for() {
        let store = Store::open_in_memory().unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let reads = (0..100).map(|number| {
            let (store, order) = (store.clone(), Arc::clone(&order));
            async move {
                let note = move |_: &Transaction<'_>| {
                    order.lock().unwrap().push(number);
                    Ok(())
                };
                store.read(note).await.unwrap();
            }
        });
        futures_util::future::join_all(reads).await;
        assert_eq!(*order.lock().unwrap(), (0..100).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn the_version_changes_with_each_write_of_anyone_and_with_none_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("amtsbote.db");
        let store = Store::open(&path).unwrap();
        let web = store.for_web().unwrap();
        assert_eq!(store.version().await.unwrap(), None);
        let mut versions = vec![web.version().await.unwrap()];
        assert_eq!(web.version().await.unwrap(), versions[0]);
        let elsewhere = Store::open(&path).unwrap();
        for writer in [&store, &web, &elsewhere] {
            const WRITE: &str = "insert into series (id) values (hex(randomblob(8)))";
            writer.write(|tx| Ok(tx.execute_batch(WRITE)?)).await.unwrap();
            let version = web.version().await.unwrap();
            assert!(!versions.contains(&version), "{versions:?} {version:?}");
            versions.push(version);
        }
    }
}

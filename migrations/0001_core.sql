-- The first schema: what is polled, what was seen, what was said to whom.
--
-- Times are milliseconds since 1970 in UTC. Lists that are never searched are
-- JSON. Tables are strict: SQLite's own guesses about types hide our mistakes.

-- A row for every source that was ever polled; it outlives the config, so that
-- the archive can still name the source of an old item.
create table sources (
    id            text primary key,
    name          text not null,
    rank          integer not null,
    cursor        text not null default '{}',
    condition     text not null default 'new',
    next_poll     integer not null default 0,
    last_attempt  integer,
    last_success  integer,
    last_new_item integer,
    failures      integer not null default 0,
    last_error    text,
    -- the condition the admin was last told of: one mail per change, not per error
    told          text not null default 'new',
    -- counters for the etiquette report
    requests      integer not null default 0,
    conditional   integer not null default 0,
    not_modified  integer not null default 0
) strict, without rowid;

-- autoincrement: an id must never come back for another item, it stands in URLs.
create table items (
    id                 integer primary key autoincrement,
    source             text not null references sources (id),
    key                text not null,
    raw_hash           integer not null,
    fingerprint        blob not null,
    -- the item that founded its story; its own id if it is alone
    story              integer not null,
    first_seen         integer not null,
    updated            integer,
    changes            integer not null default 0,
    published          integer,
    published_is_guess integer not null,
    guid               text,
    url                text,
    title              text not null,
    summary            text not null,
    text               text not null,
    -- authors, categories, documents, language
    details            text not null default '{}',
    -- why it may not be mailed: 'baseline' (there at the first poll), 'flood'
    -- (waits for an admin's word); null: it may
    withheld           text check (withheld in ('baseline', 'flood')),
    unique (source, key)
) strict;
create index items_by_story on items (story);
create index items_by_first_seen on items (first_seen);

-- What a digest may tell, in the order in which it became known. Digests take
-- spans of this sequence, never of time: clocks jump and commits come late.
create table receipts (
    id     integer primary key autoincrement,
    item   integer not null references items (id) on delete cascade,
    at     integer not null,
    -- null for a new item, else what changed in it, in words for readers
    change text
) strict;
create index receipts_by_item on receipts (item);

create table tags (
    item     integer not null references items (id) on delete cascade,
    topic    text not null,
    score    real not null,
    evidence text not null,
    -- version of the config whose rules decided
    version  text not null,
    primary key (item, topic)
) strict, without rowid;
create index tags_by_topic on tags (topic, item);

-- Folded words of title and lead; contentless, since the items hold the text.
create virtual table item_words using fts5 (
    words, content = '', contentless_delete = 1, tokenize = "unicode61 remove_diacritics 2"
);

-- How far a series has come: the last slot that was done (civil time in the
-- service's zone) and the last receipt that was told.
create table series (
    id           text primary key,
    last_slot    text,
    last_receipt integer not null default 0,
    last_time    integer
) strict, without rowid;

create table digests (
    id          text primary key,
    series      text not null,
    -- the civil slot, or `now:…` for one sent by hand
    slot        text not null,
    window_from integer not null,
    window_to   integer not null,
    composed_at integer not null,
    entries     integer not null,
    recipients  integer not null,
    -- the public page as it was composed
    content     text not null,
    unique (series, slot)
) strict, without rowid;

-- Which stories a series has told.
create table told (
    series text not null,
    story  integer not null,
    digest text not null references digests (id),
    primary key (series, story)
) strict, without rowid;

create table subscribers (
    id               integer primary key autoincrement,
    -- erased (null) once they left
    address          text unique,
    standing         text not null,
    series           text not null,
    topics           text not null,
    since            integer not null,
    origin           text not null,
    reason           text not null,
    requested_at     integer not null,
    confirmed_at     integer,
    left_at          integer,
    left_by          text,
    -- too much came back from them: since when, and the probes made since
    suspended_at     integer,
    probes           integer not null default 0,
    probed_at        integer,
    probe_failed     integer not null default 0,
    -- what came back before does not count any more
    resumed_at       integer,
    -- SHA-256 of the tokens in their mails: who reads the file cannot act
    unsubscribe_hash text unique,
    settings_hash    text unique
) strict;

-- Messages, frozen as bytes. docs/QUEUE.md tells what a crash leaves of each state.
create table outbox (
    id         integer primary key autoincrement,
    kind       text not null,
    digest     text references digests (id),
    subscriber integer references subscribers (id),
    recipient  text not null,
    sender     text not null,
    message_id text not null unique,
    payload    blob not null,
    hash       blob not null,
    state      text not null,
    instant    integer,
    attempts   integer not null default 0,
    last_error text,
    created    integer not null,
    unique (digest, subscriber)
) strict;
create index outbox_by_state on outbox (state, instant);

-- Work that the command line hands to a running daemon.
create table jobs (
    id       integer primary key autoincrement,
    kind     text not null,
    argument text not null,
    created  integer not null,
    finished integer,
    outcome  text
) strict;

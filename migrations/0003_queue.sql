-- The outbox under load, mail that comes back, and why sending rests.

-- A message's bytes stand apart from its state: a claim and a settlement then
-- write a few hundred bytes instead of the whole mail, twice.
create table outbox_bodies (
    id    integer primary key references outbox (id) on delete cascade,
    bytes blob not null
) strict;
insert into outbox_bodies (id, bytes) select id, payload from outbox where payload <> x'';
alter table outbox drop column payload;

-- A returned message names its subscriber by the envelope sender alone.
create index outbox_by_sender on outbox (sender);

-- One row while nothing is sent because of a fault that is no message's own: it
-- outlives a restart, so that restarting does not storm a server that is down.
create table outbox_pause (
    id             integer primary key check (id = 1),
    -- since the first of the faults in a row
    since          integer not null,
    until          integer not null,
    failures       integer not null,
    -- whether one of them was for the operator to mend
    needs_operator integer not null,
    reason         text not null
) strict;

-- What the admin is yet to be told of sending: while it rests no mail reaches them.
create table mail_news (
    id       integer primary key,
    -- rest: nothing went out; given-up: messages that grew too old
    kind     text not null check (kind in ('rest', 'given-up')),
    since    integer not null,
    until    integer not null,
    messages integer not null,
    reason   text not null,
    -- when they were told; null: not yet
    told     integer
) strict;

-- Mail that came back. Only class, code and time: no address, no text.
create table bounces (
    id         integer primary key autoincrement,
    subscriber integer not null references subscribers (id),
    at         integer not null,
    -- hard, soft or block
    class      text not null,
    -- enhanced status, such as 5.1.1, if one was given
    code       text,
    -- SHA-256 of what it was read from: the same report twice counts once
    report     blob not null,
    unique (subscriber, report)
) strict;
create index bounces_by_time on bounces (at);

-- A digest whose messages are still being frozen: a hundred thousand in one
-- transaction would shut everyone else out. Gone when all are frozen.
create table compositions (
    digest     text primary key references digests (id),
    -- every entry there was, before anyone's choice, as JSON
    candidates text not null,
    -- subscribers up to this one are done
    reached    integer not null
) strict, without rowid;

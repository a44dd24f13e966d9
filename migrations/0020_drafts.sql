-- A digest that an editor sees before it goes. Its state is what the slot waits for;
-- docs/QUEUE.md tells what a crash leaves of each.
create table drafts (
    id         integer primary key autoincrement,
    series     text not null,
    slot       text not null,
    state      text not null check (state in ('draft', 'approved', 'held', 'expired')),
    -- the last receipt that the editor saw: of what came later `unanswered` decides
    seen       integer not null,
    made       integer not null,
    -- approved for a later instant than the slot's
    not_before integer,
    unique (series, slot)
) strict;

-- SHA-256 of the tokens in the mails of a draft: who reads the file cannot act.
create table draft_links (
    hash  text primary key,
    draft integer not null references drafts (id) on delete cascade
) strict, without rowid;

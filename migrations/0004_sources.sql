-- What sources need beyond their own row: other names of their items, and what
-- their hosts allow robots.

-- Names under which a source's item is known besides its key: its page, its
-- number in the publishing system. A guid that changes at each poll then brings
-- no new item. One short row per name, looked up by number; the work per item
-- stays the same however many items are stored.
-- name: source and name, hashed (store::items::name_hash). An item's names go
-- with its text.
create table item_names (
  name integer primary key,
  item integer not null references items (id) on delete cascade
) strict;
create index item_names_by_item on item_names (item);

-- robots.txt of each origin (scheme, host, port), asked at most once a day.
-- rules: those that concern us, from the last answer that could be read.
-- readable: when that was; null if never.
-- asked, status: the last try; status null if nobody answered.
create table robots (
  origin text primary key,
  rules text not null,
  readable integer,
  asked integer not null,
  status integer
) strict, without rowid;

-- When a source could last not be read: a digest names those of its window.
alter table sources add column last_failure integer;

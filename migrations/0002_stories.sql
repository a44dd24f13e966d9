-- Stories: who may tell the same story is looked up by hash, never by scanning.
--
-- One row per hash, with the items that have it as a list that is bounded: a
-- name that many items have says nothing, so its list simply stays full. That
-- keeps the work per new item the same however many items are stored. The lists
-- are pruned by age and never read as a whole.

-- hash: kind (alias, link, band, name) and value, mixed into one number.
-- items: 8 bytes each, big-endian, oldest first: 40 bits item, 24 bits source.
create table story_traces (
  hash integer primary key,
  items blob not null
) strict;

-- What an item of the last weeks is judged by (dedup::Traces::to_bytes).
create table story_subjects (
  item integer primary key references items (id) on delete cascade,
  traces blob not null
) strict;

-- Stories that tell of the same matter in own words: grouped, never one entry.
-- Each pair stands in both directions.
create table story_relations (
  story integer not null,
  other integer not null,
  primary key (story, other)
) strict, without rowid;

-- What the editor did to single items and to the next digest of a series: when,
-- what and why, never who. An act is in force until it is ended, and stays as a
-- row after that, so that everything can be undone and nothing is forgotten.
create table acts (
    id     integer primary key autoincrement,
    -- the item it concerns; null: the next digest of `series`
    item   integer references items (id) on delete cascade,
    series text,
    -- hide: taken down everywhere; pin: on top of its topic; note: a sentence of
    -- the editor's under it; intro: words above a digest; tag: topics corrected;
    -- add: written by hand
    kind   text not null check (kind in ('hide', 'pin', 'note', 'intro', 'tag', 'add')),
    -- the note, the introduction, the topics
    words  text not null default '',
    reason text not null,
    at     integer not null,
    ended  integer,
    -- why it was ended
    ending text,
    check ((item is null) <> (series is null))
) strict;
-- Only one of a kind is in force, but corrections, which add up.
create unique index acts_in_force on acts (item, kind) where ended is null and kind <> 'tag';
create unique index acts_of_series on acts (series, kind) where ended is null;
create index acts_by_item on acts (item);

-- Who corrected a topic is nobody's business but the office's.
alter table corrections drop column who;

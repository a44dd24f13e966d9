-- Re-tagging: an item without any topic has no row in `tags` that could say
-- which rules looked at it. A narrow table instead of a column of `items`, so
-- that moving on to new rules does not write every text anew.
create table taggings (
    item    integer primary key references items (id) on delete cascade,
    -- hash of the rules that decided (topic::version); empty: older than this table
    version text not null
) strict;
insert into taggings (item, version) select id, '' from items;

-- A change in what readers already had, found less than a day after the last
-- one they were told of: it waits here until a day has passed.
create table waiting_changes (
    item   integer primary key references items (id) on delete cascade,
    change text not null,
    due    integer not null
) strict;

-- Which digests told a story is asked for every item that is listed.
create index told_by_story on told (story);

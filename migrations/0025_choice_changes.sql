-- The office changes what a reader gets, for one of them or because a series has another name.
-- Their consent stays as it was given; each change is kept beside it.
create table choice_changes (
    id         integer primary key,
    subscriber integer not null references subscribers (id) on delete cascade,
    at         integer not null,
    -- what was and what is, such as `series taeglich → woechentlich`
    words      text not null,
    reason     text not null
) strict;
create index choice_changes_by_subscriber on choice_changes (subscriber);

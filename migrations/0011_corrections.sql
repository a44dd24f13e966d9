-- The editor's word on the topics of an item. It wins over rules and model,
-- outlives every re-tagging, and is what the model is taught with.
create table corrections (
    item   integer not null references items (id) on delete cascade,
    topic  text not null,
    -- 1: the item has the topic; 0: it has not
    has    integer not null check (has in (0, 1)),
    reason text not null,
    who    text not null,
    at     integer not null,
    primary key (item, topic)
) strict, without rowid;

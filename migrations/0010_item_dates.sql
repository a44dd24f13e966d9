-- Deadlines, events, funding calls and rules that a text tells of, each with the
-- sentence that proves it: digests and calendars show them by day.

create table item_dates (
    item      integer not null references items (id) on delete cascade,
    -- Names the date in calendars: it stays while the date moves.
    number    integer not null,
    kind      text    not null check (kind in ('frist', 'termin', 'foerderung', 'rechtsstand')),
    -- Local days, `2027-03-31`; the day by which a reader must have acted is `due`.
    first_day text,
    last_day  text,
    due       text    not null,
    -- Local times of day, `18:00`.
    time      text,
    time_to   text,
    precision text    not null check (precision in ('day', 'month')),
    sentence  text    not null,
    place     text,
    cancelled integer not null,
    -- Raised by each change, as calendars want it (RFC 5545, 3.8.7.4).
    sequence  integer not null,
    -- The day it stood at before it moved.
    moved_from text,
    primary key (item, number)
) strict, without rowid;
create index item_dates_by_due on item_dates (due);

-- An outage of our own is told once, however many sources it hides.

-- One row from when the admin was told until most hosts answer again.
create table outage (
    id    integer primary key check (id = 1),
    since integer not null
) strict;

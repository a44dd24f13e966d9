-- Further names of items: some sources give an entry a new id at each poll, and
-- it must not come back as news each time.

-- name: hash of the source, the item's own page and its title. The page alone
-- would take next month's letter, put in the place of this month's, for a
-- correction.
create table item_names (
  name integer primary key,
  item integer not null references items (id) on delete cascade
) strict;

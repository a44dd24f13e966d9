-- What lasts is told again once a day: when the admin was last told of a source, and of an outage
-- of ours (`outage.since` is moved then).
alter table sources add column told_at integer;

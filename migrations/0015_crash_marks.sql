-- How often in a row the process went down while this source was being read. Such a
-- source is asked last and alone, and after the third time not at all.
alter table sources add column crashes integer not null default 0;

-- Traces of the version before do not know the order of the words, so that copies and
-- templates cannot be told apart. They are made again from the stored texts when the
-- file is opened; what still waits for that stands here. Without it an item that was
-- mailed would not be recognised in another source's reprint.
create table story_renewals (
  item integer primary key references items (id) on delete cascade
) strict;
insert into story_renewals (item) select item from story_subjects;
-- The words are spelt otherwise, so that no old hash would be found again.
delete from story_traces;

-- The mails of a digest differ in some hundred bytes of many thousand: what they
-- share is kept once, and of each its difference from that.
create table outbox_patterns (
    id    integer primary key,
    -- SHA-256 of the bytes: the same words after a restart are the same pattern
    hash  blob not null unique,
    bytes blob not null
) strict;

-- Null: the bytes are the message itself. Else zstd's, with the pattern as dictionary.
alter table outbox_bodies add column pattern integer references outbox_patterns (id);
create index outbox_bodies_by_pattern on outbox_bodies (pattern);

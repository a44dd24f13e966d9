-- Who owns a claim, what the operator wishes of a message in flight, why a dead one ended.

-- The incarnation of the process that claimed the row; null unless it is claimed.
alter table outbox add column holder integer;
-- Counts the claims of the row: a settlement must name the one it belongs to.
alter table outbox add column fence integer not null default 0;
-- An act on a claimed row; it takes effect at the next step before DATA.
alter table outbox add column wish text check (wish in ('hold', 'drop', 'left', 'returned'));
-- Why a dead row ended. Only `expired` is a passing reason, which `outbox retry` revives.
alter table outbox add column ended text
    check (ended in ('expired', 'refused', 'dropped', 'left', 'returned', 'damaged'));
-- When the due time of a deferred row was written, by the clock of then: a clock
-- that stands before that has been set back, and the due time means nothing.
alter table outbox add column written integer;
-- When the operator acknowledged a dead row.
alter table outbox add column acknowledged integer;

update outbox set ended = case
        when last_error = 'dropped by the operator' then 'dropped'
        when last_error = 'the subscriber left' then 'left'
        when last_error = 'too much came back from them' then 'returned'
        when last_error like 'refused for good%' then 'refused'
        else 'expired'
    end
    where state = 'dead';

-- One row while the operator wants nothing to be sent.
create table outbox_stop (
    id     integer primary key check (id = 1),
    since  integer not null,
    reason text not null
) strict;

-- Whether messages still to be frozen are held: the backup they come from was
-- restored, and they may have been sent since it was made.
alter table compositions add column held integer not null default 0;

-- What the admin hears of sending has two more kinds.
create table mail_news_new (
    id       integer primary key,
    -- rest: nothing went out; given-up: messages that grew too old;
    -- refused: the text of messages was refused; damaged: the bytes of messages were lost
    kind     text not null check (kind in ('rest', 'given-up', 'refused', 'damaged')),
    since    integer not null,
    until    integer not null,
    messages integer not null,
    reason   text not null,
    -- when they were told; null: not yet
    told     integer
) strict;
insert into mail_news_new (id, kind, since, until, messages, reason, told)
    select id, kind, since, until, messages, reason, told from mail_news;
drop table mail_news;
alter table mail_news_new rename to mail_news;

-- How servers are treated, for the etiquette report: what can be proved of our
-- manners must survive a restart.

-- Answers that named a time to wait for (Retry-After), and requests before it.
alter table sources add column told_to_wait integer not null default 0;
alter table sources add column asked_early integer not null default 0;
-- The time the last answer named.
alter table sources add column wait_until integer;
-- The shortest time between a request and the one before it to the same host,
-- in milliseconds.
alter table sources add column spacing integer;

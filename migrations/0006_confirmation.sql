-- Signing up by double opt-in.

-- SHA-256 of the token in the confirmation mail, and until when it holds. It
-- stays after the confirmation, so that a second click is answered kindly.
alter table subscribers add column confirm_hash text;
alter table subscribers add column confirm_until integer;
create unique index subscribers_by_confirm_hash on subscribers (confirm_hash);

-- Two spellings of one mailbox are one subscriber.
create index subscribers_by_folded_address on subscribers (lower(address));

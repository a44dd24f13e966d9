-- How much mail strangers may cause is counted here and not in memory: a restart must not give
-- them the whole amount again. Keys are keyed hashes by purpose; a row goes when it no longer counts.
create table rate_limits (
    key   text not null,
    at    integer not null,
    count integer not null,
    until integer not null,
    primary key (key, at)
) strict, without rowid;
create index rate_limits_until on rate_limits (until);

-- Networks from which somebody proved that a mailbox is theirs. They have a share of their own.
create table known_networks (
    key   text primary key,
    until integer not null
) strict, without rowid;

-- The mailbox behind an address, however the address is spelt (`subscriber::address::mailbox`):
-- other spellings are no other readers. It is erased with the address.
alter table subscribers add column mailbox text;

update subscribers set mailbox = (
    with spelt (local, domain) as (
        select lower(substr(address, 1, instr(address, '@') - 1)),
               lower(substr(address, instr(address, '@') + 1))
    ), bare (local, domain) as (
        select case when instr(local, '+') > 1 then substr(local, 1, instr(local, '+') - 1) else local end,
               case when domain = 'googlemail.com' then 'gmail.com' else domain end
        from spelt
    )
    select case when domain = 'gmail.com' then replace(local, '.', '') else local end || '@' || domain
    from bare
)
where address is not null;

create index subscribers_by_mailbox on subscribers (mailbox) where mailbox is not null;

-- Whether anyone at a domain is a reader is asked at each sign-up.
create index subscribers_by_domain on subscribers (substr(mailbox, instr(mailbox, '@') + 1))
where standing = 'active';

-- The proof of who left is found although the address is erased, and who asked
-- to be forgotten is not brought back by an old list.

-- Keyed hash of the address, kept from the moment they leave: who has the
-- address finds the proof, who has only this file learns no name.
alter table subscribers add column address_hash text;
create index subscribers_by_address_hash on subscribers (address_hash);

-- Who asked to be forgotten: the keyed hash and the day, nothing else.
create table forgotten (
    address_hash text primary key,
    at           integer not null
) strict, without rowid;

-- The words of the index, each once and with an index of its parts: those that hold a part of
-- a compound are found without reading the whole index, and a misspelt word by the pieces
-- that are right. What no item has any more stays; it finds nothing.

create table search_words (
    id   integer primary key,
    word text not null unique
) strict;
create virtual table search_parts using fts5 (
    word, content = 'search_words', content_rowid = 'id', tokenize = 'trigram'
);
create trigger search_words_added after insert on search_words begin
    insert into search_parts (rowid, word) values (new.id, new.word);
end;

insert into search_words (word)
select term from item_terms where length(term) between 4 and 60 and term glob '*[a-z]*';

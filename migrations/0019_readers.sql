-- The search reads the whole text of an item, and knows the words that hold a word: the
-- index gets the bodies of what is stored, with hyphenated words as one word, too.

create virtual table item_terms using fts5vocab (item_words, row);

with folded (id, words) as (
    select id, replace(replace(replace(replace(replace(replace(replace(
        lower(title || ' ' || summary || ' ' || text),
        'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue'), 'Ä', 'ae'), 'Ö', 'oe'), 'Ü', 'ue'), 'ß', 'ss')
    from items where text <> ''
)
update item_words set words = folded.words || ' ' || replace(folded.words, '-', '')
from folded where item_words.rowid = folded.id;

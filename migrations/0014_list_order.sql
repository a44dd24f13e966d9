-- Lists for readers begin behind the item with which the page before ended, so that the
-- last page costs what the first does. The index is their order; without it each page
-- sorts all items.
create index items_by_moment on items (coalesce(published, first_seen), id);

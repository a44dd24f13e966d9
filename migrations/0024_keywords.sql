-- Readers have words of their own beside topics. What was mailed for such a word only is not
-- told to the series: once it has a topic, everyone is to get it.

alter table subscribers add column keywords text not null default '[]';

create table told_by_keyword (
    series text not null,
    story  integer not null,
    digest text not null,
    primary key (series, story)
) strict, without rowid;

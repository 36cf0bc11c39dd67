-- The tables of migrations/sqlite, whose comments explain them.

create table chosen_settings (
    name  text collate "C" primary key,
    value text collate "C" not null
);
insert into chosen_settings (name, value) select name, value from settings where name = 'contact';
delete from settings where name = 'contact';

create table pages (
    slug       text collate "C" primary key,
    title      text collate "C" not null,
    text       text collate "C" not null,
    in_footer  boolean not null,
    version    bigint not null default 0,
    updated_at bigint not null
);

create table images (
    kind   text collate "C" primary key,
    format text collate "C" not null,
    hash   text collate "C" not null,
    bytes  bytea not null
);

create table first_steps (
    name    text collate "C" primary key,
    done_at bigint not null
);

-- What admins chose of the community's settings, as they typed it. What flags, environment or file give goes before it.
create table chosen_settings (
    name  text primary key,
    value text not null
);
-- The contact that the first admin entered was kept among the settings of the last start.
insert into chosen_settings (name, value) select name, value from settings where name = 'contact';
delete from settings where name = 'contact';

-- The community's own pages in Markdown, and its words for guidelines, privacy and contact, which are not in the footer
-- for a second time.
create table pages (
    slug       text primary key,
    title      text not null,
    text       text not null,
    in_footer  boolean not null,
    -- Counts edits, so that nobody overwrites what they have not seen.
    version    integer not null default 0,
    updated_at integer not null
);

-- The logo and the icon, addressed by a hash of their content.
create table images (
    kind   text primary key,
    format text not null,
    hash   text not null,
    bytes  blob not null
);

-- What admins ticked off on the page of first steps: 'backup', which the forum cannot know of, and 'all', after which
-- nothing leads to that page.
create table first_steps (
    name    text primary key,
    done_at integer not null
);

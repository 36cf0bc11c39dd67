-- What the site is known by elsewhere, such as the id that its feeds name it by: made once, whatever its address becomes.
create table site (
    name   text primary key,
    value  text not null
);

-- The community's settings as the forum was last started with, so that the log can say what has changed.
create table settings (
    name   text primary key,
    value  text not null
);

//! What the owner of an account does with the whole of it: another name, its data, its end.

pub mod deletion;
pub mod exports;
pub mod names;
pub mod own_data;

/// The name of a row of `users` as everybody may see it.
macro_rules! shown_name {
    ("a") => {
        "case when a.deleted_at is null then a.name else '[deleted]' end"
    };
    ("i") => {
        "case when i.deleted_at is null then i.name else '[deleted]' end"
    };
    ("u") => {
        "case when u.deleted_at is null then u.name else '[deleted]' end"
    };
}
pub(crate) use shown_name;

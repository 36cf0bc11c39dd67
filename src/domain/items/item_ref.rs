use crate::domain::items::item::ItemId;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ItemRefError {
    #[error("Enter an item number or the address of its page.")]
    Empty,
    #[error("That is not an item number or an item&#39;s address on this site.")]
    Unknown,
}

pub fn item(typed: &str, base_url: &str) -> Result<ItemId, ItemRefError> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Err(ItemRefError::Empty);
    }
    let bare = |url: &str| url.split_once("://").map_or(url, |(_, rest)| rest).to_owned();
    let path = bare(typed);
    let path = path.strip_prefix(bare(base_url).as_str()).unwrap_or(&path);
    let id = path.strip_prefix("/item/").or_else(|| path.strip_prefix("/item?id=")).unwrap_or(path);
    let id = id.split(['#', '?', '/', '&']).next().unwrap_or(id);
    let is_number = !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
    id.parse().ok().filter(|_| is_number).ok_or(ItemRefError::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_named_by_its_number_or_its_address() {
        let base = "https://forum.example";
        for typed in [
            "12",
            " 12 ",
            "/item/12",
            "https://forum.example/item/12",
            "http://forum.example/item/12#c15",
            "forum.example/item/12?order=newest",
            "https://forum.example/item/12/reply",
            "https://forum.example/item?id=12",
        ] {
            assert_eq!(item(typed, base), Ok(ItemId(12)), "{typed}");
        }
        assert_eq!(item(" ", base), Err(ItemRefError::Empty));
        for typed in
            ["twelve", "-12", "+12", "12a", "/item/", "https://other.example/item/12", "99999999999999999999"]
        {
            assert_eq!(item(typed, base), Err(ItemRefError::Unknown), "{typed}");
        }
    }
}

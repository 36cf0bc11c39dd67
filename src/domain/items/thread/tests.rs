#![allow(
    clippy::cast_possible_wrap,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the numbers here are small"
)]

use proptest::prelude::*;

use super::*;
use crate::domain::items::item::DeadReason;

const NOW: Timestamp = Timestamp(1_762_941_600);
const STORY: i64 = 1;

/// A visible comment, posted `id` seconds after a moment two weeks ago.
pub(crate) fn comment(id: i64, parent: i64) -> Item {
    let time = Timestamp(1_761_700_000 + id);
    Item {
        id: ItemId(id),
        kind: Kind::Comment,
        author_id: None,
        author: None,
        author_created: None,
        time,
        rank_time: time,
        visible_at: time,
        edited_at: None,
        parent_id: Some(ItemId(parent)),
        root_id: ItemId(STORY),
        depth: 1,
        import_rank: None,
        title: None,
        url: None,
        site: None,
        section: None,
        text: String::new(),
        version: 0,
        score: 1,
        ups: 0,
        downs: 0,
        descendants: 0,
        deleted_at: None,
        dead: None,
        locked: false,
        flags: 0,
        vouches: 0,
        cleared: false,
        merged_into: None,
        pinned: None,
        imported: false,
    }
}

fn story() -> Item {
    Item { kind: Kind::Story, parent_id: None, ..comment(STORY, 0) }
}

fn whole(items: Vec<Item>, order: CommentOrder) -> Vec<Node> {
    arrange(items, ItemId(STORY), order, NOW, |_| Visibility::Whole)
}

/// The thread as a viewer sees it: one line per node, indented, `+N` for descendants.
fn drawn(nodes: &[Node]) -> Vec<String> {
    let line = |node: &Node| {
        let below = if node.below > 0 { format!(" +{}", node.below) } else { String::new() };
        format!("{}{}{below}", "  ".repeat(node.depth), node.item.id)
    };
    nodes.iter().map(line).collect()
}

fn ids(nodes: &[Node]) -> Vec<i64> {
    nodes.iter().map(|node| node.item.id.0).collect()
}

/// 2 has 4 and 5, 4 has 6; 3 has 7.
fn small() -> Vec<Item> {
    vec![comment(7, 3), comment(6, 4), story(), comment(2, 1), comment(5, 2), comment(4, 2), comment(3, 1)]
}

#[test]
fn a_thread_reads_from_top_to_bottom() {
    let nodes = whole(small(), CommentOrder::Oldest);
    assert_eq!(drawn(&nodes), ["2 +3", "  4 +1", "    6", "  5", "3 +1", "  7"]);
    let closes: Vec<usize> = nodes.iter().map(|node| node.closes).collect();
    assert_eq!(closes, [0, 0, 2, 2, 0, 2]);
}

#[test]
fn a_comments_own_page_shows_what_is_below_it() {
    let nodes = arrange(small(), ItemId(2), CommentOrder::Oldest, NOW, |_| Visibility::Whole);
    assert_eq!(drawn(&nodes), ["4 +1", "  6", "5"]);
    assert_eq!(nodes[0].parent, None);
}

#[test]
fn links_lead_to_the_neighbours_that_are_shown() {
    let mut items = small();
    items.push(comment(8, 6));
    let nodes = whole(items, CommentOrder::Oldest);
    let links: Vec<_> = nodes
        .iter()
        .map(|node| {
            let [top, parent, prev, next] =
                [node.top, node.parent, node.prev, node.next].map(|id| id.map_or(0, |id| id.0));
            (node.item.id.0, top, parent, prev, next)
        })
        .collect();
    assert_eq!(
        links,
        [
            (2, 0, 0, 0, 3),
            (4, 0, 2, 0, 5),
            (6, 2, 4, 0, 0),
            (8, 2, 6, 0, 0),
            (5, 0, 2, 4, 0),
            (3, 0, 0, 2, 0),
            (7, 0, 3, 0, 0)
        ]
    );
}

#[test]
fn siblings_come_in_the_order_that_was_chosen() {
    let items = || {
        vec![
            Item { ups: 2, ..comment(2, 1) },
            Item { ups: 9, ..comment(3, 1) },
            comment(4, 1),
            Item { time: Timestamp(0), ..comment(5, 1) },
            comment(6, 4),
            comment(7, 6),
            comment(8, 5),
            comment(9, 2),
        ]
    };
    for (order, expected) in [
        (CommentOrder::Best, [3, 2, 9, 5, 8, 4, 6, 7]),
        (CommentOrder::Newest, [4, 6, 7, 3, 2, 9, 5, 8]),
        (CommentOrder::Oldest, [5, 8, 2, 9, 3, 4, 6, 7]),
        (CommentOrder::Replies, [4, 6, 7, 2, 9, 5, 8, 3]),
    ] {
        assert_eq!(ids(&whole(items(), order)), expected, "{}", order.label());
    }
}

#[test]
fn what_is_not_seen_keeps_a_place_only_for_what_is() {
    // 2 > 3 > 4, 2 > 5 > 6, 7, 8.
    let items = || {
        vec![
            comment(2, 1),
            comment(3, 2),
            comment(4, 3),
            comment(5, 2),
            comment(6, 5),
            comment(7, 1),
            comment(8, 1),
        ]
    };
    for (gone, expected) in [
        (vec![], vec!["2 +4", "  3 +1", "    4", "  5 +1", "    6", "7", "8"]),
        (vec![7], vec!["2 +4", "  3 +1", "    4", "  5 +1", "    6", "8"]),
        (vec![3], vec!["2 +3", "  3 +1", "    4", "  5 +1", "    6", "7", "8"]),
        (vec![2, 3, 4], vec!["2 +2", "  5 +1", "    6", "7", "8"]),
        (vec![2, 3, 4, 5], vec!["2 +1", "  5 +1", "    6", "7", "8"]),
        (vec![2, 3, 4, 5, 6], vec!["7", "8"]),
        ((1..9).collect(), vec![]),
    ] {
        for kind in [Visibility::Deleted, Visibility::Hidden, Visibility::NotFound] {
            let sight = |item: &Item| if gone.contains(&item.id.0) { kind } else { Visibility::Whole };
            let nodes = arrange(items(), ItemId(STORY), CommentOrder::Oldest, NOW, sight);
            assert_eq!(drawn(&nodes), expected, "{gone:?} are {kind:?}");
            assert!(nodes.iter().all(|node| (node.sight == kind) == gone.contains(&node.item.id.0)));
        }
    }
    let nodes = arrange(items(), ItemId(STORY), CommentOrder::Oldest, NOW, |item| match item.id.0 {
        7 => Visibility::NotFound,
        8 => Visibility::Dead(DeadReason::Flagged),
        _ => Visibility::Whole,
    });
    assert_eq!((ids(&nodes), nodes[0].next), (vec![2, 3, 4, 5, 6, 8], Some(ItemId(8))));
}

#[test]
fn what_does_not_hang_on_the_head_is_left_out() {
    let option = Item { kind: Kind::Pollopt, ..comment(9, 1) };
    let items = vec![
        comment(2, 1),
        comment(3, 99),
        comment(4, 3),
        comment(5, 6),
        comment(6, 5),
        comment(7, 7),
        option,
    ];
    assert_eq!(ids(&whole(items, CommentOrder::Best)), [2]);
    // The head below its own descendant, and a duplicate id.
    let items = vec![comment(1, 3), comment(2, 1), comment(3, 2), comment(2, 3)];
    assert_eq!(ids(&whole(items, CommentOrder::Best)), [2, 3]);
    assert_eq!(whole(vec![], CommentOrder::Best), []);
}

#[test]
fn nesting_stops_at_50_and_says_that_it_continues() {
    let mut items: Vec<Item> = (2..=61).map(|id| comment(id, id - 1)).collect();
    items.push(comment(99, 50));
    let nodes = whole(items.clone(), CommentOrder::Oldest);
    let (shown, continued): (Vec<_>, Vec<_>) = nodes.iter().map(|node| (node.depth, node.continues)).unzip();
    assert_eq!(shown.iter().max(), Some(&49));
    assert_eq!((nodes[49].item.id, nodes[49].below, nodes[0].below), (ItemId(51), 10, 60));
    assert_eq!(continued.iter().filter(|continues| **continues).count(), 1);
    assert!(nodes[49].continues);
    let rest = arrange(items, ItemId(51), CommentOrder::Oldest, NOW, |_| Visibility::Whole);
    assert_eq!(ids(&rest), (52..=61).collect::<Vec<_>>());
}

#[test]
fn a_chain_of_10_000_needs_no_stack() {
    let arranged = std::thread::Builder::new().stack_size(64 * 1024).spawn(|| {
        let items: Vec<Item> = (2..10_002).rev().map(|id| comment(id, id - 1)).collect();
        let path = path(&items, ItemId(10_001)).len();
        let nodes = whole(items, CommentOrder::Replies);
        (nodes.len(), nodes[0].below, path)
    });
    assert_eq!(arranged.unwrap().join().unwrap(), (50, 9_999, 9_999));
}

#[test]
fn the_path_leads_from_the_story_down_to_the_parent() {
    let ids =
        |items: &[Item], id| path(items, ItemId(id)).into_iter().map(|item| item.id.0).collect::<Vec<_>>();
    assert_eq!(ids(&small(), 6), [1, 2, 4]);
    assert_eq!(ids(&small(), 2), [1]);
    assert!(ids(&small(), 1).is_empty());
    assert!(ids(&small(), 99).is_empty());
    assert_eq!(ids(&[comment(5, 4), comment(4, 3)], 5), [4]);
    assert!(ids(&[comment(5, 4), comment(4, 5)], 5).len() <= 2);
}

#[test]
fn an_order_has_one_name_in_addresses() {
    for order in CommentOrder::ALL {
        assert_eq!(CommentOrder::parse(order.as_str()), Some(order));
    }
    assert_eq!(CommentOrder::parse("hottest"), None);
    assert_eq!(
        (CommentOrder::default(), CommentOrder::Replies.label()),
        (CommentOrder::Best, "most replies")
    );
}

/// Any forest of up to 80 comments: each replies to the story, an earlier comment, or a missing item.
fn any_thread() -> impl Strategy<Value = (Vec<Item>, Vec<Visibility>)> {
    let sight = prop_oneof![
        4 => Just(Visibility::Whole),
        1 => Just(Visibility::Dead(DeadReason::Killed)),
        1 => Just(Visibility::Deleted),
        1 => Just(Visibility::Hidden),
        1 => Just(Visibility::NotFound),
    ];
    let one = (
        any::<prop::sample::Index>(),
        0_i64..3,
        0_i64..3,
        prop::option::of(0_i64..4),
        0_i64..100_000,
        prop::bool::weighted(0.05),
        sight,
    );
    prop::collection::vec(one, 0..80).prop_map(|all| {
        let make = |(at, (parent, ups, downs, place, age, orphan, sight)): (
            usize,
            (prop::sample::Index, _, _, _, _, bool, _),
        )| {
            let parent = if orphan { 999 } else { 1 + parent.index(at + 1) as i64 };
            let time = NOW.minus(age / 1000 * 1000);
            (
                Item {
                    ups,
                    downs,
                    import_rank: place,
                    time,
                    visible_at: time,
                    ..comment(at as i64 + 2, parent)
                },
                sight,
            )
        };
        all.into_iter().enumerate().map(make).unzip()
    })
}

/// Reference implementation: whether `item` descends from the story, by parents alone.
fn reaches_story(items: &[Item], item: &Item) -> bool {
    path(items, item.id).first().map_or(item.parent_id, |first| first.parent_id) == Some(ItemId(STORY))
}

fn is_readable(sight: Visibility) -> bool {
    matches!(sight, Visibility::Whole | Visibility::Dead(_))
}

proptest! {
    #[test]
    fn every_order_shows_each_seen_comment_once((items, sights) in any_thread(), shuffle in any::<u64>()) {
        let seen = |item: &Item| sights[item.id.0 as usize - 2];
        let mut readable: Vec<i64> = items
            .iter()
            .filter(|item| is_readable(seen(item)) && reaches_story(&items, item))
            .map(|item| item.id.0)
            .collect();
        readable.sort_unstable();
        let mut shuffled = items.clone();
        shuffled.sort_by_key(|item| (item.id.0 as u64).wrapping_mul(shuffle | 1));
        for order in CommentOrder::ALL {
            let nodes = arrange(items.clone(), ItemId(STORY), order, NOW, seen);
            let read = nodes.iter().filter(|node| is_readable(node.sight));
            let mut read: Vec<i64> = read.map(|node| node.item.id.0).collect();
            read.sort_unstable();
            prop_assert_eq!(&read, &readable, "{}", order.label());
            prop_assert_eq!(arrange(shuffled.clone(), ItemId(STORY), order, NOW, seen), nodes);
        }
    }

    #[test]
    fn depths_close_counts_add_up_and_links_agree((items, sights) in any_thread()) {
        let seen = |item: &Item| sights[item.id.0 as usize - 2];
        let nodes = arrange(items, ItemId(STORY), CommentOrder::Best, NOW, seen);
        let mut open: Vec<ItemId> = Vec::new();
        for (at, node) in nodes.iter().enumerate() {
            prop_assert_eq!(open.len(), node.depth);
            prop_assert_eq!(open.last().copied(), node.parent);
            prop_assert_eq!(if node.depth >= 2 { open.first().copied() } else { None }, node.top);
            prop_assert!(node.parent.is_none_or(|parent| Some(parent) == node.item.parent_id));
            let subtree = nodes[at + 1..].iter().take_while(|below| below.depth > node.depth);
            let read = subtree.filter(|below| is_readable(below.sight)).count();
            prop_assert_eq!(read, node.below);
            prop_assert!(node.below > 0 || is_readable(node.sight));
            let after = nodes[at + 1..].iter().find(|other| other.depth <= node.depth);
            let after = after.filter(|other| other.depth == node.depth);
            prop_assert_eq!(node.next, after.map(|other| other.item.id));
            if let Some(after) = after {
                prop_assert_eq!(after.prev, Some(node.item.id));
            }
            open.push(node.item.id);
            open.truncate(open.len() - node.closes);
        }
        prop_assert!(open.is_empty());
    }
}

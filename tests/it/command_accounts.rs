//! `stoa admin`, where accounts are made and passwords are set.

use crate::operate::Folder;

#[test]
fn an_account_is_a_members_unless_another_role_is_asked_for() {
    let folder = Folder::new();
    for (arguments, said) in [
        ("admin create ann", "Made ann, a member.\n"),
        ("admin create ben --role member", "Made ben, a member.\n"),
        ("admin create cleo --role moderator", "Made cleo, a moderator.\n"),
    ] {
        assert_eq!(folder.works(arguments), said);
    }
    let running = folder.serve();
    let (_, err, _) = running.stop();
    assert!(err.contains("/setup/"), "none of them is an admin, so the first can still be made: {err}");
    assert_eq!(folder.works("admin create dora --role admin"), "Made dora, an admin.\n");
    let running = folder.serve();
    let (_, err, _) = running.stop();
    assert!(!err.contains("/setup/"), "{err}");
}

//! The files that a forum is deployed with.

const DOCKERFILE: &str = include_str!("../../../Dockerfile");
const COMPOSE: &str = include_str!("../../../docker-compose.yml");
const README: &str = include_str!("../../../README.md");

#[test]
fn the_image_is_built_as_the_readme_says_of_locked_dependencies() {
    let build = DOCKERFILE.lines().find_map(|line| line.strip_prefix("RUN cargo")).expect("it builds");
    assert!(build.contains(" --locked"), "{build}");
    assert!(README.contains(&format!("\ncargo{build}\n")), "{build}");
}

#[test]
fn containers_are_bounded_and_have_no_more_rights_than_they_need() {
    let (bounds, services) = COMPOSE.split_once("\nservices:\n").expect("services");
    for bound in [
        "read_only: true",
        "cap_drop: [ALL]",
        "no-new-privileges:true",
        "pids_limit: ",
        "max-size: ",
        "max-file: ",
    ] {
        assert!(bounds.contains(bound), "{bound}");
    }
    let stoa = bounds.split_once("\nx-stoa: &stoa\n").expect("what all nodes have in common").1;
    assert!(stoa.starts_with("  <<: *bounds\n") && stoa.contains("\n  mem_limit: "), "{stoa}");
    let services = services.split("\nnetworks:").next().expect("services");
    for bound in ["    <<: *bounds", "    mem_limit: "] {
        assert_eq!(services.matches(bound).count(), services.matches("    image: ").count(), "{bound}");
    }
}

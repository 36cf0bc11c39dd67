//! Settings, as an operator gives them to the program.

use std::net::{SocketAddr, TcpListener};

use crate::support::program::Folder;

#[test]
fn a_forum_listens_where_a_name_leads() {
    let folder = Folder::new();
    folder.write("stoa.toml", "site_name = \"Looms\"\n");
    let running = folder.serve_named("localhost");
    assert!(running.get("/").contains("Looms"));
    let (code, err, _) = running.stop();
    assert!(code == Some(0) && err.contains("Stoa answers at http://localhost:"), "{err}");
}

#[test]
fn an_address_that_cannot_be_had_is_named_as_it_was_given() {
    let folder = Folder::new();
    let taken = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
    let address = taken.local_addr().expect("its address");
    let said = "another program, or another Stoa, listens there already: stop it, or choose another port";
    folder.refuses(&format!("serve --listen {address}"), "", &format!("--listen is “{address}”: {said}"));
    folder.write("stoa.toml", &format!("listen = \"{address}\"\n"));
    folder.refuses("serve", "", &format!("listen in stoa.toml is “{address}”: {said}"));
    let output = folder.command("serve").env("STOA_LISTEN", "192.0.2.1:8000").output().expect("its end");
    let err = String::from_utf8_lossy(&output.stderr);
    let said = "stoa: STOA_LISTEN is “192.0.2.1:8000”: this machine does not have that address: ";
    assert!(output.status.code() == Some(1) && err.starts_with(said), "{err}");
}

#[test]
fn a_mistyped_variable_or_key_ends_every_command_with_code_2() {
    let folder = Folder::new();
    for arguments in ["serve", "config", "backup copy.db", "admin create bob"] {
        let output = folder.command(arguments).env("STOA_SITE_NMAE", "Looms").output().expect("its end");
        let err = String::from_utf8_lossy(&output.stderr);
        let said =
            "stoa: the environment variable STOA_SITE_NMAE is not a setting: did you mean STOA_SITE_NAME?\n";
        assert_eq!((output.status.code(), &*err), (Some(2), said), "{arguments}");
    }
    let output =
        folder.command("config").env("STOA_BIN", "/usr/bin/stoa").env("STOA_DOMAIN", "localhost").output();
    assert!(output.expect("its end").status.success(), "those of other tools are no settings");
    folder.write("stoa.toml", "[site]\nname = \"Looms\"\n");
    let said = folder.run("config");
    let sentence =
        "stoa: “site” in stoa.toml is not a setting: remove it, or use one that “stoa config” prints\n";
    assert_eq!((said.code, &*said.err), (Some(2), sentence));
    folder.write("stoa.toml", "site_name = Looms\n");
    let said = folder.run("config");
    assert!(
        said.code == Some(2) && said.err.starts_with("stoa: stoa.toml, line 1: not valid TOML: "),
        "{said:?}"
    );
    assert_eq!(said.err.lines().count(), 1, "{said:?}");
}

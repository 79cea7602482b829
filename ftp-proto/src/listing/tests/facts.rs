//! Known answers for MLSD and MLST.

use super::*;

fn facts(names: &str) -> Facts {
    Facts::from_names(names.split(';').map(str::as_bytes))
}

fn mlsx_as(role: MlsxRole, name: &str, metadata: &Metadata, chosen: &str, permissions: Permissions) -> String {
    let mut out = Vec::new();
    assert!(write_mlsx(&mut out, name.as_bytes(), metadata, facts(chosen), role, permissions));
    text(out)
}

fn mlsx(name: &str, metadata: &Metadata, chosen: &str) -> String {
    mlsx_as(MlsxRole::Entry, name, metadata, chosen, Permissions::READ_WRITE)
}

const EVERY: &str = "type;size;modify;create;perm;unique;unix.mode;unix.uid;unix.gid;unix.owner;unix.group;";

#[test]
fn a_file_has_every_fact() {
    let file = Metadata {
        created: Some(UnixTime::from_secs(0)),
        owner: Some("Domain Users".into()),
        group: Some("a;b\n".into()),
        uid: 1000,
        gid: 100,
        unique: Some((0x2c, 0x1f)),
        ..Metadata::file(3, AT)
    };
    assert_eq!(
        mlsx(" a name; with", &file, EVERY),
        "type=file;size=3;modify=20240102150405;create=19700101000000;perm=adfrw;unique=2cg1f;unix.mode=0644;\
         unix.uid=1000;unix.gid=100;unix.owner=Domain_Users;unix.group=a?b?;  a name; with"
    );
}

#[test]
fn what_is_not_known_is_not_told() {
    assert_eq!(
        mlsx("d", &Metadata::directory(AT), EVERY),
        "type=dir;modify=20240102150405;perm=cdeflmp;unix.mode=0755;unix.uid=0;unix.gid=0; d"
    );
    assert_eq!(mlsx("f", &Metadata::file(3, AT), "nothing"), " f");
}

#[test]
fn types_tell_the_role_and_the_kind() {
    let directory = Metadata::directory(AT);
    let everything = Permissions::READ_WRITE;
    assert_eq!(mlsx_as(MlsxRole::Current, ".", &directory, "type", everything), "type=cdir; .");
    assert_eq!(mlsx_as(MlsxRole::Parent, "..", &directory, "type", everything), "type=pdir; ..");
    assert_eq!(mlsx("l", &link(b"../to"), "type;size"), "type=OS.unix=slink:../to; l");
    for awkward in [&b"a;b"[..], b"a b", b"a\r\n", b"\0", b""] {
        assert_eq!(mlsx("l", &link(awkward), "type"), "type=OS.unix=symlink; l");
    }
    let other = Metadata { kind: FileKind::Other, ..Metadata::file(0, AT) };
    assert_eq!(mlsx("s", &other, "type;size;perm"), "type=OS.unix=special;perm=df; s");
}

#[test]
fn perm_tells_what_the_account_may_try() {
    for (permissions, file, directory) in [
        (Permissions::NONE, "", "e"),
        (Permissions::READ_ONLY, "r", "el"),
        (Permissions::DROP, "", "ce"),
        (Permissions::READ_WRITE, "adfrw", "cdeflmp"),
    ] {
        let perm = |metadata| mlsx_as(MlsxRole::Entry, "x", &metadata, "perm", permissions);
        assert_eq!(perm(Metadata::file(0, AT)), alloc::format!("perm={file}; x"));
        assert_eq!(perm(Metadata::directory(AT)), alloc::format!("perm={directory}; x"));
    }
    assert_eq!(mlsx("l", &link(b"x"), "perm"), "perm=dfr; l");
}

#[test]
fn a_name_that_breaks_the_line_is_left_out_whole() {
    for name in [&b"a\rb"[..], b"a\n", b"\0"] {
        let mut out = b"before".to_vec();
        let file = Metadata::file(0, AT);
        assert!(!write_mlsx(&mut out, name, &file, Facts::ALL, MlsxRole::Entry, Permissions::NONE));
        assert_eq!(out, b"before");
    }
}

#[test]
fn sets_are_named_and_shown() {
    let shown = |write: fn(Facts, &mut Vec<u8>), set| {
        let mut out = Vec::new();
        write(set, &mut out);
        text(out)
    };
    let chosen = facts("Type;SIZE;media-type;UNIX.mode;;");
    assert_eq!(shown(Facts::write_names, chosen), "type;size;unix.mode;");
    assert_eq!(
        shown(Facts::write_feat, chosen),
        "type*;size*;modify;create;perm;unique;unix.mode*;unix.uid;unix.gid;unix.owner;unix.group;"
    );
    assert_eq!(shown(Facts::write_names, Facts::NONE), "");
    assert_eq!(shown(Facts::write_names, Facts::ALL), EVERY);
    assert_eq!(facts(EVERY), Facts::ALL);
}

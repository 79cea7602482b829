//! `docs/commands.md` is what the verb table, FEAT and SITE HELP tell. `UPDATE_DOCS=1` writes it.

use std::fmt::Write;
use std::path::Path;

use ftp_proto::config::{Config, Network, Switch};
use ftp_proto::storage::Permissions;
use ftp_proto::verb::{Argument, Needs, TABLE, Verb};

use crate::world::World;

#[test]
fn the_page_of_commands_is_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/commands.md");
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    let wrong = written.lines().zip(page.lines()).find(|(written, told)| written != told);
    assert_eq!(wrong, None, "docs/commands.md is not what the engine tells; UPDATE_DOCS=1 writes it");
    assert_eq!(written.len(), page.len(), "docs/commands.md is not what the engine tells; UPDATE_DOCS=1 writes it");
}

fn page() -> String {
    let mut page = String::from(BEGINNING);
    let features = features();
    for row in TABLE {
        let names: Vec<&str> = [row.name].iter().chain(row.aliases).copied().collect();
        let of_verb = features.iter().filter(|line| line.split(' ').next() == Some(row.name));
        let features: Vec<String> = of_verb.map(|line| code(line)).collect();
        let argument = match row.argument {
            Argument::None => String::new(),
            Argument::Optional if row.syntax.is_empty() => "anything".into(),
            Argument::Optional | Argument::Required => code(row.syntax.trim_start_matches("<sp> ")),
        };
        let needs = match row.needs {
            Needs::Nothing => "",
            Needs::Login => "login",
        };
        let on = if Config::default().allows(row.verb) { "" } else { "off" };
        writeln!(
            page,
            "| {} | {argument} | {needs} | {} | {} | {on} | {} |",
            names.join(", "),
            words(row.permission),
            features.join(" "),
            source(row.verb),
        )
        .expect("a string takes anything");
    }
    page.push_str(SITE);
    for line in help_of_site() {
        let (name, argument) = line.split_once(' ').unwrap_or((&line, ""));
        let argument = if argument.is_empty() { String::new() } else { code(argument.trim_start_matches("<sp> ")) };
        writeln!(page, "| SITE {name} | {argument} | {} |", words(needed_by_site(name)))
            .expect("a string takes anything");
    }
    page.push_str(END);
    page
}

/// Code in a cell of a table.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

/// The names of permissions, as `Debug` knows them.
fn words(permissions: Permissions) -> String {
    format!("{permissions:?}").replace(['{', '}', '"'], "")
}

/// What FEAT tells where everything is on.
fn features() -> Vec<String> {
    let mut world = World::with_tls(|config| {
        config.tls.clear_control = Switch::On;
        config.fxp = vec![Network { address: [192, 0, 2, 0].into(), prefix: 24 }];
        config.structure_mount = Switch::On;
    });
    let lines = world.ask("FEAT", "211").lines;
    lines[1..lines.len() - 1].iter().map(|line| line.trim_start().to_owned()).collect()
}

fn help_of_site() -> Vec<String> {
    let lines = World::logged_in().ask("SITE HELP", "214").lines;
    lines[1..lines.len() - 1].iter().map(|line| line.trim_start().to_owned()).collect()
}

/// Found out by taking each permission away in turn.
fn needed_by_site(name: &str) -> Permissions {
    let argument = match name {
        "CHGRP" | "CHOWN" => " 7 /a.txt",
        "CHMOD" => " 600 /a.txt",
        "COPY" | "SYMLINK" => " /a.txt /b.txt",
        "CPFR" | "CPTO" | "MKDIR" | "RMDIR" => " /name",
        "UTIME" => " 20260101000000 /a.txt",
        "HELP" | "IDLE" | "QUOTA" | "UMASK" | "WHO" => "",
        other => panic!("SITE {other} needs an argument to be tried with"),
    };
    let all = Permissions::READ_WRITE | Permissions::ADMIN;
    let answer = |permissions| {
        let mut world = World::new();
        world.account("alice", |account| account.permissions = permissions);
        world.log_in("alice");
        world.send(&format!("SITE {name}{argument}"));
        world.next_reply().expect("an answer").text()
    };
    assert!(!answer(all).contains("Permission denied"), "SITE {name}");
    let each = (0..16).map(|bit| single(all, bit));
    each.filter(|bit| *bit != Permissions::NONE && answer(all.without(*bit)).contains("Permission denied"))
        .fold(Permissions::NONE, |needed, bit| needed | bit)
}

/// The permissions of `all` one by one.
fn single(all: Permissions, at: usize) -> Permissions {
    const EACH: [Permissions; 13] = [
        Permissions::LIST,
        Permissions::READ,
        Permissions::CREATE,
        Permissions::OVERWRITE,
        Permissions::APPEND,
        Permissions::DELETE,
        Permissions::RENAME,
        Permissions::MAKE_DIR,
        Permissions::REMOVE_DIR,
        Permissions::ATTRIBUTES,
        Permissions::SYMLINK,
        Permissions::OWNER,
        Permissions::ADMIN,
    ];
    EACH.get(at).copied().filter(|bit| all.contains(*bit)).unwrap_or(Permissions::NONE)
}

/// Where a verb is specified; empty for those that only servers and clients agree on.
fn source(verb: Verb) -> &'static str {
    match verb {
        Verb::User | Verb::Pass | Verb::Acct | Verb::Smnt | Verb::Rein | Verb::Quit => "RFC 959 §4.1.1",
        Verb::Cwd | Verb::Cdup => "RFC 959 §4.1.1, RFC 775",
        Verb::Mode => "RFC 959 §4.1.2, draft-preston-ftpext-deflate",
        Verb::Port | Verb::Pasv | Verb::Type | Verb::Stru => "RFC 959 §4.1.2",
        Verb::Eprt | Verb::Epsv => "RFC 2428",
        Verb::Lprt | Verb::Lpsv => "RFC 1639",
        Verb::Retr | Verb::Stor | Verb::Stou | Verb::Appe | Verb::Allo | Verb::Abor => "RFC 959 §4.1.3",
        Verb::List | Verb::Nlst | Verb::Rnfr | Verb::Rnto | Verb::Dele => "RFC 959 §4.1.3",
        Verb::Rest => "RFC 959 §4.1.3, RFC 3659 §5",
        Verb::Rmd | Verb::Mkd | Verb::Pwd => "RFC 959 §4.1.3, RFC 775",
        Verb::Site | Verb::Syst | Verb::Stat | Verb::Help | Verb::Noop => "RFC 959 §4.1.3",
        Verb::Mlsd | Verb::Mlst => "RFC 3659 §7",
        Verb::Size => "RFC 3659 §4",
        Verb::Mdtm => "RFC 3659 §3",
        Verb::Mfmt | Verb::Mfct | Verb::Mff => "draft-somers-ftp-mfxx-03",
        Verb::Feat => "RFC 2389 §3",
        Verb::Opts => "RFC 2389 §4",
        Verb::Host => "RFC 7151",
        Verb::Auth | Verb::Pbsz | Verb::Prot | Verb::Ccc => "RFC 2228, RFC 4217",
        Verb::Adat | Verb::Mic | Verb::Conf | Verb::Enc => "RFC 2228",
        Verb::Lang => "RFC 2640 §4",
        Verb::Hash | Verb::Rang => "draft-bryan-ftpext-hash",
        Verb::Clnt | Verb::Cpsv | Verb::Sscn | Verb::Csid | Verb::Pret => "",
        Verb::Xcrc | Verb::Xmd5 | Verb::Xsha | Verb::Xsha1 | Verb::Xsha256 | Verb::Xsha512 => "",
        Verb::Avbl | Verb::Dsiz | Verb::Comb => "",
        Verb::Md5 | Verb::Mmd5 => "draft-twine-ftpmd5",
        other => panic!("where is {other:?} specified?"),
    }
}

const BEGINNING: &str = "\
# Commands

Every verb, as the engine's own table has it: a test compares this page with the table, with what FEAT answers where
everything is on, and with SITE HELP.

- *needs*: what must be before it; nothing, or a login.
- *permission*: what the account must be allowed (550 otherwise). `ro` has list and read; `rw` all but admin; `drop`
  create; `admin` all.
- *FEAT*: its line there. `TVFS` and `UTF8` stand in FEAT too, and belong to no verb.
- *off*: off until it is configured, and then answered 502. `ftpd` has no MFCT either.
- A verb with an empty last column is in no RFC and no draft: it is what other servers and clients do.

| verb | argument | needs | permission | FEAT | | specified in |
|---|---|---|---|---|---|---|
";

const SITE: &str = "
## SITE

| verb | argument | permission |
|---|---|---|
";

const END: &str = "
## What the tables do not tell

- STAT with a pathname needs a login and list. PRET needs what the command that it announces needs.
- STOR over a file that is there, and REST before STOR, need overwrite. MDTM with a time needs attributes.
- ADAT, MIC, CONF and ENC are known, and always refused: there is no mechanism but TLS.
- AUTH, PBSZ, PROT and their kin are there where TLS is; CCC where it is allowed; CPSV and SSCN where transfers between
  servers are.
- What is answered to each, and why, stands in [decisions](decisions.md), [modes](modes.md) and [tls](tls.md).
";

//! FEAT, HELP, STAT, SYST, NOOP, OPTS, CLNT, and what is known but not built.

use ftp_proto::config::{Config, CustomVerb};
use ftp_proto::verb::{TABLE, Verb, VerbSet};
use ftp_tests::{Files, Setup, TlsClient};

#[test]
fn feat_is_exact() {
    let server = Setup::new().start();
    let mut wire = server.wire();
    let feat = wire.ask("FEAT", 211);
    assert_eq!(feat.text(), "End");
    for line in ["EPRT", "EPSV", "MDTM", "MFMT", "REST STREAM", "SIZE", "TVFS", "UTF8"] {
        assert!(feat.body().contains(&line.to_owned()), "{line}");
    }
    let raw = &feat.lines[1..feat.lines.len() - 1];
    assert!(raw.iter().all(|line| line.starts_with(b" ") && !line.starts_with(b"  ")), "{raw:?}");
    assert!(!feat.body().iter().any(|line| line.starts_with("MLSD") || line.starts_with("AUTH")));
    assert_eq!(wire.ask("FEAT", 211), feat);
    wire.ask("FEAT x", 501);
}

#[test]
fn what_is_switched_off_is_neither_told_nor_done() {
    let off = VerbSet::of(Verb::Mfmt) | VerbSet::of(Verb::Epsv);
    let server = Setup::new().config(move |config| config.disabled = off).start();
    let mut wire = server.login();
    let feat = wire.ask("FEAT", 211).body();
    assert!(!feat.iter().any(|line| line == "MFMT" || line == "EPSV"), "{feat:?}");
    assert!(!wire.ask("HELP", 214).body().iter().any(|line| line.contains("MFMT")));
    wire.ask("EPSV", 502);
    wire.ask("MFMT 20200101000000 a", 502);
    wire.ask("HELP MFMT", 502);
}

/// What else there is stays as it was, in the clear and under TLS.
#[test]
fn each_verb_can_be_switched_off_alone() {
    let told = |off: VerbSet| {
        let server =
            Setup::new().files(Files::Memory(1 << 20)).tls().config(move |config| config.disabled = off).start();
        let mut wire = server.wire();
        let mut told = Vec::new();
        for secured in [false, true] {
            if secured && !off.contains(Verb::Auth) {
                wire.auth(&TlsClient::new());
            }
            for verb in [Verb::Feat, Verb::Help] {
                if !off.contains(verb) {
                    let body = wire.ask(verb.name(), if verb == Verb::Feat { 211 } else { 214 }).body();
                    let words = |line: &String| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
                    told.push(if verb == Verb::Feat { body } else { body.iter().flat_map(words).collect() });
                }
            }
            for row in TABLE.iter().filter(|row| off.contains(row.verb)) {
                wire.ask(row.name, 502);
                wire.ask(&row.name.to_lowercase(), 502);
                row.aliases.iter().for_each(|alias| drop(wire.ask(alias, 502)));
            }
        }
        told
    };
    let all = told(VerbSet::EMPTY);
    for row in TABLE {
        let is_gone = |line: &String| {
            // MLST stands for MLSD too, and MFF's line names what MFCT can do.
            let stands_for = line.starts_with("MLST ") && row.verb == Verb::Mlsd;
            line.split(' ').next() == Some(row.name) || stands_for
        };
        let mut wanted = all.clone();
        for list in &mut wanted {
            list.retain(|line| !is_gone(line));
            for line in list.iter_mut().filter(|_| row.verb == Verb::Mfct) {
                *line = line.replace("Create;", "");
            }
        }
        match row.verb {
            Verb::Feat => wanted = vec![wanted[1].clone(), wanted[3].clone()],
            Verb::Help => wanted = vec![wanted[0].clone(), wanted[2].clone()],
            _ => {}
        }
        assert_eq!(told(VerbSet::of(row.verb)), wanted, "{} is off", row.name);
    }
}

#[test]
fn active_mode_can_be_switched_off() {
    let server = Setup::new().config(|config| config.active_mode = ftp_proto::config::Switch::Off).start();
    let mut wire = server.login();
    wire.ask("PORT 127,0,0,1,200,1", 502);
    wire.ask("EPRT |1|127.0.0.1|51201|", 502);
    assert!(!wire.ask("FEAT", 211).body().contains(&"EPRT".to_owned()));
}

#[test]
fn help_tells_every_verb_that_works() {
    let server = Setup::new().start();
    let mut wire = server.login();
    let words: Vec<String> = wire
        .ask("HELP", 214)
        .body()
        .iter()
        .flat_map(|line| line.split(' ').map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let config = Config::default();
    for row in TABLE {
        assert_eq!(words.iter().any(|word| word == row.name), config.allows(row.verb), "{}", row.name);
    }
    assert!(wire.ask("HELP RETR", 214).text().contains("RETR <sp> pathname"));
    wire.ask("HELP site", 214);
    wire.ask("HELP NONSENSE", 502);
}

#[test]
fn small_talk() {
    let server = Setup::new().start();
    let mut wire = server.login();
    assert_eq!(wire.ask("SYST", 215).text(), "UNIX Type: L8");
    wire.ask("NOOP", 200);
    wire.ask("NOOP and more", 200);
    wire.ask("CLNT NcFTP 3.2", 200);
    wire.ask("OPTS UTF8 ON", 200);
    wire.ask("OPTS UTF8 OFF", 200);
    wire.ask("OPTS NONSENSE", 501);
    wire.ask("SYST ", 215);
    wire.ask("SYST now", 501);
}

#[test]
fn stat_tells_the_session() {
    let server = Setup::new().start();
    let mut wire = server.wire();
    assert!(wire.ask("STAT", 211).body().contains(&"Not logged in".to_owned()));
    let mut wire = server.login();
    let body = wire.ask("STAT", 211).body().join("\n");
    assert!(body.contains("127.0.0.1") && body.contains("alice") && body.contains("TYPE I"), "{body}");
    wire.ask("EPSV", 229);
    assert!(wire.ask("STAT", 211).body().contains(&"Waiting for a data connection".to_owned()));
}

#[test]
fn stat_of_a_path_is_a_listing() {
    for server in crate::servers() {
        server.make_dir("d");
        server.put("d/a", b"x");
        let mut wire = server.login();
        let body = wire.ask("STAT d", 213).body();
        assert_eq!(body.len(), 1, "{body:?}");
        assert!(body[0].ends_with(" a"), "{body:?}");
        assert!(wire.ask("STAT d/a", 213).body()[0].contains(" 1 "));
        wire.ask("STAT missing", 550);
    }
}

#[test]
fn custom_verbs_are_told_and_asked() {
    let verb = CustomVerb { name: "PING".into(), syntax: "<sp> x".into(), needs_login: true, in_feat: true };
    let server = Setup::new().config(move |config| config.custom = vec![verb]).start();
    let mut wire = server.wire();
    assert!(wire.ask("FEAT", 211).body().contains(&"PING".to_owned()));
    wire.ask("PING", 530);
    wire.log_in("alice", "secret");
    // The host has no commands of its own.
    wire.ask_any("PING", &[500, 502, 504]);
}

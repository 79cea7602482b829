//! Virtual hosts: each with a directory, accounts, a greeting and a certificate of its own.

use std::fs;
use std::path::Path;

use rustix::process::Signal;

use crate::secure::{Certificate, Client, control};
use crate::support::{Control, Running, directory, ftpd, sentence};

/// Two hosts beside the server itself, each with a directory that holds a file of its name.
const HOSTS: &str = r#"
listen = ["127.0.0.1:0"]
directory = "own"
greeting = "This is the server."
user = ["root:r"]

[[host]]
name = "Mirror.Example"
directory = "mirror"
greeting = "Mirrors.\nBe kind."

[[host]]
name = "drop.example."
directory = "drop"
user = ["alice:a:rw"]
"#;

fn write(base: &Path, more: &str) -> std::path::PathBuf {
    for name in ["own", "mirror", "drop"] {
        let _ = fs::create_dir(base.join(name));
        fs::write(base.join(name).join(format!("{name}.txt")), name).unwrap();
    }
    let config = base.join("ftpd.toml");
    fs::write(&config, format!("{more}\n{HOSTS}")).unwrap();
    config
}

#[test]
fn each_host_has_its_own_directory_accounts_and_greeting() {
    for runtime in ["tokio", "mio"] {
        let directory = directory();
        let config = write(directory.path(), "");
        let server = Running::start(ftpd().args(["--runtime", runtime, "--config"]).arg(&config));
        let base = fs::canonicalize(directory.path()).unwrap();
        let address = server.addresses[0];
        assert_eq!(
            server.said[..6],
            [
                format!("serving {}", base.join("own").display()),
                "  to root: read and write".into(),
                format!("serving {} as the host mirror.example", base.join("mirror").display()),
                "  to anyone: read only".into(),
                format!("serving {} as the host drop.example", base.join("drop").display()),
                "  to alice: read and write".into(),
            ]
        );

        let (mut own, greeting) = Control::open(address);
        assert_eq!(greeting, ["220 This is the server."]);
        own.log_in("root", "r");
        assert_eq!(own.names(address), ["own.txt"]);

        let (mut mirror, _) = Control::open(address);
        assert_eq!(mirror.ask("HOST mirror.example", "220"), ["220-Mirrors.", "220 Be kind."]);
        mirror.log_in("anonymous", "x");
        assert_eq!(mirror.names(address), ["mirror.txt"]);

        let (mut drop, _) = Control::open(address);
        assert_eq!(drop.ask("HOST Drop.Example", "220"), ["220 This is the server."]);
        drop.log_in("alice", "a");
        assert_eq!(drop.names(address), ["drop.txt"]);

        // Nobody is let in where they are not known.
        let (mut stranger, _) = Control::open(address);
        stranger.ask("HOST other.example", "504");
        stranger.ask("HOST drop.example", "220");
        stranger.ask("USER root", "331");
        stranger.ask("PASS r", "530");
    }
}

#[test]
fn each_host_shows_its_certificate_which_sighup_replaces() {
    let directory = directory();
    let base = directory.path();
    let (server_cert, mirror_cert) = (Certificate::new("localhost"), Certificate::new("mirror.example"));
    server_cert.write(&base.join("server.pem"));
    mirror_cert.write(&base.join("mirror.pem"));
    let config = write(base, "tls = 'optional'\ntls-cert = 'server.pem'");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("directory = \"mirror\"", "directory = \"mirror\"\ntls-cert = \"mirror.pem\""))
        .unwrap();
    let mut server = Running::start(ftpd().arg("--config").arg(&config));
    let address = server.addresses[0];
    assert_eq!(server.said.iter().filter(|line| line.starts_with("  certificate: SHA-256 ")).count(), 1);

    // By SNI, which selects the accounts too.
    let mut control = control(address, &Client::new(&mirror_cert), "mirror.example", None).unwrap();
    control.log_in("anonymous", "x");
    // By HOST, where the name in the handshake is none.
    let without_name = Client::new(&mirror_cert).without_sni();
    crate::secure::control(address, &without_name, "mirror.example", Some("Mirror.Example")).unwrap();
    // Every other name gets the server's.
    crate::secure::control(address, &Client::new(&server_cert), "localhost", None).unwrap();
    assert!(crate::secure::control(address, &Client::new(&mirror_cert), "localhost", None).is_err());

    let renewed = Certificate::new("mirror.example");
    renewed.write(&base.join("mirror.pem"));
    server.signal(Signal::HUP);
    server.wait_for_log("certificates read again");
    crate::secure::control(address, &Client::new(&renewed), "mirror.example", None).unwrap();
    assert!(crate::secure::control(address, &Client::new(&mirror_cert), "mirror.example", None).is_err());
    // The session that was there goes on.
    control.ask("NOOP", "200");
}

#[test]
fn where_there_are_hosts_only_nothing_else_is_served() {
    let directory = directory();
    fs::write(
        directory.path().join("ftpd.toml"),
        "listen = ['127.0.0.1:0']\n[[host]]\nname = 'a.b'\ndirectory = '.'\n",
    )
    .unwrap();
    let mut command = ftpd();
    let server = Running::start_until(command.arg("--config").arg(directory.path().join("ftpd.toml")), "listening on ");
    assert!(server.said[0].ends_with(" as the host a.b"), "{:?}", server.said);
    let (mut control, _) = Control::open(server.addresses[0]);
    control.ask("USER anonymous", "331");
    control.ask("PASS x", "530");
    control.ask("HOST a.b", "220");
    control.log_in("anonymous", "x");
}

#[test]
fn a_host_that_makes_no_sense_is_refused_with_its_line() {
    let directory = directory();
    let config = directory.path().join("ftpd.toml");
    let refused = |text: &str| {
        fs::write(&config, text).unwrap();
        sentence(ftpd().arg("--config").arg(&config))
    };
    let host = "[[host]]\nname = 'a.example'\ndirectory = '.'\n";
    assert!(refused("[[host]]\ndirectory = '.'\n").contains("line 1: missing field `name`"));
    assert!(
        refused("[[host]]\nname = '192.0.2.1'\ndirectory = '.'\n").contains("line 2: \"192.0.2.1\" is no host's name")
    );
    assert!(refused(&format!("{host}colour = 'red'\n")).contains("line 4: unknown field `colour`"));
    assert!(
        refused(&format!("{host}\n[[host]]\nname = 'A.example.'\ndirectory = '.'\n"))
            .contains("line 6: the host a.example is given twice")
    );
    assert!(refused(&format!("{host}user = ['a:b', 'a:c']\n")).contains("line 2: the user \"a\" is given twice"));
    assert!(refused(&format!("{host}anonymous = 'off'\n")).contains("line 2: nobody could log in"));
    assert!(refused(&format!("{host}tls-key = 'x'\n")).contains("line 2: tls-key is given without its tls-cert"));
    assert!(refused(&format!("{host}tls-cert = 'x'\n")).contains("line 2: tls-cert is given, but TLS is off"));
    assert!(refused(&format!("tls = 'optional'\n{host}tls-cert = 'missing.pem'\n")).contains("missing.pem"));
    assert!(refused("[[host]]\nname = 'a.example'\ndirectory = 'missing'\n").contains("missing"));
    assert!(refused(&format!("{host}users-file = 'missing'\n")).contains("missing"));
    let missing_colon = refused(&format!("{host}user = ['hunter2']\n"));
    assert!(missing_colon.contains("line 4") && !missing_colon.contains("hunter2"), "{missing_colon}");
}

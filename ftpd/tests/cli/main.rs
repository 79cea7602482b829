//! The program as people meet it: what it prints, what it refuses, how it ends.

#![expect(clippy::unwrap_used, reason = "a test ends where it is surprised")]

mod hosts;
mod options;
mod record;
mod replay;
mod secure;
mod support;
mod who;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Signal, geteuid};

use support::{Running, directory, ftpd, login, refusal, sentence};

#[test]
fn a_bad_flag_is_refused_with_what_would_be_right() {
    assert!(refusal(ftpd().arg("--no-such-flag")).contains("--no-such-flag"));
    assert!(refusal(ftpd().args(["--listen", "nowhere"])).contains("127.0.0.1:2121"));
    assert!(refusal(ftpd().args(["--passive-ports", "5-4"])).contains("50000-50100"));
    assert!(refusal(ftpd().args(["--user", "alice"])).contains("NAME:PASSWORD"));
    assert!(refusal(ftpd().args(["--anonymous", "maybe"])).contains("drop"));
    assert!(refusal(ftpd().args(["--fxp", "192.0.2.0/33"])).contains("192.0.2.0/24"));
    assert!(refusal(ftpd().args(["--tls-min", "1.1"])).contains("1.2"));
    assert!(refusal(ftpd().args(["--idle-timeout", "0"])).contains("idle-timeout"));
}

#[test]
fn a_directory_that_cannot_be_served_is_named() {
    let directory = directory();
    let missing = directory.path().join("missing");
    assert!(sentence(ftpd().arg(&missing)).contains("missing"));
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(sentence(ftpd().arg(&file)).contains("file"));
}

#[test]
fn an_unreadable_directory_is_named() {
    if geteuid().is_root() {
        return; // Root may read everything.
    }
    let directory = directory();
    let locked = directory.path().join("locked");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    assert!(sentence(ftpd().arg(&locked)).contains("locked"));
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let text = sentence(ftpd().arg(directory().path()).args(["--listen", &address]));
    assert!(text.contains(&address), "{text}");
}

#[test]
fn a_broken_file_is_refused_with_its_line() {
    let directory = directory();
    let config = directory.path().join("ftpd.toml");
    let refused = |text: &str| {
        fs::write(&config, text).unwrap();
        sentence(ftpd().arg("--config").arg(&config))
    };
    assert!(refused("max-sessions = 5\nmax-sesions = 6\n").contains("line 2: unknown field `max-sesions`"));
    assert!(refused("\n\nlisten = [\"127.0.0.1:0\"\n").contains("line 3"));
    assert!(refused("active = \"perhaps\"\n").contains("line 1"));
    assert!(refused("users-file = \"none\"\n").contains("none"));
    assert!(sentence(ftpd().args(["--config", "/no/such/file"])).contains("/no/such/file"));
}

#[test]
fn a_broken_users_file_is_refused_with_its_line_and_without_its_secrets() {
    let directory = directory();
    let users = directory.path().join("users");
    fs::write(&users, "# users\nalice:hunter2:rw\n").unwrap();
    let text = sentence(ftpd().arg(directory.path()).arg("--users-file").arg(&users));
    assert!(text.contains("line 2") && !text.contains("hunter2"), "{text}");
}

#[test]
fn a_server_that_nobody_could_enter_does_not_start() {
    assert!(sentence(ftpd().args(["--anonymous", "off"])).contains("anonymous"));
    assert!(sentence(ftpd().args(["--user", "a:b", "--user", "a:c"])).contains("twice"));
}

#[test]
fn a_hashed_password_makes_a_user() {
    let mut hasher = ftpd().arg("hash-password").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    hasher.stdin.take().unwrap().write_all(b"s:e cret\r\n").unwrap();
    let output = hasher.wait_with_output().unwrap();
    assert!(output.status.success());
    let hash = String::from_utf8(output.stdout).unwrap();
    assert!(hash.starts_with("$argon2id$") && hash.lines().count() == 1, "{hash}");

    let directory = directory();
    let users = directory.path().join("users");
    fs::write(&users, format!("alice:{}:ro:/\n", hash.trim_end())).unwrap();
    let server =
        Running::start(ftpd().arg(directory.path()).args(["--listen", "127.0.0.1:0", "--users-file"]).arg(&users));
    assert!(server.said.contains(&format!("  to the users of {}", users.display())), "{:?}", server.said);
    assert_eq!(login(server.addresses[0], "alice", "s:e cret"), "230");
    assert_eq!(login(server.addresses[0], "alice", "wrong"), "530");
}

#[test]
fn no_password_makes_no_hash() {
    assert!(sentence(ftpd().arg("hash-password")).contains("empty"));
}

#[test]
fn it_says_where_it_listens_what_it_serves_and_to_whom() {
    let directory = directory();
    let mut command = ftpd();
    command.args(["--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0", "--user", "alice:secret", "--anonymous", "ro"]);
    let server = Running::start(command.arg(directory.path()));
    let served = fs::canonicalize(directory.path()).unwrap();
    let [first, second] = *server.addresses else { panic!("{:?}", server.said) };
    assert!(first.port() != 0 && first != second);
    assert_eq!(
        server.said,
        [
            format!("serving {}", served.display()),
            "  to alice: read and write".into(),
            "  to anyone: read only".into(),
            format!("listening on {first}"),
            format!("listening on {second}"),
            format!("try: curl ftp://{first}/"),
        ]
    );
    for address in [first, second] {
        TcpStream::connect(address).unwrap();
    }
}

#[test]
fn the_command_line_overrides_the_file_whose_paths_are_relative_to_it() {
    let directory = directory();
    fs::create_dir(directory.path().join("served")).unwrap();
    let config = directory.path().join("ftpd.toml");
    fs::write(&config, "directory = 'served'\nlisten = ['192.0.2.1:1']\nuser = ['bob:b:ro']\nactive = false\n")
        .unwrap();
    let server = Running::start(ftpd().arg("--config").arg(&config).args(["--listen", "127.0.0.1:0"]));
    let served = fs::canonicalize(directory.path()).unwrap().join("served");
    assert_eq!(server.said[..2], [format!("serving {}", served.display()), "  to bob: read only".into()]);
}

#[cfg(target_os = "linux")]
#[test]
fn it_opens_as_many_files_as_it_may() {
    let directory = directory();
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -Sn 256; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_ftpd"), "--listen", "127.0.0.1:0"]);
    let server = Running::start(shell.arg(directory.path()).stdin(Stdio::null()));
    let limits = fs::read_to_string(format!("/proc/{}/limits", server.child.id())).unwrap();
    let numbers = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    let [soft, hard, _unit] = numbers.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{limits}") };
    assert_eq!(soft, hard);
}

#[test]
fn a_signal_ends_it_in_peace() {
    for signal in [Signal::TERM, Signal::INT] {
        let directory = directory();
        let server = Running::start(ftpd().arg(directory.path()).args(["--listen", "127.0.0.1:0"]));
        server.signal(signal);
        assert_eq!(server.wait().code(), Some(0), "{signal:?}");
    }
}

/// A download that cannot end before it is read: the sockets hold far less than the file.
struct Download {
    data: TcpStream,
    _control: BufReader<TcpStream>,
}

const LARGE: u64 = 256 * 1024 * 1024;

impl Download {
    fn start(address: SocketAddr) -> Self {
        let mut control = BufReader::new(TcpStream::connect(address).unwrap());
        let mut reply = |command: &str, code: &str| {
            control.get_mut().write_all(command.as_bytes()).unwrap();
            let lines = control.by_ref().lines().map(Result::unwrap);
            lines.into_iter().find(|line| line.starts_with(&format!("{code} "))).unwrap()
        };
        reply("USER anonymous\r\nPASS x\r\n", "230");
        reply("TYPE I\r\n", "200");
        let port = reply("EPSV\r\n", "229").split('|').nth(3).unwrap().parse().unwrap();
        let data = TcpStream::connect((address.ip(), port)).unwrap();
        reply("RETR large\r\n", "150");
        Self { data, _control: control }
    }

    fn finish(mut self) -> u64 {
        std::io::copy(&mut self.data, &mut std::io::sink()).unwrap()
    }
}

/// A server of a large file, with a download under way, that was told to end and has heard it.
fn draining(directory: &Path) -> (Running, Download) {
    fs::File::create(directory.join("large")).unwrap().set_len(LARGE).unwrap();
    let mut server = Running::start(ftpd().arg(directory).args(["--listen", "127.0.0.1:0"]));
    let download = Download::start(server.addresses[0]);
    server.signal(Signal::TERM);
    let log = BufReader::new(server.child.stderr.as_mut().unwrap()).lines().map(Result::unwrap);
    assert!(log.into_iter().any(|line| line.contains("SIGTERM: finishing transfers")));
    (server, download)
}

#[test]
fn a_running_transfer_is_finished_after_the_signal() {
    let directory = directory();
    let (server, download) = draining(directory.path());
    assert_eq!(download.finish(), LARGE);
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let directory = directory();
    let (server, download) = draining(directory.path());
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(1));
    drop(download);
}

#[test]
fn a_directory_named_like_the_task_is_served_as_a_path() {
    let directory = directory();
    fs::create_dir(directory.path().join("hash-password")).unwrap();
    let mut command = ftpd();
    let server =
        Running::start(command.current_dir(directory.path()).args(["./hash-password", "--listen", "127.0.0.1:0"]));
    assert!(Path::new(&server.said[0]).ends_with("hash-password"), "{:?}", server.said);
}

/// The fingerprint that the server said, of a certificate that it made.
fn fingerprint(server: &Running) -> &str {
    server.said.iter().find_map(|line| line.strip_prefix("self-signed certificate: SHA-256 ")).unwrap()
}

#[test]
fn a_certificate_is_made_once_and_kept() {
    let (directory, state) = (directory(), directory());
    let mut command = ftpd();
    command.arg(directory.path()).env("XDG_STATE_HOME", state.path());
    command.args(["--listen", "127.0.0.1:0", "--implicit-tls", "127.0.0.1:0"]);
    let first = Running::start(&mut command);
    assert!(first.said.iter().any(|line| line.ends_with(" (implicit TLS)")), "{:?}", first.said);
    assert!(first.said.last().unwrap().starts_with("try: curl --ssl-reqd --insecure ftp://"));
    let second = Running::start(&mut command);
    assert_eq!(fingerprint(&first), fingerprint(&second));
    let kept = state.path().join("ftpd");
    let key = fs::metadata(kept.join("identity.pem")).unwrap();
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::read_dir(&kept).unwrap().count(), 1);

    // And it can be told to read them again, for which nobody is sent away.
    let mut session = BufReader::new(TcpStream::connect(first.addresses[0]).unwrap());
    let mut line = String::new();
    session.read_line(&mut line).unwrap();
    first.signal(Signal::HUP);
    session.get_mut().write_all(b"NOOP\r\n").unwrap();
    session.read_line(&mut line).unwrap();
    assert!(line.starts_with("220 ") && line.contains("\n200 "), "{line}");
}

#[test]
fn servers_that_begin_together_make_one_certificate() {
    let (directory, state) = (directory(), directory());
    let begin = || {
        let mut command = ftpd();
        command.arg(directory.path()).env("XDG_STATE_HOME", state.path());
        Running::start(command.args(["--listen", "127.0.0.1:0", "--tls", "optional"]))
    };
    let servers: Vec<Running> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(begin)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(servers.iter().all(|server| fingerprint(server) == fingerprint(&servers[0])));
}

#[test]
fn certificates_that_cannot_be_used_are_named() {
    let directory = directory();
    let file = directory.path().join("certificate.pem");
    let refused = |arguments: &[&str]| sentence(ftpd().arg(directory.path()).args(arguments));
    let name = file.to_str().unwrap();
    assert!(refused(&["--tls", "optional", "--tls-cert", name]).contains(name));
    fs::write(&file, "no certificate").unwrap();
    assert!(refused(&["--tls", "optional", "--tls-cert", name]).contains(name));
    assert!(refused(&["--tls-cert", name]).contains("--tls optional"));
    assert!(refused(&["--tls", "optional", "--tls-key", name]).contains("--tls-cert"));
    assert!(refused(&["--tls", "optional", "--tls-client-cert", "required"]).contains("--tls-client-ca"));
}

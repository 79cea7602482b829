//! How each server is told what it shall be: the same user, the same tree, limits lifted, no log.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use super::{Peer, Programs};
use crate::fixture::Fixture;
use crate::rows::Channel;

/// Writes what the server reads, and gives the command that starts it.
pub(crate) fn command(
    peer: Peer,
    programs: &Programs,
    fixture: &Fixture,
    channel: Channel,
    port: u16,
) -> io::Result<Command> {
    let mut command = Command::new(programs.of(peer).0);
    let place = Place { programs, fixture, channel, port };
    match peer {
        Peer::FtpdMio => place.ftpd(&mut command, "mio"),
        Peer::FtpdTokio => place.ftpd(&mut command, "tokio"),
        Peer::Vsftpd => {
            command.arg(place.write("vsftpd.conf", VSFTPD)?);
        }
        Peer::Proftpd => place.proftpd(&mut command)?,
        Peer::PureFtpd => place.pure_ftpd(&mut command)?,
        Peer::Pyftpdlib => {
            command.arg(place.write("pyftpdlib.py", PYFTPDLIB)?).arg(port.to_string()).arg(fixture.tree());
            if channel == Channel::Tls {
                command.arg(&fixture.certificate.both);
            }
        }
        Peer::Libunftp => {
            command.arg(port.to_string()).arg(fixture.tree());
            if channel == Channel::Tls {
                command.arg(&fixture.certificate.certificate).arg(&fixture.certificate.key);
            }
        }
        Peer::Sendfile | Peer::Splice | Peer::Echo => {
            command.args(["ceiling", peer.name(), &port.to_string()]).arg(fixture.tree());
        }
    }
    Ok(command)
}

/// Where a server is to be.
struct Place<'a> {
    programs: &'a Programs,
    fixture: &'a Fixture,
    /// TLS is off where it is not measured: some prepare for it in every session.
    channel: Channel,
    port: u16,
}

impl Place<'_> {
    /// Writes a configuration, with what it leaves open filled in; gives its path.
    fn write(&self, name: &str, template: &str) -> io::Result<std::path::PathBuf> {
        let path = self.fixture.work().join(format!("{}-{name}", self.port));
        let text = |path: &Path| path.display().to_string();
        let certificate = &self.fixture.certificate;
        let filled = template
            .replace("@PORT@", &self.port.to_string())
            .replace("@TREE@", &text(&self.fixture.tree()))
            .replace("@WORK@", &text(&self.fixture.work()))
            .replace("@EMPTY@", &text(&self.fixture.empty()))
            .replace("@MODULES@", &text(&self.programs.peers.join("root/usr/lib/proftpd")))
            .replace("@YES@", if self.channel == Channel::Tls { "YES" } else { "NO" })
            .replace("@ON@", if self.channel == Channel::Tls { "on" } else { "off" })
            .replace("@CERT@", &text(&certificate.certificate))
            .replace("@KEY@", &text(&certificate.key));
        fs::write(&path, filled)?;
        Ok(path)
    }

    fn ftpd(&self, command: &mut Command, runtime: &str) {
        command.arg(self.fixture.tree()).args(["--listen", &format!("127.0.0.1:{}", self.port)]);
        command.args(["--runtime", runtime, "--user", "bench:bench:rw", "--log", "off", "--idle-timeout", "86400"]);
        command.args(["--max-sessions", "100000", "--max-per-address", "100000"]);
        if self.channel == Channel::Tls {
            command.args(["--tls", "optional", "--tls-cert"]).arg(&self.fixture.certificate.certificate);
            command.arg("--tls-key").arg(&self.fixture.certificate.key);
        }
    }

    fn proftpd(&self, command: &mut Command) -> io::Result<()> {
        let work = self.fixture.work();
        let home = self.fixture.tree();
        let user = format!("bench:{PASSWORD}:{NOBODY}:{NOBODY}::{}:/bin/sh\n", home.display());
        fs::write(work.join("proftpd.passwd"), user)?;
        fs::write(work.join("proftpd.group"), format!("nogroup:x:{NOBODY}:\n"))?;
        for name in ["proftpd.passwd", "proftpd.group"] {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(work.join(name), fs::Permissions::from_mode(0o600))?;
        }
        command.args(["--nodaemon", "--quiet", "--config"]).arg(self.write("proftpd.conf", PROFTPD)?);
        Ok(())
    }

    fn pure_ftpd(&self, command: &mut Command) -> io::Result<()> {
        let work = self.fixture.work();
        let (users, base) = (work.join("pure-ftpd.passwd"), work.join("pure-ftpd.pdb"));
        // name, password, uid, gid, gecos, home and thirteen limits, all of them none.
        let home = self.fixture.tree();
        fs::write(&users, format!("bench:{PASSWORD}:{NOBODY}:{NOBODY}::{}/./::::::::::::\n", home.display()))?;
        let made = Command::new(self.programs.peers.join("root/usr/bin/pure-pw"))
            .arg("mkdb")
            .arg(&base)
            .arg("-f")
            .arg(&users)
            .output()?;
        if !made.status.success() {
            return Err(crate::fault(format!("pure-pw: {}", String::from_utf8_lossy(&made.stderr))));
        }
        command.args(["-S", &format!("127.0.0.1,{}", self.port), "-l"]).arg(format!("puredb:{}", base.display()));
        // Clients in all and from one address; minutes of idleness; entries and depth of listings.
        command.args(["-c", "100000", "-C", "100000", "-I", "1440", "-L", "10000000:5"]);
        // No anonymous, no names of hosts, no log, users from this number on, load that is too high.
        command.args(["-E", "-H", "-f", "none", "-u", "1", "-m", "1000000"]);
        if self.channel == Channel::Tls {
            let certificate = &self.fixture.certificate;
            let files = format!("{},{}", certificate.certificate.display(), certificate.key.display());
            command.args(["-Y", "1", "-2", &files]);
        }
        command.arg("-g").arg(work.join(format!("{}-pure-ftpd.pid", self.port)));
        Ok(())
    }
}

/// What the lock file of its program says.
pub(crate) fn version_of_libunftp() -> String {
    let mut lines = LIBUNFTP.lines().skip_while(|line| *line != "name = \"libunftp\"");
    let version = lines.nth(1).and_then(|line| line.strip_prefix("version = "));
    format!("libunftp {}", version.unwrap_or("of an unknown version").trim_matches('"'))
}

const VSFTPD: &str = include_str!("../../peers.d/vsftpd.conf");
const PROFTPD: &str = include_str!("../../peers.d/proftpd.conf");
const PYFTPDLIB: &str = include_str!("../../peers.d/pyftpdlib.py");
const LIBUNFTP: &str = include_str!("../../peers.d/libunftp/Cargo.lock");
/// `bench` by the oldest crypt: the cheapest to check that they know.
const PASSWORD: &str = "beXASnuSGSZa.";
/// Who serves, where a server changes its user.
const NOBODY: u32 = 65_534;

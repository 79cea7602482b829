//! The servers that are measured: how each is found, configured and started.
//!
//! The configurations stand in `bench/peers.d`; the programs come from `bench/peers`. [`Running`] is one that runs.

mod launch;
mod recipe;

use std::path::{Path, PathBuf};
use std::process::Command;

pub use launch::Running;
use serde::{Deserialize, Serialize};

use crate::ceiling::Ceiling;

/// A server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Peer {
    /// Ours, on mio.
    FtpdMio,
    /// Ours, on tokio.
    FtpdTokio,
    /// vsftpd.
    Vsftpd,
    /// ProFTPD.
    Proftpd,
    /// Pure-FTPd.
    PureFtpd,
    /// pyftpdlib.
    Pyftpdlib,
    /// libunftp, with its storage for the local disk.
    Libunftp,
    /// No FTP: the large file by `sendfile`.
    Sendfile,
    /// No FTP: a new file by `splice`.
    Splice,
    /// No FTP: replies that are always the same.
    Echo,
}

impl Peer {
    /// All of them, in the order of tables.
    pub const ALL: [Self; 10] = [
        Self::FtpdMio,
        Self::FtpdTokio,
        Self::Vsftpd,
        Self::Proftpd,
        Self::PureFtpd,
        Self::Pyftpdlib,
        Self::Libunftp,
        Self::Sendfile,
        Self::Splice,
        Self::Echo,
    ];

    /// Its name, in options and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FtpdMio => "ftpd-mio",
            Self::FtpdTokio => "ftpd-tokio",
            Self::Vsftpd => "vsftpd",
            Self::Proftpd => "proftpd",
            Self::PureFtpd => "pure-ftpd",
            Self::Pyftpdlib => "pyftpdlib",
            Self::Libunftp => "libunftp",
            Self::Sendfile => "sendfile",
            Self::Splice => "splice",
            Self::Echo => "echo",
        }
    }

    /// The server of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|peer| peer.name() == name)
    }

    /// Whether it is ours, and others are compared with it.
    #[must_use]
    pub fn is_ours(self) -> bool {
        matches!(self, Self::FtpdMio | Self::FtpdTokio)
    }

    /// Which ceiling it is, if it is one.
    #[must_use]
    pub fn ceiling(self) -> Option<Ceiling> {
        match self {
            Self::Sendfile => Some(Ceiling::Sendfile),
            Self::Splice => Some(Ceiling::Splice),
            Self::Echo => Some(Ceiling::Echo),
            _ => None,
        }
    }

    /// How many open files it may have, if that is more than it needs. One that starts a process for each session needs
    /// few, and some of these close all that there might be in each: many would cost them milliseconds.
    #[must_use]
    pub fn files(self) -> u64 {
        match self {
            Self::Vsftpd | Self::Proftpd | Self::PureFtpd => 2048,
            _ => u64::MAX,
        }
    }

    /// The most sessions that are asked of it, and why not more.
    #[must_use]
    pub fn most_sessions(self) -> Option<(u64, &'static str)> {
        match self {
            Self::Vsftpd => Some((1000, "two processes for each session: more than this machine should have")),
            Self::Proftpd | Self::PureFtpd => {
                Some((1000, "a process for each session: more than this machine should have"))
            }
            _ => None,
        }
    }
}

/// Where the programs are.
#[derive(Clone, Debug)]
pub struct Programs {
    /// Ours.
    pub ftpd: PathBuf,
    /// Where `bench/peers` put the others.
    pub peers: PathBuf,
    /// This program, for the ceilings.
    pub bench: PathBuf,
}

impl Programs {
    /// The program of a peer, and what tells its version.
    #[must_use]
    pub fn of(&self, peer: Peer) -> (PathBuf, Command) {
        let peers = &self.peers;
        let (program, arguments): (PathBuf, &[&str]) = match peer {
            Peer::FtpdMio | Peer::FtpdTokio => (self.ftpd.clone(), &["--version"]),
            Peer::Vsftpd => (peers.join("root/usr/sbin/vsftpd"), &["-v"]),
            Peer::Proftpd => (peers.join("root/usr/sbin/proftpd"), &["-v"]),
            Peer::PureFtpd => (peers.join("root/usr/sbin/pure-ftpd"), &["--help"]),
            Peer::Pyftpdlib => {
                let tell =
                    "import pyftpdlib, sys; print('pyftpdlib', pyftpdlib.__ver__, 'on Python', sys.version.split()[0])";
                (peers.join("venv/bin/python"), &["-c", tell][..])
            }
            Peer::Libunftp => (peers.join("build/release/libunftp-peer"), &[]),
            Peer::Sendfile | Peer::Splice | Peer::Echo => (self.bench.clone(), &["--version"]),
        };
        let mut version = Command::new(&program);
        version.args(arguments);
        (program, version)
    }

    /// What is missing, in words.
    #[must_use]
    pub fn missing(&self, peer: Peer) -> Option<String> {
        let (program, _) = self.of(peer);
        let how = if peer.is_ours() { "cargo build --release -p ftpd" } else { "bench/peers" };
        (!Path::exists(&program)).then(|| format!("{} is not there: run {how}", program.display()))
    }

    /// What it says of itself; for libunftp, which says nothing, what its lock file says.
    #[must_use]
    pub fn version(&self, peer: Peer) -> String {
        if peer == Peer::Libunftp {
            return recipe::version_of_libunftp();
        }
        if let Some(line) = self.package(peer) {
            return line;
        }
        let said = self.of(peer).1.output().map(|output| [output.stdout, output.stderr].concat()).unwrap_or_default();
        String::from_utf8_lossy(&said).lines().next().unwrap_or("unknown").trim().to_owned()
    }

    /// The package it is from.
    fn package(&self, peer: Peer) -> Option<String> {
        let name = match peer {
            Peer::Vsftpd => "vsftpd",
            Peer::Proftpd => "proftpd-core",
            Peer::PureFtpd => "pure-ftpd",
            _ => return None,
        };
        let versions = std::fs::read_to_string(self.peers.join("versions")).ok()?;
        let line = versions.lines().find(|line| line.split(' ').next() == Some(name))?;
        Some(format!("{line} (Debian)"))
    }
}

//! Commands: one whole line, parsed, and written again.
//!
//! [`parse`] says what was asked, not whether it may be done: it knows neither the session nor the storage. What is
//! wrong with a line is told apart as far as the replies do.

mod address;
mod facts;
mod grammar;
mod parse;
mod print;
mod security;
mod settings;
mod site;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::SocketAddr;

pub use self::parse::parse;
pub use self::security::{HostName, Mechanism, ProtectionLevel, SecurityCommand};

use crate::secret::Secret;
use crate::time::UnixTime;
use crate::verb::Verb;

/// A pathname as the client sent it: not yet resolved against the working directory.
pub type RawPath = Box<[u8]>;

/// One command, parsed whole: argument and all. Verbs without an argument of their own are [`Command::Bare`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// A verb that takes no argument, or was given none where it is optional: CDUP, REIN, QUIT, PASV, LPSV, CPSV, ABOR,
    /// PWD, SYST, FEAT, NOOP, CCC; SSCN, STOU, LIST, NLST, MLSD, MLST, STAT, HELP without one.
    Bare(Verb),
    /// USER.
    User(Box<[u8]>),
    /// PASS; without an argument the password is empty.
    Pass(Secret),
    /// ACCT.
    Acct(Secret),
    /// A verb whose argument is one pathname: CWD, RETR, STOR, STOU, APPE, LIST, NLST, MLSD, MLST, RNFR, RNTO, DELE,
    /// RMD, MKD, SIZE, STAT. LIST's and NLST's still holds its options.
    Path(Verb, RawPath),
    /// PORT, EPRT, LPRT with a usable address.
    Port(Verb, SocketAddr),
    /// EPRT or LPRT with an address family that we do not serve: 522.
    PortFamily(Verb),
    /// EPSV.
    Epsv(EpsvArgument),
    /// TYPE.
    Type(TypeArgument),
    /// STRU with a letter of RFC 959: F, R or P.
    Stru(u8),
    /// MODE with a letter of RFC 959 or Z: S, B, C or Z.
    Mode(u8),
    /// ALLO: the size in bytes; a record size is parsed and of no meaning.
    Allo(u64),
    /// REST: the offset in bytes.
    Rest(u64),
    /// MDTM. The path is verbatim: `time path` of the old setting form is told apart when no file has the whole name.
    Mdtm {
        /// The argument.
        path: RawPath,
        /// The same, read as the form that sets the time.
        set: Option<(UnixTime, RawPath)>,
    },
    /// MFMT or MFCT.
    SetTime(Verb, UnixTime, RawPath),
    /// MFF.
    Mff(FactsToSet, RawPath),
    /// AUTH, PBSZ, PROT, ADAT, MIC, CONF, ENC, SSCN, HOST with their arguments.
    Security(SecurityCommand),
    /// SITE.
    Site(SiteCommand),
    /// HELP with an argument.
    Help(Box<[u8]>),
    /// OPTS.
    Opts(OptsArgument),
    /// CLNT.
    Clnt(Box<[u8]>),
    /// A known verb that is not implemented: 502, whatever its argument.
    NotImplemented(Verb),
    /// A word that is not in the table but could be a verb: a custom verb, or else 500.
    Other {
        /// The verb in upper case.
        verb: Box<str>,
        /// What came behind one space.
        argument: Box<[u8]>,
    },
}

/// EPSV's argument (RFC 2428 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EpsvArgument {
    /// None: the family of the control connection.
    Same,
    /// 1.
    Ipv4,
    /// 2.
    Ipv6,
    /// A family we do not know: 522.
    Other,
    /// ALL: from here on only EPSV.
    All,
}

/// TYPE's argument (RFC 959 §3.1.1), as given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeArgument {
    /// `A` or `A N`.
    Ascii,
    /// `I`.
    Image,
    /// `L` and a byte size.
    Local(u8),
    /// Known to RFC 959 and not implemented: 504 (`A T`, `A C`, `E`).
    Unimplemented,
}

/// What MFF is to set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FactsToSet {
    /// `Modify=`.
    pub modify: Option<UnixTime>,
    /// `Create=`.
    pub create: Option<UnixTime>,
    /// `UNIX.mode=`, octal.
    pub mode: Option<u32>,
}

/// OPTS (RFC 2389 §4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OptsArgument {
    /// `UTF8 ON`, `UTF8` alone, or the older `UTF-8 NLST`.
    Utf8On,
    /// `UTF8 OFF`.
    Utf8Off,
    /// `MLST` and the facts wanted, verbatim in the client's order, unknown ones left in; empty for none.
    Mlst(Vec<Box<[u8]>>),
    /// A verb that has no options here, or options not understood: 501.
    Unknown,
}

/// SITE and its sub-command.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SiteCommand {
    /// `HELP`.
    Help,
    /// `CHMOD mode path`; octal, at most 7777.
    Chmod(u32, RawPath),
    /// `UMASK`, with an octal mask of at most 777 or none.
    Umask(Option<u32>),
    /// `UTIME`, both forms: `YYYYMMDDhhmm[ss] path` and `path atime mtime ctime UTC`.
    Utime {
        /// The time of the last change.
        modified: UnixTime,
        /// Of what.
        path: RawPath,
    },
    /// `SYMLINK target link`.
    Symlink(RawPath, RawPath),
    /// `COPY from to`.
    Copy(RawPath, RawPath),
    /// `IDLE`, with seconds or none.
    Idle(Option<u64>),
    /// Another: a custom SITE verb, or else 500 (its name is in upper case).
    Other {
        /// The sub-command in upper case.
        name: Box<str>,
        /// What came behind one space.
        argument: Box<[u8]>,
    },
}

/// Why a line is no command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// Not a word that could be a verb: 500.
    #[error("not a command")]
    NotACommand,
    /// The words of another protocol: GET, POST, HEAD, EHLO, HELO, `Header:` lines. Close at once (ALPACA).
    #[error("another protocol")]
    ForeignProtocol,
    /// The verb is known and its argument is wrong: 501.
    #[error("bad argument for {}", .0.name())]
    BadArgument(Verb),
    /// The verb is known and its argument is missing: 501.
    #[error("argument missing for {}", .0.name())]
    MissingArgument(Verb),
    /// The verb is known and takes none: 501.
    #[error("{} takes no argument", .0.name())]
    UnwantedArgument(Verb),
    /// The parameter is known to the RFC and not implemented: 504.
    #[error("parameter not implemented for {}", .0.name())]
    NotImplementedFor(Verb),
    /// A NUL, a bare CR or another control byte where none may be: 501.
    #[error("control byte in the line")]
    ControlByte,
}

#[cfg(test)]
mod tests;

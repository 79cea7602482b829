//! From a [`Command`] back to its line: what a client sends.

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use super::{Command, EpsvArgument, FactsToSet, FileRange, OptsArgument, RawPath, SiteCommand, TypeArgument};
use crate::calendar;
use crate::time::UnixTime;
use crate::verb::Verb;

impl Command {
    /// Writes the command's line behind `out`, without its line end. [`parse`](super::parse) gives the same command
    /// again.
    ///
    /// This is for the wire: a password is written as it is. Logs take `Debug`, which shows none.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Bare(verb) => out.extend_from_slice(verb.name().as_bytes()),
            Self::User(name) => line(out, Verb::User, &[name]),
            Self::Pass(password) => line(out, Verb::Pass, &[password.expose()]),
            Self::Acct(account) => line(out, Verb::Acct, &[account.expose()]),
            Self::Path(verb, path) => line(out, *verb, &[path]),
            Self::Port(verb, address) => write_address(out, *verb, *address),
            Self::PortFamily(Verb::Lprt) => line(out, Verb::Lprt, &[b"0,0,0"]),
            Self::PortFamily(verb) => line(out, *verb, &[b"|0|||"]),
            Self::Epsv(EpsvArgument::Same) => out.extend_from_slice(Verb::Epsv.name().as_bytes()),
            Self::Epsv(argument) => line(out, Verb::Epsv, &[epsv(*argument)]),
            Self::Type(TypeArgument::Local(size)) => line(out, Verb::Type, &[format!("L {size}").as_bytes()]),
            Self::Type(argument) => line(out, Verb::Type, &[representation(*argument)]),
            Self::Stru(letter) => line(out, Verb::Stru, &[&[*letter]]),
            Self::Mode(letter) => line(out, Verb::Mode, &[&[*letter]]),
            Self::Allo(size) => line(out, Verb::Allo, &[format!("{size}").as_bytes()]),
            Self::Rest(offset) => line(out, Verb::Rest, &[format!("{offset}").as_bytes()]),
            Self::Mdtm { path, .. } => line(out, Verb::Mdtm, &[path]),
            Self::SetTime(verb, at, path) => line(out, *verb, &[&time_val(*at), b" ", path]),
            Self::Mff(facts, path) => line(out, Verb::Mff, &[&facts_to_set(facts), b" ", path]),
            Self::Security(command) => {
                line(out, command.verb(), &[]);
                command.write_argument(out);
            }
            Self::Site(site) => write_site(out, site),
            Self::Help(topic) => line(out, Verb::Help, &[topic]),
            Self::Opts(options) => write_opts(out, options),
            Self::Clnt(name) => line(out, Verb::Clnt, &[name]),
            Self::Checksum { verb, of, or } => write_checksum(out, *verb, of, or.is_some()),
            Self::Paths(verb, paths) => write_paths(out, *verb, paths),
            Self::Rang(first, last) => line(out, Verb::Rang, &[format!("{first} {last}").as_bytes()]),
            Self::Lang(tag) => line(out, Verb::Lang, &[tag.as_bytes()]),
            Self::Csid(pairs) => line(out, Verb::Csid, &[pairs]),
            Self::Pret(verb, None) => line(out, Verb::Pret, &[verb.name().as_bytes()]),
            Self::Pret(verb, Some(path)) => line(out, Verb::Pret, &[verb.name().as_bytes(), b" ", path]),
            Self::Other { verb, argument } => words(out, &[verb.as_bytes(), argument]),
        }
    }
}

/// The verb, a space, and all of `argument` behind one another.
fn line(out: &mut Vec<u8>, verb: Verb, argument: &[&[u8]]) {
    out.extend_from_slice(verb.name().as_bytes());
    out.push(b' ');
    argument.iter().for_each(|piece| out.extend_from_slice(piece));
}

/// All of `words` that are not empty, with spaces between them.
fn words(out: &mut Vec<u8>, words: &[&[u8]]) {
    for (at, word) in words.iter().filter(|word| !word.is_empty()).enumerate() {
        out.extend_from_slice(if at == 0 { b"" } else { b" " });
        out.extend_from_slice(word);
    }
}

fn write_address(out: &mut Vec<u8>, verb: Verb, address: SocketAddr) {
    let (ip, port) = (address.ip(), address.port());
    let commas = |bytes: &[u8]| bytes.iter().map(|byte| format!(",{byte}")).collect::<alloc::string::String>();
    let ports = commas(&port.to_be_bytes());
    let text = match (verb, ip) {
        (Verb::Port, IpAddr::V4(ip)) => commas(&ip.octets()).split_off(1) + &ports,
        (Verb::Lprt, IpAddr::V4(ip)) => format!("4,4{},2{ports}", commas(&ip.octets())),
        (Verb::Lprt, IpAddr::V6(ip)) => format!("6,16{},2{ports}", commas(&ip.octets())),
        (_, IpAddr::V4(ip)) => format!("|1|{ip}|{port}|"),
        (_, IpAddr::V6(ip)) => format!("|2|{ip}|{port}|"),
    };
    // PORT has no form for IPv6 (RFC 2428 §2).
    let verb = if verb == Verb::Port && ip.is_ipv6() { Verb::Eprt } else { verb };
    line(out, verb, &[text.as_bytes()]);
}

const fn epsv(argument: EpsvArgument) -> &'static [u8] {
    match argument {
        EpsvArgument::Same => b"",
        EpsvArgument::Ipv4 => b"1",
        EpsvArgument::Ipv6 => b"2",
        EpsvArgument::Other => b"0",
        EpsvArgument::All => b"ALL",
    }
}

const fn representation(argument: TypeArgument) -> &'static [u8] {
    match argument {
        TypeArgument::Ascii => b"A",
        TypeArgument::Ebcdic => b"E",
        TypeArgument::Image => b"I",
        TypeArgument::Local(_) => b"L 8",
        TypeArgument::Unimplemented => b"A T",
    }
}

/// A time with all of its fraction. In replies three digits do; but here nothing may be lost.
fn time_val(at: UnixTime) -> Vec<u8> {
    let mut text = Vec::new();
    calendar::write_time_val(&mut text, UnixTime::from_secs(at.secs));
    if at.nanos > 0 {
        text.extend_from_slice(format!(".{:09}", at.nanos).trim_end_matches('0').as_bytes());
    }
    text
}

fn facts_to_set(facts: &FactsToSet) -> Vec<u8> {
    let mut text = Vec::new();
    for (name, time) in [("Modify", facts.modify), ("Create", facts.create)] {
        if let Some(at) = time {
            text.extend_from_slice(format!("{name}=").as_bytes());
            text.extend(time_val(at));
            text.push(b';');
        }
    }
    if let Some(mode) = facts.mode {
        text.extend_from_slice(format!("UNIX.mode={mode:04o};").as_bytes());
    }
    text
}

fn write_opts(out: &mut Vec<u8>, options: &OptsArgument) {
    match options {
        OptsArgument::Utf8On => line(out, Verb::Opts, &[b"UTF8 ON"]),
        OptsArgument::Utf8Off => line(out, Verb::Opts, &[b"UTF8 OFF"]),
        OptsArgument::Mlst(facts) if facts.is_empty() => line(out, Verb::Opts, &[b"MLST"]),
        OptsArgument::Mlst(facts) => {
            line(out, Verb::Opts, &[b"MLST "]);
            for fact in facts {
                out.extend_from_slice(fact);
                out.push(b';');
            }
        }
        OptsArgument::ModeZLevel(level) => line(out, Verb::Opts, &[format!("MODE Z LEVEL {level}").as_bytes()]),
        OptsArgument::Hash(None) => line(out, Verb::Opts, &[b"HASH"]),
        OptsArgument::Hash(Some(algorithm)) => line(out, Verb::Opts, &[b"HASH ", algorithm.name().as_bytes()]),
        OptsArgument::Unknown => line(out, Verb::Opts, &[b"?"]),
    }
}

fn write_site(out: &mut Vec<u8>, site: &SiteCommand) {
    line(out, Verb::Site, &[]); // `SITE `
    match site {
        SiteCommand::Help => words(out, &[b"HELP"]),
        SiteCommand::Chmod(mode, path) => words(out, &[b"CHMOD", format!("{mode:04o}").as_bytes(), path]),
        SiteCommand::Umask(None) => words(out, &[b"UMASK"]),
        SiteCommand::Umask(Some(mask)) => words(out, &[b"UMASK", format!("{mask:03o}").as_bytes()]),
        SiteCommand::Utime { modified, path } => {
            let time = time_val(*modified);
            words(out, &[b"UTIME", path, &time, &time, &time, b"UTC"]);
        }
        SiteCommand::Symlink(target, link) => write_two_paths(out, b"SYMLINK", target, link),
        SiteCommand::Copy(from, to) => write_two_paths(out, b"COPY", from, to),
        SiteCommand::Idle(None) => words(out, &[b"IDLE"]),
        SiteCommand::Idle(Some(seconds)) => words(out, &[b"IDLE", format!("{seconds}").as_bytes()]),
        SiteCommand::Chown { owner: None, group, path } => {
            words(out, &[b"CHGRP", group.as_deref().unwrap_or_default().as_bytes(), path]);
        }
        SiteCommand::Chown { owner: Some(owner), group, path } => {
            let names = group.iter().fold(owner.to_string(), |owner, group| format!("{owner}:{group}"));
            words(out, &[b"CHOWN", names.as_bytes(), path]);
        }
        SiteCommand::MakeDirs(path) => words(out, &[b"MKDIR", path]),
        SiteCommand::RemoveTree(path) => words(out, &[b"RMDIR", path]),
        SiteCommand::CopyFrom(path) => words(out, &[b"CPFR", path]),
        SiteCommand::CopyTo(path) => words(out, &[b"CPTO", path]),
        SiteCommand::Quota => words(out, &[b"QUOTA"]),
        SiteCommand::Who => words(out, &[b"WHO"]),
        SiteCommand::Other { name, argument } => words(out, &[name.as_bytes(), argument]),
    }
}

/// Quoted, but where it has two readings: those are of what is not.
fn write_checksum(out: &mut Vec<u8>, verb: Verb, of: &FileRange, ambiguous: bool) {
    if ambiguous {
        return line(out, verb, &[&of.path]);
    }
    line(out, verb, &[&quoted(&of.path)]);
    if (of.from, of.to) != (0, None) {
        out.extend_from_slice(format!(" {}", of.from).as_bytes());
    }
    if let Some(to) = of.to {
        out.extend_from_slice(format!(" {to}").as_bytes());
    }
}

fn write_paths(out: &mut Vec<u8>, verb: Verb, paths: &[RawPath]) {
    let between: &[u8] = if verb == Verb::Mmd5 { b"," } else { b" " };
    let quoted: Vec<Vec<u8>> = paths.iter().map(|path| quoted(path)).collect();
    line(out, verb, &[&quoted.join(between)]);
}

/// Quotes both where one holds a space: only then do quotes mean anything.
fn write_two_paths(out: &mut Vec<u8>, name: &[u8], first: &[u8], second: &[u8]) {
    if first.contains(&b' ') || second.contains(&b' ') {
        words(out, &[name, &quoted(first), &quoted(second)]);
    } else {
        words(out, &[name, first, second]);
    }
}

fn quoted(path: &[u8]) -> Vec<u8> {
    let mut text = b"\"".to_vec();
    for byte in path {
        text.extend_from_slice(if *byte == b'"' { b"\"\"" } else { core::slice::from_ref(byte) });
    }
    text.push(b'"');
    text
}

//! Actions as lines: the name, the id of the ticket, and every parameter.
//!
//! Each is taken apart field by field, so that a new parameter does not compile before it is written here.

use alloc::string::String;
use core::fmt::{self, Write};

use super::text::{Line, Literal, Value};
use crate::action::{Action, Credentials, CustomCommand, DataAction, HostAction, StorageAction};
use crate::path::VirtualPath;
use crate::secret::Secret;

/// How a payload is written, and which verbs' arguments are not.
pub(super) trait Style {
    fn payload(&self, bytes: &[u8], out: &mut String) -> fmt::Result;
    fn hides(&self, verb: &str) -> bool;
}

/// Writes the action behind what the line holds.
pub(super) fn write(action: &Action, style: &impl Style, line: &mut Line) -> fmt::Result {
    let out = &mut line.text;
    match action {
        Action::Write(bytes) => write!(out, "Write {}", Literal(bytes)),
        Action::Secure { ticket, host } => write!(out, "Secure {} host={}", ticket.id(), Value(host)),
        Action::Unsecure(ticket) => write!(out, "Unsecure {}", ticket.id()),
        Action::Shutdown => out.write_str("Shutdown"),
        Action::Data(action) => data(action, style, line),
        Action::Host(action) => host(action, style, line),
        Action::Notify(notice) => write!(out, "Notify {}", Value(notice)),
        Action::Cancel(id) => write!(out, "Cancel {id}"),
    }
}

fn data(action: &DataAction, style: &impl Style, line: &mut Line) -> fmt::Result {
    let out = &mut line.text;
    out.write_str("Data.")?;
    match action {
        DataAction::Listen { ticket, listener, address, ports } => {
            let id = ticket.id();
            write!(out, "Listen {id} listener={listener} address={address} ports={}", Value(ports))
        }
        DataAction::Accept { ticket, listener, data } => {
            write!(out, "Accept {} listener={listener} data={data}", ticket.id())
        }
        DataAction::CloseListener(listener) => write!(out, "CloseListener listener={listener}"),
        DataAction::Connect { ticket, data, from, to } => {
            write!(out, "Connect {} data={data} from={from} to={to}", ticket.id())
        }
        DataAction::Secure { ticket, data, role } => {
            write!(out, "Secure {} data={data} role={}", ticket.id(), Value(role))
        }
        DataAction::Send { ticket, data, bytes } => {
            write!(out, "Send {} data={data} bytes=", ticket.id())?;
            payload(bytes, style, line)
        }
        DataAction::Receive { ticket, data, max } => write!(out, "Receive {} data={data} max={max}", ticket.id()),
        DataAction::FileToData { ticket, file, data, at, len } => {
            write!(out, "FileToData {} file={file} data={data} at={at} len={len}", ticket.id())
        }
        DataAction::DataToFile { ticket, data, file, at, max } => {
            write!(out, "DataToFile {} data={data} file={file} at={at} max={max}", ticket.id())
        }
        DataAction::Close { ticket, data, how } => {
            write!(out, "Close {} data={data} how={}", ticket.id(), Value(how))
        }
    }
}

fn host(action: &HostAction, style: &impl Style, line: &mut Line) -> fmt::Result {
    let out = &mut line.text;
    match action {
        HostAction::Storage(action) => storage(action, style, line),
        HostAction::Authenticate { ticket, credentials } => {
            let Credentials { user, password, account, certificate, host, secured, peer } = &**credentials;
            write!(out, "Authenticate {} user={}", ticket.id(), Literal(user))?;
            write!(out, " password={} account={}", hidden(password), hidden(account))?;
            out.write_str(" certificate=")?;
            match certificate {
                Some(certificate) => write!(out, "{}", Literal(certificate))?,
                None => out.write_str("-")?,
            }
            write!(out, " host={} secured={secured} peer={peer}", Value(host))
        }
        HostAction::SelectHost { ticket, name } => write!(out, "SelectHost {} name={}", ticket.id(), Value(name)),
        HostAction::Who { ticket } => write!(out, "Who {}", ticket.id()),
        HostAction::Custom { ticket, file, command } => {
            let CustomCommand { verb, argument, cwd, login } = &**command;
            write!(out, "Custom {} file={file} verb={} argument=", ticket.id(), Value(verb))?;
            match style.hides(verb) && !argument.is_empty() {
                true => out.write_str("***")?,
                false => write!(out, "{}", Literal(argument))?,
            }
            write!(out, " cwd={} login={}", path(cwd), Value(login))
        }
    }
}

fn storage(action: &StorageAction, style: &impl Style, line: &mut Line) -> fmt::Result {
    let out = &mut line.text;
    out.write_str("Storage.")?;
    match action {
        StorageAction::Stat { ticket, path: at } => write!(out, "Stat {} path={}", ticket.id(), path(at)),
        StorageAction::OpenDir { ticket, dir, path: at, wanted } => {
            write!(out, "OpenDir {} dir={dir} path={} wanted={}", ticket.id(), path(at), Value(wanted))
        }
        StorageAction::ReadDir { ticket, dir, max } => write!(out, "ReadDir {} dir={dir} max={max}", ticket.id()),
        StorageAction::CloseDir(dir) => write!(out, "CloseDir dir={dir}"),
        StorageAction::OpenRead { ticket, file, path: at } => {
            write!(out, "OpenRead {} file={file} path={}", ticket.id(), path(at))
        }
        StorageAction::OpenWrite { ticket, file, path: at, mode, permissions, expected } => {
            write!(out, "OpenWrite {} file={file} path={} mode={}", ticket.id(), path(at), Value(mode))?;
            write!(out, " permissions={permissions:o} expected={expected}")
        }
        StorageAction::Read { ticket, file, at, max } => {
            write!(out, "Read {} file={file} at={at} max={max}", ticket.id())
        }
        StorageAction::Write { ticket, file, at, bytes } => {
            write!(out, "Write {} file={file} at={at} bytes=", ticket.id())?;
            payload(bytes, style, line)
        }
        StorageAction::Finish { ticket, file, how } => {
            write!(out, "Finish {} file={file} how={}", ticket.id(), Value(how))
        }
        StorageAction::CloseFile(file) => write!(out, "CloseFile file={file}"),
        StorageAction::Remove { ticket, path: at } => write!(out, "Remove {} path={}", ticket.id(), path(at)),
        StorageAction::RemoveDir { ticket, path: at } => write!(out, "RemoveDir {} path={}", ticket.id(), path(at)),
        StorageAction::MakeDir { ticket, path: at, permissions } => {
            write!(out, "MakeDir {} path={} permissions={permissions:o}", ticket.id(), path(at))
        }
        StorageAction::Rename { ticket, from, to, replace } => {
            write!(out, "Rename {} from={} to={} replace={}", ticket.id(), path(from), path(to), Value(replace))
        }
        StorageAction::SetTimes { ticket, path: at, times } => {
            write!(out, "SetTimes {} path={} times={}", ticket.id(), path(at), Value(times))
        }
        StorageAction::SetMode { ticket, path: at, mode } => {
            write!(out, "SetMode {} path={} mode={mode:o}", ticket.id(), path(at))
        }
        StorageAction::Symlink { ticket, target, link } => {
            write!(out, "Symlink {} target={} link={}", ticket.id(), path(target), path(link))
        }
        StorageAction::Copy { ticket, from, to, replace } => {
            write!(out, "Copy {} from={} to={} replace={}", ticket.id(), path(from), path(to), Value(replace))
        }
        StorageAction::Space { ticket, path: at } => write!(out, "Space {} path={}", ticket.id(), path(at)),
        StorageAction::Quota { ticket } => write!(out, "Quota {}", ticket.id()),
        StorageAction::Hash { ticket, path: at, algorithm, from, to } => {
            write!(out, "Hash {} path={} algorithm={}", ticket.id(), path(at), Value(algorithm))?;
            write!(out, " from={from} to={}", Value(to))
        }
        StorageAction::TreeSize { ticket, path: at } => write!(out, "TreeSize {} path={}", ticket.id(), path(at)),
        StorageAction::MakeDirs { ticket, path: at, permissions } => {
            write!(out, "MakeDirs {} path={} permissions={permissions:o}", ticket.id(), path(at))
        }
        StorageAction::RemoveTree { ticket, path: at } => write!(out, "RemoveTree {} path={}", ticket.id(), path(at)),
        StorageAction::Combine { ticket, target, parts } => {
            write!(out, "Combine {} target={} parts={}", ticket.id(), path(target), Value(parts))
        }
        StorageAction::SetOwner { ticket, path: at, owner, group } => {
            write!(out, "SetOwner {} path={} owner={} group={}", ticket.id(), path(at), Value(owner), Value(group))
        }
        StorageAction::Prepare { ticket, path: at, upload } => {
            write!(out, "Prepare {} path={} upload={upload}", ticket.id(), path(at))
        }
    }
}

/// Writes a payload, always the last parameter, and notes where it stands.
fn payload(bytes: &[u8], style: &impl Style, line: &mut Line) -> fmt::Result {
    let from = line.text.len();
    style.payload(bytes, &mut line.text)?;
    line.payload = Some((from, line.text.len()));
    Ok(())
}

fn path(path: &VirtualPath) -> Literal<'_> {
    Literal(path.as_bytes())
}

const fn hidden(secret: &Option<Secret>) -> &'static str {
    match secret {
        Some(_) => "***",
        None => "-",
    }
}

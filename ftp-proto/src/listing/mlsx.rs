//! Facts of MLSD and MLST (RFC 3659 §7). There is no `media-type`, `lang` or `charset`: a server must not guess them
//! (§7.5.6, §7.5.8), and a file system does not tell.

use alloc::vec::Vec;

use super::{fits_a_line, write_principal};
use crate::calendar::write_time_val;
use crate::digits::{write_decimal, write_number};
use crate::storage::{FileKind, Metadata, Permissions};
use crate::time::UnixTime;

/// What an MLSx line describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MlsxRole {
    /// An entry of the directory.
    Entry,
    /// The directory that is listed: `type=cdir`.
    Current,
    /// The one above it: `type=pdir`.
    Parent,
}

/// A set of MLSx facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts(u16);

impl Facts {
    /// Every fact there is.
    pub const ALL: Self = Self(0x07ff);
    /// What is sent until OPTS MLST says otherwise.
    pub const DEFAULT: Self = Self::ALL;
    /// None.
    pub const NONE: Self = Self(0);

    /// The facts named, in any case of letters; unknown names are left out (RFC 3659 §7.9).
    #[must_use]
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let known = |name: &[u8]| FACTS.into_iter().find(|(_, known)| known.as_bytes().eq_ignore_ascii_case(name));
        names.into_iter().filter_map(known).fold(Self::NONE, |set, (fact, _)| Self(set.0 | fact.0))
    }

    /// Writes `type*;size*;...` for FEAT: every fact, those in the set marked with `*`.
    pub fn write_feat(self, out: &mut Vec<u8>) {
        for (fact, name) in FACTS {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(if self.has(fact) { b"*;" } else { b";" });
        }
    }

    /// Writes `type;size;...`: the facts in the set, for OPTS MLST's reply.
    pub fn write_names(self, out: &mut Vec<u8>) {
        for (_, name) in FACTS.into_iter().filter(|(fact, _)| self.has(*fact)) {
            out.extend_from_slice(name.as_bytes());
            out.push(b';');
        }
    }

    /// Whether `fact` is in the set.
    const fn has(self, fact: Self) -> bool {
        self.0 & fact.0 != 0
    }
}

/// Writes the facts and the name (`type=file;size=3; name`), without a line end. `false`, and nothing written, when the
/// name cannot stand on a line.
pub fn write_mlsx(
    out: &mut Vec<u8>,
    name: &[u8],
    metadata: &Metadata,
    facts: Facts,
    role: MlsxRole,
    permissions: Permissions,
) -> bool {
    if !fits_a_line(name) {
        return false;
    }
    out.reserve(USUAL_FACTS + name.len());
    for (fact, key) in FACTS {
        if !facts.has(fact) || !applies(fact, metadata) {
            continue;
        }
        out.extend_from_slice(key.as_bytes());
        out.push(b'=');
        write_value(out, fact, metadata, role, permissions);
        out.push(b';');
    }
    out.push(b' ');
    out.extend_from_slice(name);
    true
}

/// Whether the storage told what this fact needs. A size means nothing for what cannot be fetched.
fn applies(fact: Facts, metadata: &Metadata) -> bool {
    match fact {
        SIZE => metadata.kind == FileKind::File,
        CREATE => metadata.created.is_some(),
        UNIQUE => metadata.unique.is_some(),
        OWNER => metadata.owner.as_ref().is_some_and(|name| !name.is_empty()),
        GROUP => metadata.group.as_ref().is_some_and(|name| !name.is_empty()),
        _ => true,
    }
}

fn write_value(out: &mut Vec<u8>, fact: Facts, metadata: &Metadata, role: MlsxRole, permissions: Permissions) {
    match fact {
        TYPE => write_type(out, metadata, role),
        SIZE => write_decimal(out, metadata.size),
        MODIFY => write_seconds(out, metadata.modified),
        CREATE => write_seconds(out, metadata.created.unwrap_or_default()),
        PERM => write_perm(out, metadata.kind, permissions),
        UNIQUE => write_unique(out, metadata.unique.unwrap_or_default()),
        MODE => write_number::<8>(out, u64::from(metadata.mode & 0o7777), 4, b'0'),
        UID => write_decimal(out, metadata.uid.into()),
        GID => write_decimal(out, metadata.gid.into()),
        OWNER => write_principal(out, metadata.owner.as_deref(), metadata.uid),
        GROUP => write_principal(out, metadata.group.as_deref(), metadata.gid),
        _ => {}
    }
}

/// §7.5.1. A link's target is told where it can stand in a fact: clients end a fact at `;` and all facts at a blank.
fn write_type(out: &mut Vec<u8>, metadata: &Metadata, role: MlsxRole) {
    let word: &[u8] = match (role, metadata.kind) {
        (MlsxRole::Current, _) => b"cdir",
        (MlsxRole::Parent, _) => b"pdir",
        (MlsxRole::Entry, FileKind::File) => b"file",
        (MlsxRole::Entry, FileKind::Directory) => b"dir",
        (MlsxRole::Entry, FileKind::Other) => b"OS.unix=special",
        (MlsxRole::Entry, FileKind::Symlink) => {
            let plain = |byte: &u8| *byte != b';' && *byte != b' ' && !byte.is_ascii_control();
            let target = metadata.target.as_deref().filter(|target| !target.is_empty() && target.iter().all(plain));
            let Some(target) = target else { return out.extend_from_slice(b"OS.unix=symlink") };
            out.extend_from_slice(b"OS.unix=slink:");
            target
        }
    };
    out.extend_from_slice(word);
}

/// A `time-val` in whole seconds, for readers of facts that know of no fraction (§2.3 makes it optional).
fn write_seconds(out: &mut Vec<u8>, at: UnixTime) {
    write_time_val(out, UnixTime::from_secs(at.secs));
}

/// §7.5.5: what the account's own permissions let it try. The storage may still refuse.
fn write_perm(out: &mut Vec<u8>, kind: FileKind, permissions: Permissions) {
    let letters: &[(u8, Permissions)] = match kind {
        FileKind::File => &FILE_PERM,
        FileKind::Directory => &DIRECTORY_PERM,
        FileKind::Symlink => &LINK_PERM,
        FileKind::Other => &OTHER_PERM,
    };
    out.extend(letters.iter().filter(|(_, needed)| permissions.contains(*needed)).map(|(letter, _)| *letter));
}

/// §7.5.2: device and inode.
fn write_unique(out: &mut Vec<u8>, (device, inode): (u64, u64)) {
    write_number::<16>(out, device, 0, b'0');
    out.push(b'g');
    write_number::<16>(out, inode, 0, b'0');
}

const TYPE: Facts = Facts(1);
const SIZE: Facts = Facts(1 << 1);
const MODIFY: Facts = Facts(1 << 2);
const CREATE: Facts = Facts(1 << 3);
const PERM: Facts = Facts(1 << 4);
const UNIQUE: Facts = Facts(1 << 5);
const MODE: Facts = Facts(1 << 6);
const UID: Facts = Facts(1 << 7);
const GID: Facts = Facts(1 << 8);
const OWNER: Facts = Facts(1 << 9);
const GROUP: Facts = Facts(1 << 10);

/// Every fact and its name, in the order in which they are written.
const FACTS: [(Facts, &str); 11] = [
    (TYPE, "type"),
    (SIZE, "size"),
    (MODIFY, "modify"),
    (CREATE, "create"),
    (PERM, "perm"),
    (UNIQUE, "unique"),
    (MODE, "unix.mode"),
    (UID, "unix.uid"),
    (GID, "unix.gid"),
    (OWNER, "unix.owner"),
    (GROUP, "unix.group"),
];

const FILE_PERM: [(u8, Permissions); 5] = [
    (b'a', Permissions::APPEND),
    (b'd', Permissions::DELETE),
    (b'f', Permissions::RENAME),
    (b'r', Permissions::READ),
    (b'w', Permissions::OVERWRITE),
];

const DIRECTORY_PERM: [(u8, Permissions); 7] = [
    (b'c', Permissions::CREATE),
    (b'd', Permissions::REMOVE_DIR),
    (b'e', Permissions::NONE),
    (b'f', Permissions::RENAME),
    (b'l', Permissions::LIST),
    (b'm', Permissions::MAKE_DIR),
    (b'p', Permissions::DELETE),
];

/// A link may be fetched through; what is written would go to another file.
const LINK_PERM: [(u8, Permissions); 3] =
    [(b'd', Permissions::DELETE), (b'f', Permissions::RENAME), (b'r', Permissions::READ)];

/// A device or a pipe is never opened.
const OTHER_PERM: [(u8, Permissions); 2] = [(b'd', Permissions::DELETE), (b'f', Permissions::RENAME)];

/// What the facts of an entry are usually long.
const USUAL_FACTS: usize = 192;

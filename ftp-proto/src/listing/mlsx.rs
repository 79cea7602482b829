//! Facts of MLSD and MLST (RFC 3659 §7). There is no `media-type`, `lang` or `charset`: a server must not guess them
//! (§7.5.6, §7.5.8), and a file system does not tell.

use alloc::vec::Vec;

use super::{fits_a_line, write_principal};
use crate::calendar::whole_time_val;
use crate::digits::{write_decimal, write_hexadecimal};
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
    write_facts(out, metadata, facts, role, permissions);
    out.push(b' ');
    out.extend_from_slice(name);
    true
}

/// Writes the facts that are in the set and that the storage told of, in the order of [`FACTS`]. One after the other and
/// not by that table: keys of a known length are a few moves, and a large directory has a million of them.
fn write_facts(out: &mut Vec<u8>, metadata: &Metadata, facts: Facts, role: MlsxRole, permissions: Permissions) {
    if facts.has(TYPE) {
        out.extend_from_slice(b"type=");
        write_type(out, metadata, role);
        out.push(b';');
    }
    // A size means nothing for what cannot be fetched.
    if facts.has(SIZE) && metadata.kind == FileKind::File {
        out.extend_from_slice(b"size=");
        write_decimal(out, metadata.size);
        out.push(b';');
    }
    if facts.has(MODIFY) {
        out.extend_from_slice(b"modify=");
        write_seconds(out, metadata.modified);
    }
    if let Some(created) = metadata.created.filter(|_| facts.has(CREATE)) {
        out.extend_from_slice(b"create=");
        write_seconds(out, created);
    }
    if facts.has(PERM) {
        out.extend_from_slice(b"perm=");
        write_perm(out, metadata.kind, permissions);
        out.push(b';');
    }
    if let Some((device, inode)) = metadata.unique.filter(|_| facts.has(UNIQUE)) {
        // §7.5.2: device and inode.
        out.extend_from_slice(b"unique=");
        write_hexadecimal(out, device);
        out.push(b'g');
        write_hexadecimal(out, inode);
        out.push(b';');
    }
    if facts.has(MODE) {
        let octal = |shift: u32| b'0' + (metadata.mode >> shift & 7) as u8;
        out.extend_from_slice(b"unix.mode=");
        out.extend_from_slice(&[octal(9), octal(6), octal(3), octal(0), b';']);
    }
    if facts.has(UID) {
        out.extend_from_slice(b"unix.uid=");
        write_decimal(out, metadata.uid.into());
        out.push(b';');
    }
    if facts.has(GID) {
        out.extend_from_slice(b"unix.gid=");
        write_decimal(out, metadata.gid.into());
        out.push(b';');
    }
    if let Some(owner) = metadata.owner.as_deref().filter(|name| facts.has(OWNER) && !name.is_empty()) {
        out.extend_from_slice(b"unix.owner=");
        write_principal(out, Some(owner), metadata.uid);
        out.push(b';');
    }
    if let Some(group) = metadata.group.as_deref().filter(|name| facts.has(GROUP) && !name.is_empty()) {
        out.extend_from_slice(b"unix.group=");
        write_principal(out, Some(group), metadata.gid);
        out.push(b';');
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
    out.extend_from_slice(&whole_time_val(at));
    out.push(b';');
}

/// §7.5.5: what the account's own permissions let it try. The storage may still refuse.
fn write_perm(out: &mut Vec<u8>, kind: FileKind, permissions: Permissions) {
    let letters: &[(u8, Permissions)] = match kind {
        FileKind::File => &FILE_PERM,
        FileKind::Directory => &DIRECTORY_PERM,
        FileKind::Symlink => &LINK_PERM,
        FileKind::Other => &OTHER_PERM,
    };
    for (letter, needed) in letters {
        if permissions.contains(*needed) {
            out.push(*letter);
        }
    }
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

//! Lines of LIST, NLST, MLSD and MLST, LIST's options, and globs.

use alloc::vec::Vec;

use crate::storage::{Metadata, Permissions};
use crate::time::UnixTime;

/// LIST's options, as `ls` spells them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListOptions {
    /// `-a`, `-A`: names that begin with a dot are shown.
    pub all: bool,
    /// `-l`: long lines (LIST always; NLST turns to long lines with it).
    pub long: bool,
    /// `-1`: bare names, one a line, also for LIST.
    pub names_only: bool,
    /// `-R`: directories within are listed too.
    pub recursive: bool,
    /// `-t`: newest first.
    pub by_time: bool,
    /// `-S`: largest first.
    pub by_size: bool,
    /// `-r`: the other way round.
    pub reverse: bool,
    /// `-d`: the directory itself, not what is in it.
    pub directory: bool,
    /// `-F`: `/` behind directories, `@` behind links, `*` behind programs.
    pub classify: bool,
}

/// Splits LIST's argument into options and path, as `ls` would read it: leading words that begin with a dash and hold
/// only letters that `ls` knows as options, up to `--` or the first other word. Unknown letters among known ones are
/// ignored. `-dash.txt` is no option. Blanks around the options are dropped, those within the path kept.
#[must_use]
pub fn split_options(argument: &[u8]) -> (ListOptions, &[u8]) {
    (ListOptions::default(), argument)
}

/// Writes one `ls -l` line with CR LF: exactly ten mode characters, UTC, the name safe (control bytes as `?`).
pub fn write_list_line(out: &mut Vec<u8>, name: &[u8], metadata: &Metadata, now: UnixTime, options: ListOptions) {
    let _ = (out, name, metadata, now, options);
}

/// Writes one bare name with CR LF. A name that holds a control byte which would break the listing apart is left out.
pub fn write_name_line(out: &mut Vec<u8>, prefix: &[u8], name: &[u8], kind: &Metadata, options: ListOptions) {
    let _ = (out, prefix, name, kind, options);
}

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
    pub const ALL: Self = Self(0x0fff);
    /// What is sent until OPTS MLST says otherwise.
    pub const DEFAULT: Self = Self::ALL;
    /// None.
    pub const NONE: Self = Self(0);

    /// The facts named, in any case of letters; unknown names are left out (RFC 3659 §7.9).
    #[must_use]
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a [u8]>) -> Self {
        names.into_iter().fold(Self::NONE, |set, _| set)
    }

    /// Writes `type*;size*;...` for FEAT: every fact, those in the set marked with `*`.
    pub fn write_feat(self, out: &mut Vec<u8>) {
        let _ = (self.0, out);
    }

    /// Writes `type;size;...`: the facts in the set, for OPTS MLST's reply.
    pub fn write_names(self, out: &mut Vec<u8>) {
        let _ = (self.0, out);
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
    let _ = (out, name, metadata, facts, role, permissions);
    false
}

/// Whether `pattern` holds `*`, `?` or `[`.
#[must_use]
pub fn is_glob(pattern: &[u8]) -> bool {
    pattern.iter().any(|b| matches!(b, b'*' | b'?' | b'['))
}

/// Whether `name` matches `pattern`: `*`, `?`, `[a-z]`, `[!a-z]`. In time at most proportional to the product of their
/// lengths. A leading dot is matched only by a dot.
#[must_use]
pub fn glob_matches(pattern: &[u8], name: &[u8]) -> bool {
    pattern == name
}

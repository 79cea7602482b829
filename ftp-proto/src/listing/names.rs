//! NLST's lines: bare names, made to be sent back as arguments (RFC 959 §4.1.3, RFC 1123 §4.1.2.7).

use alloc::vec::Vec;

use super::{ListOptions, classification, fits_a_line};
use crate::storage::Metadata;

/// Writes one bare name with CR LF, `prefix` (a directory and its slash, or nothing) before it. A name that holds a
/// control byte which would break the listing apart is left out: shown otherwise, it would name another file.
pub fn write_name_line(out: &mut Vec<u8>, prefix: &[u8], name: &[u8], kind: &Metadata, options: ListOptions) {
    if !fits_a_line(prefix) || !fits_a_line(name) {
        return;
    }
    out.extend_from_slice(prefix);
    out.extend_from_slice(name);
    if options.classify {
        out.extend(classification(kind));
    }
    out.extend_from_slice(b"\r\n");
}

//! What is announced for the next command: RANG, RNFR, SITE CPFR, PRET. Few clients ever do, so it is kept aside.

use alloc::boxed::Box;
use core::net::IpAddr;

use crate::path::VirtualPath;
use crate::verb::Verb;

/// What was announced, if anything was.
#[derive(Debug, Default)]
pub(super) struct Ahead(Option<Box<Announced>>);

#[derive(Debug, Default)]
struct Announced {
    /// RANG's first and last byte, for the next HASH.
    range: Option<(u64, u64)>,
    /// RNFR's file, for the RNTO that must follow at once.
    rename_from: Option<VirtualPath>,
    /// SITE CPFR's file, for the SITE CPTO that must follow at once.
    copy_from: Option<VirtualPath>,
    /// Where the storage wants the client to connect to, for the next PASV or LPSV.
    prepared: Option<IpAddr>,
}

impl Ahead {
    /// A command begins: forgets what was meant for another. `copies` says whether it is SITE CPTO.
    pub(super) fn begin(&mut self, verb: Option<Verb>, copies: bool) {
        let Some(announced) = &mut self.0 else { return };
        // As with REST, what only asks or sets may stand between.
        if !matches!(verb, Some(Verb::Rang | Verb::Hash | Verb::Opts | Verb::Type | Verb::Noop)) {
            announced.range = None;
        }
        if verb != Some(Verb::Rnto) {
            announced.rename_from = None;
        }
        if !copies {
            announced.copy_from = None;
        }
        if matches!(announced.as_ref(), Announced { range: None, rename_from: None, copy_from: None, prepared: None }) {
            self.0 = None;
        }
    }

    fn announced(&mut self) -> &mut Announced {
        self.0.get_or_insert_default()
    }

    pub(super) fn set_range(&mut self, range: Option<(u64, u64)>) {
        self.announced().range = range;
    }

    pub(super) fn take_range(&mut self) -> Option<(u64, u64)> {
        self.0.as_mut()?.range.take()
    }

    pub(super) fn set_rename_from(&mut self, path: VirtualPath) {
        self.announced().rename_from = Some(path);
    }

    pub(super) fn take_rename_from(&mut self) -> Option<VirtualPath> {
        self.0.as_mut()?.rename_from.take()
    }

    pub(super) fn set_copy_from(&mut self, path: VirtualPath) {
        self.announced().copy_from = Some(path);
    }

    pub(super) fn take_copy_from(&mut self) -> Option<VirtualPath> {
        self.0.as_mut()?.copy_from.take()
    }

    pub(super) fn set_prepared(&mut self, address: Option<IpAddr>) {
        if address.is_some() || self.0.is_some() {
            self.announced().prepared = address;
        }
    }

    pub(super) fn take_prepared(&mut self) -> Option<IpAddr> {
        self.0.as_mut()?.prepared.take()
    }
}

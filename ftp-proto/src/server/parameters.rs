//! TYPE, STRU, MODE, REST, ALLO, OPTS: how the next transfer is to go.

use super::Session;
use super::ahead::Ahead;
use super::question::Question;
use crate::action::{HostAction, StorageAction};
use crate::command::{OptsArgument, TypeArgument};
use crate::digits::Decimal;
use crate::failure::Failure;
use crate::listing::Facts;
use crate::outcome::Space;
use crate::path::VirtualPath;
use crate::reply::{Reply, reply};
use crate::storage::HashAlgorithm;
use alloc::vec::Vec;

/// The representation type (RFC 959 §3.1.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Representation {
    /// TYPE A N, the default of RFC 959.
    #[default]
    Ascii,
    /// TYPE I and L 8.
    Image,
}

/// What the client has set. `default()` is how each session begins.
#[derive(Debug)]
pub(super) struct Parameters {
    pub(super) representation: Representation,
    /// Only EPSV from here on (RFC 2428 §4).
    pub(super) epsv_all: bool,
    pub(super) facts: Facts,
    pub(super) umask: u32,
    /// REST's offset for the next transfer; 0 for none.
    pub(super) restart: u64,
    /// ALLO's promise for the next upload; 0 for none.
    pub(super) announced: u64,
    /// RNFR's file, for the RNTO that must follow at once.
    pub(super) rename_from: Option<VirtualPath>,
    /// What HASH uses, where it is on.
    pub(super) hash: HashAlgorithm,
    pub(super) ahead: Ahead,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            representation: Representation::default(),
            epsv_all: false,
            facts: Facts::DEFAULT,
            umask: 0o022,
            restart: 0,
            announced: 0,
            rename_from: None,
            hash: HashAlgorithm::Sha256,
            ahead: Ahead::default(),
        }
    }
}

impl Parameters {
    /// Forgets what was said of a file that is yet to come.
    pub(super) fn forget_file(&mut self) {
        self.restart = 0;
        self.announced = 0;
        self.rename_from = None;
        self.ahead = Ahead::default();
    }
}

impl Session {
    pub(super) fn run_type(&mut self, argument: TypeArgument) {
        let representation = match argument {
            TypeArgument::Ascii => Representation::Ascii,
            TypeArgument::Image | TypeArgument::Local(8) => Representation::Image,
            TypeArgument::Local(_) => return self.finish(reply!("504 Only bytes of 8 bits are implemented.")),
            TypeArgument::Unimplemented => return self.finish(reply!("504 Only types A, I and L 8 are implemented.")),
        };
        self.parameters.representation = representation;
        self.finish(match representation {
            Representation::Ascii => reply!("200 Type is A."),
            Representation::Image => reply!("200 Type is I."),
        });
    }

    pub(super) fn run_stru(&mut self, letter: u8) {
        self.finish(match letter {
            b'F' => reply!("200 Structure is F."),
            _ => reply!("504 Only structure F is implemented."),
        });
    }

    pub(super) fn run_mode(&mut self, letter: u8) {
        self.finish(match letter {
            b'S' => reply!("200 Mode is S."),
            _ => reply!("504 Only mode S is implemented."),
        });
    }

    pub(super) fn run_rest(&mut self, offset: u64) {
        self.parameters.restart = offset;
        self.finish(Reply::line(350, &[b"Restarting at ", Decimal::new(offset).as_bytes(), b"."]));
    }

    /// ALLO: asks the storage whether there is room, and tells it how much will come.
    pub(super) fn run_allo(&mut self, bytes: u64) {
        self.parameters.announced = bytes;
        let path = self.cwd.clone();
        self.ask(Question::Room(bytes), |ticket| HostAction::Storage(StorageAction::Space { ticket, path }));
    }

    pub(super) fn answer_room(&mut self, wanted: u64, result: Result<Space, Failure>) {
        let reply = match result {
            Ok(space) if space.available < wanted => {
                // Refused, it promises nothing: the next upload may be a smaller one.
                self.parameters.announced = 0;
                reply!("452 Not enough room for that.")
            }
            Ok(_) => reply!("200 There is room."),
            // A storage that cannot tell needs no ALLO.
            Err(_) => reply!("202 No allocation is needed."),
        };
        self.finish(reply);
    }

    pub(super) fn run_opts(&mut self, argument: OptsArgument) {
        match argument {
            OptsArgument::Utf8On => self.finish(reply!("200 UTF8 is on.")),
            OptsArgument::Utf8Off => self.finish(reply!("200 Names are sent as they are stored.")),
            OptsArgument::Mlst(names) => {
                self.parameters.facts = Facts::from_names(names.iter().map(|name| &**name));
                let mut text = Vec::from(&b"MLST OPTS "[..]);
                self.parameters.facts.write_names(&mut text);
                self.finish(Reply::line(200, &[text.trim_ascii_end()]));
            }
            OptsArgument::Hash(algorithm) => self.run_opts_hash(algorithm),
            OptsArgument::Unknown => self.finish(reply!("501 Option not understood.")),
        }
    }
}

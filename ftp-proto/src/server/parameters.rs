//! TYPE, STRU, MODE, REST, ALLO, OPTS: how the next transfer is to go.

use super::Session;
use super::ahead::Ahead;
use super::question::Question;
use crate::action::{HostAction, StorageAction};
use crate::coding::{Coding, Mode, Representation, Structure};
use crate::command::{OptsArgument, TypeArgument};
use crate::digits::Decimal;
use crate::failure::Failure;
use crate::listing::Facts;
use crate::outcome::Space;
use crate::reply::{Reply, reply};
use crate::storage::HashAlgorithm;
use crate::verb::Verb;
use alloc::string::String;
use alloc::vec::Vec;

/// What the client has set. `default()` is how each session begins.
#[derive(Debug)]
pub(super) struct Parameters {
    pub(super) representation: Representation,
    pub(super) structure: Structure,
    pub(super) mode: Mode,
    /// How hard MODE Z tries: 0 to 9.
    level: u8,
    /// Only EPSV from here on (RFC 2428 §4).
    pub(super) epsv_all: bool,
    pub(super) facts: Facts,
    pub(super) umask: u32,
    /// REST's offset or marker for the next transfer; 0 for none.
    pub(super) restart: u64,
    /// ALLO's promise for the next upload; 0 for none.
    pub(super) announced: u64,
    /// What HASH uses, where it is on.
    pub(super) hash: HashAlgorithm,
    pub(super) ahead: Ahead,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            representation: Representation::default(),
            structure: Structure::default(),
            mode: Mode::default(),
            level: USUAL_LEVEL,
            epsv_all: false,
            facts: Facts::DEFAULT,
            umask: 0o022,
            restart: 0,
            announced: 0,
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
        self.ahead = Ahead::default();
    }

    /// For STAT.
    pub(super) fn describe(&self) -> String {
        let kind = match self.representation {
            Representation::Ascii => "A",
            Representation::Ebcdic => "E",
            Representation::Image => "I",
        };
        let structure = match self.structure {
            Structure::File => "F",
            Structure::Record => "R",
        };
        let mode = match self.mode {
            Mode::Stream => "S",
            Mode::Block => "B",
            Mode::Compressed => "C",
            #[cfg(feature = "mode-z")]
            Mode::Deflate => "Z",
        };
        alloc::format!("TYPE {kind}, STRU {structure}, MODE {mode}")
    }
}

impl Session {
    pub(super) fn run_type(&mut self, argument: TypeArgument) {
        let representation = match argument {
            TypeArgument::Ascii => Representation::Ascii,
            TypeArgument::Ebcdic => Representation::Ebcdic,
            TypeArgument::Image | TypeArgument::Local(8) => Representation::Image,
            TypeArgument::Local(_) => return self.finish(reply!("504 Only bytes of 8 bits are implemented.")),
            TypeArgument::Unimplemented => {
                return self.finish(reply!("504 Only types A, E, I and L 8 are implemented."));
            }
        };
        self.parameters.representation = representation;
        self.finish(match representation {
            Representation::Ascii => reply!("200 Type is A."),
            Representation::Ebcdic => reply!("200 Type is E."),
            Representation::Image => reply!("200 Type is I."),
        });
    }

    pub(super) fn run_stru(&mut self, letter: u8) {
        let (structure, reply) = match letter {
            b'F' => (Structure::File, reply!("200 Structure is F.")),
            b'R' => (Structure::Record, reply!("200 Structure is R.")),
            _ => return self.finish(reply!("504 Only structures F and R are implemented.")),
        };
        self.parameters.structure = structure;
        self.finish(reply);
    }

    pub(super) fn run_mode(&mut self, letter: u8) {
        let (mode, reply) = match letter {
            b'S' => (Mode::Stream, reply!("200 Mode is S.")),
            b'B' => (Mode::Block, reply!("200 Mode is B.")),
            b'C' => (Mode::Compressed, reply!("200 Mode is C.")),
            #[cfg(feature = "mode-z")]
            b'Z' if self.offers_mode_z() => (Mode::Deflate, reply!("200 Mode is Z.")),
            _ => return self.finish(reply!("504 That mode is not implemented.")),
        };
        self.parameters.mode = mode;
        self.finish(reply);
    }

    /// Whether MODE Z can be chosen.
    pub(super) fn offers_mode_z(&self) -> bool {
        cfg!(feature = "mode-z") && self.config.mode_z.is_on()
    }

    /// How the next transfer's bytes are to be sent.
    pub(super) fn coding(&self) -> Coding {
        let Parameters { representation, structure, mode, level, .. } = self.parameters;
        Coding { representation, structure, mode, level, marker_interval: self.config.limits.marker_interval }
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
            OptsArgument::Mlst(names) if self.config.allows(Verb::Mlst) || self.config.allows(Verb::Mlsd) => {
                self.parameters.facts = Facts::from_names(names.iter().map(|name| &**name));
                let mut text = Vec::from(&b"MLST OPTS "[..]);
                self.parameters.facts.write_names(&mut text);
                self.finish(Reply::line(200, &[text.trim_ascii_end()]));
            }
            OptsArgument::ModeZLevel(level) if self.offers_mode_z() && self.config.allows(Verb::Mode) => {
                self.parameters.level = level;
                self.finish(Reply::line(200, &[b"MODE Z LEVEL is ", Decimal::new(level.into()).as_bytes(), b"."]));
            }
            OptsArgument::Hash(algorithm) => self.run_opts_hash(algorithm),
            OptsArgument::Mlst(_) | OptsArgument::ModeZLevel(_) | OptsArgument::Unknown => {
                self.finish(reply!("501 Option not understood."))
            }
        }
    }
}

/// zlib's own default.
const USUAL_LEVEL: u8 = 6;

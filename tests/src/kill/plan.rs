//! What is to go wrong in one run: decided by its seed, before it begins.

use ftp_proto::Failure;

use super::books::{Fate, Stage};
use super::embedding::{Asked, Veto};
use super::random::Random;
use crate::meddler::Operation;

/// What goes wrong on the server's side.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    /// Sessions are dropped at this turn (mio) or poll (tokio).
    pub(super) cut_at: Option<u32>,
    /// The same at this turn of those in the middle of something.
    pub(super) cut_in: Option<(Stage, u32)>,
    /// What becomes of a session's action of this number.
    pub(super) fate_at: Option<(u32, Fate)>,
    /// Answers go around by another thread.
    pub(super) delays: bool,
    /// A kind of operation of the storage that fails, or panics where there is no failure.
    pub(super) storage: Option<(Operation, Option<Failure>)>,
    /// A kind of operation that takes long, so that it can be broken off.
    pub(super) lingers: Option<Operation>,
    /// What a hook does when it is asked for the nth time.
    pub(super) veto: Option<(Asked, u32, Veto)>,
    /// The server is shut down once so many turns were taken, by all sessions together.
    pub(super) stop_at: Option<u64>,
    /// Clients at the same time.
    pub(super) clients: usize,
}

impl Plan {
    pub(super) fn new(random: &mut Random) -> Self {
        let mut plan = Self { clients: if random.once_in(6) { 2 } else { 1 }, ..Self::default() };
        plan.delays = random.once_in(3);
        match random.below(20) {
            0..=4 => {
                let most = random.pick(&[15, 40, 120]);
                plan.cut_at = Some(1 + random.below(most) as u32);
            }
            5..=7 => {
                plan.cut_in = Some((random.pick(&Stage::AIMS), 1 + random.below(3) as u32));
                plan.lingers = Some(random.pick(&LONG));
            }
            8..=9 => plan.fate_at = Some((1 + random.below(14) as u32, fate(random))),
            10..=12 => plan.storage = Some((random.pick(&MEDDLED), failure(random))),
            13 => plan.stop_at = Some(random.below(80) as u64),
            14 => plan.veto = Some(veto(random)),
            15 => plan.lingers = Some(random.pick(&LONG)),
            // The client alone sees to it.
            _ => {}
        }
        plan
    }

    /// Whether the server may end a session of itself.
    pub(super) fn is_deadly(&self) -> bool {
        let Self { cut_at, cut_in, fate_at, stop_at, .. } = self;
        cut_at.is_some() || cut_in.is_some() || stop_at.is_some() || matches!(fate_at, Some((_, Fate::Panic)))
    }

    pub(super) fn fate(&self, submission: u32, may_fail: bool) -> Fate {
        match self.fate_at {
            Some((at, Fate::Panic)) if at == submission => Fate::Panic,
            Some((at, fate)) if at == submission && may_fail => fate,
            _ => Fate::Run,
        }
    }
}

fn fate(random: &mut Random) -> Fate {
    match random.below(3) {
        0 => Fate::Panic,
        1 => Fate::Fail(Failure::Lost),
        _ => Fate::Fail(random.pick(&FAILURES)),
    }
}

fn veto(random: &mut Random) -> (Asked, u32, Veto) {
    let veto = if random.once_in(3) { Veto::Panic } else { Veto::Refuse(random.pick(&VETOES)) };
    (random.pick(&Asked::ALL), 1 + random.below(4) as u32, veto)
}

fn failure(random: &mut Random) -> Option<Failure> {
    if random.once_in(2) { None } else { Some(random.pick(&FAILURES)) }
}

const FAILURES: [Failure; 5] =
    [Failure::Io, Failure::NoSpace, Failure::PermissionDenied, Failure::NotFound, Failure::Busy];

/// What the clients' commands come down to.
const MEDDLED: [Operation; 16] = [
    Operation::Stat,
    Operation::OpenDir,
    Operation::ReadDir,
    Operation::OpenRead,
    Operation::Read,
    Operation::OpenWrite,
    Operation::Write,
    Operation::Finish,
    Operation::Remove,
    Operation::Rename,
    Operation::Copy,
    Operation::Hash,
    Operation::TreeSize,
    Operation::MakeDirs,
    Operation::RemoveTree,
    Operation::Combine,
];

/// What may take long.
const LONG: [Operation; 5] =
    [Operation::Copy, Operation::Hash, Operation::TreeSize, Operation::RemoveTree, Operation::Combine];

const VETOES: [Failure; 3] = [Failure::Vetoed, Failure::Busy, Failure::OverQuota];

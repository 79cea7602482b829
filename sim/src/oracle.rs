//! What must hold, judged without the engine: by what clients were told, and by what is there.

mod files;
mod judge;
pub(crate) mod replies;

pub(crate) use self::judge::Judge;
pub use files::{Account, Extent, Files, Mark, OpId, Outcome, Partial, What};

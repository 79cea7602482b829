//! What must hold, judged without the engine: by what clients were told, and by what is there.

mod files;
pub(crate) mod replies;

pub use files::{Account, Extent, Files, Mark, OpId, Outcome, Partial, What};

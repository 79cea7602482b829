//! What must hold, judged without the engine: by what clients were told and what is there.

mod files;

pub use files::{Account, Extent, Files, Mark, OpId, Outcome, Partial, What};

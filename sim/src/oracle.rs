//! Who judges: each knows nothing of the engine.

pub(crate) mod replies;

//! Many worlds: drawn from seeds, run twice and compared, made smaller where they fail, or gone through one by one.
//!
//! | file | what |
//! |---|---|
//! | `scenario` | the options of a run, drawn from a seed or from bytes, and as a command line |
//! | `words` | the words that those options are made of |
//! | `crew` | who connects, and what there is for them |
//! | `stage` | the world that a scenario describes |
//! | `once` | one scenario: twice, compared, panics caught |
//! | `campaign` | many, on many threads, with counts |
//! | `minimise` | a failing one made smaller |
//! | `explore` | a small one with each fault that it has room for, one at a time |
//! | `failure` | what is told of one that fails |

mod campaign;
mod crew;
mod explore;
mod failure;
mod minimise;
mod once;
mod scenario;
mod stage;
mod words;

pub use campaign::{Campaign, Tally};
pub use explore::{Explored, explore, explore_pairs};
pub use failure::Failure;
pub use minimise::minimise;
pub use once::{replay, run, run_bytes};
pub use scenario::{BadOption, Scenario, Source};
pub use words::{Behaviour, Crew, Parts, Picks, Pipe, Rates, Sites, Size, Sync, Tls, Way};

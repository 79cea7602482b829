//! One scenario: run twice and compared, and a panic is a violation like any other.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use super::failure::Failure;
use super::scenario::Scenario;
use super::stage::{Keep, build};
use crate::world::Report;

/// Runs a scenario twice.
///
/// # Errors
/// When something was promised and not kept, when something panicked, or when the second run was not like the first.
pub fn run(scenario: &Scenario) -> Result<Report, Box<Failure>> {
    let first = once(scenario, Keep::Nothing);
    if !first.violations.is_empty() {
        return Err(Failure::of(scenario));
    }
    let second = once(scenario, Keep::Nothing);
    if first == second { Ok(first) } else { Err(Failure::unlike(scenario, &first, &second)) }
}

/// The same with everything drawn from `bytes`, as a fuzzer gives them. However many they are, the run is short.
///
/// # Errors
/// As [`run`].
pub fn run_bytes(bytes: &[u8]) -> Result<Report, Box<Failure>> {
    run(&Scenario::from_bytes(bytes))
}

/// Runs a scenario once, and keeps its log in the report, whatever comes of it.
#[must_use]
pub fn replay(scenario: &Scenario) -> Report {
    once(scenario, if scenario.clients.len() > 100 { Keep::Nothing } else { Keep::Log })
}

/// Runs it once.
pub(super) fn once(scenario: &Scenario, keep: Keep) -> Report {
    listen_for_panics();
    HEARD.with_borrow_mut(|heard| *heard = Some(String::new()));
    let report = catch_unwind(AssertUnwindSafe(|| build(scenario, keep).run(scenario.length)));
    let heard = HEARD.take().unwrap_or_default();
    report.unwrap_or_else(|_| Report { violations: vec![format!("panic: {heard}")], ..Report::default() })
}

thread_local! {
    /// What a panic of this thread said; `None` while it is not ours to hear.
    static HEARD: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps the panics of our own runs off the terminal. All others go where they went.
fn listen_for_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let ours = HEARD.with_borrow_mut(|heard| heard.as_mut().map(|heard| *heard = panic.to_string()).is_some());
            if !ours {
                before(panic);
            }
        }));
    });
}

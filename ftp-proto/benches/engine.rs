//! What the engine's hot paths cost in time: `cargo bench -p ftp-proto --bench engine`, and the name of one of the works
//! behind it for that one alone. Nothing is judged here: times are of one machine.

mod works;
mod world;

use divan::counter::{BytesCount, ItemsCount};
use divan::{AllocProfiler, Bencher};

use self::works::{Amount, WORKS, Work};

/// Counts what each bench allocates.
#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

#[divan::bench(args = WORKS)]
fn work(bencher: Bencher<'_, '_>, work: &Work) {
    let mut once = (work.prepare)();
    // Warm, or the first sample would be taken for the usual one.
    let times = if let Amount::One = work.amount { 1_000 } else { 1 };
    (0..times).for_each(|_| once());
    match work.amount {
        Amount::One => bencher.bench_local(once),
        Amount::Items(items) => bencher.counter(ItemsCount::new(items)).bench_local(once),
        Amount::Bytes(bytes) => bencher.counter(BytesCount::new(bytes)).bench_local(once),
    }
}

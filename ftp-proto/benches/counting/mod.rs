//! The system's allocator, counted for each thread: how often memory was asked for, and how much is held.
//!
//! Shared by the benches and the tests that count. The one place of this crate with unsafe code, and not part of what
//! it builds: Rust has no other way to see what a program takes from the heap.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// How often `work` asks for memory.
pub(crate) fn allocations(work: impl FnOnce()) -> u64 {
    let before = TAKEN.get();
    work();
    TAKEN.get() - before
}

/// How many bytes more are held after `work` than before.
pub(crate) fn held(work: impl FnOnce()) -> isize {
    let before = HELD.get();
    work();
    HELD.get() - before
}

thread_local! {
    static TAKEN: Cell<u64> = const { Cell::new(0) };
    static HELD: Cell<isize> = const { Cell::new(0) };
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// The system's allocator, counted for each thread.
struct Counting;

impl Counting {
    fn note(taken: u64, bytes: isize) {
        TAKEN.set(TAKEN.get() + taken);
        HELD.set(HELD.get() + bytes);
    }
}

// SAFETY: hands every call on to the system's allocator as it came. The counters are plain cells that need no
// initialisation and no destructor, so counting neither allocates nor fails.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::note(1, layout.size().cast_signed());
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        Self::note(0, -layout.size().cast_signed());
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Self::note(1, size.cast_signed() - layout.size().cast_signed());
        // SAFETY: the caller's promise.
        unsafe { System.realloc(block, layout, size) }
    }
}

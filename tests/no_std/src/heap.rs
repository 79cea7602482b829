//! The simplest heap there is: a piece of memory handed out once, from the front.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};

/// Bytes for the whole life of the program.
const SIZE: usize = 512 * 1024;

#[global_allocator]
static HEAP: Heap = Heap { memory: UnsafeCell::new([0; SIZE]), used: AtomicUsize::new(0) };

struct Heap {
    memory: UnsafeCell<[u8; SIZE]>,
    used: AtomicUsize,
}

// SAFETY: `used` only grows, so no two callers are ever given the same bytes of `memory`.
unsafe impl Sync for Heap {}

// SAFETY: every block lies within `memory`, is aligned as asked, and is given out once and never again.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let base = self.memory.get().cast::<u8>();
        let place = |used: usize| {
            let padding = (base as usize + used).wrapping_neg() & (layout.align() - 1);
            let at = used.checked_add(padding)?;
            let end = at.checked_add(layout.size())?;
            (end <= SIZE).then_some((at, end))
        };
        let taken =
            self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| place(used).map(|(_, end)| end));
        match taken.ok().and_then(place) {
            // SAFETY: `at` is within `memory`.
            Some((at, _)) => unsafe { base.add(at) },
            None => ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

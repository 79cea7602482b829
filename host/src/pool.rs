//! A bounded pool of threads, started as they are needed.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// How big a pool is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolSize {
    /// At most so many threads, half of them for what may take long (digests, copies, whole trees). Each may check a
    /// hashed password, which takes 19 MiB for its time.
    pub threads: NonZeroUsize,
    /// At most so many actions wait for a thread, besides those that go on with what is open.
    pub waiting: usize,
}

impl Default for PoolSize {
    /// Four threads for each processor, from 4 to 64, since most of them wait for the disk; 1,024 may wait.
    fn default() -> Self {
        let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let threads = NonZeroUsize::new((processors * 4).clamp(4, 64)).unwrap_or(NonZeroUsize::MIN);
        Self { threads, waiting: 1024 }
    }
}

/// Something that can be run once.
pub(crate) trait Task: Send + 'static {
    fn run(self);

    /// Whether it may take long, as far as is known now. Only half of the threads run such tasks, so that short ones
    /// always have their turn.
    fn is_long(&self) -> bool {
        false
    }
}

/// Whether a task begins something new, and may be refused for lack of room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begins {
    Something,
    Nothing,
}

/// Dropping it drops the tasks that wait; those that run go on.
pub(crate) struct Pool<T: Task> {
    size: PoolSize,
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    queue: Mutex<Queue<T>>,
    wake: Condvar,
}

struct Queue<T> {
    waiting: VecDeque<T>,
    threads: usize,
    /// Threads that run nothing: they wait for a task, or are about to take one.
    free: usize,
    /// Those of them that sleep, and how many of these were woken and did not come to it yet.
    asleep: usize,
    woken: usize,
    /// Long tasks that run, and how many may.
    long: usize,
    most_long: usize,
    closed: bool,
}

impl<T: Task> Pool<T> {
    pub(crate) fn new(size: PoolSize) -> Self {
        let most_long = (size.threads.get() / 2).max(1);
        let queue = Queue {
            waiting: VecDeque::new(),
            threads: 0,
            free: 0,
            asleep: 0,
            woken: 0,
            long: 0,
            most_long,
            closed: false,
        };
        Self { size, shared: Arc::new(Shared { queue: Mutex::new(queue), wake: Condvar::new() }) }
    }

    pub(crate) const fn size(&self) -> PoolSize {
        self.size
    }

    /// Queues a task, or gives it back: when it begins something and too much waits, or no thread can be had at all.
    pub(crate) fn push(&self, task: T, begins: Begins) -> Result<(), T> {
        let mut queue = self.shared.lock();
        let lacks_thread = queue.waiting.len() >= queue.free && queue.threads < self.size.threads.get();
        let full = queue.waiting.len() >= self.size.waiting.saturating_add(queue.free);
        if lacks_thread && self.start_thread(queue.threads) {
            queue.threads += 1;
            queue.free += 1;
        } else if queue.threads == 0 || (full && begins == Begins::Something) {
            return Err(task);
        }
        queue.waiting.push_back(task);
        self.shared.wake(queue);
        Ok(())
    }

    /// A task that waits is not long any more.
    pub(crate) fn look_again(&self) {
        // The lock: a thread that is about to wait has looked already, and must not miss this.
        self.shared.wake(self.shared.lock());
    }

    fn start_thread(&self, number: usize) -> bool {
        let shared = Arc::clone(&self.shared);
        thread::Builder::new().name(format!("ftp-host-{number}")).spawn(move || shared.work()).is_ok()
    }
}

impl<T: Task> Shared<T> {
    /// A thread's life: it ends with the pool. A task that panics costs nobody else their turn.
    fn work(&self) {
        while let Some((task, long)) = self.next() {
            let _ = catch_unwind(AssertUnwindSafe(|| task.run()));
            let mut queue = self.lock();
            queue.free += 1;
            if long {
                queue.long -= 1;
                // One that was passed over may run now; this thread may find a short one before it.
                self.wake(queue);
            }
        }
    }

    /// Wakes a thread, if more waits than there are threads awake that are about to look. To wake one is a system call,
    /// also where none sleeps.
    fn wake(&self, mut queue: MutexGuard<'_, Queue<T>>) {
        let looking = (queue.free + queue.woken).saturating_sub(queue.asleep);
        let wakes = queue.waiting.len() > looking && queue.asleep > queue.woken;
        queue.woken += usize::from(wakes);
        // Not under the lock, which the thread wants at once.
        drop(queue);
        if wakes {
            self.wake.notify_one();
        }
    }

    /// A task that may run, and whether it counts as a long one.
    fn next(&self) -> Option<(T, bool)> {
        let mut queue = self.lock();
        loop {
            if let Some(taken) = queue.take() {
                queue.free -= 1;
                return Some(taken);
            }
            if queue.closed {
                return None;
            }
            queue.asleep += 1;
            queue = self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
            queue.asleep -= 1;
            // Also one that woke by itself: whoever was meant finds nothing to do, or the next task.
            queue.woken = queue.woken.saturating_sub(1);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue<T>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Task> Queue<T> {
    /// The first task that may run now, and whether it counts as a long one.
    fn take(&mut self) -> Option<(T, bool)> {
        let may_be_long = self.long < self.most_long;
        let found = self.waiting.iter().map(Task::is_long).enumerate().find(|(_, long)| may_be_long || !long);
        let (at, long) = found?;
        let task = self.waiting.remove(at)?;
        self.long += usize::from(long);
        Some((task, long))
    }
}

impl<T: Task> Drop for Pool<T> {
    fn drop(&mut self) {
        let mut queue = self.shared.lock();
        queue.closed = true;
        let unrun = std::mem::take(&mut queue.waiting);
        drop(queue);
        self.shared.wake.notify_all();
        // Outside the lock: tasks may do anything as they go.
        drop(unrun);
    }
}

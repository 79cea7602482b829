//! A completion moves into its event.

use ftp_proto::{Completion, Event};

fn hand_in_twice(completion: Completion) -> [Event<'static>; 2] {
    [Event::Done(completion), Event::Done(completion)]
}

fn main() {
    let _ = hand_in_twice;
}

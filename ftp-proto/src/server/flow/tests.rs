//! What a host should never answer, and what comes of it.

use super::*;

const FILE: FileId = FileId(1);

/// Found by fuzzing: a count that was added to an offset without a look at the end of the numbers.
#[test]
fn a_host_that_moved_more_than_there_is_cannot_overflow() {
    let opened = Opened { size: u64::MAX, offload: Offload::Possible };
    let mut upload = Upload::new(FILE, None);
    upload.opened(opened, u64::MAX - 1);
    assert_eq!(upload.push(), Push::Offload { at: u64::MAX - 1 });
    assert!(upload.moved(Moved { bytes: 5, end: None }));
    assert_eq!(upload.push(), Push::Offload { at: u64::MAX });

    let mut download = Download::new(FILE, u64::MAX - 1, Representation::Image, None);
    assert!(download.opened(opened));
    download.moved(Moved { bytes: 5, end: None });
    download.read(Bytes::from_static(b"12345"), 5);
    assert_eq!(download.at, u64::MAX);
}

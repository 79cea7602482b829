//! Large uploads, which go through a pipe.

use super::*;

/// A bench whose client sends `bytes` and then does `then`.
fn sending(errands: Errands, bytes: Vec<u8>, then: impl FnOnce(TcpStream) + Send + 'static) -> Bench {
    let (bench, mut theirs) = Bench::new(errands);
    thread::spawn(move || {
        theirs.write_all(&bytes).unwrap();
        then(theirs);
    });
    bench
}

#[test]
fn a_large_upload_is_written_whole_and_no_further_than_its_range() {
    let bytes = pattern(5_000_000);
    for errands in Errands::BOTH {
        let mut bench = sending(errands, bytes.clone(), drop);
        let file = file_of(b"abcdef");
        assert_eq!(bench.upload(&mut upload(&file, 3, 3_000_001)), Ok(Moved { bytes: 3_000_001, end: None }));
        assert!(content_of(&file) == [b"abc", &bytes[..3_000_001]].concat());
        let pipe = bench.link.pipe().filter(|pipe| pipe.held() == 0);
        bench.link.give_back(pipe.unwrap_or_else(|| panic!("{errands:?}: it went through no pipe")));
        let rest = 5_000_000 - 3_000_001;
        let moved = bench.upload(&mut upload(&file, 3_000_004, 9_000_000));
        assert_eq!(moved, Ok(Moved { bytes: rest, end: Some(DataEnd::Clean) }));
        assert!(content_of(&file) == [b"abc", &bytes[..]].concat());
    }
}

#[test]
fn an_urgent_byte_in_the_way_is_no_end() {
    for errands in Errands::BOTH {
        let mut bench = sending(errands, pattern(1_000_000), |mut theirs| {
            SockRef::from(&theirs).send_out_of_band(b"!").unwrap();
            theirs.write_all(&pattern(1_000_000)).unwrap();
        });
        let file = file_of(b"");
        let moved = bench.upload(&mut upload(&file, 0, 9_000_000));
        // Where it stands the byte is no part of the stream (RFC 959 has no use for one here).
        assert_eq!(moved, Ok(Moved { bytes: 2_000_000, end: Some(DataEnd::Clean) }), "{errands:?}");
        assert!(content_of(&file) == [pattern(1_000_000), pattern(1_000_000)].concat(), "{errands:?}");
    }
}

#[test]
fn what_goes_by_buffer_or_is_small_needs_no_pipe() {
    let mut bench = sending(Errands::InPlace, pattern(1_000_000), drop);
    let file = file_of(b"");
    let mut upload = Upload::new(Range::new(Arc::clone(&file), 0, 2_000_000), Offload::Buffered, Pace::MayWait);
    assert_eq!(bench.upload(&mut upload), Ok(Moved { bytes: 1_000_000, end: Some(DataEnd::Clean) }));
    assert!(content_of(&file) == pattern(1_000_000));
    let mut bench = sending(Errands::InPlace, pattern(100_000), drop);
    assert!(bench.upload(&mut super::upload(&file, 0, 2_000_000)).is_ok());
    assert!(bench.link.pipe().is_none());
}

#[test]
fn a_large_upload_that_is_reset_keeps_what_arrived() {
    for errands in Errands::BOTH {
        let (mut bench, mut theirs) = Bench::new(errands);
        let file = file_of(b"");
        let writer = thread::spawn(move || {
            theirs.write_all(&pattern(2_000_000)).unwrap();
            theirs
        });
        let mut writer = Some(writer);
        let mut upload = upload(&file, 0, 9_000_000);
        let moved = bench.finish(|link, sockets, visit| {
            let step = go_on(&mut upload, link, sockets, visit);
            if upload.moved() == 2_000_000
                && let Some(theirs) = writer.take()
            {
                SockRef::from(&theirs.join().unwrap()).set_linger(Some(Duration::ZERO)).unwrap();
            }
            step
        });
        assert_eq!(moved, Err(Failure::Reset), "{errands:?}");
        assert!(content_of(&file) == pattern(2_000_000));
    }
}

#[test]
fn a_file_that_takes_no_pages_is_copied_to() {
    for errands in Errands::BOTH {
        let mut bench = sending(errands, pattern(3_000_000), drop);
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let file = Arc::new(File::options().create(true).append(true).open(&path).unwrap());
        let moved = bench.upload(&mut upload(&file, 0, 9_000_000));
        assert_eq!(moved, Ok(Moved { bytes: 3_000_000, end: Some(DataEnd::Clean) }));
        assert!(std::fs::read(path).unwrap() == pattern(3_000_000));
        assert!(bench.link.pipe().is_none(), "it is not tried again");
    }
}

/// The pipe holds what did not fit: it must not come to the next file.
#[test]
fn a_file_that_is_full_ends_the_upload() {
    for errands in Errands::BOTH {
        let mut bench = sending(errands, pattern(3_000_000), |theirs| drop(read_to_end(theirs)));
        let memory = rustix::fs::memfd_create("sealed", rustix::fs::MemfdFlags::ALLOW_SEALING).unwrap();
        rustix::fs::ftruncate(&memory, 1_000_000).unwrap();
        rustix::fs::fcntl_add_seals(&memory, rustix::fs::SealFlags::GROW).unwrap();
        let file = Arc::new(File::from(memory));
        let mut upload = upload(&file, 0, 9_000_000);
        assert_eq!(bench.upload(&mut upload), Err(Failure::PermissionDenied));
        let moved = upload.moved() as usize;
        assert!(content_of(&file)[..moved] == pattern(moved));
        assert!(bench.link.pipe().is_none());
    }
}

#[test]
fn a_client_hears_of_the_end_also_while_an_errand_holds_its_socket() {
    let (mut bench, mut theirs) = Bench::new(Errands::InPlace);
    let held = bench.link.share().unwrap();
    bench.link.recall();
    assert_eq!(Arc::strong_count(&held), 1);
    theirs.set_nonblocking(true).unwrap();
    assert!(theirs.read(&mut [0]).is_err(), "a recall is no end");
    theirs.set_nonblocking(false).unwrap();
    drop(held);
    let held = bench.link.share().unwrap();
    drop(bench);
    assert_eq!(theirs.read(&mut [0]).unwrap(), 0);
    drop(held);
}

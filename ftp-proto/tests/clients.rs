//! What well-known clients say, in the order they say it, and what each of them needs to hear: the files in
//! `transcripts/`, replayed without the clients, each as it stands and once more byte by byte.
//!
//! ```text
//! # A note.
//! % without EPSV            before it begins: a verb that is off; also `tls`, `tls for login`, `tls for data`, `ccc`
//! % implicit tls            the client begins with TLS
//! > TYPE I                  the client's line; lines that follow one another come in one segment
//! > \xFF\xF4\xFF\xF2ABOR    bytes as Rust writes them
//! < 200                     the next reply begins so
//! < 200|502                 or so
//! < 150 FILE: $name         and the rest of it is called `$name` from here on
//! <~ UTF8                   one of its lines begins so
//! <? (6 bytes)              this stands in it
//! * connect                 the client connects to the port it was last told
//! * sends %PDF              what it uploads, and the end; `gives` without the end
//! * will send %PDF          the same for the connection that the server makes next
//! * got hello\r\n           what it has received on the last connection; `got some`, `got ~ part of it`
//! * stops reading           and `reads`
//! * secured                 the control connection is under TLS; `clear`, it is not
//! * data secured            the same for the last data connection; `data clear`
//! * resets                  the data connection
//! * waits 250               seconds
//! * hangs up                closes the control connection; `breaks off` resets it
//! * closed Quit             the session has ended, for this reason
//! * file /dir/x = content   what the server has then; `no file /dir/x`
//! ```

mod transcript;
mod world;

use std::collections::BTreeSet;
use std::path::Path;

use self::transcript::{Cut, Transcript};

/// A test for each file.
macro_rules! transcripts {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                for cut in [Cut::Lines, Cut::Bytes] {
                    Transcript::read(&folder().join(concat!(stringify!($name), ".txt"))).replay(cut);
                }
            }
        )*
        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

transcripts! {
    busybox
    camera
    camera_odd_order
    curl_creates_directories
    curl_downloads
    curl_looks
    curl_over_tls
    curl_stops_early
    explorer
    filezilla
    filezilla_over_tls
    filezilla_resumes
    ftplib
    ftplib_over_tls
    goftp
    lexmark
    lftp_aborts
    lftp_mirrors
    lftp_over_tls
    ncftp
    printer
    rclone
    rclone_implicit_tls
    rclone_over_tls
    rclone_without_mlsd
    scanner
    suppaftp
    suppaftp_over_tls
    windows_ftp
    windows_where_tls_is_required
}

#[test]
fn each_file_is_replayed() {
    let files = std::fs::read_dir(folder()).expect("the transcripts");
    let files = files.map(|file| file.expect("a file").path()).filter(|path| path.is_file());
    let stems: BTreeSet<String> =
        files.map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned()).collect();
    assert_eq!(stems, NAMES.iter().map(|name| (*name).to_owned()).collect());
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/transcripts"))
}

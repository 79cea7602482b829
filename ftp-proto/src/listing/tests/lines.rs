//! Known answers for LIST, its options, and NLST.

use super::*;

const NONE: ListOptions = ListOptions {
    all: false,
    long: false,
    names_only: false,
    recursive: false,
    by_time: false,
    by_size: false,
    reverse: false,
    directory: false,
    classify: false,
};
const CLASSIFY: ListOptions = ListOptions { classify: true, ..NONE };

fn line_with(name: &[u8], metadata: &Metadata, options: ListOptions) -> String {
    let mut out = Vec::new();
    write_list_line(&mut out, name, metadata, AT, options);
    text(out)
}

fn line(name: &str, metadata: &Metadata) -> String {
    line_with(name.as_bytes(), metadata, NONE)
}

#[test]
fn lines_look_like_those_of_ls() {
    let file = Metadata {
        owner: Some("owner".into()),
        group: Some("group".into()),
        links: 12,
        mode: 0o640,
        ..Metadata::file(1_234_567_890_123, AT)
    };
    assert_eq!(line("name", &file), "-rw-r-----  12 owner    group    1234567890123 Jan  2 15:04 name\r\n");
    let directory = Metadata { size: 4096, links: 0, ..Metadata::directory(UnixTime::from_secs(0)) };
    assert_eq!(line("sp ace ", &directory), "drwxr-xr-x   1 0        0                4096 Jan  1  1970 sp ace \r\n");
    assert_eq!(
        line("l", &link(b"../a b")),
        "lrwxrwxrwx   1 0        0                   7 Jan  2 15:04 l -> ../a b\r\n"
    );
    let other = Metadata { kind: FileKind::Other, ..Metadata::file(0, AT) };
    assert_eq!(line("-dash", &other), "-rw-r--r--   1 0        0                   0 Jan  2 15:04 -dash\r\n");
}

/// The columns by position of words, as curl, lftp and FileZilla find them.
#[test]
fn eight_columns_stand_before_the_name() {
    let odd = Metadata {
        owner: Some("Domain Users\u{a0};\n".into()),
        group: Some("g".repeat(40).into()),
        uid: 5,
        ..Metadata::file(3, AT)
    };
    let line = line("a name", &odd);
    let columns: Vec<&str> = line.trim_end().split_ascii_whitespace().collect();
    let group = "g".repeat(32);
    let expected = ["-rw-r--r--", "1", "Domain_Users_??", &group, "3", "Jan", "2", "15:04", "a", "name"];
    assert_eq!(columns, expected);
}

#[test]
fn special_bits_have_their_letters() {
    for (mode, letters) in [
        (0o7777, "-rwsrwsrwt"),
        (0o7666, "-rwSrwSrwT"),
        (0o1777, "-rwxrwxrwt"),
        (0o4755, "-rwsr-xr-x"),
        (0, "----------"),
        (0o100_644, "-rw-r--r--"),
    ] {
        assert!(line("x", &Metadata { mode, ..Metadata::file(0, AT) }).starts_with(letters), "{mode:o}");
    }
}

#[test]
fn control_bytes_are_shown_as_question_marks() {
    let shown = line_with(b"a\r\n226 Done\x1b\x7f\0", &Metadata::file(0, AT), NONE);
    assert!(shown.ends_with(" a??226 Done???\r\n"));
    assert!(line("l", &link(b"a\nb")).ends_with(" l -> a?b\r\n"));
    let mut out = Vec::new();
    write_list_line(&mut out, b"\xff\xc3\xa4", &Metadata::file(0, AT), AT, NONE);
    assert!(out.ends_with(b" \xff\xc3\xa4\r\n"), "other bytes stay");
}

#[test]
fn classified_names_have_signs() {
    let program = Metadata { mode: 0o755, ..Metadata::file(0, AT) };
    let bare_link = Metadata { target: None, ..link(b"") };
    for (metadata, sign) in [(Metadata::file(0, AT), ""), (Metadata::directory(AT), "/"), (program, "*")] {
        assert!(line_with(b"x", &metadata, CLASSIFY).ends_with(&alloc::format!(" x{sign}\r\n")));
        assert!(line_with(b"x", &metadata, NONE).ends_with(" x\r\n"));
    }
    assert!(line_with(b"x", &bare_link, CLASSIFY).ends_with(" x@\r\n"));
    assert!(line_with(b"x", &link(b"y"), CLASSIFY).ends_with(" x -> y\r\n"));
}

#[test]
fn names_are_bare() {
    let mut out = Vec::new();
    let directory = Metadata::directory(AT);
    write_name_line(&mut out, b"dir/", b"sp ace", &directory, NONE);
    write_name_line(&mut out, b"", b"sub", &directory, CLASSIFY);
    for broken in [&b"a\rb"[..], b"a\nb", b"a\0b"] {
        write_name_line(&mut out, b"", broken, &directory, NONE);
    }
    write_name_line(&mut out, b"", b"esc\x1b", &directory, NONE);
    assert_eq!(text(out), "dir/sp ace\r\nsub/\r\nesc\x1b\r\n");
}

#[test]
fn options_are_split_from_the_path() {
    let all = ListOptions { all: true, ..NONE };
    let long_all = ListOptions { long: true, ..all };
    for (argument, options, path) in [
        ("", NONE, ""),
        (" ", NONE, ""),
        ("dir", NONE, "dir"),
        ("sp ace.txt", NONE, "sp ace.txt"),
        ("dir ", NONE, "dir "),
        (" dir", NONE, " dir"),
        ("-a", all, ""),
        ("-a ", all, ""),
        ("-la dir with space ", long_all, "dir with space "),
        ("-l  -a   dir", long_all, "dir"),
        ("-alh", long_all, ""),
        ("-al --", long_all, ""),
        ("-a -- -l", all, "-l"),
        ("-- -l", NONE, "-l"),
        ("-", NONE, "-"),
        ("-a -", all, "-"),
        ("-dash.txt", NONE, "-dash.txt"),
        ("-a -dash.txt", all, "-dash.txt"),
        ("--color -a", NONE, "--color -a"),
        ("dir -a", NONE, "dir -a"),
        ("-a *.txt", all, "*.txt"),
    ] {
        assert_eq!(split_options(argument.as_bytes()), (options, path.as_bytes()), "{argument:?}");
    }
}

#[test]
fn every_option_has_its_letter() {
    let (options, path) = split_options(b"-A1RSrdF x");
    let expected = ListOptions {
        all: true,
        names_only: true,
        recursive: true,
        by_size: true,
        reverse: true,
        directory: true,
        classify: true,
        ..NONE
    };
    assert_eq!((options, path), (expected, &b"x"[..]));
    assert_eq!(split_options(b"-St").0, ListOptions { by_time: true, ..NONE }, "the last order counts");
    assert_eq!(split_options(b"-l -1").0, ListOptions { long: true, ..NONE }, "long wins");
}

#[test]
fn every_mode_has_the_letters_of_its_bits() {
    for mode in 0..0o10000_u32 {
        let special = |bit: u32, letter: char, executable: bool| match (mode & bit != 0, executable) {
            (true, true) => letter,
            (true, false) => letter.to_ascii_uppercase(),
            (false, true) => 'x',
            (false, false) => '-',
        };
        let mut letters = String::from("-");
        for (shift, bit, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
            letters.push(if mode >> shift & 4 != 0 { 'r' } else { '-' });
            letters.push(if mode >> shift & 2 != 0 { 'w' } else { '-' });
            letters.push(special(bit, letter, mode >> shift & 1 != 0));
        }
        let file = Metadata { mode, ..Metadata::file(3, AT) };
        assert_eq!(line("f", &file)[..10], letters, "{mode:o}");
    }
}

proptest! {
    /// Names of every length, so that what is looked at by eights and what is left over both hold such bytes.
    #[test]
    fn only_control_bytes_of_a_name_are_replaced(
        name in proptest::collection::vec(prop_oneof![any::<u8>(), b'a'..=b'z', 0_u8..0x20, 0x7e_u8..0x82], 0..40)
    ) {
        let mut out = Vec::new();
        write_list_line(&mut out, &name, &Metadata::file(3, AT), AT, NONE);
        let shown: Vec<u8> = name.iter().map(|byte| if byte.is_ascii_control() { b'?' } else { *byte }).collect();
        let line = out.strip_suffix(b"\r\n").unwrap();
        prop_assert_eq!(&line[line.len() - shown.len() - 7..line.len() - shown.len()], b" 15:04 ");
        prop_assert_eq!(&line[line.len() - shown.len()..], &shown[..]);
    }
}

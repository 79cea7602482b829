//! What a client reads: whole replies, each of the form of RFC 959 §4.2, and answers to Telnet options between them.

/// The replies of one session so far.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    /// Their codes.
    pub(crate) codes: Vec<u16>,
    /// How many of them were final.
    pub(crate) finals: usize,
    /// Bytes written.
    pub(crate) written: u64,
    /// Where the last 150 ended.
    pub(crate) announced: Option<u64>,
    /// Whether a 1yz came and no final reply since.
    preliminary: bool,
}

impl Wire {
    /// Reads what one Write said: whole replies.
    pub(crate) fn read(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            match rest {
                [255, 252 | 254, _, behind @ ..] => rest = behind,
                _ => rest = self.reply(rest, self.written + bytes.len() as u64),
            }
        }
        self.written += bytes.len() as u64;
    }

    fn reply<'a>(&mut self, bytes: &'a [u8], end: u64) -> &'a [u8] {
        let (first, mut rest) = line(bytes);
        assert!(first.len() > 3, "{} is no reply", first.escape_ascii());
        let code: u16 = String::from_utf8_lossy(&first[..3]).parse().expect("a code");
        assert!((100..600).contains(&code), "{code} is no code");
        if first[3] == b'-' {
            loop {
                let (line, behind) = line(rest);
                rest = behind;
                if line.starts_with(&first[..3]) && line.get(3) == Some(&b' ') {
                    break;
                }
                assert_eq!(line.first(), Some(&b' '), "{} could be taken for a last line", line.escape_ascii());
            }
        } else {
            assert_eq!(first[3], b' ');
        }
        // Behind what is still to come in this Write.
        let end = end - rest.len() as u64;
        self.codes.push(code);
        match code {
            150 => {
                assert!(!self.preliminary, "150 behind another");
                (self.preliminary, self.announced) = (true, Some(end));
            }
            110 => assert!(self.announced.is_some(), "a marker outside a transfer"),
            100..200 => panic!("{code} is not ours"),
            _ => {
                self.finals += 1;
                self.preliminary = false;
            }
        }
        rest
    }
}

/// The first line without its CR LF, and what follows.
fn line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.windows(2).position(|pair| pair == b"\r\n").expect("a Write ends with a reply");
    let line = &bytes[..end];
    let is_shown = |byte: &u8| !byte.is_ascii_control();
    assert!(line.iter().all(is_shown), "a control byte in {}", line.escape_ascii());
    let runs = line.split(|byte| *byte != 255).map(<[u8]>::len);
    assert!(runs.into_iter().all(|run| run % 2 == 0), "a bare IAC in {}", line.escape_ascii());
    (line, &bytes[end + 2..])
}

//! One reply of a server, read strictly (RFC 959 §4.2).

/// A reply, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its three digits.
    pub code: u16,
    /// Its lines, without their ends; the first and the last without the code.
    pub lines: Vec<Vec<u8>>,
}

impl Reply {
    /// Takes a whole reply off the front of `bytes`; `None` while it is not all there.
    ///
    /// # Errors
    /// What is wrong with its format.
    pub fn take(bytes: &mut Vec<u8>) -> Result<Option<Self>, String> {
        let mut rest = &bytes[..];
        let Some(first) = take_line(&mut rest)? else { return Ok(None) };
        let (code, separator, text) = split(first)?;
        let mut lines = vec![text.to_vec()];
        let mut ended = separator == b' ';
        while !ended {
            let Some(line) = take_line(&mut rest)? else { return Ok(None) };
            let own = format!("{code:03}");
            ended = line.starts_with(own.as_bytes()) && line.get(3) == Some(&b' ');
            match line {
                [b' ', ..] => lines.push(line.to_vec()),
                _ if line.starts_with(own.as_bytes()) => lines.push(split(line)?.2.to_vec()),
                _ => return Err(format!("a line between that is not set in: {}", show(line))),
            }
        }
        let used = bytes.len() - rest.len();
        bytes.drain(..used);
        Ok(Some(Self { code, lines }))
    }

    /// The last line's text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.lines.last().map_or(&[][..], |line| line)).into_owned()
    }

    /// The lines between the first and the last, without the blank before them.
    #[must_use]
    pub fn body(&self) -> Vec<String> {
        let between = self.lines.get(1..self.lines.len().saturating_sub(1)).unwrap_or_default();
        between
            .iter()
            .map(|line| String::from_utf8_lossy(line.strip_prefix(b" ").unwrap_or(line)).into_owned())
            .collect()
    }

    /// All of it, on one line, for messages.
    #[must_use]
    pub fn show(&self) -> String {
        let lines: Vec<String> = self.lines.iter().map(|line| show(line)).collect();
        format!("{} {}", self.code, lines.join(" / "))
    }
}

/// A line that ends in CRLF and holds no control byte.
fn take_line<'a>(bytes: &mut &'a [u8]) -> Result<Option<&'a [u8]>, String> {
    let Some(end) = bytes.iter().position(|b| *b == b'\n') else { return Ok(None) };
    let (line, rest) = bytes.split_at(end + 1);
    let Some(line) = line.strip_suffix(b"\r\n") else { return Err(format!("no CR before the LF: {}", show(line))) };
    if line.iter().any(|b| *b < b' ' || *b == 0x7F) {
        return Err(format!("a control byte: {}", show(line)));
    }
    *bytes = rest;
    Ok(Some(line))
}

fn split(line: &[u8]) -> Result<(u16, u8, &[u8]), String> {
    let wrong = || format!("not a reply: {}", show(line));
    let (digits, rest) = line.split_at_checked(3).ok_or_else(wrong)?;
    let code = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).ok_or_else(wrong)?;
    match rest {
        [separator @ (b' ' | b'-'), text @ ..] if (100..600).contains(&code) => Ok((code, *separator, text)),
        _ => Err(wrong()),
    }
}

/// Bytes as a message may show them.
pub(crate) fn show(bytes: &[u8]) -> String {
    let shown = bytes.get(..200).unwrap_or(bytes);
    let more = if shown.len() < bytes.len() { "…" } else { "" };
    format!("{}{more}", shown.escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(bytes: &[u8]) -> Result<Option<Reply>, String> {
        Reply::take(&mut bytes.to_vec())
    }

    #[test]
    fn replies_of_one_line_and_of_several() {
        assert_eq!(take(b"200 OK\r\n").unwrap().unwrap().text(), "OK");
        let several = take(b"211-Features:\r\n SIZE\r\n211 End\r\n").unwrap().unwrap();
        assert_eq!((several.code, several.body()), (211, vec!["SIZE".to_owned()]));
        assert_eq!(take(b"211-Features:\r\n SIZE\r\n").unwrap(), None);
    }

    #[test]
    fn what_is_no_reply() {
        for bad in [&b"200 OK\n"[..], b"OK\r\n", b"200OK\r\n", b"200 a\x01b\r\n", b"211-a\r\nSIZE\r\n211 End\r\n"] {
            assert!(take(bad).is_err(), "{}", show(bad));
        }
    }
}

//! LIST's options. No RFC knows them; clients send them because servers hand the argument to `ls`.

/// LIST's options, as `ls` spells them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListOptions {
    /// `-a`, `-A`: names that begin with a dot are shown.
    pub all: bool,
    /// `-l`: long lines (LIST always; NLST turns to long lines with it).
    pub long: bool,
    /// `-1`: bare names, one a line, also for LIST. Never together with `long`, which wins, as in `ls -l1`.
    pub names_only: bool,
    /// `-R`: directories within are listed too.
    pub recursive: bool,
    /// `-t`: newest first. Of `-t` and `-S` the last one counts.
    pub by_time: bool,
    /// `-S`: largest first.
    pub by_size: bool,
    /// `-r`: the other way round.
    pub reverse: bool,
    /// `-d`: the directory itself, not what is in it.
    pub directory: bool,
    /// `-F`: `/` behind directories, `@` behind links, `*` behind programs.
    pub classify: bool,
}

/// Splits LIST's argument into options and path, as `ls` would read it: leading words of a dash and letters (or `1`), up
/// to `--` or the first other word. Letters that ask for nothing we do are ignored. `-dash.txt` is no option, for its
/// dot; `-dash` is one, so look for a file of that name first. Blanks around the options are dropped; the path keeps its
/// own, so that a name may begin or end with one.
#[must_use]
pub fn split_options(argument: &[u8]) -> (ListOptions, &[u8]) {
    let mut options = ListOptions::default();
    let mut path = argument;
    loop {
        let rest = skip_blanks(path);
        let (word, behind) = rest.split_at(rest.iter().position(|byte| *byte == b' ').unwrap_or(rest.len()));
        match word {
            [] => return (options.settled(), rest),
            b"--" => return (options.settled(), skip_blanks(behind)),
            [b'-', letters @ ..] if are_letters(letters) => letters.iter().for_each(|letter| options.set(*letter)),
            _ if path.len() == argument.len() => return (options, argument),
            _ => return (options.settled(), rest),
        }
        path = behind;
    }
}

impl ListOptions {
    /// Turns on what `letter` stands for.
    const fn set(&mut self, letter: u8) {
        match letter {
            b'a' | b'A' => self.all = true,
            b'l' => self.long = true,
            b'1' => self.names_only = true,
            b'R' => self.recursive = true,
            b't' => (self.by_time, self.by_size) = (true, false),
            b'S' => (self.by_time, self.by_size) = (false, true),
            b'r' => self.reverse = true,
            b'd' => self.directory = true,
            b'F' => self.classify = true,
            _ => {}
        }
    }

    /// The options once all are read, with what contradicts itself decided.
    const fn settled(mut self) -> Self {
        self.names_only &= !self.long;
        self
    }
}

/// Whether a word's rest behind its dash is made of option letters alone.
fn are_letters(letters: &[u8]) -> bool {
    !letters.is_empty() && letters.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'1')
}

/// The text from its first byte that is no blank.
fn skip_blanks(text: &[u8]) -> &[u8] {
    text.iter().position(|byte| *byte != b' ').map_or(&[], |start| &text[start..])
}

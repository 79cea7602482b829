//! `ftpd hash-password`: a password in, its hash out.

use std::io::{self, BufRead, IsTerminal};

use ftp_proto::Secret;

use crate::console;
use crate::fault::Fault;

/// Reads a password and prints its hash.
pub(crate) fn print_hash() -> Result<(), Fault> {
    let password = if io::stdin().is_terminal() { ask_twice()? } else { read_line()? };
    if password.expose().is_empty() {
        return Err(Fault::Password("the password is empty".into()));
    }
    console::say(ftp_host::hash_password(password.expose()));
    Ok(())
}

/// Asks on the terminal, without showing what is typed.
fn ask_twice() -> Result<Secret, Fault> {
    let ask = |prompt| match rpassword::prompt_password(prompt) {
        Ok(typed) => Ok(Secret::new(typed.as_bytes())),
        Err(error) => Err(Fault::Password(error.to_string())),
    };
    let password = ask("Password: ")?;
    if ask("Once more: ")? != password {
        return Err(Fault::Password("the two passwords are not the same".into()));
    }
    Ok(password)
}

/// One line of standard input, without its end.
fn read_line() -> Result<Secret, Fault> {
    let mut line = Vec::new();
    io::stdin().lock().read_until(b'\n', &mut line).map_err(|error| Fault::Password(error.to_string()))?;
    let line = line.strip_suffix(b"\n").unwrap_or(&line);
    Ok(Secret::new(line.strip_suffix(b"\r").unwrap_or(line)))
}

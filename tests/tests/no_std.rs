//! The engine links and works in a program that has no standard library: see `tests/no_std`.

use std::path::Path;
use std::process::Command;

#[test]
fn the_engine_needs_no_standard_library() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("no_std/Cargo.toml");
    let run = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--release", "--locked", "--manifest-path"])
        .arg(manifest)
        .arg("--target-dir")
        .arg(concat!(env!("CARGO_TARGET_TMPDIR"), "/no_std"))
        .output()
        .unwrap();
    assert!(run.status.success(), "{}\n{}", run.status, String::from_utf8_lossy(&run.stderr));
}

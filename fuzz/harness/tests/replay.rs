//! Every committed input, through the very functions that the fuzzer calls: what was found once stays fixed.

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use ftp_fuzz_harness::{TARGETS, Target};

/// `fuzz/`, where cargo-fuzz lives.
fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the directory above").to_path_buf()
}

/// The files of a directory, in their order; none where there is no such directory.
fn inputs(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

fn replay(name: &str, target: Target, files: &[PathBuf]) {
    for file in files {
        let data = fs::read(file).expect("a file");
        let passed = catch_unwind(|| target(&data)).is_ok();
        assert!(passed, "{name} fails: cargo +nightly fuzz run {name} {}", file.display());
    }
}

#[test]
fn every_corpus_passes() {
    for (name, target) in TARGETS {
        let files = inputs(&fuzz().join("corpus").join(name));
        assert!(!files.is_empty(), "{name} has no corpus");
        replay(name, *target, &files);
    }
}

#[test]
fn what_crashed_once_passes() {
    for (name, target) in TARGETS {
        replay(name, *target, &inputs(&fuzz().join("regressions").join(name)));
    }
}

/// Targets, their files, corpora and the manifest are the same list.
#[test]
fn every_target_is_complete() {
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).expect("the manifest");
    let mut listed: Vec<String> = manifest
        .lines()
        .filter_map(|line| line.strip_prefix("path = \"fuzz_targets/")?.strip_suffix(".rs\""))
        .map(String::from)
        .collect();
    listed.sort();
    let names: Vec<String> = TARGETS.iter().map(|(name, _)| (*name).into()).collect();
    assert_eq!(listed, names);
    for kind in ["corpus", "regressions"] {
        for directory in inputs(&fuzz().join(kind)) {
            let name = directory.file_name().map(|name| name.to_string_lossy().into_owned());
            assert!(name.is_some_and(|name| names.contains(&name)), "{} is of no target", directory.display());
        }
    }
}

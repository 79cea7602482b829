//! The documents name tests as their witnesses: each has to be there.

use std::fs;
use std::path::Path;

#[test]
fn every_test_that_a_document_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(root.join("docs/tls.md")).expect("the page");
    let attacks = page.split("## Attacks").nth(1).expect("the table of attacks");
    let rows: Vec<&str> = attacks.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(rows.len() > 10, "{} rows", rows.len());
    for row in rows {
        let witnesses = row.trim_end_matches(" |").rsplit(" | ").next().expect("a last cell");
        let (mut file, mut named) = (None, 0);
        for word in witnesses.split('`').filter(|word| !word.trim().is_empty()) {
            if word.ends_with(".rs") {
                file = Some(fs::read_to_string(root.join(word)).unwrap_or_else(|error| panic!("{word}: {error}")));
            } else {
                let source = file.as_ref().expect("a file before its test");
                assert!(source.contains(&format!("fn {word}()")), "{word} is not where the page says");
                named += 1;
            }
        }
        assert!(named > 0, "no test is named in {row}");
    }
}

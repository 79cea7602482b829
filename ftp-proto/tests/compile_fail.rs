//! What the contract rules out by type does not compile.
//!
//! The expected messages are those of the toolchain that the workspace names as its `rust-version`;
//! `TRYBUILD=overwrite` writes them anew.

#[test]
fn the_contract_cannot_be_broken() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}

//! The simulator, steered by the bytes: which clients there are, how the network and the disk are, and what goes wrong
//! where. What must hold is judged by its oracles.

/// Panics where an oracle objects, or where the same bytes make two worlds.
pub fn sim(data: &[u8]) {
    if let Err(failure) = ftp_sim::run_bytes(data) {
        panic!("{failure}");
    }
}

//! Cutting bytes where the fuzzer says.

/// `bytes` in pieces of 1 to 16, whose lengths `cuts` tells over and over; whole where there are none.
pub(crate) fn pieces<'a>(mut bytes: &'a [u8], cuts: &[u8]) -> Vec<&'a [u8]> {
    let mut lengths = cuts.iter().cycle();
    let mut pieces = Vec::new();
    while !bytes.is_empty() {
        let length = lengths.next().map_or(bytes.len(), |cut| 1 + usize::from(cut % 16)).min(bytes.len());
        let (piece, rest) = bytes.split_at(length);
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}

/// Takes `N` bytes off the front; zeros where there are none left.
pub(crate) fn take<const N: usize>(bytes: &mut &[u8]) -> [u8; N] {
    let mut taken = [0; N];
    let (front, rest) = bytes.split_at(N.min(bytes.len()));
    taken[..front.len()].copy_from_slice(front);
    *bytes = rest;
    taken
}

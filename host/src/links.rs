//! Where symbolic links point.

use ftp_proto::VirtualPath;

/// The way from the directory `from` to `target`: relative, so that the link stays inside wherever the root is.
pub(crate) fn relative_to(from: &VirtualPath, target: &VirtualPath) -> Vec<u8> {
    let shared = from.components().zip(target.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).map(|_| &b".."[..]);
    let way: Vec<&[u8]> = up.chain(target.components().skip(shared)).collect();
    if way.is_empty() { b".".to_vec() } else { way.join(&b'/') }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_goes_up_only_as_far_as_it_must() {
        let way = |from: &str, target: &str| {
            let [from, target] = [from, target].map(|path| VirtualPath::parse(path.as_bytes()).unwrap());
            String::from_utf8(relative_to(&from, &target)).unwrap()
        };
        assert_eq!(way("/", "/a/b"), "a/b");
        assert_eq!(way("/a", "/a/b"), "b");
        assert_eq!(way("/a/b", "/a/c/d"), "../c/d");
        assert_eq!(way("/a", "/"), "..");
        assert_eq!(way("/a", "/a"), ".");
    }
}

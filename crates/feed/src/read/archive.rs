//! Knows archives by their first bytes. They are refused, never unpacked: nobody has to upload one.

const KNOWN: [(&[u8], &str); 10] = [
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
];

/// What kind of archive begins like this.
pub(super) fn archive(beginning: &[u8]) -> Option<&'static str> {
    let tar = beginning.get(257..262) == Some(b"ustar");
    KNOWN.iter().find(|(magic, _)| beginning.starts_with(magic)).map(|(_, name)| *name).or(tar.then_some("tar"))
}

//! How much a file may ask of the machine. Each limit is far above real exports, so that whoever meets one has a mistake
//! in a file and not a large organization.

/// Bounds of a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest file, in bytes as they are read: 16 GiB.
    pub file_bytes: u64,
    /// The longest record, in bytes: 1 MiB, the most of a file that is held at once.
    pub record_bytes: usize,
    /// The longest value of a record, in bytes: 256 KiB.
    pub value_bytes: usize,
    /// The most columns of a table, members of an object, and attributes of an element.
    pub columns: usize,
    /// The most records: as many people as an organization can have, many times over.
    pub records: u64,
    /// The most bytes of texts that a workbook shares between its cells, all held at once: 64 MiB.
    pub shared_bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            file_bytes: 16 << 30,
            record_bytes: 1 << 20,
            value_bytes: 256 << 10,
            columns: 2_000,
            records: 50_000_000,
            shared_bytes: 64 << 20,
        }
    }
}

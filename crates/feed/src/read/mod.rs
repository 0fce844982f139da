//! Readers: from the bytes of a file to one record after the other. Whatever the file, memory stays within [`Limits`];
//! nothing is unpacked but a workbook's own parts, no document type is looked at, and no character is ever replaced.

mod archive;
mod charset;
mod columns;
mod csv;
mod gzip;
mod json;
mod limits;
mod ndjson;
mod problem;
mod reader;
mod sheet;
mod tsv;
mod window;
mod workbook;
mod xml;
mod xml_stream;

pub use charset::charset_name;
pub use gzip::{Gunzip, MAX_RATIO};
pub use limits::Limits;
pub use problem::{BadRecord, FileError, FileProblem, RecordProblem, Remark};
pub use reader::{Input, Reader, Seekable};

#[cfg(test)]
pub(crate) mod tests;

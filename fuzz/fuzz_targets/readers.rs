//! The laws of readers on whatever bytes the fuzzer comes up with: each file is read to its end or refused, within bounds.
//! The first byte chooses the reader.

#![no_main]

use std::io::Cursor;

use feed::control::FileSpec;
use feed::control::model::Format;
use feed::read::{Input, Limits, Reader};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, bytes)) = bytes.split_first() else { return };
    let read = Format::ALL[usize::from(*choice) % Format::ALL.len()];
    let name = "users".to_owned();
    let spec = FileSpec { name, read, single_record: false, charset: None, separator: None, quote: None, sheet: None };
    let limits = Limits { record_bytes: 4 << 10, ..Limits::default() };
    let Ok(mut reader) = Reader::sample(&spec, Input::file(Cursor::new(bytes)), limits) else { return };
    while let Ok(Some(_)) = reader.next() {}
});

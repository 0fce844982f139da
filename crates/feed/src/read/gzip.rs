//! Inflates what was sent with the content encoding gzip, and stops what expands beyond all reason.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

use super::problem::FileProblem;

/// How many times its own size a compressed file may have. Tables of people reach 20; made-up files reach 1,000.
pub const MAX_RATIO: u64 = 100;

/// Below as many bytes nothing is refused: a short file of blanks is no danger.
const HARMLESS: u64 = 8 << 20;

/// A stream of what was compressed. It fails with an error that holds a `FileProblem` when a bound is met.
pub struct Gunzip<R> {
    inner: MultiGzDecoder<Counted<R>>,
    given: u64,
    longest: u64,
}

struct Counted<R> {
    inner: R,
    read: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.read += read as u64;
        Ok(read)
    }
}

impl<R: Read> Gunzip<R> {
    /// Inflates a stream to at most as many bytes.
    pub fn new(inner: R, longest: u64) -> Gunzip<R> {
        Gunzip { inner: MultiGzDecoder::new(Counted { inner, read: 0 }), given: 0, longest }
    }
}

impl<R: Read> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let given = self.inner.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                io::Error::other(FileProblem::Damaged)
            }
            _ => error,
        })?;
        self.given += given as u64;
        if self.given > self.longest {
            return Err(io::Error::other(FileProblem::TooLong(self.longest)));
        }
        if self.given > HARMLESS && self.given / MAX_RATIO > self.inner.get_ref().read {
            return Err(io::Error::other(FileProblem::Ratio(MAX_RATIO)));
        }
        Ok(given)
    }
}

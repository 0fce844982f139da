//! Charsets: from declared bytes to UTF-8. Bytes that mean nothing become bytes that are no UTF-8 either, so that the
//! record they stand in fails; they never become replacement characters.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// What stands for bytes without a meaning: no UTF-8 holds it.
const NONSENSE: u8 = 0xFF;

/// The name of a charset, by any name that Java or the web has for it; none when it does not exist.
pub fn charset_name(label: &str) -> Option<&'static str> {
    encoding(label).map(Encoding::name)
}

pub(super) fn encoding(label: &str) -> Option<&'static Encoding> {
    let label = label.trim().to_ascii_lowercase();
    let usual = match label.as_str() {
        // What Java says and the Encoding Standard does not list.
        "utf_8" | "unicode-1-1-utf-8" => "utf-8",
        "utf_16" | "utf-16be" | "utf_16be" | "unicodebig" | "x-utf-16be" => "utf-16be",
        "utf_16le" | "unicodelittle" | "x-utf-16le" => "utf-16le",
        "iso8859_1" | "iso_8859_1" => "iso-8859-1",
        "iso8859_2" | "iso8859_15" | "iso_8859_15" | "latin9" | "latin-9" => match label.as_str() {
            "iso8859_2" => "iso-8859-2",
            _ => "iso-8859-15",
        },
        "macroman" | "x-macroman" => "macintosh",
        other => other,
    };
    Encoding::for_label_no_replacement(usual.as_bytes())
}

/// The charset that the first bytes say, and how many of them say it.
pub(super) fn byte_order_mark(beginning: &[u8]) -> Option<(&'static Encoding, usize)> {
    Encoding::for_bom(beginning)
}

/// Whether a byte-order mark agrees with what was declared. "UTF-16" alone leaves the order to the mark.
pub(super) fn agrees(declared: &'static Encoding, found: &'static Encoding) -> bool {
    let wide = |encoding| encoding == UTF_16LE || encoding == UTF_16BE;
    declared == found || (wide(declared) && wide(found))
}

/// A stream of UTF-8 from a stream in another charset. UTF-8 itself passes as it is.
pub(super) struct Decode<R> {
    inner: R,
    decoder: Option<Decoder>,
    input: Vec<u8>,
    taken: usize,
    output: Vec<u8>,
    given: usize,
    over: bool,
}

/// How many bytes are decoded at once.
const CHUNK: usize = 32 << 10;

impl<R: Read> Decode<R> {
    pub(super) fn new(inner: R, encoding: &'static Encoding) -> Decode<R> {
        let decoder = (encoding != UTF_8).then(|| encoding.new_decoder_without_bom_handling());
        Decode { inner, decoder, input: Vec::new(), taken: 0, output: Vec::new(), given: 0, over: false }
    }

    fn step(&mut self) -> io::Result<()> {
        let Some(decoder) = &mut self.decoder else { return Ok(()) };
        let mut last = false;
        if self.taken == self.input.len() {
            self.input.resize(CHUNK, 0);
            let read = self.inner.read(&mut self.input)?;
            self.input.truncate(read);
            self.taken = 0;
            last = read == 0;
        }
        self.output.resize(CHUNK, 0);
        // One byte is kept free for what stands for nonsense.
        let room = CHUNK - 1;
        let (result, read, written) =
            decoder.decode_to_utf8_without_replacement(&self.input[self.taken..], &mut self.output[..room], last);
        self.taken += read;
        self.output.truncate(written);
        self.given = 0;
        match result {
            DecoderResult::Malformed(..) => self.output.push(NONSENSE),
            DecoderResult::InputEmpty => self.over = last,
            DecoderResult::OutputFull => {}
        }
        Ok(())
    }
}

impl<R: Read> Read for Decode<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.decoder.is_none() {
            return self.inner.read(buffer);
        }
        while self.given == self.output.len() && !self.over {
            self.step()?;
        }
        let ready = &self.output[self.given..];
        let count = ready.len().min(buffer.len());
        buffer[..count].copy_from_slice(&ready[..count]);
        self.given += count;
        Ok(count)
    }
}

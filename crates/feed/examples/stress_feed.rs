//! Feeds the readers and the check of control files mutated bytes for some minutes:
//! `cargo run --release -p feed --example stress_feed -- readers|workbook|control MINUTES SEED`. It stops at the first bytes that break a
//! law, and prints them; it never goes on after one.

use std::collections::BTreeSet;
use std::io::{Cursor, Read, Write};
use std::time::{Duration, Instant};

use fastrand::Rng;
use feed::control::model::Format;
use feed::control::{FileSpec, check, show};
use feed::read::{Input, Limits, Reader};
use feed::record::Record;
use feed::transform::Transformer;

/// A control file with every kind of key; mutations begin here.
const CONTROL: &str = r#"{"dataImportControlFileVersion":0,"model":"haplo:user-sync",
 "files":{"users":{"read":"tsv-with-name-row","charset":"windows-1252","separator":";"},"b":{"read":"json"},"c":{"read":"csv","quote":"'"}},
 "mapping":{"unit":{"types":["x:t"],"using":"behaviour","values":{"U1":"x:unit:one"}}},
 "profile":{"x:yes":{"type":"boolean"},"x:tel":{"type":"telephone-number"},"x:when":{"type":"datetime"},"x:unit":{"type":"ref"},
  "x:addr":{"type":"postal-address"},"x:n":{"type":"integer","qualifiers":["q:a"],"multivalue":false},"x:json":{"type":"json"}},
 "expect":{"users":{"rows":3,"generatedAt":"2026-03-01T04:00:00Z"}},
 "instructions":[
 {"source":"id","destination":"user","name":"username","filters":["haplo:to-lower-case"]},
 {"source":"first","destination":"user","name":"nameFirst"},{"source":"last","destination":"user","name":"nameLast"},
 {"source":"mail","destination":"user","name":"email"},
 {"source":"g","destination":"user","name":"groups","mapInputValue":{"A":"g:a","B":null},"mapInputValueDefault":"g:o"},
 {"source":"y","destination":"profile","name":"x:yes","trueValue":"Y","falseValue":"N"},
 {"source":"t","destination":"profile","name":"x:tel","country":"US"},{"source":"w","destination":"profile","name":"x:when","dateFormat":"dd/MM/yyyy HH:mm z"},
 {"source":"u","destination":"profile","name":"x:unit","refMapping":"unit","multivalue":true},
 {"action":"within","source":"o","instructions":[{"source":"n","destination":"profile","name":"x:n","qualifier":"q:a"}]},
 {"action":"for-each","source":"l","wrapValues":true,"instructions":[{"source":"value","destination":"value:postal-address","name":"country"},
  {"action":"field-structured","structured":"value:postal-address","destination":"profile","name":"x:addr","multivalue":true}]},
 {"action":"if-value-one-of","source":"a","values":[1,"1",true,null],"then":[{"action":"abort-record","message":"m"}],"else":[]},
 {"action":"if-has-value","destination":"profile","name":"x:n","then":[{"action":"log-error","message":"n"}]},
 {"action":"remove-values","destination":"user:tags","name":"tag"},{"source":"j","destination":"profile","name":"x:json"}]}"#;

const RECORDS: &[&str] = &[
    r#"{"id":"A","first":"F","last":"L","mail":"a@b.c","g":"A","y":"Y","t":"020 7","w":"01/02/2026 10:30 +0100","u":"U1","o":{"n":7},"l":["GB","XX",{}],"a":1,"j":[1]}"#,
    r#"{"id":7,"first":"é\u0301","last":"\ud83d\ude00","mail":"ü@b.c","w":"99/99/9999","l":"x","o":[],"a":"1"}"#,
    r#"{"id":{"x":1},"l":[[[]]],"y":true,"w":0,"t":1e300}"#,
];

const FILES: &[(Format, &str)] = &[
    (Format::Json, "\u{feff}[{\"id\":\"a\",\"n\":[1,2.5e3,{\"x\":null}]},\n {\"id\":\"\\u00e9\\n\"} ]\n"),
    (Format::Json, "{\"x\":{\"id\":\"a\"},\"y\":{}}"),
    (Format::NdJson, "{\"id\":1}\r\n\n{\"id\":\"a\\\\\"}\n{\"a\":[]}"),
    (
        Format::XmlText,
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><r xmlns:p='u'><v><p:a>x &amp; <b>y</b></p:a><c><![CDATA[<]]></c></v><v/></r>",
    ),
    (Format::XmlAttributes, "<r><v a=\"1\" b='&#x41;&lt;'/><!-- c --><w x=\"y\">t</w></r>"),
    (Format::Tsv, "id\tname\tx\r\na\tb\n\n\tc\td\te\n"),
    (Format::Csv, "id,name\r\n1,\"a \"\"b\"\", c\nd\"\n\n2,x\n"),
];

const PIECES: &[&[u8]] = &[
    b"\"",
    b"'",
    b"\\",
    b"\\u",
    b"\\ud800",
    b",",
    b";",
    b"\t",
    b"\r",
    b"\n",
    b"\0",
    b"\xff",
    b"\xc3",
    b"\xef\xbb\xbf",
    b"[",
    b"]",
    b"{",
    b"}",
    b":",
    b"<",
    b">",
    b"</",
    b"/>",
    b"<!DOCTYPE",
    b"<![CDATA[",
    b"]]>",
    b"&",
    b"&x;",
    b"&#0;",
    b"<?xml",
    b"encoding='utf-16'",
    b"1e999",
    b"-0",
    b"NaN",
    b"null",
    b"true",
    b"[[[[[[[[[[[[[[[[",
    b"9999999999999999999999",
    b"PK\x03\x04",
    b"sep=;",
    b"\"destination\":\"profile\"",
    b"\"multivalue\":true",
    b"\"action\":\"new\"",
    b"haplo:user-sync",
    b"0",
];

struct Pieces<R>(R, usize);

impl<R: Read> Read for Pieces<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = buffer.len().min(self.1);
        self.0.read(&mut buffer[..most])
    }
}

#[expect(clippy::disallowed_methods, reason = "this runs for as long as it is told, and depends on nothing else")]
fn now() -> Instant {
    Instant::now()
}

fn mutated(text: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = text.to_vec();
    for _ in 0..rng.usize(1..6) {
        let at = rng.usize(..=bytes.len());
        let end = (at + rng.usize(..12)).min(bytes.len());
        match rng.u8(..6) {
            0 => drop(bytes.drain(at..end)),
            1 => drop(bytes.splice(at..at, rng.choice(PIECES).copied().unwrap_or_default().iter().copied())),
            2 => drop(bytes.splice(at..end, rng.choice(PIECES).copied().unwrap_or_default().iter().copied())),
            3 if at < bytes.len() => bytes[at] ^= 1 << rng.u8(..8),
            4 => {
                let again = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, again));
            }
            _ => bytes.truncate(at),
        }
    }
    bytes
}

/// What a file holds, as a text for each record, and how it ends.
fn told(spec: &FileSpec, input: Input<'_>) -> Vec<String> {
    let limits = Limits { record_bytes: 4 << 10, value_bytes: 1 << 10, ..Limits::default() };
    let mut told = Vec::new();
    let mut reader = match Reader::sample(spec, input, limits) {
        Ok(reader) => reader,
        Err(error) => return vec![error.to_string()],
    };
    loop {
        match reader.next() {
            Ok(Some(Ok(record))) => told.push(format!("{} {:?}", record.line, record.to_value())),
            Ok(Some(Err(bad))) => told.push(bad.to_string()),
            Ok(None) => return told,
            Err(error) => {
                told.push(error.to_string());
                return told;
            }
        }
    }
}

fn try_readers(rng: &mut Rng) -> Result<(), String> {
    let (format, text) = FILES[rng.usize(..FILES.len())];
    let bytes = mutated(text.as_bytes(), rng);
    let charset = rng.choice([None, None, Some("windows-1252"), Some("UTF-16LE"), Some("Shift_JIS")]).flatten();
    let spec = FileSpec {
        name: "users".to_owned(),
        read: if rng.u8(..8) == 0 { *rng.choice(Format::ALL).unwrap_or(&format) } else { format },
        single_record: rng.u8(..6) == 0,
        charset,
        separator: None,
        quote: None,
        sheet: None,
    };
    let whole = told(&spec, Input::file(Cursor::new(&bytes)));
    let pieces = told(&spec, Input::stream(Pieces(&bytes[..], rng.usize(1..7))));
    if whole != pieces {
        return Err(format!("{spec:?} {:?}\n{whole:?}\n{pieces:?}", bytes.escape_ascii().to_string()));
    }
    Ok(())
}

const WORKBOOK: &[(&str, &str)] = &[
    (
        "xl/workbook.xml",
        "<workbook xmlns:r='u'><workbookPr date1904='1'/><sheets><sheet name='P' r:id='r1'/></sheets></workbook>",
    ),
    ("xl/_rels/workbook.xml.rels", "<R><Relationship Id='r1' Target='worksheets/sheet1.xml'/></R>"),
    (
        "xl/sharedStrings.xml",
        "<sst><si><t>id</t></si><si><r><t>na</t></r><r><t>me</t></r><rPh><t>x</t></rPh></si></sst>",
    ),
    (
        "xl/styles.xml",
        "<s><numFmts><numFmt numFmtId='164' formatCode='[h]\\:mm \"x\"'/></numFmts><cellXfs><xf numFmtId='14'/><xf numFmtId='164'/></cellXfs></s>",
    ),
    (
        "xl/worksheets/sheet1.xml",
        "<w><sheetData><row r='1'><c r='A1' t='s'><v>0</v></c><c t='s'><v>1</v></c></row><row r='3'><c r='B3' s='1'><v>46082.25</v></c>\
         <c r='A3' t='inlineStr'><is><t>a</t></is></c></row><row><c t='e'><v>#N/A</v></c><c s='0'><v>1e9</v></c></row></sheetData></w>",
    ),
];

fn try_workbook(rng: &mut Rng) -> Result<(), String> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in WORKBOOK {
        let method = if rng.bool() { zip::CompressionMethod::Stored } else { zip::CompressionMethod::Deflated };
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        let bytes = if rng.u8(..3) == 0 { mutated(text.as_bytes(), rng) } else { text.as_bytes().to_vec() };
        let put = writer.start_file(*name, options).is_ok() && writer.write_all(&bytes).is_ok();
        if !put {
            return Err(format!("{name} cannot be written"));
        }
    }
    let mut bytes = writer.finish().map(Cursor::into_inner).map_err(|error| error.to_string())?;
    if rng.u8(..3) == 0 {
        bytes = mutated(&bytes, rng);
    }
    let name = "users".to_owned();
    let spec = FileSpec {
        name,
        read: Format::Xlsx,
        single_record: false,
        charset: None,
        separator: None,
        quote: None,
        sheet: None,
    };
    let whole = told(&spec, Input::file(Cursor::new(&bytes)));
    let pieces = told(&spec, Input::stream(Pieces(&bytes[..], rng.usize(1..200))));
    if whole == pieces { Ok(()) } else { Err(format!("{}\n{whole:?}\n{pieces:?}", bytes.escape_ascii())) }
}

fn try_control(rng: &mut Rng) -> Result<(), String> {
    let bytes = mutated(CONTROL.as_bytes(), rng);
    let text = String::from_utf8_lossy(&bytes);
    let checked = check(&text);
    if checked.control.is_none() != checked.refusal().is_some() {
        return Err(format!("refused without a word, or the other way round: {text}"));
    }
    let Some(control) = checked.control else { return Ok(()) };
    if check(&show(&control)).control.as_ref() != Some(&control) {
        return Err(format!("shown otherwise than read: {text}"));
    }
    let groups: BTreeSet<String> = control.producible_groups().into_iter().collect();
    let mut transformer = Transformer::new(&control, &groups);
    for text in RECORDS {
        let bytes = if rng.bool() { mutated(text.as_bytes(), rng) } else { text.as_bytes().to_vec() };
        let Ok(value) = feed::json::parse(&bytes) else { continue };
        let record = Record::of_value(0, 1, value);
        let once = transformer.transform(&record);
        if once.person.is_err() && !once.in_error() || transformer.transform(&record) != once {
            return Err(format!("{} under {}", text, show(&control)));
        }
    }
    Ok(())
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let part = arguments.next().unwrap_or_else(|| "readers".to_owned());
    let minutes: u64 = arguments.next().and_then(|minutes| minutes.parse().ok()).unwrap_or(1);
    let seed = arguments.next().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let mut rng = Rng::with_seed(seed);
    let (end, mut tries) = (now() + Duration::from_secs(60 * minutes), 0_u64);
    while now() < end {
        for _ in 0..1_000 {
            let tried = match part.as_str() {
                "control" => try_control(&mut rng),
                "workbook" => try_workbook(&mut rng),
                _ => try_readers(&mut rng),
            };
            if let Err(broken) = tried {
                eprintln!("after {tries} tries with seed {seed}: {broken}");
                std::process::exit(1);
            }
            tries += 1;
        }
    }
    println!("{part}: {tries} tries with seed {seed}, no finding");
}

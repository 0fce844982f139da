//! The readers: what each makes of its format, what it refuses, and that it makes the same of any pieces.

mod faults;
mod laws;
mod workbooks;

use std::io::Read;

use super::*;
use crate::control::FileSpec;
use crate::control::model::Format;
use crate::json::{parse, write};

/// A file as a control file would name it.
pub(crate) fn spec(read: Format) -> FileSpec {
    FileSpec {
        name: "users".to_owned(),
        read,
        single_record: false,
        charset: None,
        separator: None,
        quote: None,
        sheet: None,
    }
}

/// Each record as JSON, each that cannot be read as its sentence, and what ended the reading.
pub(crate) fn told(spec: &FileSpec, input: Input<'_>, limits: Limits) -> (Vec<String>, Option<FileError>) {
    let mut told = Vec::new();
    let mut reader = match Reader::sample(spec, input, limits) {
        Ok(reader) => reader,
        Err(error) => return (told, Some(error)),
    };
    loop {
        match reader.next() {
            Ok(Some(Ok(record))) => told.push(write(&record.to_value())),
            Ok(Some(Err(bad))) => told.push(bad.to_string()),
            Ok(None) => return (told, None),
            Err(error) => return (told, Some(error)),
        }
    }
}

pub(crate) fn read(spec: &FileSpec, bytes: &[u8]) -> Vec<String> {
    let (told, error) = told(spec, Input::file(std::io::Cursor::new(bytes)), Limits::default());
    assert_eq!(error, None);
    told
}

pub(super) fn refused(spec: &FileSpec, bytes: &[u8]) -> FileProblem {
    told(spec, Input::file(std::io::Cursor::new(bytes)), Limits::default()).1.expect("the file is refused").problem
}

/// Gives at most so many bytes at once.
pub(super) struct Pieces<R>(pub(super) R, pub(super) usize);

impl<R: Read> Read for Pieces<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = buffer.len().min(self.1);
        self.0.read(&mut buffer[..most])
    }
}

#[test]
fn tables_go_by_their_name_row() {
    let tsv = spec(Format::Tsv);
    assert_eq!(read(&tsv, b"b\ta\n1\t2\n\n\n3\t\n"), [r#"{"a":"2","b":"1"}"#, r#"{"b":"3"}"#]);
    assert_eq!(read(&tsv, b"a\tb\r1\t2\r\n"), [r#"{"a":"1","b":"2"}"#], "any line end will do");
    assert_eq!(read(&tsv, "\u{feff}id\nä \"q\"\n".as_bytes()), [r#"{"id":"ä \"q\""}"#]);
    assert_eq!(read(&FileSpec { separator: Some(", ".into()), ..tsv }, b"a, b\n1, 2, 3"), [r#"{"a":"1","b":"2"}"#]);
    let csv = spec(Format::Csv);
    let quoted = b"id,note\r\n1,\"a, \"\"b\"\"\r\nc\"\r\n2,\r\n";
    assert_eq!(read(&csv, quoted), [r#"{"id":"1","note":"a, \"b\"\r\nc"}"#, r#"{"id":"2"}"#]);
    let semicolons = FileSpec { separator: Some(";".into()), quote: Some('\''), ..csv };
    assert_eq!(read(&semicolons, b"a;b\n'x;y';z"), [r#"{"a":"x;y","b":"z"}"#]);
}

#[test]
fn json_is_read_record_by_record() {
    let json = spec(Format::Json);
    assert_eq!(read(&json, b" [ {\"a\":1} , {\"b\":[{}]}\n] \n"), [r#"{"a":1}"#, r#"{"b":[{}]}"#]);
    assert_eq!(read(&json, b"[]"), Vec::<String>::new());
    assert_eq!(read(&json, b"null"), Vec::<String>::new());
    assert_eq!(read(&json, b"{\"x\":{\"a\":1},\"y\":{\"a\":2}}"), [r#"{"a":1}"#, r#"{"a":2}"#]);
    let single = FileSpec { single_record: true, ..json };
    assert_eq!(read(&single, b" {\"a\":[1,2]}\n"), [r#"{"a":[1,2]}"#]);
    assert_eq!(read(&spec(Format::NdJson), b"{\"a\":1}\r\n\n{\"a\":2}"), [r#"{"a":1}"#, r#"{"a":2}"#]);
}

#[test]
fn records_are_numbered_and_know_their_lines() {
    let csv = spec(Format::Csv);
    let mut reader = Reader::sample(&csv, Input::stream(&b"a\n\"x\ny\"\nz\n"[..]), Limits::default()).unwrap();
    let mut seen = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        let record = record.unwrap();
        seen.push((record.number, record.line));
    }
    assert_eq!(seen, [(0, 2), (1, 4)]);
    let json = spec(Format::Json);
    let mut reader = Reader::sample(&json, Input::stream(&b"[\n{},\n\n{}]"[..]), Limits::default()).unwrap();
    assert_eq!(reader.next().unwrap().unwrap().unwrap().line, 2);
    assert_eq!(reader.next().unwrap().unwrap().unwrap().line, 4);
}

#[test]
fn xml_is_read_without_namespaces_and_document_types() {
    let text = spec(Format::XmlText);
    let xml = br#"<?xml version="1.0"?><!-- x --><r xmlns:p="urn:x"><p:v><p:a>1 &amp; <b>2</b></p:a><c><![CDATA[<]]></c></p:v><v/></r>"#;
    assert_eq!(read(&text, xml), [r#"{"a":"1 & 2","c":"<"}"#, "{}"]);
    let attributes = spec(Format::XmlAttributes);
    assert_eq!(read(&attributes, br#"<r><v a="1 &#x41;" p:b='2' xmlns:p="urn:x"/></r>"#), [r#"{"a":"1 A","b":"2"}"#]);
    let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><r><v><a>\xe4</a></v></r>";
    assert_eq!(read(&text, latin), [r#"{"a":"ä"}"#]);
}

#[test]
fn d12_columns_go_by_name_and_those_that_are_wanted_have_to_be_there() {
    let control = crate::control::tests::with("").replace("\"json\"", "\"csv\"");
    let control = crate::control::tests::good(&control);
    let open = |text: &'static str| Reader::open(&control, &control.files[0], Input::stream(text.as_bytes()), 0);
    let problem = |text| open(text).err().expect("it is refused").problem.to_string();
    assert!(
        problem("ID,first,last,mail\n").contains("there is a column \"ID\""),
        "{}",
        problem("ID,first,last,mail\n")
    );
    assert!(problem("id;first;last;mail\n").contains("semicolons"));
    assert_eq!(problem("id,mail,mail\n"), FileProblem::AmbiguousColumn("mail".into()).to_string());
    assert_eq!(problem("sep=,\nid,mail\n"), FileProblem::SeparatorLine.to_string());
    let reader = open("id,first,last,e-mail,x,x,\n").unwrap();
    let missing = Remark::MissingColumn("mail".into());
    assert_eq!(reader.remarks(), [Remark::RepeatedColumn("x".into()), missing, Remark::UnnamedColumn(7)]);
}

#[test]
fn what_was_compressed_is_inflated_within_bounds() {
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;
    let pack = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let packed = pack(b"[{\"a\":1}]");
    let json = spec(Format::Json);
    let (records, error) = told(&json, Input::stream(Gunzip::new(&packed[..], 1 << 30)), Limits::default());
    assert_eq!((records.as_slice(), error), ([r#"{"a":1}"#.to_owned()].as_slice(), None));
    let bomb = pack(&vec![b' '; 32 << 20]);
    let problem = |packed: &[u8], longest| {
        told(&json, Input::stream(Gunzip::new(packed, longest)), Limits::default()).1.unwrap().problem
    };
    assert_eq!(problem(&bomb, 1 << 30), FileProblem::Ratio(MAX_RATIO));
    assert_eq!(problem(&bomb, 1 << 20), FileProblem::TooLong(1 << 20));
    assert_eq!(problem(&packed[..packed.len() / 2], 1 << 20), FileProblem::Damaged);
}

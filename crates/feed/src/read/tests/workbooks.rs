//! Workbooks: their cells as texts, and archives that pretend to be one.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;

const TYPES: &str = r#"<workbook xmlns:r="urn:r"><workbookPr/><sheets><sheet name="People" sheetId="1" r:id="rId1"/>
    <sheet name="More" sheetId="2" r:id="rId2"/></sheets></workbook>"#;
const RELATIONS: &str = r#"<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/>
    <Relationship Id="rId2" Target="/xl/worksheets/sheet2.xml"/></Relationships>"#;
const SHARED: &str =
    "<sst><si><t>id</t></si><si><r><t>na</t></r><r><t>me</t></r><rPh><t>no</t></rPh></si><si><t>since</t></si></sst>";
const STYLES: &str = r#"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="dd\-mm\-yyyy"/></numFmts>
    <cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs></styleSheet>"#;
const SHEET: &str = r#"<worksheet><sheetData>
    <row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c></row>
    <row r="2"><c r="A2"><v>9007199254740991</v></c><c r="B2" t="inlineStr"><is><t>Ämil &amp; Co</t></is></c><c r="C2" s="1"><v>46082</v></c></row>
    <row r="3"/>
    <row r="4"><c r="A4"><v>1.5</v></c><c r="C4" s="2"><v>46082.25</v></c></row>
    <row r="5"><c r="A5" t="b"><v>1</v></c><c r="B5" t="e"><v>#N/A</v></c></row>
    <row r="6"><c r="A6" t="str"><v>x</v></c><c r="E6"><v>9</v></c></row>
    </sheetData></worksheet>"#;

fn workbook(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, text) in parts {
        writer.start_file(*name, options).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn usual(sheet: &str) -> Vec<u8> {
    workbook(&[
        ("xl/workbook.xml", TYPES),
        ("xl/_rels/workbook.xml.rels", RELATIONS),
        ("xl/sharedStrings.xml", SHARED),
        ("xl/styles.xml", STYLES),
        ("xl/worksheets/sheet1.xml", sheet),
        (
            "xl/worksheets/sheet2.xml",
            "<worksheet><sheetData><row><c t='str'><v>z</v></c></row><row><c><v>7</v></c></row></sheetData></worksheet>",
        ),
    ])
}

#[test]
fn cells_are_texts_and_days_are_days() {
    let xlsx = spec(Format::Xlsx);
    assert_eq!(
        read(&xlsx, &usual(SHEET)),
        [
            r#"{"id":"9007199254740991","name":"Ämil & Co","since":"2026-03-01"}"#,
            r#"{"id":"1.5","since":"2026-03-01T06:00:00"}"#,
            "a cell holds the error #N/A (record 2, line 5, column 1)",
            r#"{"id":"x"}"#,
        ]
    );
    assert_eq!(read(&FileSpec { sheet: Some("More".into()), ..xlsx.clone() }, &usual(SHEET)), [r#"{"z":"7"}"#]);
    let other = refused(&FileSpec { sheet: Some("Others".into()), ..xlsx }, &usual(SHEET));
    assert!(other.to_string().contains("People, More"), "{other}");
}

#[test]
fn a_workbook_comes_as_a_stream_too() {
    let bytes = usual(SHEET);
    let (records, error) = told(&spec(Format::Xlsx), Input::stream(Pieces(&bytes[..], 7)), Limits::default());
    assert_eq!((records.len(), error), (4, None));
}

#[test]
fn d08_a_workbook_that_expands_without_measure_is_stopped() {
    let xlsx = spec(Format::Xlsx);
    let blanks = format!("<worksheet><sheetData>{}</sheetData></worksheet>", "<row/>".repeat(2 << 20));
    assert!(matches!(refused(&xlsx, &usual(&blanks)), FileProblem::NoNameRow | FileProblem::Ratio(_)));
    let rows = format!("{}{}", SHEET.replace("</sheetData></worksheet>", ""), "<row/>".repeat(2 << 20));
    assert!(matches!(refused(&xlsx, &usual(&rows)), FileProblem::Ratio(_)));
    assert!(matches!(refused(&xlsx, b"PK\x03\x04 no archive"), FileProblem::Workbook(_)));
    assert!(matches!(refused(&xlsx, &workbook(&[("../../etc/x", "y")])), FileProblem::Workbook(_)));
    let doctype = SHEET.replace("<worksheet>", "<!DOCTYPE w [<!ENTITY a 'b'>]><worksheet>");
    assert_eq!(refused(&xlsx, &usual(&doctype)), FileProblem::DocumentType);
    let many: Vec<(String, &str)> = (0..5_000).map(|n| (format!("p{n}"), "")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    assert_eq!(refused(&xlsx, &workbook(&many)), FileProblem::Workbook("it has too many parts".into()));
}

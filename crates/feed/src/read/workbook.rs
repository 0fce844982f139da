//! Workbooks of spreadsheet programs (Office Open XML): one sheet as a table. The archive's names are compared and never
//! become paths; each part has its bound in size and in how far it expands.

use std::io::{Read, SeekFrom};

use flate2::read::DeflateDecoder;
use zip::{CompressionMethod, ZipArchive};

use super::columns::Wanted;
use super::gzip::MAX_RATIO;
use super::limits::Limits;
use super::problem::{FileError, FileProblem, Remark};
use super::reader::{Seekable, Step};
use super::sheet::{Formats, Shared, Sheet};
use super::window::problem_of;
use super::xml_stream::{XmlEvent, XmlStream};
use crate::control::FileSpec;
use crate::record::Record;

/// The most parts of a workbook; real ones have some dozens.
const MOST_PARTS: usize = 4_000;

/// The largest part that only says how the others hang together: 8 MiB.
const LARGEST_PLAN: u64 = 8 << 20;

/// Below as many bytes nothing is refused for how far it expands.
const HARMLESS: u64 = 8 << 20;

pub(super) struct Workbook<'a> {
    sheet: Sheet<'a>,
    pub(super) remarks: Vec<Remark>,
}

type Archive<'a> = ZipArchive<Box<dyn Seekable + 'a>>;

fn broken(reason: impl ToString) -> FileProblem {
    FileProblem::Workbook(reason.to_string())
}

impl<'a> Workbook<'a> {
    pub(super) fn open(
        mut file: Box<dyn Seekable + 'a>,
        spec: &FileSpec,
        wanted: &Wanted,
        limits: &Limits,
    ) -> Result<Workbook<'a>, FileProblem> {
        let size = file.seek(SeekFrom::End(0)).map_err(|error| problem_of(&error))?;
        file.rewind().map_err(|error| problem_of(&error))?;
        match size {
            0 => return Err(FileProblem::Empty),
            size if size > limits.file_bytes => return Err(FileProblem::TooLong(limits.file_bytes)),
            _ => {}
        }
        let mut archive = ZipArchive::new(file).map_err(broken)?;
        if archive.len() > MOST_PARTS {
            return Err(broken("it has too many parts"));
        }
        if archive.has_duplicate_names() || archive.has_overlapping_entries().map_err(broken)? {
            return Err(broken("its parts overlap or share names"));
        }
        let plan = Plan::read(&mut archive, spec.sheet.as_deref())?;
        let shared = match part(&mut archive, "xl/sharedStrings.xml", limits.shared_bytes as u64 * 4)? {
            Some(stream) => Shared::read(stream, limits.shared_bytes)?,
            None => Shared::default(),
        };
        let formats = match part(&mut archive, "xl/styles.xml", LARGEST_PLAN)? {
            Some(stream) => Formats::read(stream, plan.from_1904)?,
            None => Formats::default(),
        };
        let stream = sheet(archive, &plan.path, limits)?;
        let mut sheet = Sheet::new(stream, shared, formats, limits);
        let remarks = sheet.name_row(wanted).map_err(|error| error.problem)?;
        Ok(Workbook { sheet, remarks })
    }

    pub(super) fn next(&mut self, record: &mut Record) -> Result<Step, FileError> {
        self.sheet.next(record)
    }
}

/// Where the wanted sheet lies, and how days are counted.
struct Plan {
    path: String,
    from_1904: bool,
}

impl Plan {
    fn read(archive: &mut Archive<'_>, wanted: Option<&str>) -> Result<Plan, FileProblem> {
        let mut sheets: Vec<(String, String)> = Vec::new();
        let mut from_1904 = false;
        let Some(mut stream) = part(archive, "xl/workbook.xml", LARGEST_PLAN)? else {
            return Err(broken("it has no part xl/workbook.xml: is it a workbook at all?"));
        };
        each(&mut stream, |name, attribute| match name {
            "sheet" => sheets.push((attribute("name").unwrap_or_default(), attribute("id").unwrap_or_default())),
            "workbookPr" => from_1904 = matches!(attribute("date1904").as_deref(), Some("1" | "true")),
            _ => {}
        })?;
        drop(stream);
        let found = match wanted {
            Some(wanted) => sheets.iter().find(|(name, _)| name == wanted),
            None => sheets.first(),
        };
        let Some((_, id)) = found else {
            let names: Vec<&str> = sheets.iter().map(|(name, _)| name.as_str()).take(20).collect();
            return Err(broken(format!("it has no such sheet; its sheets are {}", names.join(", "))));
        };
        let mut target = None;
        if let Some(mut stream) = part(archive, "xl/_rels/workbook.xml.rels", LARGEST_PLAN)? {
            each(&mut stream, |name, attribute| {
                if name == "Relationship" && attribute("Id").as_ref() == Some(id) {
                    target = attribute("Target");
                }
            })?;
        }
        let target = target.ok_or_else(|| broken("its sheet leads nowhere"))?;
        let path = match target.strip_prefix('/') {
            Some(absolute) => absolute.to_owned(),
            None => format!("xl/{target}"),
        };
        Ok(Plan { path, from_1904 })
    }
}

/// Calls a function with the name of each element and its attributes.
fn each(
    stream: &mut XmlStream<'_>,
    mut found: impl FnMut(&str, &dyn Fn(&str) -> Option<String>),
) -> Result<(), FileProblem> {
    loop {
        stream.renew();
        match stream.next().map_err(|error| error.problem)? {
            XmlEvent::Open(element) => {
                let attributes = element.attributes.unwrap_or_default();
                let of =
                    |name: &str| attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
                found(&element.name, &of);
            }
            XmlEvent::End => return Ok(()),
            XmlEvent::Text(_) | XmlEvent::Wrong(_) | XmlEvent::Close => {}
        }
    }
}

/// A small part as XML; none when it is not there.
fn part<'b>(archive: &'b mut Archive<'_>, name: &str, largest: u64) -> Result<Option<XmlStream<'b>>, FileProblem> {
    let Some(index) = archive.index_for_name(name) else { return Ok(None) };
    let part = archive.by_index(index).map_err(broken)?;
    if part.encrypted() {
        return Err(broken("it is encrypted"));
    }
    let packed = part.compressed_size();
    let bounded = Bounded { inner: Box::new(part), packed, given: 0, largest };
    Ok(Some(XmlStream::new(Box::new(bounded), (1 << 20, largest), 256)))
}

/// The stream of the sheet itself, which owns the file: a sheet is read long after it was opened.
fn sheet<'a>(mut archive: Archive<'a>, path: &str, limits: &Limits) -> Result<XmlStream<'a>, FileProblem> {
    let index = archive.index_for_name(path).ok_or_else(|| broken("its sheet is not in it"))?;
    let (begin, packed, method) = {
        let part = archive.by_index(index).map_err(broken)?;
        if part.encrypted() {
            return Err(broken("it is encrypted"));
        }
        let begin = part.data_start().ok_or_else(|| broken("its sheet is not in it"))?;
        (begin, part.compressed_size(), part.compression())
    };
    let mut file = archive.into_inner();
    file.seek(SeekFrom::Start(begin)).map_err(|error| problem_of(&error))?;
    let raw = file.take(packed);
    let inner: Box<dyn Read + 'a> = match method {
        CompressionMethod::Stored => Box::new(raw),
        CompressionMethod::Deflated => Box::new(DeflateDecoder::new(raw)),
        _ => return Err(broken("it is compressed in a way that workbooks are not")),
    };
    let bounded = Bounded { inner, packed, given: 0, largest: limits.file_bytes };
    Ok(XmlStream::new(Box::new(bounded), (limits.record_bytes, limits.file_bytes), 64))
}

/// Stops a part that expands too far.
struct Bounded<'a> {
    inner: Box<dyn Read + 'a>,
    packed: u64,
    given: u64,
    largest: u64,
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let given = self.inner.read(buffer)?;
        self.given += given as u64;
        if self.given > self.largest {
            return Err(std::io::Error::other(FileProblem::TooLong(self.largest)));
        }
        // Sheets repeat themselves more than other files do.
        if self.given > HARMLESS && self.given / (2 * MAX_RATIO) > self.packed {
            return Err(std::io::Error::other(FileProblem::Ratio(2 * MAX_RATIO)));
        }
        Ok(given)
    }
}

//! Moving a whole store into another one: an export that is imported on the way, and compared
//! afterwards, table by table.

use std::{
    collections::BTreeMap,
    io::{self, BufReader, BufWriter, Write},
    sync::{Arc, Mutex, PoisonError},
};

use aws_lc_rs::digest::{Context, SHA256};

use super::{Counts, Store, StoreError};
use crate::hex::hex;

/// What is in a store: for each kind of record how many there are, and a checksum of them all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums(BTreeMap<String, (u64, String)>);

impl Sums {
    /// Reads everything.
    ///
    /// # Errors
    /// If a record cannot be read.
    pub async fn of(store: &dyn Store) -> Result<Self, StoreError> {
        let digest = Arc::new(Mutex::new(Digest::default()));
        store.export(Box::new(Lines::new(Adding(Arc::clone(&digest))))).await?;
        let digest = std::mem::take(&mut *digest.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(digest.finish())
    }

    /// How many records there are.
    pub fn total(&self) -> u64 {
        self.0.values().map(|(count, _)| count).sum()
    }

    /// The kinds that are not the same in the other store, as a person reads them.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let none = (0, String::new());
        let mut kinds: Vec<&String> = self.0.keys().chain(other.0.keys()).collect();
        kinds.sort();
        kinds.dedup();
        let compare = |kind: &&String| {
            let (here, there) = (self.0.get(*kind).unwrap_or(&none), other.0.get(*kind).unwrap_or(&none));
            (here != there).then(|| match (here.0, there.0) {
                (here, there) if here != there => format!("{kind}: {here} and {there} records"),
                (count, _) => format!("{kind}: {count} records that are not the same"),
            })
        };
        kinds.iter().filter_map(compare).collect()
    }

    /// A line for each kind: how many, and the beginning of the checksum.
    pub fn lines(&self) -> Vec<String> {
        let line = |(kind, (count, sum)): (&String, &(u64, String))| {
            format!("{kind}: {count} records, SHA-256 {}", sum.get(..16).unwrap_or(sum))
        };
        self.0.iter().map(line).collect()
    }
}

/// How moving ended.
#[derive(Debug)]
pub enum Moved {
    /// Everything is there now, and is the same.
    Copied(Counts, Sums),
    /// Everything was there before.
    AlreadyThere(Sums),
    /// The stores are not the same afterwards: by kind.
    Differs(Vec<String>),
}

/// Copies everything from one store into another, empty one, and compares the two. `progress` hears
/// how many records of how many were read. Where it is broken off, nothing is in the other store, or
/// it says at its next opening that an import did not finish.
///
/// # Errors
/// [`StoreError::NotEmpty`] where the other store holds other records, or whatever either store
/// fails with.
pub async fn copy(
    from: &dyn Store,
    to: &dyn Store,
    progress: impl Fn(u64, u64) + Send + 'static,
) -> Result<Moved, StoreError> {
    let source = Sums::of(from).await?;
    if source.total() > 0 && Sums::of(to).await? == source {
        return Ok(Moved::AlreadyThere(source));
    }
    let total = source.total();
    let (reader, writer) = io::pipe().map_err(|error| StoreError::Export { why: error.to_string() })?;
    let counting = Counting { progress, done: 0, total };
    let writer = Tee { writer: BufWriter::new(writer), lines: Lines::new(counting) };
    let exporting = from.export(Box::new(writer));
    let importing = to.import(Box::new(BufReader::new(reader)));
    let (exported, imported) = futures_util::future::join(exporting, importing).await;
    // Where the import ends early, the export meets a broken pipe.
    let counts = imported?;
    exported?;
    let copied = Sums::of(to).await?;
    let mut differences = source.differences(&copied);
    if differences.is_empty() {
        // Somebody who writes meanwhile would be left behind.
        differences = Sums::of(from).await?.differences(&copied);
    }
    Ok(if differences.is_empty() { Moved::Copied(counts, copied) } else { Moved::Differs(differences) })
}

/// Takes whole lines.
trait Take: Send {
    fn take(&mut self, line: &[u8]);
}

/// Splits what is written into lines.
struct Lines<T> {
    pending: Vec<u8>,
    take: T,
}

impl<T: Take> Lines<T> {
    fn new(take: T) -> Self {
        Self { pending: Vec::new(), take }
    }
}

impl<T: Take> Write for Lines<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.pending.extend_from_slice(&rest[..end]);
            self.take.take(&self.pending);
            self.pending.clear();
            rest = &rest[end + 1..];
        }
        self.pending.extend_from_slice(rest);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Default)]
struct Digest(BTreeMap<String, (u64, Option<Context>)>);

impl Digest {
    fn finish(self) -> Sums {
        let sum = |sum: Option<Context>| sum.map(|sum| hex(sum.finish().as_ref())).unwrap_or_default();
        Sums(self.0.into_iter().map(|(kind, (count, context))| (kind, (count, sum(context)))).collect())
    }
}

struct Adding(Arc<Mutex<Digest>>);

impl Take for Adding {
    fn take(&mut self, line: &[u8]) {
        let Some(kind) = kind(line) else { return };
        let mut digest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, sum) = digest.0.entry(kind.to_owned()).or_default();
        *count += 1;
        let sum = sum.get_or_insert_with(|| Context::new(&SHA256));
        sum.update(line);
        sum.update(b"\n");
    }
}

struct Counting<F> {
    progress: F,
    done: u64,
    total: u64,
}

impl<F: Fn(u64, u64) + Send> Take for Counting<F> {
    fn take(&mut self, line: &[u8]) {
        if kind(line).is_some() {
            self.done += 1;
            (self.progress)(self.done, self.total);
        }
    }
}

/// The kind of a line's record; `None` for the first line and the last.
fn kind(line: &[u8]) -> Option<&str> {
    let rest = line.strip_prefix(b"{\"kind\":\"")?;
    let end = rest.iter().position(|byte| *byte == b'"')?;
    std::str::from_utf8(&rest[..end]).ok().filter(|kind| *kind != super::transfer::END)
}

/// Writes on, and hands the lines to somebody as well.
struct Tee<W, T> {
    writer: W,
    lines: Lines<T>,
}

impl<W: Write, T: Take> Write for Tee<W, T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.writer.write(bytes)?;
        self.lines.write_all(&bytes[..written])?;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

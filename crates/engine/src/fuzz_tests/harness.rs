//! What runs a fuzz target: the kept inputs first, then mutated ones for a while. Both packages use this file.
//!
//! `cargo test` gives each target a second and always the same inputs. `FUZZ_SECONDS=60 cargo test fuzz_tests` gives
//! each a minute and other inputs each time; with `FUZZ_SEED=1` as well it is always the same row of inputs, of which a
//! fast machine tries more. The kept inputs are the files of `fixtures/fuzz/<target>/`.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};

use super::mutate::Mutator;

/// A part of the program that reads what outsiders write.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    /// Of the folder of its inputs, and of its test.
    pub(crate) name: &'static str,
    /// The processor time that an input of up to 64 KiB may take; a longer one as many times more.
    pub(crate) budget: Duration,
    /// What has a meaning there, put into inputs.
    pub(crate) words: &'static [&'static str],
    /// Panics if something is wrong. What it returns tells outcomes apart: inputs with a new one are mutated too.
    pub(crate) run: fn(&[u8]) -> u64,
}

/// As many bytes take the budget once.
const PORTION: usize = 64 * 1024;

/// An input that takes as much longer than its budget hangs: it is not waited for.
const HANG: u32 = 20;

/// The stack of an async worker, where the code runs in the server.
const STACK: usize = 2 * 1024 * 1024;

/// The most inputs with outcomes of their own that are kept in memory.
const MOST_BRED: usize = 2000;

/// What went wrong with an input.
enum Wrong {
    Panic(String),
    TooLong(Duration),
}

/// What the watching thread sees of the working one.
#[derive(Default)]
struct Watched {
    current: Mutex<Option<(Instant, Vec<u8>)>>,
    ended: AtomicBool,
}

/// Runs a target. Panics if an input is found that it cannot take; that input is kept.
pub(crate) fn fuzz(target: Target) {
    let watched = Arc::new(Watched::default());
    let worker = {
        let watched = Arc::clone(&watched);
        let work = move || {
            // Whatever happens, the watching thread learns that it is over.
            let outcome = catch_unwind(AssertUnwindSafe(|| work(target, &watched)));
            watched.ended.store(true, Ordering::Release);
            outcome
        };
        std::thread::Builder::new().name(target.name.to_owned()).stack_size(STACK).spawn(work).unwrap()
    };
    while !watched.ended.load(Ordering::Acquire) {
        std::thread::sleep(Duration::from_millis(5));
        let current = watched.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((since, input)) = &*current
            && since.elapsed() > budget(target, input) * HANG
        {
            panic!("{}", kept(target, input, "has not ended after many times its budget"));
        }
    }
    match worker.join() {
        Ok(Ok(outcome)) => outcome.unwrap_or_else(|message| panic!("{message}")),
        Ok(Err(panic)) | Err(panic) => std::panic::resume_unwind(panic),
    }
}

fn work(target: Target, watched: &Watched) -> Result<(), String> {
    let corpus = corpus(target);
    assert!(!corpus.is_empty(), "{} has no inputs", folder(target).display());
    let mut outcomes = HashSet::new();
    let mut pool = Vec::new();
    for (name, input) in corpus {
        match tried(target, &input, watched) {
            Ok(outcome) => drop(outcomes.insert(outcome)),
            Err(wrong) => return Err(format!("{name} of {}: {}", folder(target).display(), said(&wrong))),
        }
        pool.push(input);
    }
    let seconds: Option<u64> = std::env::var("FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let mut mutator = Mutator::new(target.words, if seconds.is_some() { seed() } else { 0 });
    let until = Instant::now() + Duration::from_secs(seconds.unwrap_or(1));
    let mut count = 0_u64;
    while Instant::now() < until {
        let input = mutator.input(&pool);
        if seconds.is_some() {
            // Nothing else is left of an input that ends the process.
            fs::write(last(target), &input).map_err(|error| error.to_string())?;
        }
        match tried(target, &input, watched) {
            Ok(outcome) => {
                if outcomes.insert(outcome) && pool.len() < MOST_BRED {
                    pool.push(input);
                }
            }
            Err(wrong) => {
                let smaller = shrunk(target, input, &wrong, watched);
                return Err(kept(target, &smaller, &said(&wrong)));
            }
        }
        count += 1;
    }
    let _ = fs::remove_file(last(target));
    eprintln!("{}: {count} inputs, {} kinds of outcomes", target.name, outcomes.len());
    Ok(())
}

fn tried(target: Target, input: &[u8], watched: &Watched) -> Result<u64, Wrong> {
    let at_present = |value| *watched.current.lock().unwrap_or_else(PoisonError::into_inner) = value;
    at_present(Some((Instant::now(), input.to_vec())));
    let before = processor_time();
    let outcome = catch_unwind(|| (target.run)(input));
    let took = processor_time().saturating_sub(before);
    at_present(None);
    match outcome {
        Err(panic) => {
            let words = panic.downcast_ref::<String>().map(String::as_str);
            let words = words.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(Wrong::Panic(words.unwrap_or("it panicked").to_owned()))
        }
        Ok(_) if took > budget(target, input) => Err(Wrong::TooLong(took)),
        Ok(outcome) => Ok(outcome),
    }
}

/// A smaller input with the same fault, as far as it is found soon.
fn shrunk(target: Target, mut input: Vec<u8>, wrong: &Wrong, watched: &Watched) -> Vec<u8> {
    let until = Instant::now() + Duration::from_secs(5);
    let mut length = input.len() / 2;
    while length > 0 && matches!(wrong, Wrong::Panic(_)) {
        let mut at = 0;
        while at < input.len() && Instant::now() < until {
            let mut less = input.clone();
            less.drain(at..(at + length).min(less.len()));
            match tried(target, &less, watched) {
                Err(Wrong::Panic(_)) => input = less,
                _ => at += length,
            }
        }
        length /= 2;
    }
    input
}

fn said(wrong: &Wrong) -> String {
    match wrong {
        Wrong::Panic(words) => format!("panics: {words}"),
        Wrong::TooLong(took) => format!("took {took:?} of processor time, more than its budget"),
    }
}

/// Writes an input to its folder, and says how to run it again.
fn kept(target: Target, input: &[u8], what: &str) -> String {
    let mut name = String::new();
    for byte in &digest(&SHA256, input).as_ref()[..8] {
        let _ = write!(name, "{byte:02x}");
    }
    let path = folder(target).join(name);
    let is_kept = match fs::write(&path, input) {
        Ok(()) => format!("It is kept in {}", path.display()),
        Err(error) => format!("It could not be kept in {}: {error}", path.display()),
    };
    let length = input.len();
    format!(
        "an input of {length} bytes for `{0}` {what}. {is_kept}. Run it again with `cargo test fuzz_tests::{0}`.",
        target.name
    )
}

fn budget(target: Target, input: &[u8]) -> Duration {
    target.budget * u32::try_from(input.len().div_ceil(PORTION).max(1)).unwrap_or(u32::MAX)
}

/// The kept inputs, by name.
fn corpus(target: Target) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder(target)).map(Iterator::flatten).into_iter().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort();
    let read =
        |path: PathBuf| Some((path.file_name()?.to_string_lossy().into_owned(), fs::read(&path).ok()?));
    files.into_iter().filter_map(read).collect()
}

fn folder(target: Target) -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fuzz = package.ancestors().map(|folder| folder.join("fixtures/fuzz")).find(|folder| folder.is_dir());
    fuzz.expect("fixtures/fuzz").join(target.name)
}

/// The input that is being tried, while there is much time.
fn last(target: Target) -> PathBuf {
    std::env::temp_dir().join(format!("fuzz-{}-{}", target.name, std::process::id()))
}

/// The one that is asked for, else another one each time.
fn seed() -> u64 {
    if let Some(seed) = std::env::var("FUZZ_SEED").ok().and_then(|text| text.parse().ok()) {
        return seed;
    }
    std::time::UNIX_EPOCH.elapsed().map_or(1, |since| since.as_secs() ^ u64::from(since.subsec_nanos()) << 32)
}

/// Of this thread. Where the system does not tell it, the time that has passed.
fn processor_time() -> Duration {
    static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    let told = || {
        let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        Some(Duration::from_nanos(text.split(' ').next()?.parse().ok()?))
    };
    told().unwrap_or_else(|| START.elapsed())
}

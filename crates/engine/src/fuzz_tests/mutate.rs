//! Inputs made from others: pieces are changed, left out, moved, repeated, or taken from elsewhere.

use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};

/// Most inputs stay as small, so that there are many.
const USUAL: usize = 4 * 1024;

/// One in so many may grow to [`LONGEST`].
const RARELY: usize = 20;

const LONGEST: usize = 64 * 1024;

/// What readers of any kind may stumble over.
const ANYWHERE: &[&str] = &[
    "\0",
    "\n",
    "\r\n",
    "\r",
    "\t",
    " ",
    "\u{feff}",
    "\u{2028}",
    "\u{200b}",
    "é",
    "𝄞",
    "ﬀ",
    "İ",
    "0",
    "-1",
    "1e999",
    "9223372036854775808",
    "null",
    "true",
    "{}",
    "[]",
    "\"\"",
    "\\",
    "\"",
    "'",
    "<",
    ">",
    "&",
    "&#0;",
    "%",
    "%00",
    ";",
    "---\n",
];

pub(super) struct Mutator {
    random: TestRng,
    words: Vec<&'static str>,
}

impl Mutator {
    pub(super) fn new(words: &[&'static str], seed: u64) -> Self {
        let mut bytes = [7; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Self {
            random: TestRng::from_seed(RngAlgorithm::ChaCha, &bytes),
            words: [words, words, ANYWHERE].concat(),
        }
    }

    /// A new input. `pool` is not empty.
    pub(super) fn input(&mut self, pool: &[Vec<u8>]) -> Vec<u8> {
        let mut input = pool[self.below(pool.len())].clone();
        let most = if self.below(RARELY) == 0 { LONGEST } else { USUAL.max(input.len()) };
        for _ in 0..=self.below(6) {
            self.change(&mut input, pool, most);
            input.truncate(most);
        }
        input
    }

    fn change(&mut self, input: &mut Vec<u8>, pool: &[Vec<u8>], most: usize) {
        match self.below(9) {
            0 if !input.is_empty() => {
                let at = self.below(input.len());
                input[at] = self.random.next_u32().to_le_bytes()[0];
            }
            1 => drop(input.drain(self.range(input.len()))),
            2 => {
                let piece = input[self.range(input.len())].to_vec();
                self.insert(input, &piece);
            }
            3 => {
                let piece = input[self.range(input.len())].to_vec();
                self.repeat(input, &piece, most);
            }
            4 => {
                let other = &pool[self.below(pool.len())];
                let piece = other[self.range(other.len())].to_vec();
                self.insert(input, &piece);
            }
            5 => {
                let word = self.word();
                self.repeat(input, word, most);
            }
            6 => {
                let word = self.word();
                let range = self.range(input.len());
                drop(input.splice(range, word.iter().copied()));
            }
            _ => {
                let word = self.word();
                self.insert(input, word);
            }
        }
    }

    fn word(&mut self) -> &'static [u8] {
        let at = self.below(self.words.len());
        self.words[at].as_bytes()
    }

    fn insert(&mut self, input: &mut Vec<u8>, piece: &[u8]) {
        let at = self.below(input.len() + 1);
        drop(input.splice(at..at, piece.iter().copied()));
    }

    /// A piece many times in a row: what takes time for each of them shows itself.
    fn repeat(&mut self, input: &mut Vec<u8>, piece: &[u8], most: usize) {
        let room = most.saturating_sub(input.len()) / piece.len().max(1);
        let times = 1 << self.below(14);
        let repeated = piece.repeat(room.min(times));
        self.insert(input, &repeated);
    }

    /// Mostly short.
    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        let most = if self.below(4) == 0 { length - start } else { (length - start).min(32) };
        start..start + self.below(most + 1)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.random.next_u64() % end.max(1) as u64).unwrap_or(0)
    }
}

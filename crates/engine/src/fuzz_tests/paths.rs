//! Dot paths and JSONPath over any JSON.

use std::time::Duration;

use super::harness::{Target, fuzz};
use super::{json_or_text, outcome, parts};
use crate::budget;
use crate::path::{Listed, Path};

const BUDGET: Duration = Duration::from_secs(5);

#[test]
fn paths() {
    fuzz(Target { name: "paths", budget: BUDGET, words: WORDS, run });
}

const WORDS: &[&str] = &[
    "$",
    "$.",
    "$[",
    "..",
    "[*]",
    ".*",
    "..*",
    "$..a",
    "[?@.a]",
    "[?@.a == 'x']",
    "[?@.a > 1 && @.b]",
    "[?match(@.a, 'x.*')]",
    "[?search(@.a, @.b)]",
    "[?length(@.a) > 1]",
    "[?count($..*) > 1]",
    "[?value(@..a)]",
    "[-1]",
    "[0:2]",
    "[::-1]",
    "[::0]",
    "['a']",
    "[\"a\"]",
    "[0,1,'a']",
    "!",
    "||",
    "(",
    ")",
    "a",
    "body",
    "length",
    "0",
    "9007199254740993",
    "\n---\n",
    "{\"a\":",
    "[1,",
    "\"x\"",
    "}",
    "]",
    "'\\u0041'",
];

fn run(input: &[u8]) -> u64 {
    let [path, value] = parts(input);
    let value = json_or_text(&value);
    let listed = |listed: Listed<'_>| match listed {
        Listed::Missing => 0,
        Listed::Items(items) => 1 + items.len().min(3),
        Listed::Other(_) => 5,
    };
    match Path::parse(&path) {
        Err(error) => {
            assert!(error.offset.is_none_or(|offset| path.is_char_boundary(offset)), "{error:?}");
            outcome(error.message.chars().take(24).collect::<String>())
        }
        // A reply is read within its budget, and only there a query has a bound.
        Ok(compiled) => budget::within(budget::of_reply(&value), || {
            let first = compiled.first(&value).is_some();
            outcome((
                first,
                compiled.all(&value).len().min(3),
                compiled.is_absent(&value),
                listed(compiled.list(&value)),
            ))
        }),
    }
}

//! "Did you mean": the known name that a mistyped one most probably stands for.

use strsim::damerau_levenshtein;

/// Words that people swap without noticing: a name may differ in one of them entirely.
const LINK_WORDS: [&str; 10] = ["by", "with", "for", "from", "of", "to", "and", "in", "on", "at"];

/// Longer texts are no mistyped name, in bytes. Comparing takes the product of both lengths.
const LONGEST: usize = 200;

/// Shortest abbreviation that is still taken for the beginning of a name.
const SHORTEST_PREFIX: usize = 4;

/// The candidate nearest to `wanted`, or `None` where none is near enough to be a likely meaning.
///
/// In this order: the same name in other case; the same words in other spelling or order
/// (`call_log_create` for `createCallLog`); the fewest typing errors (a letter missing, added,
/// exchanged, or two swapped), at most one in three letters and never in a whole word unless it
/// only links others; a candidate that `wanted` begins or completes. The first of equals wins.
pub fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if wanted.trim().is_empty() || wanted.len() > LONGEST {
        return None;
    }
    let wanted = Name::new(wanted);
    candidates
        .into_iter()
        .filter_map(|candidate| Some((wanted.distance(&Name::new(candidate))?, candidate)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How far two names are from each other; the smaller, the nearer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Distance {
    Case,
    Words,
    Typos(usize),
    Prefix(usize),
}

struct Name {
    /// Lower-case letters and digits, without what separates words.
    letters: String,
    words: Vec<String>,
}

impl Name {
    fn new(text: &str) -> Self {
        let words = words(text);
        Self { letters: words.concat(), words }
    }

    fn distance(&self, known: &Name) -> Option<Distance> {
        if self.letters == known.letters {
            return Some(Distance::Case);
        }
        if same_words(&self.words, &known.words) {
            return Some(Distance::Words);
        }
        let typos = damerau_levenshtein(&self.letters, &known.letters);
        if typos <= allowed(&self.letters, &known.letters) && self.words_are_near(known, typos) {
            return Some(Distance::Typos(typos));
        }
        let (short, long) = if self.letters.len() < known.letters.len() {
            (&self.letters, &known.letters)
        } else {
            (&known.letters, &self.letters)
        };
        let begins = short.chars().count() >= SHORTEST_PREFIX && long.starts_with(short.as_str());
        begins.then(|| Distance::Prefix(long.len() - short.len()))
    }

    /// `deleteContact` is three letters from `createContact` and still means something else: words
    /// are compared one by one. A single typo needs no such care; it may fall between two words.
    fn words_are_near(&self, known: &Name, typos: usize) -> bool {
        typos <= 1
            || self.words.len() != known.words.len()
            || self.words.iter().zip(&known.words).all(|(one, other)| {
                let links = |word: &String| LINK_WORDS.contains(&word.as_str());
                (links(one) && links(other)) || damerau_levenshtein(one, other) <= allowed(one, other)
            })
    }
}

/// One error in three letters, none in names of one or two letters.
fn allowed(one: &str, other: &str) -> usize {
    one.chars().count().max(other.chars().count()) / 3
}

fn same_words(one: &[String], other: &[String]) -> bool {
    let sorted = |words: &[String]| {
        let mut words = words.to_vec();
        words.sort_unstable();
        words
    };
    one.len() == other.len() && sorted(one) == sorted(other)
}

/// Lower-case words of `camelCase`, `snake_case`, `kebab-case` and `Plain text`.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous = None::<char>;
    for letter in text.chars() {
        if letter.is_alphanumeric() {
            let starts = match previous {
                Some(before) if before.is_alphanumeric() => letter.is_uppercase() && !before.is_uppercase(),
                _ => true,
            };
            if starts {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(letter.to_lowercase());
            }
        }
        previous = Some(letter);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPERATIONS: [&str; 12] = [
        "getUserInfo",
        "refreshUserInfo",
        "findContact",
        "findContactWithName",
        "createContact",
        "createCallLog",
        "updateCallLog",
        "getCallLog",
        "createMessageLog",
        "updateMessageLog",
        "getUserList",
        "unAuthorize",
    ];
    const KEYS: [&str; 16] = [
        "method",
        "url",
        "query",
        "headers",
        "body",
        "responseMapping",
        "listPath",
        "idPath",
        "namePath",
        "baseUrl",
        "timeoutSeconds",
        "defaultHeaders",
        "allowedHosts",
        "phoneNumber",
        "contactInfo.name",
        "apiKey",
    ];

    #[test]
    fn finds_what_was_meant() {
        for (typed, meant) in [
            ("findContactByName", "findContactWithName"),
            ("findContacts", "findContact"),
            ("finContact", "findContact"),
            ("createCalllog", "createCallLog"),
            ("create_call_log", "createCallLog"),
            ("callLogCreate", "createCallLog"),
            ("craeteCallLog", "createCallLog"),
            ("getUserinfos", "getUserInfo"),
            ("GetUserList", "getUserList"),
            ("unauthorise", "unAuthorize"),
        ] {
            assert_eq!(nearest(typed, OPERATIONS), Some(meant), "{typed}");
        }
        for (typed, meant) in [
            ("URL", "url"),
            ("ulr", "url"),
            ("heders", "headers"),
            ("header", "headers"),
            ("mehtod", "method"),
            ("responsMapping", "responseMapping"),
            ("response-mapping", "responseMapping"),
            ("baseURL", "baseUrl"),
            ("baseUri", "baseUrl"),
            ("timeout", "timeoutSeconds"),
            ("timeoutSecond", "timeoutSeconds"),
            ("allowedHost", "allowedHosts"),
            ("phone", "phoneNumber"),
            ("phoneNumbers", "phoneNumber"),
            ("contactInfo.nme", "contactInfo.name"),
            ("apikey", "apiKey"),
            ("pathList", "listPath"),
            ("qeury", "query"),
        ] {
            assert_eq!(nearest(typed, KEYS), Some(meant), "{typed}");
        }
    }

    #[test]
    fn stays_silent_when_nothing_is_near() {
        for typed in ["deleteContact", "sendFax", "x", "", "  ", "???", "updateContact", "ü"] {
            assert_eq!(nearest(typed, OPERATIONS), None, "{typed}");
        }
        for typed in ["id", "payload", "a", "retries", "urn:x"] {
            assert_eq!(nearest(typed, KEYS), None, "{typed}");
        }
    }

    #[test]
    fn the_same_name_in_other_case_beats_a_nearer_spelling() {
        assert_eq!(nearest("IDPATH", ["idPaths", "idpath", "idPath"]), Some("idpath"));
    }
}

//! Names: each word of a person's name becomes a word of a fictional one, so that a full name and its
//! parts still agree; a company's name is replaced as a whole.

use indexmap::IndexMap;

const FIRST: &[&str] = &[
    "Alex", "Billie", "Charlie", "Dana", "Eddie", "Frankie", "Gale", "Harper", "Indigo", "Jamie", "Kim",
    "Lou",
];
const LAST: &[&str] = &[
    "Example",
    "Sample",
    "Specimen",
    "Placeholder",
    "Fiction",
    "Pattern",
    "Instance",
    "Proxy",
    "Nobody",
    "Standin",
    "Imaginary",
    "Template",
];

/// Words that stand in names of companies and in any text.
const COMMON: &[&str] = &[
    "the", "and", "for", "with", "inc", "ltd", "llc", "gmbh", "contact", "lead", "account", "customer",
    "call", "caller", "unknown", "user", "admin", "agent", "none", "null", "test", "new", "phone", "number",
];

/// Shortest word that is known again outside a name.
const SHORTEST: usize = 3;

/// The names that were found, and what stands for them.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// By lower-case word.
    words: IndexMap<String, String>,
    /// Companies by their name in lower case.
    companies: IndexMap<String, String>,
    people: usize,
}

impl Names {
    /// How many words and companies were found.
    pub(super) fn len(&self) -> usize {
        self.people + self.companies.len()
    }

    /// Remembers a person's name, or a part of it.
    pub(super) fn person(&mut self, name: &str) {
        let mut is_new = false;
        for (at, word) in words(name).enumerate() {
            let key = word.to_lowercase();
            if self.words.contains_key(&key) {
                continue;
            }
            is_new = true;
            let list = if at == 0 { FIRST } else { LAST };
            let taken = self.words.values().filter(|taken| list.iter().any(|known| taken.starts_with(known)));
            let nth = taken.count();
            let word = list[nth % list.len()];
            // After the twelfth the words get a letter more: Alexa, Alexb.
            let more = match nth / list.len() {
                0 => String::new(),
                round => char::from(b'a' + u8::try_from((round - 1) % 26).unwrap_or(0)).to_string(),
            };
            self.words.insert(key, format!("{word}{more}"));
        }
        self.people += usize::from(is_new);
    }

    /// Remembers a company's name.
    pub(super) fn company(&mut self, name: &str) {
        let next = format!("Example Company {}", self.companies.len() + 1);
        if !name.trim().is_empty() {
            self.companies.entry(name.trim().to_lowercase()).or_insert(next);
        }
    }

    /// A name: all of its words are replaced.
    pub(super) fn in_name(&self, text: &str) -> String {
        self.replaced(&self.without_companies(text), &|_| true)
    }

    /// Any text: a word is taken for a name where it is written like one.
    pub(super) fn in_text(&self, text: &str) -> String {
        let is_name = |word: &str| {
            word.chars().count() >= SHORTEST
                && word.starts_with(char::is_uppercase)
                && !COMMON.contains(&word.to_lowercase().as_str())
        };
        self.replaced(&self.without_companies(text), &is_name)
    }

    fn without_companies(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, stand_in) in &self.companies {
            let mut from = 0;
            // Lower case may have another length: such texts are compared as they are.
            while let Some(at) = text.get(from..).and_then(|rest| {
                let lower = rest.to_lowercase();
                (lower.len() == rest.len()).then(|| lower.find(name.as_str())).flatten()
            }) {
                let (start, end) = (from + at, from + at + name.len());
                if !(text.is_char_boundary(start) && text.is_char_boundary(end)) {
                    break;
                }
                text.replace_range(start..end, stand_in);
                from = start + stand_in.len();
            }
        }
        text
    }

    fn replaced(&self, text: &str, is_name: &dyn Fn(&str) -> bool) -> String {
        let mut replaced = String::with_capacity(text.len());
        let mut rest = text;
        for word in words(text) {
            let at = word.as_ptr() as usize - rest.as_ptr() as usize;
            replaced.push_str(&rest[..at]);
            rest = &rest[at + word.len()..];
            match self.words.get(&word.to_lowercase()).filter(|_| is_name(word)) {
                Some(stand_in) => replaced.push_str(&in_case_of(word, stand_in)),
                None => replaced.push_str(word),
            }
        }
        replaced.push_str(rest);
        replaced
    }
}

/// Runs of letters.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphabetic()).filter(|word| !word.is_empty())
}

fn in_case_of(word: &str, stand_in: &str) -> String {
    if word.chars().count() > 1 && word.chars().all(char::is_uppercase) {
        stand_in.to_uppercase()
    } else if word.chars().all(char::is_lowercase) {
        stand_in.to_lowercase()
    } else {
        stand_in.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_their_parts_agree() {
        let mut names = Names::default();
        names.person("Grace Hopper");
        names.person("Vincent Hopper");
        names.person("Grace");
        assert_eq!(names.len(), 2);
        assert_eq!(names.in_name("Hopper, Grace"), "Example, Alex");
        assert_eq!(names.in_name("VINCENT hopper"), "BILLIE example");
        assert_eq!(
            names.in_text("Call with Grace Hopper: grace period"),
            "Call with Alex Example: grace period"
        );
        assert_eq!(names.in_text("q=Grace%20Hopper"), "q=Alex%20Example");
        assert_eq!(names.in_text("Graceful"), "Graceful");
    }

    #[test]
    fn companies_are_replaced_whole() {
        let mut names = Names::default();
        names.company("Acme & Sons");
        assert_eq!(
            names.in_text("Deal with ACME & Sons, twice: Acme & Sons"),
            "Deal with Example Company 1, twice: Example Company 1"
        );
        assert_eq!(names.in_text("Sons"), "Sons");
    }

    #[test]
    fn many_people_have_distinct_names() {
        let mut names = Names::default();
        let all: Vec<String> = (0..60).map(|n| format!("{}x", "q".repeat(n + 1))).collect();
        all.iter().for_each(|name| names.person(name));
        let mut replaced: Vec<String> = all.iter().map(|name| names.in_name(name)).collect();
        replaced.sort();
        replaced.dedup();
        assert_eq!(replaced.len(), 60);
    }
}

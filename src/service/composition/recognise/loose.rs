//! Comparing a value with what a CRM made of it: blanks, line ends, dashes and quotes count as little as
//! a CRM takes them for.

use super::view::{BOLD, ITEM};

/// How a text begins beside a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begins {
    /// With the whole value, which is so long in it.
    Whole(usize),
    /// The text is the beginning of the value.
    Cut,
    Otherwise,
}

/// How what is seen of a text begins, beside a value.
pub(super) fn begins(text: &str, value: &str) -> Begins {
    let mut rest = text;
    for wanted in value.chars().filter_map(folded) {
        loop {
            let Some(found) = rest.chars().next() else { return Begins::Cut };
            rest = &rest[found.len_utf8()..];
            match folded(found) {
                Some(found) if found == wanted => break,
                Some(_) => return Begins::Otherwise,
                None => {}
            }
        }
    }
    Begins::Whole(text.len() - rest.len())
}

/// How long the value is that a text begins with.
pub(super) fn whole(text: &str, value: &str) -> Option<usize> {
    match begins(text, value) {
        Begins::Whole(length) if length > 0 => Some(length),
        _ => None,
    }
}

/// A character as it is compared; `None` if it does not count.
fn folded(character: char) -> Option<char> {
    match character {
        BOLD | ITEM | '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{ad}' | '\u{2060}' | '\\' | '*' | '_' => None,
        '\u{2010}'..='\u{2015}' | '\u{2212}' => Some('-'),
        '‘' | '’' | '‚' | '`' => Some('\''),
        '“' | '”' | '„' | '«' | '»' => Some('"'),
        _ if character.is_whitespace() => None,
        _ => Some(character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_crm_changes_does_not_count() {
        assert_eq!(begins("it’s – \n so, mine", "it's - so"), Begins::Whole("it’s – \n so".len()));
        assert_eq!(begins("it's ", "it's cut"), Begins::Cut);
        assert_eq!(begins("its cut", "it's cut"), Begins::Otherwise);
        assert_eq!(whole("anything", ""), None);
    }
}

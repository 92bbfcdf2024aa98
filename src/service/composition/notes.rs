//! What is known of the notes in a text while it is taken apart. What was looked for once is not looked for
//! again: a text may be full of what pretends to be a note, or the beginning of one.

use std::collections::HashMap;

use super::line_ends::lines;

/// What was looked for, and where it stands or does not stand.
pub(super) struct Notes<'t> {
    /// No note starts where more than this is left of the text.
    pub(super) within: usize,
    /// So many bytes may still be compared with the new note.
    comparable: usize,
    text: &'t str,
    /// The note that is about to be written, if the text has not had its note yet.
    new: Option<&'t str>,
    /// Where the new note stands; found when it is first asked for.
    places: Option<Vec<usize>>,
    /// Whether the new note has this mark in it; found when it is first asked for.
    marks: Vec<(&'static str, bool)>,
}

const COMPARED_PER_BYTE: usize = 16;
const COMPARED_AT_LEAST: usize = 1024 * 1024;

impl<'t> Notes<'t> {
    pub(super) fn of(text: &'t str, new: Option<&'t str>) -> Self {
        Self {
            within: text.len(),
            comparable: COMPARED_PER_BYTE * text.len() + COMPARED_AT_LEAST,
            text,
            new,
            places: None,
            marks: Vec::new(),
        }
    }

    /// The text has its note: another one is not what it becomes.
    pub(super) fn found(&mut self) {
        self.new = None;
    }

    /// Whether another place is to be compared with a new note.
    pub(super) fn compares(&mut self, new: &str) -> bool {
        let left = self.comparable.checked_sub(new.len());
        self.comparable = left.unwrap_or(self.comparable);
        left.is_some()
    }

    /// Where the new note stands in the rest of the text, behind its first line and measured from its start.
    /// `None` if the note does not have this mark in it: then nothing in it is mistaken for one.
    pub(super) fn next_with(&mut self, mark: &'static str, rest: &str) -> Option<usize> {
        let new = self.new?;
        let is_marked = match self.marks.iter().find(|(known, _)| *known == mark) {
            Some((_, is_marked)) => *is_marked,
            None => {
                self.marks.push((mark, new.contains(mark)));
                new.contains(mark)
            }
        };
        if !is_marked {
            return None;
        }
        let at = self.text.len() - rest.len();
        let places = self.places.get_or_insert_with(|| places_of_lines(self.text, new));
        let next = places.partition_point(|place| *place <= at);
        places.get(next).map(|place| place - at)
    }
}

/// Where the lines of a text are the wanted ones, whatever ends them. Each line is read once, as in the
/// search of Knuth, Morris and Pratt.
pub(super) fn places_of_lines(text: &str, wanted: &str) -> Vec<usize> {
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    let wanted: Vec<usize> = lines(wanted)
        .map(|(_, line)| {
            let next = numbers.len();
            *numbers.entry(line).or_insert(next)
        })
        .collect();
    // How long the beginning is that the wanted lines up to each one end with.
    let mut borders = vec![0; wanted.len()];
    for at in 1..wanted.len() {
        let mut border: usize = borders[at - 1];
        while border > 0 && wanted[border] != wanted[at] {
            border = borders[border - 1];
        }
        borders[at] = border + usize::from(wanted[border] == wanted[at]);
    }
    let mut places = Vec::new();
    let mut starts: Vec<usize> = Vec::new();
    let mut matched = 0;
    for (start, line) in lines(text) {
        starts.push(start);
        let number = numbers.get(line);
        while matched > 0 && (matched == wanted.len() || number != Some(&wanted[matched])) {
            matched = borders[matched - 1];
        }
        if wanted.get(matched).is_some_and(|wanted| number == Some(wanted)) {
            matched += 1;
        }
        if matched > 0 && matched == wanted.len() {
            places.push(starts[starts.len() - matched]);
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::super::line_ends::starts_with_lines;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn lines_are_found_where_they_stand(text in "(a|b|- c|\n|\r\n|\r){0,24}", wanted in "(a|b|\n){0,6}(a|b)") {
            let naive: Vec<usize> = lines(&text)
                .map(|(start, _)| start)
                .filter(|start| starts_with_lines(&text[*start..], &wanted).is_some())
                .collect();
            prop_assert_eq!(places_of_lines(&text, &wanted), naive);
        }
    }

    #[test]
    fn a_note_is_looked_for_only_where_its_mark_could_be_mistaken() {
        let text = "- AI Note:\nx\n- Note: a\n--- END\ny\n--- END\n";
        let mut notes = Notes::of(text, Some("- Note: a\n--- END"));
        assert_eq!(notes.next_with("--- END", text), Some("- AI Note:\nx\n".len()));
        assert_eq!(notes.next_with("--- END", &text["- AI Note:\n".len()..]), Some("x\n".len()));
        assert_eq!(notes.next_with("--- END", &text["- AI Note:\nx\n".len()..]), None);
        assert_eq!(notes.next_with("--- JOURNEY END", text), None);
        notes.found();
        assert_eq!(notes.next_with("--- END", text), None);
    }
}

//! Where fields begin in what is seen of a text.

use super::super::fields::{Field, Shape};
use super::loose;
use super::view::{BOLD, ITEM, View};
use crate::engine::operation::LogFormat;

/// What a label begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Field(Field),
    /// `Call details`, which ends a note in HTML and Markdown.
    Details,
}

/// The beginning of a field. All places are in what is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub kind: Kind,
    /// The label as the log has it.
    pub label: &'static str,
    /// What stands in front of the label included.
    pub start: usize,
    /// Where the label itself starts.
    pub label_at: usize,
    /// Where the value starts.
    pub value: usize,
    marks: Marks,
}

/// What shows that a label is one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Marks {
    bullet: bool,
    bold: bool,
    hash: bool,
    colon: bool,
    /// The line has nothing else.
    alone: bool,
}

/// Where labels are looked for, and what they need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Search {
    /// With the marks of the format, where a line begins.
    Lines,
    /// With the marks of the format, anywhere.
    Anywhere,
    /// Without marks, where a line begins.
    BareLines,
    /// Without marks, anywhere.
    BareAnywhere,
}

const OTHER_LABELS: [(&str, Kind); 5] = [
    ("Agent notes", Kind::Field(Field::Note)),
    ("Call details", Kind::Details),
    ("Date/time", Kind::Field(Field::DateTime)),
    ("Caller phone number", Kind::Field(Field::ContactNumber)),
    ("Recipient phone number", Kind::Field(Field::ContactNumber)),
];

/// Labels that nobody else writes: one of them says whose text it is.
const TELLING: [Field; 8] = [
    Field::SessionId,
    Field::Number,
    Field::Recording,
    Field::Voicemail,
    Field::AceTranscript,
    Field::AceSummary,
    Field::AceBulletedSummary,
    Field::AceLink,
];

/// The label at the start of a text, and what it begins. The longest one counts.
fn label(text: &str) -> Option<(&'static str, Kind)> {
    if !text.starts_with(|first: char| first.is_ascii_uppercase()) {
        return None;
    }
    let fields = Field::ALL.into_iter().map(|field| (field.label(), Kind::Field(field)));
    let labels = fields.chain(OTHER_LABELS);
    labels.filter(|(label, _)| text.starts_with(label)).max_by_key(|(label, _)| label.len())
}

/// Whether a text is a label that was cut: the beginning of one, where it `may_go_on`, or one without its
/// colon. The two headings of a note have none.
pub(super) fn is_cut_label(text: &str, may_go_on: bool) -> bool {
    let fields = Field::ALL.into_iter().map(|field| (field.label(), Kind::Field(field)));
    let is_heading = |kind| matches!(kind, Kind::Details | Kind::Field(Field::Note));
    let mut labels = fields.chain(OTHER_LABELS).filter(|(label, _)| label.starts_with(text));
    labels.any(|(label, kind)| if label == text { !is_heading(kind) } else { may_go_on })
}

fn is_bullet(character: char) -> bool {
    matches!(character, '-' | '*' | '+' | '•' | '‣' | '◦' | '●' | '▪' | '■' | '·' | '∙' | '○')
        || character == ITEM
}

/// The head that starts at a place of what is seen.
fn head_at(text: &str, start: usize) -> Option<Head> {
    let mut marks = Marks::default();
    let mut is_bold = false;
    let mut at = start;
    for character in text[start..].chars().take(24) {
        match character {
            ' ' | '>' => {}
            BOLD => {
                marks.bold = true;
                is_bold = !is_bold;
            }
            '#' => marks.hash = true,
            _ if is_bullet(character) => marks.bullet = true,
            _ => break,
        }
        at += character.len_utf8();
    }
    let (label, kind) = label(&text[at..])?;
    let label_at = at;
    at += label.len();
    let mut before_hashes = None;
    for character in text[at..].chars() {
        match character {
            ' ' => {}
            // Only what ends bold text that began in front of it: what follows may have its own.
            BOLD if is_bold => is_bold = false,
            '#' if marks.hash => before_hashes = before_hashes.or(Some(at)),
            ':' if !marks.colon && before_hashes.is_none() => marks.colon = true,
            _ => break,
        }
        at += character.len_utf8();
    }
    // They close a heading only where the line ends behind them.
    if let Some(hashes) = before_hashes.filter(|_| !matches!(text.as_bytes().get(at), None | Some(b'\n'))) {
        at = hashes;
    }
    marks.alone = text[at..].is_empty() || text[at..].starts_with('\n');
    if marks.alone && !marks.hash && !marks.colon {
        // A heading that the next line makes one.
        let under = text[at..].strip_prefix('\n').unwrap_or_default();
        let line = under.split('\n').next().unwrap_or_default().trim();
        let is_rule = |rule: char| line.len() > 1 && line.chars().all(|character| character == rule);
        if is_rule('-') || is_rule('=') {
            marks.hash = true;
            at = text.len() - under.len() + under.find('\n').unwrap_or(under.len());
        }
    }
    Some(Head { kind, label, start, label_at, value: at, marks })
}

impl Head {
    pub fn is_bold(&self) -> bool {
        self.marks.bold
    }

    pub fn field(&self) -> Option<Field> {
        match self.kind {
            Kind::Field(field) => Some(field),
            Kind::Details => None,
        }
    }

    /// Whether it has the marks that the format, or what became of it, gives it.
    fn is_marked(&self, format: LogFormat, search: Search) -> bool {
        let Marks { bullet, bold, hash, colon, alone } = self.marks;
        let is_line = self.field().is_some_and(|field| field.shape() == Shape::Line);
        let is_section = self.field().is_some_and(|field| field.shape() == Shape::Section);
        let older_note = self.label == "Agent notes";
        match (format, search) {
            (LogFormat::Plain, Search::Lines | Search::Anywhere) => {
                bullet
                    && colon
                    && self.kind != Kind::Details
                    && (!is_section || alone || search == Search::Anywhere)
            }
            (LogFormat::Plain, Search::BareLines) => {
                colon && self.kind != Kind::Details && (!is_section || alone)
            }
            (LogFormat::Plain, Search::BareAnywhere) => colon && self.kind != Kind::Details,
            // The other formats call it `Agent notes`.
            _ if self.field() == Some(Field::Note) && !older_note => false,
            (_, Search::Lines | Search::Anywhere) if is_line => bold && colon,
            (_, Search::Lines) => hash || (bold && alone),
            (_, Search::Anywhere) => hash || bold,
            (_, Search::BareLines | Search::BareAnywhere) if is_line => colon,
            (_, Search::BareLines) => alone,
            (_, Search::BareAnywhere) => !colon,
        }
    }
}

/// Whether a text begins with the label of a field, or of the details, that has the marks of the format.
pub(super) fn begins(view: &View<'_>, format: LogFormat) -> bool {
    head_at(&view.text, 0).is_some_and(|head| head.is_marked(format, Search::Lines))
}

/// Every head of a text. Parts of it that are known to be values hold none: `values` are what fields
/// are about to become.
pub(super) fn find(
    view: &View<'_>,
    format: LogFormat,
    search: Search,
    values: &[(Field, &str)],
) -> Vec<Head> {
    let text = view.text.as_str();
    let mut heads: Vec<Head> = Vec::new();
    let mut known: Vec<(Field, &str)> = values.to_vec();
    let mut at = 0;
    let mut is_line_start = true;
    // In front of it there is nothing but a note.
    let details = match search {
        Search::BareAnywhere => note_end(text),
        _ => 0,
    };
    while at < text.len() {
        let first = text[at..].chars().next().unwrap_or('\n');
        let begins = match search {
            Search::Lines | Search::BareLines => is_line_start,
            Search::Anywhere => {
                is_line_start
                    || first == BOLD
                    || first == '#' && !text[..at].ends_with('#')
                    || (first == '-' || is_bullet(first)) && text[at + first.len_utf8()..].starts_with(' ')
            }
            Search::BareAnywhere => first.is_ascii_uppercase(),
        };
        let head = if begins { head_at(text, at) } else { None };
        let head = head.filter(|head| {
            head.is_marked(format, search)
                && (at >= details || matches!(head.kind, Kind::Details | Kind::Field(Field::Note)))
        });
        let next = match head {
            Some(head) => {
                heads.push(head);
                let known_end = head.field().and_then(|field| {
                    let index = known.iter().position(|(known, _)| *known == field)?;
                    let (_, value) = known.swap_remove(index);
                    loose::whole(&text[head.value..], value).map(|length| head.value + length)
                });
                known_end.unwrap_or(head.value).max(at + first.len_utf8())
            }
            None => at + first.len_utf8(),
        };
        is_line_start = text[..next].ends_with('\n') || text[next..].starts_with('\n');
        at = next;
    }
    heads
}

/// Where the details begin that end a note.
fn note_end(text: &str) -> usize {
    let Some(note) = text.find("Agent notes") else { return 0 };
    text[note..].find("Call details").map_or(0, |length| note + length)
}

/// Whether labels without marks are enough to know a text by: two of them, or one that nobody else
/// writes. Anywhere in a line it takes three, or a note with its details.
pub(super) fn are_telling(heads: &[Head], search: Search) -> bool {
    let mut fields: Vec<Kind> = Vec::new();
    for head in heads {
        if !fields.contains(&head.kind) {
            fields.push(head.kind);
        }
    }
    let distinct = fields.len();
    let is_note = fields.contains(&Kind::Details) && fields.contains(&Kind::Field(Field::Note));
    match search {
        Search::BareAnywhere => distinct >= 3 || is_note,
        _ => {
            distinct >= 2
                || heads.iter().any(|head| head.field().is_some_and(|field| TELLING.contains(&field)))
        }
    }
}

//! What stands before and behind the document: the first look at a text, and what follows its end.

use std::ops::Range;

use super::Problem;
use super::lexer::Token;
use super::reader::Reader;

impl Reader<'_> {
    /// Tells texts apart that are no JSON at all; taking them for JSON would only bring noise.
    pub(super) fn begins_like_json(&mut self) -> bool {
        let text = self.text();
        if text.starts_with('\u{feff}') {
            self.report(
                Problem::new(0..'\u{feff}'.len_utf8(), "the file begins with a byte order mark")
                    .label("an invisible character stands here")
                    .help("Save the file as UTF-8 without BOM."),
            );
            self.lexer.at = '\u{feff}'.len_utf8();
        }
        if let Some(span) = self.conflict() {
            let problem = Problem::new(span, "the file holds an unresolved merge conflict")
                .label("the conflict begins here")
                .help("Keep one of the two versions, and remove the lines with `<<<<<<<`, `=======` and `>>>>>>>`.");
            self.report(problem);
            return false;
        }
        // Comments are left to the reader, except those above a YAML document.
        let mut begin = self.lexer.at;
        let first = self.lexer.rest().split_inclusive('\n').find(|line| {
            let counts = !line.trim().is_empty() && !line.trim_start().starts_with('#');
            begin += if counts { line.len() - line.trim_start().len() } else { line.len() };
            counts
        });
        let line = first.unwrap_or_default().trim();
        let span = begin..begin + line.len();
        let problem = if self.lexer.rest().trim().is_empty() {
            let what =
                if text.is_empty() { "the file is empty" } else { "the file holds nothing but blanks" };
            Problem::new(0..0, what).help("A document is one JSON object: `{ … }`.")
        } else if looks_like_yaml(line) {
            Problem::new(span, "this looks like YAML, and a document is JSON")
                .help("Convert it to JSON: an object in braces, keys and text in double quotes.")
        } else if line.starts_with('<') {
            Problem::new(span, "this looks like HTML or XML, and a document is JSON")
                .help("Check that the file is the right one; a download may have saved an error page.")
        } else if ["module.exports", "export ", "const ", "let ", "var ", "import "]
            .iter()
            .any(|word| line.starts_with(word))
        {
            Problem::new(span, "this looks like JavaScript, and a document is JSON")
                .help("Keep the object alone, from `{` to `}`, with keys in double quotes.")
        } else {
            return true;
        };
        self.report(problem);
        false
    }

    /// The line that begins what version control could not merge.
    fn conflict(&self) -> Option<Range<usize>> {
        let text = self.text();
        let starts_line = |at: usize| at == 0 || text[..at].ends_with('\n');
        let (at, _) = text.match_indices("<<<<<<< ").find(|(at, _)| starts_line(*at))?;
        text[at..]
            .contains("\n>>>>>>> ")
            .then(|| at..at + text[at..].lines().next().unwrap_or_default().len())
    }

    pub(super) fn after_root(&mut self, token: Token, span: Range<usize>) -> bool {
        let problem = match token {
            Token::End => return false,
            Token::CloseBrace | Token::CloseBracket => {
                Problem::new(span.clone(), format!("`{}` closes nothing", &self.text()[span.clone()]))
                    .label("no bracket is open here")
                    .help("Remove it, or look for a bracket before it that closes too early.")
            }
            Token::Colon => Problem::new(span.clone(), "the document is not in braces")
                .label("a member outside an object")
                .help("Put `{` before the first key and `}` after the last value."),
            _ => {
                let rest = &self.text()[span.start..];
                let line = rest[..rest.find(['\n', '\r']).unwrap_or(rest.len())].trim_end();
                Problem::new(span.start..span.start + line.len(), "text after the end of the document")
                    .label("the document was complete before this")
                    .help(format!("Remove it. The document ends on line {}.", self.line(self.last_end)))
            }
        };
        self.report(problem);
        false
    }
}

fn looks_like_yaml(line: &str) -> bool {
    let key = line.split_once(':').is_some_and(|(key, value)| {
        key.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && key.chars().all(|c| c.is_alphanumeric() || "_-. ".contains(c))
            && (value.is_empty() || value.starts_with(' '))
    });
    key || line == "---" || line.starts_with("--- ") || line.starts_with("- ")
}

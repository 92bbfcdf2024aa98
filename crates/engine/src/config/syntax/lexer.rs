//! From text to tokens; what is wrong inside a token is reported here.

use std::ops::Range;

use super::literal::hex4;
use super::{MAX_PROBLEMS, Problem};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    OpenBrace,
    CloseBrace,
    OpenBracket,
    CloseBracket,
    Comma,
    Colon,
    /// A string, in whatever quotes.
    String,
    /// A number, `true`, `false`, `null`; also a number in a spelling that JSON lacks.
    Scalar,
    /// Text without quotes.
    Word,
    /// A character that begins nothing: `=`, `;`, a stray quote.
    Other(char),
    End,
}

pub(super) struct Lexer<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    /// Found since the reader last took them.
    pub(super) problems: Vec<Problem>,
    /// A string or a comment ran to the end of the text: what is open is so because of that.
    pub(super) ran_out: bool,
}

/// What ends text without quotes.
const STRUCTURE: &[char] = &['{', '}', '[', ']', ',', ':', '"', '\'', '“', '”', '„', '‘', '’', '`', '=', ';'];

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, problems: Vec::new(), ran_out: false }
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The next token and its place. At the end of the text it is `End` again and again.
    pub(super) fn next(&mut self) -> (Token, Range<usize>) {
        self.skip_blank();
        let start = self.at;
        let Some(first) = self.rest().chars().next() else { return (Token::End, start..start) };
        let token = match first {
            '{' => self.single(Token::OpenBrace),
            '}' => self.single(Token::CloseBrace),
            '[' => self.single(Token::OpenBracket),
            ']' => self.single(Token::CloseBracket),
            ',' => self.single(Token::Comma),
            ':' => self.single(Token::Colon),
            '"' => self.string(),
            '\'' | '`' | '“' | '”' | '„' | '‘' | '’' => self.odd_string(first),
            '=' | ';' => self.other(first),
            '-' | '+' | '.' | '0'..='9' => self.number(),
            _ => self.word(),
        };
        (token, start..self.at)
    }

    fn single(&mut self, token: Token) -> Token {
        self.at += 1;
        token
    }

    fn other(&mut self, character: char) -> Token {
        self.at += character.len_utf8();
        Token::Other(character)
    }

    fn problem(&mut self, problem: Problem) {
        // One string can hold any number of wrong escapes; one more than enough shows that there are more.
        if self.problems.len() <= MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }

    fn skip_blank(&mut self) {
        loop {
            let rest = self.rest();
            let Some(first) = rest.chars().next() else { return };
            if matches!(first, ' ' | '\t' | '\n' | '\r') {
                self.at += 1;
            } else if rest.starts_with("//") || rest.starts_with("/*") || first == '#' {
                self.comment();
            } else if invisible(first) {
                let length = rest.find(|c| !invisible(c)).unwrap_or(rest.len());
                let span = self.at..self.at + length;
                self.problem(
                    Problem::new(span, format!("invisible character U+{:04X} between the values", first as u32))
                        .label("looks like a space")
                        .help("Delete it or type an ordinary space; it often comes along when text is copied from a web page."),
                );
                self.at += length;
            } else {
                return;
            }
        }
    }

    fn comment(&mut self) {
        let rest = self.rest();
        let start = self.at;
        let length = if rest.starts_with("/*") {
            rest.find("*/").map(|end| end + 2)
        } else {
            Some(rest.find(['\n', '\r']).unwrap_or(rest.len()))
        };
        let problem = match length {
            Some(length) => {
                self.at += length;
                Problem::new(start..self.at, "comments are not allowed in JSON").label("comment")
            }
            None => {
                self.at = self.text.len();
                self.ran_out = true;
                Problem::new(start..start + 2, "unclosed comment; comments are not allowed in JSON")
                    .label("begins here")
            }
        };
        self.problem(
            problem
                .help("Delete it, or keep it as the text of a key that begins with `x-`: \"x-note\": \"…\"."),
        );
    }

    /// A string in double quotes.
    fn string(&mut self) -> Token {
        let start = self.at;
        self.at += 1;
        let mut across_lines = false;
        loop {
            let rest = self.rest();
            let Some(first) = rest.chars().next() else {
                self.unclosed(start, self.text.len());
                self.ran_out = true;
                return Token::String;
            };
            match first {
                '"' => {
                    self.at += 1;
                    return Token::String;
                }
                '\n' | '\r' if !across_lines => {
                    if !self.goes_on_after(self.at) {
                        self.unclosed(start, self.at);
                        return Token::String;
                    }
                    across_lines = true;
                    self.problem(
                        Problem::new(start..self.at, "line break inside a string")
                            .label("the line ends inside this string")
                            .help("Write line breaks inside a string as `\\n`."),
                    );
                }
                '\n' | '\r' => self.at += 1,
                '\\' => self.escape(),
                '\0'..' ' => {
                    let (name, spelling) = match first {
                        '\t' => ("a tab".to_owned(), "\\t".to_owned()),
                        other => (
                            format!("control character U+{:04X}", other as u32),
                            format!("\\u{:04x}", other as u32),
                        ),
                    };
                    self.problem(
                        Problem::new(self.at..self.at + 1, format!("{name} inside a string"))
                            .help(format!("Write it as `{spelling}`.")),
                    );
                    self.at += 1;
                }
                other => self.at += other.len_utf8(),
            }
        }
    }

    /// Whether a string that meets a line end at `at` was meant to go on in the next line, rather than
    /// to end here: then the next line does not look like the next member, item or bracket.
    fn goes_on_after(&self, at: usize) -> bool {
        let next = self.text[at..].trim_start();
        !next.is_empty() && !next.starts_with(['"', '}', ']', '{', '[', '/', '#']) && next.contains('"')
    }

    /// Ends a string without closing quote at the end of its line, before a comma that ends the line.
    fn unclosed(&mut self, start: usize, line_end: usize) {
        let line = self.text[start..line_end].trim_end();
        let curly = line.find(['“', '”', '„']);
        let end = match curly {
            Some(quote) => start + quote + line[quote..].chars().next().map_or(0, char::len_utf8),
            None => start + line.strip_suffix(',').unwrap_or(line).len(),
        };
        let problem = Problem::new(start..end, "unclosed string").label("opened here");
        self.problem(match curly {
            Some(_) => problem.help("A curly quote does not end a string: write the straight quote `\"`."),
            None => problem.help("Add `\"` at its end. A quote inside a string is written `\\\"`."),
        });
        self.at = end;
    }

    fn escape(&mut self) {
        let start = self.at;
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let (length, problem) = match rest[1..].chars().next() {
            Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => (2, None),
            Some('u') => match hex4(bytes, 2) {
                None => (2, Some(("`\\u` takes four hexadecimal digits", "For example `\\u00e9` for é."))),
                Some(0xD800..0xDC00)
                    if bytes.get(6..8) == Some(br"\u") && matches!(hex4(bytes, 8), Some(0xDC00..0xE000)) =>
                {
                    (12, None)
                }
                Some(0xD800..0xE000) => (
                    6,
                    Some((
                        "half of a surrogate pair",
                        "Characters above U+FFFF are two escapes, such as `\\ud83d\\ude00`; or write the character itself.",
                    )),
                ),
                Some(_) => (6, None),
            },
            // The line end that follows is the string's to report.
            Some('\n' | '\r') | None => {
                (1, Some(("a lone backslash", "Write `\\\\` for a backslash, `\\n` for a line break.")))
            }
            Some('\'') => (2, Some(("`\\'` is not an escape in JSON", "Write `'` as it is."))),
            Some('x') => (2, Some(("`\\x` is not an escape in JSON", "Write `\\u00` and the two digits."))),
            Some(other) => (
                1 + other.len_utf8(),
                Some(("an escape that JSON does not have", "Write `\\\\` for a backslash.")),
            ),
        };
        self.at += length;
        if let Some((message, help)) = problem {
            self.problem(Problem::new(start..self.at, message).help(help));
        }
    }

    /// A string in quotes that JSON does not know, up to the fitting quote on the same line.
    fn odd_string(&mut self, quote: char) -> Token {
        let start = self.at;
        let closing: &[char] = match quote {
            '\'' => &['\''],
            '`' => &['`'],
            '‘' | '’' => &['’', '‘'],
            _ => &['”', '“', '"'],
        };
        let content = start + quote.len_utf8();
        let after = &self.text[content..];
        let line = &after[..after.find(['\n', '\r']).unwrap_or(after.len())];
        let Some(end) = line.find(closing) else { return self.other(quote) };
        self.at = content + end + line[end..].chars().next().map_or(0, char::len_utf8);
        let what = match quote {
            '\'' => "single quotes",
            '`' => "backquotes",
            _ => "curly quotes",
        };
        self.problem(
            Problem::new(start..self.at, format!("strings in {what} are not JSON"))
                .help("Use straight double quotes: \"…\"."),
        );
        Token::String
    }

    fn number(&mut self) -> Token {
        let start = self.at;
        let run = self.rest();
        let run =
            &run[..run.find(|c: char| !(c.is_alphanumeric() || "+-._".contains(c))).unwrap_or(run.len())];
        self.at += run.len();
        let span = start..self.at;
        let is_finite = || run.parse::<f64>().is_ok_and(f64::is_finite);
        if serde_json::from_str::<serde_json::Number>(run).is_ok() && is_finite() {
            return Token::Scalar;
        }
        let unsigned = run.trim_start_matches(['+', '-']);
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let (message, help) =
            if unsigned.eq_ignore_ascii_case("infinity") || unsigned.eq_ignore_ascii_case("inf") {
                not_a_number()
            } else if unsigned.starts_with("0x") || unsigned.starts_with("0X") {
                ("hexadecimal numbers are not JSON", "Write the number in decimal digits.")
            } else if digits(&run.replace('_', "")) && run.contains('_') {
                ("digits are not grouped in JSON", "Remove the underscores.")
            } else if run.starts_with('+') && digits(&unsigned.replace('.', "")) {
                ("a number begins with `+`", "Remove the `+`.")
            } else if digits(unsigned) && unsigned.starts_with('0') {
                ("a number begins with `0`", "Remove the zero, or write it as a string if the zero matters.")
            } else if let Some((whole, fraction)) = unsigned.split_once('.').filter(|(whole, fraction)| {
                (whole.is_empty() && digits(fraction)) || (digits(whole) && fraction.is_empty())
            }) {
                if whole.is_empty() && !fraction.is_empty() {
                    ("a number begins with its decimal point", "Write a `0` before it.")
                } else {
                    ("a number ends with its decimal point", "Write a `0` after it, or remove it.")
                }
            } else if unsigned.parse::<f64>().is_ok_and(f64::is_infinite) {
                ("the number is too large", "Numbers go up to about 1.8e308; write a larger one as a string.")
            } else if unsigned.is_empty() || !unsigned.starts_with(|c: char| c.is_ascii_digit()) {
                self.at = start;
                return self.word();
            } else {
                ("neither a number nor a string", "Put text in double quotes.")
            };
        self.problem(Problem::new(span, message).help(help));
        Token::Scalar
    }

    fn word(&mut self) -> Token {
        let rest = self.rest();
        let mut end = rest.find(|c: char| c.is_whitespace() || STRUCTURE.contains(&c)).unwrap_or(rest.len());
        if let Some(comment) = rest[..end].find("//").or_else(|| rest[..end].find("/*")).filter(|at| *at > 0)
        {
            end = comment;
        }
        let first = rest.chars().next().map_or(0, char::len_utf8);
        self.at += end.max(first);
        match &rest[..end] {
            "true" | "false" | "null" => Token::Scalar,
            _ => Token::Word,
        }
    }

    /// Extends a word that stands for a value to where its value ends: the line's end, a comma, a
    /// closing bracket or a quote; braces inside it (`${NAME}`, `{{name}}`) belong to it.
    pub(super) fn bare_value(&mut self, start: usize) -> Range<usize> {
        let mut depth = 0;
        let mut end = self.text.len();
        for (at, character) in self.text[start..].char_indices() {
            match character {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                '\n' | '\r' | ',' | '}' | ']' | '"' => {
                    end = start + at;
                    break;
                }
                _ => {}
            }
        }
        let text = &self.text[start..end];
        let text = text.find(" //").map_or(text, |comment| &text[..comment]).trim_end();
        self.at = (start + text.len()).max(self.at.min(end));
        start..self.at
    }
}

/// White space that JSON does not know.
fn invisible(character: char) -> bool {
    !matches!(character, ' ' | '\t' | '\n' | '\r')
        && (character.is_whitespace()
            || matches!(character, '\u{feff}' | '\u{200b}'..='\u{200d}' | '\u{2060}'))
}

/// Why NaN and the infinities are refused.
pub(super) fn not_a_number() -> (&'static str, &'static str) {
    ("JSON has no NaN and no infinity", "Use `null`, a number, or a string.")
}

//! Code frames for a terminal.

use std::ops::Range;

use annotate_snippets::{
    AnnotationKind, Group, Level, Origin, Padding, Renderer, Snippet, normalize_untrusted_str,
};

use super::mask::Mask;
use super::summary;
use crate::config::diagnostic::{Diagnostic, Findings, Lines, Severity};

/// Whether terminal colours are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Plain ASCII decoration.
    Off,
    /// ANSI escape codes.
    On,
}

/// Columns that a frame may take; longer lines are cut around the span.
const WIDTH: usize = 120;

/// Of a longer line, in bytes, only a part is looked at.
const LONGEST_LINE: usize = 16 * 1024;

/// Longest underline, in characters.
const LONGEST_SPAN: usize = 80;

/// One code frame per finding and a last line that counts them.
pub fn human(files: &[Findings], colour: Colour) -> String {
    human_of_first(files, colour, usize::MAX)
}

/// As [`human`], with at most so many findings of a file; the last line counts all.
pub(super) fn human_of_first(files: &[Findings], colour: Colour, count_of_each: usize) -> String {
    let renderer = match colour {
        Colour::Off => Renderer::plain(),
        Colour::On => Renderer::styled(),
    }
    .term_width(WIDTH);
    let mut text = String::new();
    for file in files {
        let (mask, lines) = (Mask::new(file), Lines::new(&file.source));
        for found in file.diagnostics.iter().take(count_of_each) {
            text.push_str(&frame(&renderer, file, &lines, &mask, found));
            text.push_str("\n\n");
        }
        let omitted = super::omitted(file, count_of_each);
        if omitted > 0 {
            text.push_str(&format!("{}: {}\n\n", printable(&file.file), super::and_more(omitted)));
        }
    }
    text.push_str(&summary(files));
    text.push('\n');
    text
}

fn frame(
    renderer: &Renderer,
    file: &Findings,
    lines: &Lines<'_>,
    mask: &Mask<'_>,
    found: &Diagnostic,
) -> String {
    let found = mask.diagnostic(found);
    let level = match found.severity() {
        Severity::Error => Level::ERROR,
        Severity::Mistake => Level::ERROR.with_name("mistake"),
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(found.message).id(found.code.as_str());
    let mut group = Group::with_title(title);
    let path = printable(&file.file);
    if file.source.is_empty() {
        group = group.element(Origin::path(path));
    } else {
        let (line, column) = lines.line_column(found.span.start);
        let part = cut(&file.source, first_line(&file.source, found.span.start), found.span.start);
        let (excerpt, span) = mask.excerpt(part.clone(), &shown(&file.source, &part, &found.span));
        let printed_column = excerpt[..span.start].chars().count() + 1;
        let annotation = AnnotationKind::Primary.span(span).label(found.label.as_deref().map(printable));
        let snippet = Snippet::source(excerpt).line_start(line).annotation(annotation);
        // The renderer counts columns in what it prints; a secret before the span has made that shorter.
        group = if printed_column == column {
            group.element(snippet.path(path))
        } else {
            group.element(Origin::path(path).line(line).char_column(column)).element(snippet)
        };
    }
    let mut notes = Vec::new();
    if !found.pointer.is_empty() {
        notes.push(Level::NOTE.with_name("at").message(printable(&found.pointer)));
    }
    if let Some(help) = &found.help {
        notes.push(Level::HELP.message(printable(help)));
    }
    if !notes.is_empty() && !file.source.is_empty() {
        group = group.element(Padding);
    }
    renderer.render(&[group.elements(notes)])
}

/// Text without control characters: the renderer makes titles and source harmless, paths and labels not.
fn printable(text: &str) -> String {
    normalize_untrusted_str(text)
}

/// The line of an offset, without its line end.
fn first_line(source: &str, offset: usize) -> Range<usize> {
    let offset = offset.min(source.len());
    let start = source[..offset].rfind('\n').map_or(0, |end| end + 1);
    let end = source[offset..].find('\n').map_or(source.len(), |end| offset + end);
    start..start + source[start..end].trim_end_matches('\r').len()
}

/// A line, or of a long one what is around an offset: the renderer reads all that it gets for each finding.
fn cut(source: &str, line: Range<usize>, offset: usize) -> Range<usize> {
    if line.len() <= LONGEST_LINE {
        return line;
    }
    let mut start = offset.saturating_sub(LONGEST_LINE / 2).max(line.start);
    let mut end = start.saturating_add(LONGEST_LINE).min(line.end);
    while !source.is_char_boundary(start) {
        start -= 1;
    }
    while !source.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

/// What of a span is underlined: its first line, and of that not more than fits.
fn shown(source: &str, line: &Range<usize>, span: &Range<usize>) -> Range<usize> {
    let start = span.start.clamp(line.start, line.end);
    let end = span.end.clamp(start, line.end);
    let length = source[start..end].trim_end().chars().take(LONGEST_SPAN).map(char::len_utf8).sum::<usize>();
    start..start + length
}

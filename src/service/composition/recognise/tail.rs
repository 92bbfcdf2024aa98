//! The end of a text that a CRM cut at its longest length, within a tag or a label of ours. What is left
//! of one says nothing, and what is added behind it would become part of it.

use super::heads;
use super::markup::Edge;
use super::view::{BOLD, ITEM, Markup, View};
use crate::engine::operation::LogFormat;

/// The tags that a log is made of, and what CRMs make of them.
const TAGS: [&str; 8] = ["b", "strong", "li", "div", "br", "a", "p", "span"];

/// The longest tag that is looked for: that of a link.
const LONGEST_TAG: usize = 4096;

/// So many letters of a label in plain text are no accident.
const TELLING: usize = 5;

/// A text without the beginning of a tag or a label at its end.
pub(super) fn without_cut_tail(text: &str, format: LogFormat) -> &str {
    match format {
        LogFormat::Html => html(whole_tags(text)),
        LogFormat::Markdown => marked(text, |line| {
            let bare = line.trim_start_matches(['*', '_', '#', ' ']);
            let label = bare.trim_end_matches(['*', '_']);
            let is_marked = bare.len() < line.len() && !line.starts_with("* ");
            // A heading needs no colon.
            let is_whole = line.starts_with('#') && heads::is_cut_label(label, false);
            is_marked
                && !is_whole
                && (bare.is_empty() || heads::is_cut_label(label, label.len() == bare.len()))
        }),
        LogFormat::Plain => marked(text, |line| {
            let bare = line.strip_prefix("- ").unwrap_or_default();
            bare.len() >= TELLING && heads::is_cut_label(bare, true)
        }),
        LogFormat::Custom => text,
    }
}

/// A text without its last line, where that is the beginning of a label and not the only line.
fn marked(text: &str, is_cut: impl Fn(&str) -> bool) -> &str {
    let start = text.rfind(['\n', '\r']).map_or(0, |end| end + 1);
    if start > 0 && is_cut(&text[start..]) { &text[..start] } else { text }
}

fn whole_tags(text: &str) -> &str {
    let Some(open) = text.rfind('<').filter(|open| text.len() - open < LONGEST_TAG) else { return text };
    let tail = &text[open + 1..];
    let name = tail.strip_prefix('/').unwrap_or(tail);
    let end = name.find(|next: char| !next.is_ascii_alphanumeric()).unwrap_or(name.len());
    let is_ours = match end == name.len() {
        true => TAGS.iter().any(|tag| tag.starts_with(&name.to_ascii_lowercase())),
        false => TAGS.iter().any(|tag| tag.eq_ignore_ascii_case(&name[..end])),
    };
    if !tail.contains('>') && is_ours { &text[..open] } else { text }
}

fn html(text: &str) -> &str {
    // Only the last line is read.
    let near =
        (text.len().saturating_sub(256)..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let near = near + text[near..].find('<').unwrap_or(0);
    let view = View::new(&text[near..], Markup { tags: Some(0), marks: false });
    let start = view.text.rfind('\n').map_or(0, |end| end + 1);
    let line = &view.text[start..];
    let bare = line.trim_matches([BOLD, ITEM, ' ']);
    let is_marked = line.contains(BOLD) || bare.is_empty() && line.contains(ITEM);
    let is_closed = line.matches(BOLD).count() > 1;
    if !is_marked || !(bare.is_empty() || heads::is_cut_label(bare, !is_closed)) {
        return text;
    }
    let mut from = view.start(start).min(text.len() - near);
    // A block that was opened for it.
    if let Some(tag) = view.tags.iter().rfind(|tag| tag.end() <= from)
        && tag.end() == from
        && tag.tag.edge == Edge::Open
        && matches!(tag.tag.name, "div" | "p" | "li")
    {
        from = tag.start;
    }
    &text[..near + from]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_a_tag_or_a_label_is_taken_away() {
        let log = "<b>Agent notes</b><br>x<br><br><b>Call details</b><br><li><b>Duration</b>: 5 seconds</li>";
        for cut in [
            "<",
            "<l",
            "<li>",
            "<li><",
            "<li><b>",
            "<li><b>Resu",
            "<li><b>Result</b",
            "<li><b>Result</b>",
            "<div><b>AI",
            "<div><b>AI Note</b>",
        ] {
            assert_eq!(without_cut_tail(&format!("{log}{cut}"), LogFormat::Html), log, "{cut}");
        }
        for whole in ["<li><b>Result</b>:", "<li><b>Result</b>: Call conn", "<p>mine", "a < b", "<li>Resu"] {
            let text = format!("{log}{whole}");
            assert_eq!(without_cut_tail(&text, LogFormat::Html), text);
        }
        let link = "<li><b>Call recording link</b>: ";
        assert_eq!(
            without_cut_tail(&format!("{log}{link}<a target=\"_blank\" hre"), LogFormat::Html),
            format!("{log}{link}")
        );
        let only_a_note = "<b>Agent notes</b><br>x<br><br><b>Call details</b>";
        assert_eq!(without_cut_tail(only_a_note, LogFormat::Html), only_a_note);
        let cut = |text, format| without_cut_tail(text, format);
        assert_eq!(cut("**Duration**: 5\n**Resu", LogFormat::Markdown), "**Duration**: 5\n");
        assert_eq!(cut("**Duration**: 5\n### Trans", LogFormat::Markdown), "**Duration**: 5\n");
        assert_eq!(cut("**Duration**: 5\n* Result", LogFormat::Markdown), "**Duration**: 5\n* Result");
        assert_eq!(cut("- Duration: 5\n- Call recor", LogFormat::Plain), "- Duration: 5\n");
        assert_eq!(cut("- Duration: 5\n- Res", LogFormat::Plain), "- Duration: 5\n- Res");
        assert_eq!(cut("- Duration: 5\n- Call back", LogFormat::Plain), "- Duration: 5\n- Call back");
    }
}

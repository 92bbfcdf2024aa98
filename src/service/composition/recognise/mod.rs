//! Our own text after what a CRM did to it: other tags or none, other line ends or none, other bullets,
//! entities, blanks and marks. Where a text shows that it is ours, its fields are written again as the
//! format has them; every other byte stays. What then is put into it needs to know one form only.
//!
//! ```text
//! text ─ view (what is seen) ─ heads (labels with their marks) ─ extract (values) ─ rewrite
//! ```

mod blocks;
mod edit;
mod extract;
mod heads;
mod html_lines;
mod loose;
mod markup;
mod relabel;
mod rewrite;
mod shapes;
mod tail;
mod values;
mod view;
mod wrapping;

use std::borrow::Cow;
use std::ops::Range;

use self::heads::{Head, Search};
use self::markup::Kind;
use self::view::{Markup, View};
use super::fields::{Entry, Field};
use crate::engine::operation::LogFormat;

/// How often a text may be escaped.
const LAYERS: u8 = 2;

/// A text with its fields as the format writes them. `entries` are what is about to be put into it.
pub(super) fn restored<'t>(text: &'t str, format: LogFormat, entries: &[Entry]) -> Cow<'t, str> {
    if text.trim().is_empty() {
        return text.into();
    }
    let values: Vec<(Field, &str)> =
        entries.iter().map(|entry| (entry.field, entry.value.as_str())).collect();
    let unwrapped = wrapping::unwrapped(text, format);
    let length = tail::without_cut_tail(&unwrapped, format).len();
    let whole = &unwrapped[..length];
    let read = match format {
        LogFormat::Html => html(whole, &values),
        LogFormat::Plain | LogFormat::Markdown => lines(whole, format, &values),
        LogFormat::Custom => Read::Unknown,
    };
    match (read, unwrapped) {
        (Read::Rewritten(text), _) => text.into(),
        (Read::AsWritten, Cow::Borrowed(unwrapped)) => unwrapped[..length].into(),
        (Read::AsWritten, Cow::Owned(mut unwrapped)) => {
            unwrapped.truncate(length);
            unwrapped.into()
        }
        (Read::Unknown, _) => text.into(),
    }
}

/// What came of reading a text.
enum Read {
    /// Its fields are written again.
    Rewritten(String),
    /// It has fields, as they were written.
    AsWritten,
    /// Nothing in it is known.
    Unknown,
}

impl From<Option<String>> for Read {
    fn from(rewritten: Option<String>) -> Self {
        rewritten.map_or(Self::AsWritten, Self::Rewritten)
    }
}

/// Where the values stand that may be shortened in a text as it is composed: of the sections and the note.
pub(super) fn long_values(text: &str, format: LogFormat) -> Vec<(Field, Range<usize>)> {
    let (markup, search) = match format {
        LogFormat::Html => (Markup { tags: Some(0), marks: false }, Search::Anywhere),
        _ => (Markup { tags: None, marks: format == LogFormat::Markdown }, Search::Lines),
    };
    let view = View::new(text, markup);
    let heads = heads::find(&view, format, search, &[]);
    let layer = markup.tags;
    let reading = Reading { view: &view, heads: &heads, format, search: Search::Lines, layer, values: &[] };
    values::long_values(&reading)
}

/// A text and what was found in it.
struct Reading<'v, 't> {
    view: &'v View<'t>,
    heads: &'v [Head],
    format: LogFormat,
    search: Search,
    /// How often its tags are escaped; none if it has none.
    layer: Option<u8>,
    values: &'v [(Field, &'v str)],
}

fn html(text: &str, values: &[(Field, &str)]) -> Read {
    let format = LogFormat::Html;
    for layer in 0..=LAYERS {
        let view = View::new(text, Markup { tags: Some(layer), marks: false });
        if view.tags.is_empty() {
            continue;
        }
        let mut heads = heads::find(&view, format, Search::Anywhere, values);
        heads.retain(Head::is_bold);
        if !heads.is_empty() {
            let reading = Reading {
                view: &view,
                heads: &heads,
                format,
                search: Search::Lines,
                layer: Some(layer),
                values,
            };
            return Read::Rewritten(rewrite::html(&reading));
        }
    }
    let view = View::new(text, Markup { tags: None, marks: true });
    let marked = heads::find(&view, format, Search::Lines, values);
    if !marked.is_empty() {
        let search = Search::Lines;
        return Read::Rewritten(rewrite::html(&Reading {
            view: &view,
            heads: &marked,
            format,
            search,
            layer: None,
            values,
        }));
    }
    let Some((search, heads)) = bare(&view, format, values) else { return Read::Unknown };
    Read::Rewritten(rewrite::html(&Reading {
        view: &view,
        heads: &heads,
        format,
        search,
        layer: None,
        values,
    }))
}

fn lines(text: &str, format: LogFormat, values: &[(Field, &str)]) -> Read {
    let marks = format == LogFormat::Markdown;
    let view = View::new(text, Markup { tags: None, marks });
    let heads = heads::find(&view, format, Search::Lines, values);
    let may_have_tags = text.contains(['<', '&']);
    let known = known_values(&view, &heads, values);
    for layer in (0..=LAYERS).filter(|_| may_have_tags) {
        let tagged = View::new(text, Markup { tags: Some(layer), marks });
        if tagged.tags.is_empty() {
            continue;
        }
        let mut found = heads::find(&tagged, format, Search::Lines, values);
        // What a field is about to say may itself look like a field.
        let is_within = |at: usize| known.iter().any(|place| place.start < at && at < place.end);
        // A CRM that keeps the tags of a value as they are made no markup of the text.
        if tagged.tags.iter().any(|tag| is_within(tag.start)) {
            continue;
        }
        found.retain(|head| !is_within(tagged.start(head.start)));
        let is_more = heads.len() < 2 && found.len() > heads.len();
        if is_more || heads.len() > 1 && found.len() >= heads.len() && breaks_lines(&tagged, &found) {
            let (search, layer) = (Search::Lines, Some(layer));
            return Read::Rewritten(rewrite::lines(&Reading {
                view: &tagged,
                heads: &found,
                format,
                search,
                layer,
                values,
            }));
        }
    }
    if heads.len() < 2 {
        let anywhere = heads::find(&view, format, Search::Anywhere, values);
        // What stands within a line in front of the first line of ours is a person's.
        let begins =
            heads.first().is_none_or(|first| anywhere.first().is_some_and(|head| head.start == first.start));
        if anywhere.len() > 1 && begins {
            let search = Search::Anywhere;
            return Read::Rewritten(rewrite::lines(&Reading {
                view: &view,
                heads: &anywhere,
                format,
                search,
                layer: None,
                values,
            }));
        }
    }
    if heads.is_empty() {
        let Some((search, heads)) = bare(&view, format, values) else { return Read::Unknown };
        return Read::Rewritten(rewrite::lines(&Reading {
            view: &view,
            heads: &heads,
            format,
            search,
            layer: None,
            values,
        }));
    }
    let search = Search::Lines;
    relabel::labels(&Reading { view: &view, heads: &heads, format, search, layer: None, values }).into()
}

/// Where fields stand that say what they are about to say.
fn known_values(view: &View<'_>, heads: &[Head], values: &[(Field, &str)]) -> Vec<Range<usize>> {
    // The first of each field is the one that is replaced.
    let known = values.iter().filter_map(|(field, value)| {
        let head = heads.iter().find(|head| head.field() == Some(*field))?;
        let length = loose::whole(&view.text[head.value..], value)?;
        Some(view.start(head.start)..view.end(head.value + length))
    });
    known.collect()
}

/// Labels without their marks, where they are enough to know a text by.
fn bare(view: &View<'_>, format: LogFormat, values: &[(Field, &str)]) -> Option<(Search, Vec<Head>)> {
    let searches = [Search::BareLines, Search::BareAnywhere];
    searches.into_iter().find_map(|search| {
        let heads = heads::find(view, format, search, values);
        heads::are_telling(&heads, search).then_some((search, heads))
    })
}

/// Whether the lines of a text end with tags as well: those of its fields, but for the last.
fn breaks_lines(view: &View<'_>, heads: &[Head]) -> bool {
    let ends_with_tag = |head: &&Head| {
        let end = view.start(view.line_end(head.value));
        let next = view.tags.partition_point(|tag| tag.start < end);
        view.tags.get(next).is_some_and(|tag| tag.start == end && tag.tag.kind == Kind::Break)
    };
    heads.iter().filter(ends_with_tag).count() + 1 >= heads.len()
}

//! JSON pointers (RFC 6901): `/operations/findContact/url`; the root is the empty string.

use std::borrow::Cow;

/// The pointer of a member or item of the value at `parent`; `segment` is the plain key or index.
pub fn join(parent: &str, segment: &str) -> String {
    let mut pointer = String::with_capacity(parent.len() + 1 + segment.len());
    pointer.push_str(parent);
    pointer.push('/');
    for part in segment.chars() {
        match part {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
    pointer
}

/// The plain keys and indexes of a pointer, outermost first.
pub fn segments(pointer: &str) -> impl Iterator<Item = Cow<'_, str>> {
    pointer.split('/').skip(1).map(|segment| {
        if segment.contains('~') {
            // `~01` is the text `~1`, so `~1` is undone first.
            Cow::Owned(segment.replace("~1", "/").replace("~0", "~"))
        } else {
            Cow::Borrowed(segment)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_and_splits_what_rfc_6901_escapes() {
        for (parent, segment, pointer) in [
            ("", "operations", "/operations"),
            ("/a", "0", "/a/0"),
            ("", "", "/"),
            ("/headers", "a/b", "/headers/a~1b"),
            ("", "m~n", "/m~0n"),
            ("", "~1", "/~01"),
        ] {
            assert_eq!(join(parent, segment), pointer);
            assert_eq!(segments(pointer).last().as_deref(), Some(segment), "{pointer}");
        }
        assert_eq!(segments("").count(), 0);
    }
}

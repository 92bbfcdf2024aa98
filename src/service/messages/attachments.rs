//! Links to what is attached to a message: a voicemail's recording, a fax, images and videos.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

/// RingCentral's page that shows media to people who are signed in there.
const MEDIA_READER: &str = "https://ringcentral.github.io/ringcentral-media-reader/?media=";

/// JavaScript's `encodeURIComponent` (recordings 13, `mms-image`).
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*');

/// The variables that a message's attachments fill: every image and video, and the first of each
/// by itself (Q38). What there is none of is null, or an empty list.
///
/// A fax is only linked where the client sends its RingCentral token, which the download link
/// carries (recordings 13, `fax`, `fax-no-rc-token`). An attachment that lacks its type or address
/// is passed over.
pub(super) fn links(message: &Value, rc_access_token: Option<&str>) -> Map<String, Value> {
    let attachments = message.get("attachments").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let recording = member_of(attachments, "AudioRecording", "link");
    let token = rc_access_token.filter(|token| !token.is_empty());
    let fax = token.and_then(|_| member_of(attachments, "RenderedDocument", "link"));
    let fax_download = token.and_then(|token| {
        let uri = member_of(attachments, "RenderedDocument", "uri")?;
        Some(format!("{uri}?access_token={token}"))
    });
    let images = media(attachments, "image/");
    let videos = media(attachments, "video/");
    let members = [
        ("recordingLink", recording.into()),
        ("faxDocLink", fax.into()),
        ("faxDownloadLink", fax_download.into()),
        ("imageLink", images.first().cloned().into()),
        ("imageLinks", images.into()),
        ("videoLink", videos.first().cloned().into()),
        ("videoLinks", videos.into()),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn text<'a>(attachment: &'a Value, member: &str) -> Option<&'a str> {
    attachment.get(member).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn member_of<'a>(attachments: &'a [Value], kind: &str, member: &str) -> Option<&'a str> {
    attachments
        .iter()
        .filter(|attachment| text(attachment, "type") == Some(kind))
        .find_map(|attachment| text(attachment, member))
}

fn media(attachments: &[Value], kind: &str) -> Vec<String> {
    attachments
        .iter()
        .filter(|attachment| text(attachment, "type") == Some("MmsAttachment"))
        .filter(|attachment| {
            let content_type = text(attachment, "contentType").and_then(|given| given.get(..kind.len()));
            content_type.is_some_and(|given| given.eq_ignore_ascii_case(kind))
        })
        .filter_map(|attachment| text(attachment, "uri"))
        .map(|uri| format!("{MEDIA_READER}{}", utf8_percent_encode(uri, COMPONENT)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn links_of(attachments: Value, token: Option<&str>) -> Value {
        Value::Object(links(&json!({"id": 1, "attachments": attachments}), token))
    }

    fn reader(uri: &str) -> String {
        format!("https://ringcentral.github.io/ringcentral-media-reader/?media={uri}")
    }

    #[test]
    fn a_message_without_attachments_has_no_links() {
        let none = json!({
            "recordingLink": null, "faxDocLink": null, "faxDownloadLink": null,
            "imageLink": null, "imageLinks": [], "videoLink": null, "videoLinks": []
        });
        assert_eq!(Value::Object(links(&json!({"id": 1}), Some("t"))), none);
        for odd in [json!([]), json!(null), json!("x"), json!([null, 7, {}, {"type": "AudioRecording"}])] {
            assert_eq!(links_of(odd.clone(), Some("t")), none, "{odd}");
        }
    }

    #[test]
    fn a_voicemail_is_linked_without_a_token() {
        let vm = json!([{"type": "AudioRecording", "link": "https://vm.link", "uri": "https://media/vm"}]);
        assert_eq!(links_of(vm, None)["recordingLink"], "https://vm.link");
    }

    #[test]
    fn a_fax_needs_the_token() {
        let fax =
            json!([{"type": "RenderedDocument", "link": "https://fax.link", "uri": "https://media/fax"}]);
        let linked = links_of(fax.clone(), Some("rcTok"));
        assert_eq!(linked["faxDocLink"], "https://fax.link");
        assert_eq!(linked["faxDownloadLink"], "https://media/fax?access_token=rcTok");
        for token in [None, Some("")] {
            let bare = links_of(fax.clone(), token);
            assert_eq!((&bare["faxDocLink"], &bare["faxDownloadLink"]), (&Value::Null, &Value::Null));
        }
    }

    #[test]
    fn every_image_and_video_is_linked_and_the_first_by_itself() {
        let attachments = json!([
            {"type": "MmsAttachment", "contentType": "text/plain", "uri": "https://media/t"},
            {"type": "MmsAttachment", "uri": "https://media/untyped"},
            {"type": "MmsAttachment", "contentType": "image/png"},
            {"type": "MmsAttachment", "contentType": "image/png", "uri": "https://media/1?a=1&b=(2)"},
            {"type": "MmsAttachment", "contentType": "video/mp4", "uri": "https://media/3"},
            {"type": "MmsAttachment", "contentType": "Image/GIF", "uri": "https://media/2"},
            {"type": "Other", "contentType": "image/png", "uri": "https://media/other"}
        ]);
        let linked = links_of(attachments, None);
        let (first, second) =
            (reader("https%3A%2F%2Fmedia%2F1%3Fa%3D1%26b%3D(2)"), reader("https%3A%2F%2Fmedia%2F2"));
        assert_eq!(linked["imageLink"], json!(first));
        assert_eq!(linked["imageLinks"], json!([first, second]));
        assert_eq!(linked["videoLink"], linked["videoLinks"][0]);
        assert_eq!(linked["videoLinks"], json!([reader("https%3A%2F%2Fmedia%2F3")]));
    }
}

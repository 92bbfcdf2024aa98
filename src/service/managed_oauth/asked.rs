//! Who asked lately which client their account has. RingCentral told who it was, and the answer is what the sign-in
//! page is opened with. The callback that follows brings no RingCentral token, so this is what proves then that a
//! member of the account signs in (Q65).

use serde::{Deserialize, Serialize};

use super::place::Place;
use crate::service::Services;
use crate::store::{DocumentKind, Key, StoreError, StoredDocument};

/// How long a sign-in may take that was begun by asking, in milliseconds.
const SIGN_IN_MS: i64 = 15 * 60 * 1000;

/// How long it is remembered about which platform somebody asked, in milliseconds.
const REMEMBERED_MS: i64 = 24 * 60 * 60 * 1000;

/// About how many platforms it is remembered.
const MOST: usize = 8;

/// What an extension asked about, the latest last.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    questions: Vec<Question>,
    /// In milliseconds since 1970.
    expires_at: i64,
}

/// That an extension asked about a platform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Question {
    platform: String,
    proxy_id: Option<String>,
    /// Whether the extension was an admin's.
    is_admin: bool,
    /// Whether a sign-in came of it: one question is one sign-in.
    is_used: bool,
    /// In milliseconds since 1970.
    at: i64,
}

impl StoredDocument for Asked {
    const KIND: DocumentKind = DocumentKind::ManagedOAuth;
}

fn key(account: &str, extension_hash: &str) -> Key<Asked> {
    Key::new(["asked", account, extension_hash].map(|part| Some(part.to_owned())))
}

impl Question {
    fn is_about(&self, place: &Place) -> bool {
        // Clients name the document at the callback alone.
        self.platform == place.platform && (self.proxy_id.is_none() || self.proxy_id == place.proxy_id)
    }
}

/// Remembers a question.
pub(super) async fn remember(
    services: &Services,
    account: &str,
    extension_hash: &str,
    place: &Place,
    is_admin: bool,
) -> Result<(), StoreError> {
    let at = services.clock.now_ms();
    let question = Question {
        platform: place.platform.clone(),
        proxy_id: place.proxy_id.clone(),
        is_admin,
        is_used: false,
        at,
    };
    change(services, account, extension_hash, |asked| {
        asked.questions.retain(|known| {
            known.at > at - REMEMBERED_MS
                && (&known.platform, &known.proxy_id) != (&question.platform, &question.proxy_id)
        });
        let surplus = (asked.questions.len() + 1).saturating_sub(MOST);
        asked.questions.drain(..surplus);
        asked.questions.push(question.clone());
        asked.expires_at = at + REMEMBERED_MS;
    })
    .await
}

/// The platform that an extension asked about last.
pub(super) async fn last(
    services: &Services,
    account: &str,
    extension_hash: &str,
) -> Result<Option<Place>, StoreError> {
    let asked = services.store.versioned_lossy(&key(account, extension_hash)).await?.content;
    let since = services.clock.now_ms() - REMEMBERED_MS;
    let last = asked.and_then(|asked| asked.questions.into_iter().rev().find(|question| question.at > since));
    Ok(last.map(|question| Place { platform: question.platform, proxy_id: question.proxy_id }))
}

/// Whether an extension asked about a place a moment ago, and as whom: an admin or not.
pub(super) async fn lately(
    services: &Services,
    account: &str,
    extension_hash: &str,
    place: &Place,
) -> Result<Option<bool>, StoreError> {
    let asked = services.store.versioned_lossy(&key(account, extension_hash)).await?.content;
    let since = services.clock.now_ms() - SIGN_IN_MS;
    let is_valid =
        |question: &&Question| question.is_about(place) && question.at > since && !question.is_used;
    Ok(asked.and_then(|asked| asked.questions.iter().rev().find(is_valid).map(|question| question.is_admin)))
}

/// Uses up what an extension asked about a place.
pub(super) async fn use_up(
    services: &Services,
    account: &str,
    extension_hash: &str,
    place: &Place,
) -> Result<(), StoreError> {
    change(services, account, extension_hash, |asked| {
        for question in asked.questions.iter_mut().filter(|question| question.is_about(place)) {
            question.is_used = true;
        }
    })
    .await
}

async fn change(
    services: &Services,
    account: &str,
    extension_hash: &str,
    change: impl Fn(&mut Asked),
) -> Result<(), StoreError> {
    let key = key(account, extension_hash);
    let _turn = services.record_locks.take(&key).await;
    loop {
        let mut before = services.store.versioned_lossy(&key).await?;
        let mut asked = before.content.take().unwrap_or_default();
        change(&mut asked);
        if services.store.change_documents(&[before.changed_to(&asked)?]).await? {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::Registry;
    use crate::service::clock::Clock;
    use crate::service::testing::services;
    use crate::store::assert_stored_as;

    const NOW: i64 = 1_760_000_000_000;

    fn place(platform: &str, proxy_id: Option<&str>) -> Place {
        Place { platform: platform.to_owned(), proxy_id: proxy_id.map(str::to_owned) }
    }

    #[test]
    fn a_question_is_stored_as_it_was() {
        let question =
            Question { platform: "p".to_owned(), proxy_id: None, is_admin: true, is_used: false, at: 1 };
        assert_stored_as(
            &key("a", "e"),
            &Asked { questions: vec![question], expires_at: 2 },
            "managedOAuth/asked/a/e",
            r#"{"questions":[{"platform":"p","proxyId":null,"isAdmin":true,"isUsed":false,"at":1}],"expiresAt":2}"#,
        );
    }

    #[tokio::test]
    async fn a_question_proves_one_sign_in_of_one_extension_for_a_quarter_of_an_hour() {
        let (clock, hand) = Clock::by_hand(NOW);
        let services = services(clock, Registry::new(), Vec::new()).await;
        let (p, of_document) = (place("p", None), place("p", Some("d")));
        remember(&services, "a", "e", &p, true).await.unwrap();
        let asked = async |account, extension, place: &Place| {
            lately(&services, account, extension, place).await.unwrap()
        };
        assert_eq!(asked("a", "e", &of_document).await, Some(true));
        for (account, extension, place) in [("b", "e", &p), ("a", "f", &p), ("a", "e", &place("q", None))] {
            assert_eq!(asked(account, extension, place).await, None, "{account} {extension} {place:?}");
        }
        hand.set(NOW + SIGN_IN_MS - 1);
        assert_eq!(asked("a", "e", &p).await, Some(true));
        hand.set(NOW + SIGN_IN_MS);
        assert_eq!(asked("a", "e", &p).await, None);

        remember(&services, "a", "e", &p, false).await.unwrap();
        assert_eq!(asked("a", "e", &p).await, Some(false));
        use_up(&services, "a", "e", &of_document).await.unwrap();
        assert_eq!(asked("a", "e", &p).await, None);
        // What was asked about one document says nothing of another.
        remember(&services, "a", "e", &of_document, true).await.unwrap();
        assert_eq!(asked("a", "e", &place("p", Some("other"))).await, None);
        assert_eq!(asked("a", "e", &of_document).await, Some(true));
    }

    #[tokio::test]
    async fn the_last_question_says_which_platform_is_meant() {
        let (clock, hand) = Clock::by_hand(NOW);
        let services = services(clock, Registry::new(), Vec::new()).await;
        assert_eq!(last(&services, "a", "e").await.unwrap(), None);
        for number in 0..20 {
            remember(&services, "a", "e", &place(&format!("p{number}"), None), true).await.unwrap();
        }
        assert_eq!(last(&services, "a", "e").await.unwrap(), Some(place("p19", None)));
        let kept = services.store.versioned_lossy(&key("a", "e")).await.unwrap().content.unwrap();
        assert_eq!(kept.questions.len(), MOST);
        hand.set(NOW + REMEMBERED_MS);
        assert_eq!(last(&services, "a", "e").await.unwrap(), None);
    }
}

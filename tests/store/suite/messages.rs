//! Messages and their conversations stay in their scope.

use app_connect::store::{
    ClaimChange, ClaimKey, ClaimSubject, Conversation, MessageLog, Owner, Store, Tenant,
};

use super::super::{account, scope};
use super::claims::claims;

pub fn conversation(scope: Tenant, id: &str, third_party_log_id: &str) -> Conversation {
    Conversation {
        scope,
        conversation_log_id: id.to_owned(),
        conversation_id: Some("c".to_owned()),
        first_message_id: "1".to_owned(),
        third_party_log_id: third_party_log_id.to_owned(),
        user_id: "7-crm".to_owned(),
        created_at: 1,
        updated_at: 2,
    }
}

pub fn message_log(scope: Tenant, id: &str) -> MessageLog {
    MessageLog {
        scope,
        message_id: id.to_owned(),
        conversation_log_id: "c/1".to_owned(),
        third_party_log_id: "m1".to_owned(),
        user_id: "7-crm".to_owned(),
        created_at: 1,
    }
}

/// Q5: messages and conversations of one scope are invisible in every other.
pub async fn messages_never_leave_their_scope(store: &dyn Store) {
    let own = scope("crm", Some("a"), account("1"));
    let logs = [message_log(own.clone(), "1"), message_log(own.clone(), "2")];
    let key = ClaimKey { scope: own.clone(), subject: ClaimSubject::Conversation("c/1".to_owned()) };
    let held = Some(claims(&["a"]));
    let made = ClaimChange { key: key.clone(), before: None, after: held.clone() };
    assert!(store.change_claims(&made).await.unwrap());
    let released = ClaimChange { key: key.clone(), before: held, after: None };
    let first = conversation(own.clone(), "c/1", "m1");
    store.save_messages(&first, &logs, Some(&released)).await.unwrap();
    assert_eq!(store.claims(&key).await.unwrap(), None);
    assert_eq!(store.conversation(&own, "c/1").await.unwrap(), Some(first));
    for log in logs {
        assert_eq!(store.message_log(&own, &log.message_id).await.unwrap(), Some(log));
    }
    let others = [
        scope("crm", Some("b"), account("1")),
        scope("crm", None, account("1")),
        scope("crm", Some("a"), account("2")),
        scope("crm", Some("a"), Owner::User("1".to_owned())),
        scope("crm2", Some("a"), account("1")),
    ];
    for other in others {
        assert_eq!(store.conversation(&other, "c/1").await.unwrap(), None);
        assert_eq!(store.message_log(&other, "1").await.unwrap(), None);
    }
    let second = conversation(own.clone(), "c/1", "m2");
    store.save_messages(&second, &[], None).await.unwrap();
    assert_eq!(store.conversation(&own, "c/1").await.unwrap(), Some(second));
}

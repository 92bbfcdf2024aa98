//! What any backend must do. Each check gets an empty store; a new backend
//! runs them all through [`every_check!`] from its own file.

#[path = "suite/call_logs.rs"]
mod call_logs;
#[path = "suite/claims.rs"]
mod claims;
#[path = "suite/contacts.rs"]
mod contacts;
#[path = "suite/documents.rs"]
mod documents;
#[path = "suite/messages.rs"]
mod messages;
#[path = "suite/transfer.rs"]
mod transfer;
#[path = "suite/users.rs"]
mod users;

use app_connect::store::{Store, StoreError};
use serde_json::json;

use super::user;

pub use self::{call_logs::*, claims::*, contacts::*, documents::*, messages::*, transfer::*, users::*};

/// Hands every check, with the empty stores that it takes, to a macro that makes tests of them: no backend
/// can forget one.
macro_rules! every_check {
    ($tests:ident) => {
        $tests! {
            users_read_back_whole_with_their_key_order(store);
            users_of_other_proxies_and_platforms_are_others(store);
            users_change_only_as_they_were_read(store);
            call_logs_never_leave_their_scope(store);
            call_logs_of_a_session_come_oldest_first(store);
            call_logs_are_never_overwritten_by_an_insert(store);
            of_simultaneous_inserts_exactly_one_is_new(store);
            claims_change_only_as_they_were_read(store);
            what_expired_is_swept_away(store);
            the_clock_of_a_store_goes_on(store);
            a_log_takes_its_claim_with_it(store);
            messages_never_leave_their_scope(store);
            documents_are_listed_by_the_beginning_of_their_key(store);
            documents_change_together_or_not_at_all(store);
            of_simultaneous_changes_of_documents_one_holds(store);
            the_counter_rises_with_changed_documents(store);
            contacts_are_cached_for_exactly_one_number(store);
            what_is_read_often_is_read_as_it_is_now(store);
            a_read_after_a_write_never_finds_what_was_before(store);
            a_record_too_long_is_refused_and_changes_nothing(store);
            an_export_imports_into_an_empty_store_only(from, to);
            a_broken_import_leaves_the_store_empty(from, to);
            a_closed_store_refuses_writes_and_still_reads(store);
        }
    };
}
pub(crate) use every_check;

pub async fn a_record_too_long_is_refused_and_changes_nothing(store: &dyn Store) {
    let mut stored = user("7-crm", None);
    store.save_user(&stored).await.unwrap();
    let text = "x".repeat(app_connect::store::MAX_RECORD_BYTES);
    stored.platform_additional_info.insert("long".to_owned(), json!(text));
    let error = store.save_user(&stored).await.unwrap_err();
    assert!(matches!(error, StoreError::TooLarge { .. }), "{error}");
    stored.platform_additional_info.shift_remove("long");
    assert_eq!(store.get_user(&stored.key).await.unwrap(), Some(stored));
}

pub async fn a_closed_store_refuses_writes_and_still_reads(store: &dyn Store) {
    let stored = user("7-crm", None);
    store.save_user(&stored).await.unwrap();
    store.flush().await.unwrap();
    store.close().await.unwrap();
    let error = store.save_user(&stored).await.unwrap_err();
    assert!(error.to_string().contains("the store is closed"), "{error}");
    assert_eq!(store.get_user(&stored.key).await.unwrap(), Some(stored));
}

//! Users: whole, apart, and changed only as they were read.

use app_connect::store::{Store, User};
use futures_util::future::join_all;

use super::super::user;

pub async fn users_read_back_whole_with_their_key_order(store: &dyn Store) {
    let stored = user("7-crm", Some("acme"));
    assert_eq!(store.get_user(&stored.key).await.unwrap(), None);
    store.save_user(&stored).await.unwrap();
    let found = store.get_user(&stored.key).await.unwrap().unwrap();
    assert_eq!(found, stored);
    // Maps compare equal in any order; their text does not.
    assert_eq!(
        serde_json::to_string(&found.platform_additional_info).unwrap(),
        r#"{"zeta":1,"alpha":{"y":"first","b":[1.5,null]},"id":9007199254740993}"#
    );

    let mut bare = user("7-crm", Some("acme"));
    bare.name = None;
    bare.hostname = None;
    bare.timezone_name = None;
    bare.timezone_offset = None;
    bare.credential.refresh = None;
    bare.credential.expires_at = None;
    bare.rc_account_id = None;
    bare.platform_additional_info.clear();
    bare.user_settings = None;
    store.save_user(&bare).await.unwrap();
    assert_eq!(store.get_user(&bare.key).await.unwrap(), Some(bare.clone()));

    assert!(store.delete_user(&bare.key).await.unwrap());
    assert!(!store.delete_user(&bare.key).await.unwrap());
    assert_eq!(store.get_user(&bare.key).await.unwrap(), None);
}

/// Of simultaneous changes of one user one holds, and none undoes another.
pub async fn users_change_only_as_they_were_read(store: &dyn Store) {
    let named = |name: &str| User { name: Some(name.to_owned()), ..user("7-crm", Some("acme")) };
    let made: Vec<User> = (0..8).map(|n| named(&n.to_string())).collect();
    let won = join_all(made.iter().map(|user| store.change_user(None, user))).await;
    assert_eq!(won.into_iter().filter(|won| *won.as_ref().unwrap()).count(), 1);
    let standing = store.get_user(&made[0].key).await.unwrap().unwrap();
    assert!(made.contains(&standing));
    assert!(!store.change_user(Some(&named("nobody")), &named("lost")).await.unwrap());
    // The same user, sealed anew, is still the same.
    store.save_user(&standing).await.unwrap();
    let won = join_all(made.iter().map(|user| store.change_user(Some(&standing), user))).await;
    let held = won.into_iter().filter(|won| *won.as_ref().unwrap()).count();
    // Whoever changed it to what it was kept it as the next one read it.
    assert!((1..=2).contains(&held), "{held}");
    let key = standing.key;
    store.delete_user(&key).await.unwrap();
    assert!(!store.change_user(Some(&named("0")), &named("1")).await.unwrap());
    assert_eq!(store.get_user(&key).await.unwrap(), None);
}

/// Q3: the proxy id is part of who a user is.
pub async fn users_of_other_proxies_and_platforms_are_others(store: &dyn Store) {
    let mut expected = Vec::new();
    for (proxy_id, name) in [(None, "none"), (Some("a"), "a"), (Some("b"), "b"), (Some(""), "")] {
        let mut one = user("7-crm", proxy_id);
        one.name = Some(name.to_owned());
        store.save_user(&one).await.unwrap();
        expected.push(one);
    }
    // Neighbours in the order of keys, and an id that contains another.
    store.save_user(&user("7-crm2", None)).await.unwrap();
    store.save_user(&user("7-cr", None)).await.unwrap();
    let mut elsewhere = user("7-crm", None);
    elsewhere.key.platform = "other".to_owned();
    store.save_user(&elsewhere).await.unwrap();

    for one in &expected {
        assert_eq!(store.get_user(&one.key).await.unwrap().as_ref(), Some(one));
    }
    let mut found = store.find_users_by_id("7-crm", "crm").await.unwrap();
    found.sort_by(|a, b| a.key.proxy_id.cmp(&b.key.proxy_id));
    expected.sort_by(|a, b| a.key.proxy_id.cmp(&b.key.proxy_id));
    assert_eq!(found, expected);
    assert_eq!(store.find_users_by_id("7-crm", "other").await.unwrap(), [elsewhere]);
    assert_eq!(store.find_users_by_id("7", "crm").await.unwrap(), []);

    assert!(store.delete_user(&expected[0].key).await.unwrap());
    assert_eq!(store.find_users_by_id("7-crm", "crm").await.unwrap().len(), 3);
}

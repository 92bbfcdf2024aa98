//! Several instances on one store, and what the store says wrongly.

use std::time::Duration;

use serde_json::json;
use tokio::task::JoinHandle;

use super::record::{connector_key, revision_key};
use super::*;
use crate::connector::documents::Audience;
use crate::engine::cancel::Cancel;
use crate::secret::Secret;
use crate::store;

struct Instance {
    documents: Arc<Documents>,
    connectors: Arc<Catalog>,
    following: JoinHandle<()>,
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.following.abort();
    }
}

impl Instance {
    async fn start(store: &Arc<dyn Store>) -> Self {
        let documents = Documents::none();
        let connectors = Arc::new(Catalog::new(Arc::clone(store), Arc::clone(&documents), Clock::system()));
        connectors.refresh().await.unwrap();
        let (catalog, changes) = (Arc::clone(&connectors), store.changes());
        let following = tokio::spawn(async move { catalog.follow(changes).await });
        Self { documents, connectors, following }
    }

    /// The name in the document that serves.
    fn name(&self) -> Option<String> {
        self.documents.snapshot().get("crm", Audience::Anybody)?.config.name.clone()
    }

    async fn until(&self, name: Option<&str>) {
        let swapped = async {
            while self.name().as_deref() != name {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(60), swapped).await;
        assert!(waited.is_ok(), "{:?}, not {name:?}", self.name());
    }
}

fn document(name: &str) -> String {
    json!({
        "meta": {"name": name}, "requestDefaults": {"baseUrl": "https://crm.example.com"},
        "operations": {"getUserInfo": {"method": "GET", "url": "/me", "responseMapping": {"idPath": "body.id"}}},
    })
    .to_string()
}

fn who() -> Caller {
    Caller::command_line()
}

fn edit(who: &Caller, version: u64) -> Edit<'_> {
    Edit { who, proxy_id: "crm", version }
}

/// Makes the connector with a revision for each name, the first of them active; gives its version.
async fn make(instance: &Instance, names: &[&str]) -> u64 {
    let new = New { proxy_id: "crm".to_owned(), ..New::default() };
    instance.connectors.create(&who(), new).await.unwrap();
    for (version, name) in (1..).zip(names) {
        let upload = Upload { text: document(name), ..Upload::default() };
        instance.connectors.upload(edit(&who(), version), upload).await.unwrap();
    }
    let version = names.len() as u64 + 1;
    instance.connectors.activate(edit(&who(), version), 1, None).await.unwrap();
    version + 1
}

#[tokio::test]
async fn what_one_instance_activates_the_others_serve() {
    let (store, _folder) = store::testing::empty().await;
    let (one, two) = (Instance::start(&store).await, Instance::start(&store).await);
    let version = make(&one, &["first", "second"]).await;
    assert_eq!(one.name().as_deref(), Some("first"), "at once where it is activated");
    two.until(Some("first")).await;
    one.connectors.activate(edit(&who(), version), 2, None).await.unwrap();
    two.until(Some("second")).await;
    two.connectors.roll_back(edit(&who(), version + 1)).await.unwrap();
    assert_eq!(two.name().as_deref(), Some("first"));
    one.until(Some("first")).await;
    one.connectors.retire(edit(&who(), version + 2)).await.unwrap();
    assert_eq!(one.name(), None);
    two.until(None).await;
    // One that starts later serves what is active then.
    two.connectors.roll_back(edit(&who(), version + 3)).await.unwrap();
    assert_eq!(Instance::start(&store).await.name().as_deref(), Some("first"));
}

#[test]
fn connectors_are_stored_as_they_were() {
    let record = Record {
        proxy_id: "crm".to_owned(),
        version: 2,
        pins: [("37".to_owned(), 1)].into(),
        ..Record::default()
    };
    let secrets = Secrets { secret_key: Some(Secret::new("s")), client_secret: None };
    let form = r#"{"record":{"proxyId":"crm","version":2,"status":"draft","owner":null,"allowedAccounts":null,"manifest":null,"revisions":0,"active":null,"former":[],"pins":{"37":1},"createdAt":"","createdBy":"","updatedAt":"","updatedBy":""},"secrets":{"secretKey":"s","clientSecret":null}}"#;
    store::assert_stored_as(&connector_key("crm"), &Connector { record, secrets }, "connector/crm", form);

    let revision = Revision {
        number: 3,
        hash: "h".to_owned(),
        bytes: 1,
        author: "a".to_owned(),
        created_at: "t".to_owned(),
        note: None,
        imported_by: None,
        cases_hash: None,
        cases: 0,
        summary: Summary::default(),
        diagnostics: Vec::new(),
    };
    let form = r#"{"number":3,"hash":"h","bytes":1,"author":"a","createdAt":"t","note":null,"casesHash":null,"cases":0,"summary":{"errors":0,"mistakes":0,"warnings":0}}"#;
    store::assert_stored_as(&revision_key("crm", 3), &revision, "connectorRevision/crm/0000000003", form);

    let part = text::TextPart { parts: 2, data: "AA==".to_owned() };
    let form = r#"{"parts":2,"data":"AA=="}"#;
    store::assert_stored_as(&text::key("crm", "h", 1), &part, "connectorText/crm/h/0001", form);
}

/// Whatever points the record at a revision that does not run or cannot be read (another version of the
/// program, a damaged store), what served serves on.
#[tokio::test]
async fn a_broken_revision_never_replaces_a_good_one() {
    let (store, _folder) = store::testing::empty().await;
    let instance = Instance::start(&store).await;
    make(&instance, &["first"]).await;
    let point_to = async |number: u64| {
        let before = store.versioned(&connector_key("crm")).await.unwrap();
        let mut after = before.content.clone().unwrap();
        after.record.active = Some(number);
        after.record.version += 1;
        let change = before.changed_to(&after).unwrap();
        assert!(store.change_documents(&[change]).await.unwrap());
        instance.connectors.refresh().await.unwrap();
        instance.connectors.get("crm").await.unwrap().serving
    };

    let broken = Upload { text: r#"{"operations": 5}"#.to_owned(), ..Upload::default() };
    let version = instance.connectors.found("crm").await.unwrap().record.version;
    instance.connectors.upload(edit(&who(), version), broken).await.unwrap();
    assert_eq!(point_to(2).await, Some("kept"), "it does not run");
    assert_eq!(instance.name().as_deref(), Some("first"));
    assert_eq!(point_to(7).await, Some("kept"), "there is no such revision");
    assert_eq!(instance.name().as_deref(), Some("first"));
    assert_eq!(point_to(1).await, Some("active"));

    let upload = Upload { text: document("third"), ..Upload::default() };
    let version = instance.connectors.found("crm").await.unwrap().record.version;
    instance.connectors.upload(edit(&who(), version), upload).await.unwrap();
    let revision = store.get(&revision_key("crm", 3)).await.unwrap().unwrap();
    let part = text::key("crm", &revision.hash, 0);
    let text = store.get(&part).await.unwrap().unwrap();
    for damaged in [json!({"parts": 2, "data": text.data}), json!({"parts": 1, "data": "AAAA"}), json!([])] {
        store.save_document(part.as_document_key(), &damaged).await.unwrap();
        assert_eq!(point_to(3).await, Some("active"), "of the one before: {damaged}");
        assert_eq!(instance.name().as_deref(), Some("first"), "{damaged}");
    }
    store.save(&part, &text).await.unwrap();
    assert_eq!(point_to(3).await, Some("active"));
    assert_eq!(instance.name().as_deref(), Some("third"));
}

/// A store that many servers share says of every lease that something changed.
#[tokio::test]
async fn records_are_read_again_only_where_a_connector_was_changed() {
    let (store, _folder) = store::testing::empty().await;
    let documents = Documents::none();
    let connectors = Arc::new(Catalog::new(Arc::clone(&store), Arc::clone(&documents), Clock::system()));
    connectors.refresh().await.unwrap();
    let other = Instance::start(&store).await;
    let version = make(&other, &["first", "second"]).await;
    let name = || {
        documents.snapshot().get("crm", Audience::Anybody).and_then(|connector| connector.config.name.clone())
    };
    connectors.refresh_where_changed().await.unwrap();
    assert_eq!(name().as_deref(), Some("first"));

    // Not how records are changed, so that it is seen who looks at them.
    let before = store.versioned(&connector_key("crm")).await.unwrap();
    let mut after = before.content.clone().unwrap();
    after.record.active = Some(2);
    after.record.version = version + 1;
    let change = before.changed_to(&after).unwrap();
    assert!(store.change_documents(&[change]).await.unwrap());
    connectors.refresh_where_changed().await.unwrap();
    assert_eq!(name().as_deref(), Some("first"), "nothing is read");
    connectors.refresh().await.unwrap();
    assert_eq!(name().as_deref(), Some("second"));
    other.connectors.activate(edit(&who(), version + 1), 1, None).await.unwrap();
    connectors.refresh_where_changed().await.unwrap();
    assert_eq!(name().as_deref(), Some("first"));
}

/// An upload could name the variable that seals the store, and send it anywhere.
#[tokio::test]
async fn an_upload_reads_no_variable_of_the_environment() {
    let source =
        check::source_of("crm", document("first").replacen('{', r#"{"secretKeyEnv": "PATH", "#, 1).into());
    let none = crate::connector::documents::load_uploaded(&source, &Secrets::default(), &Cancel::default());
    assert_eq!(none.config.unwrap().secret_key, None);
    let secrets = Secrets { secret_key: Some(Secret::new("of the record")), client_secret: None };
    let own = crate::connector::documents::load_uploaded(&source, &secrets, &Cancel::default());
    assert_eq!(own.config.unwrap().secret_key, secrets.secret_key);
    assert!(std::env::var("PATH").is_ok(), "the test means something");
}

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::document::CHECKED_FIRST;
use super::*;

fn document(name: &str) -> String {
    format!(
        r#"{{"meta": {{"name": "{name}"}}, "requestDefaults": {{"baseUrl": "https://crm.example.com"}},
            "operations": {{"getUserInfo": {{"method": "GET", "url": "/me", "responseMapping": {{"idPath": "body.id"}}}}}}}}"#
    )
}

/// Documents that are named like their files, but for those that are broken.
struct Folder {
    path: tempfile::TempDir,
    configs: Arc<Documents>,
}

impl Folder {
    fn open(are_broken: &[bool]) -> Self {
        let path = tempfile::tempdir().unwrap();
        for (number, is_broken) in are_broken.iter().enumerate() {
            let name = proxy_id(number);
            let text = if *is_broken { r#"{"operations": 5}"#.to_owned() } else { document(&name) };
            std::fs::write(path.path().join(format!("{name}.json")), text).unwrap();
        }
        let configs = Documents::open(path.path()).unwrap();
        Self { path, configs }
    }

    fn write(&self, number: usize, text: &str) {
        std::fs::write(self.path.path().join(format!("{}.json", proxy_id(number))), text).unwrap();
        self.configs.reload().unwrap();
    }

    fn connector(&self, number: usize) -> Option<Arc<ProxyConnector>> {
        self.configs.snapshot().get(&proxy_id(number), Audience::Anybody)
    }

    /// The name in the document that serves.
    fn name(&self, number: usize) -> Option<String> {
        self.connector(number)?.config.name.clone()
    }

    fn status(&self, number: usize) -> &'static str {
        self.configs.snapshot().states()[&proxy_id(number)].status()
    }

    fn compiled(&self) -> BTreeSet<String> {
        self.those(|document| document.compiled.load().is_some())
    }

    fn checked(&self) -> BTreeSet<String> {
        self.those(|document| document.checked.get().is_some())
    }

    fn those(&self, is: impl Fn(&Document) -> bool) -> BTreeSet<String> {
        let snapshot = self.configs.snapshot();
        let those = snapshot.documents.iter().filter(|(_, held)| is(&held.current));
        those.map(|(proxy_id, _)| proxy_id.clone()).collect()
    }
}

/// Names that sort by number.
fn proxy_id(number: usize) -> String {
    format!("crm-{number:04}")
}

#[test]
fn a_missing_file_goes_out_of_service_at_the_second_look() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crm.json");
    std::fs::write(&path, document("first")).unwrap();
    let configs = Documents::open(folder.path()).unwrap();
    let name = || {
        configs.snapshot().get("crm", Audience::Anybody).and_then(|connector| connector.config.name.clone())
    };
    assert_eq!(name().as_deref(), Some("first"));

    std::fs::remove_file(&path).unwrap();
    assert!(configs.look().unwrap(), "it may be coming back");
    assert_eq!(name().as_deref(), Some("first"));
    std::fs::write(&path, document("second")).unwrap();
    assert!(!configs.look().unwrap());
    assert_eq!(name().as_deref(), Some("second"));

    std::fs::remove_file(&path).unwrap();
    assert!(configs.look().unwrap());
    assert!(!configs.look().unwrap());
    assert_eq!((name(), configs.snapshot().states().len()), (None, 0));
}

#[test]
fn the_first_documents_are_checked_at_once_and_each_is_compiled_when_it_is_used() {
    let last = CHECKED_FIRST + 9;
    let folder = Folder::open(&vec![false; last + 1]);
    assert_eq!(folder.checked(), (0..CHECKED_FIRST).map(proxy_id).collect());
    assert_eq!(folder.compiled(), BTreeSet::new());
    assert_eq!(folder.name(last), Some(proxy_id(last)));
    assert_eq!(folder.compiled(), BTreeSet::from([proxy_id(last)]));
    // Checking the rest compiles nothing for use.
    folder.configs.check_all();
    assert_eq!(folder.checked().len(), last + 1);
    assert_eq!(folder.compiled(), BTreeSet::from([proxy_id(last)]));
    assert_eq!(folder.configs.snapshot().states().len(), last + 1);
}

#[test]
fn what_nobody_used_for_a_while_is_let_go_and_comes_back() {
    let folder = Folder::open(&[false, false]);
    let before = folder.connector(0).unwrap();
    folder.connector(1);
    folder.configs.release_idle();
    assert_eq!(folder.compiled().len(), 2, "both were used since the last time");
    folder.connector(1);
    folder.configs.release_idle();
    assert_eq!(folder.compiled(), BTreeSet::from([proxy_id(1)]));
    let after = folder.connector(0).unwrap();
    assert!(!Arc::ptr_eq(&before, &after));
    assert_eq!(
        (after.config.name.clone(), after.revision.as_str()),
        (Some(proxy_id(0)), before.revision.as_str())
    );
    assert!(Arc::ptr_eq(before.limits(), after.limits()), "what was used of the limits stays used");
}

#[test]
fn a_document_that_breaks_before_its_first_use_keeps_its_last_version() {
    let late = CHECKED_FIRST + 1;
    let folder = Folder::open(&vec![false; late + 1]);
    folder.write(late, "{");
    for _ in 0..3 {
        assert_eq!((folder.name(late), folder.status(late)), (Some(proxy_id(late)), "kept"));
        // The last good version is let go as well, and comes back.
        folder.configs.release_idle();
        folder.configs.release_idle();
    }
    folder.write(late, &document("mended"));
    assert_eq!((folder.name(late).as_deref(), folder.status(late)), (Some("mended"), "active"));
}

/// What happens to a folder in service.
#[derive(Debug, Clone)]
enum Event {
    Use(prop::sample::Index),
    Release,
    List,
    Check,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => any::<prop::sample::Index>().prop_map(Event::Use),
        3 => Just(Event::Release),
        1 => Just(Event::List),
        1 => Just(Event::Check),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// However many there are, whatever was used, checked or let go before: what loads serves as
    /// itself, what is broken never does, and the list is complete.
    #[test]
    fn every_document_serves_whenever_it_is_asked_for(
        are_broken in prop::collection::vec(prop::bool::weighted(0.2), 1..2 * CHECKED_FIRST),
        events in prop::collection::vec(event(), 0..60),
    ) {
        let folder = Folder::open(&are_broken);
        let served = |number: usize| (!are_broken[number]).then(|| proxy_id(number));
        for event in events {
            match event {
                Event::Use(index) => {
                    let number = index.index(are_broken.len());
                    prop_assert_eq!(folder.name(number), served(number));
                }
                Event::Release => folder.configs.release_idle(),
                Event::Check => folder.configs.check_all(),
                Event::List => {
                    let snapshot = folder.configs.snapshot();
                    let states: Vec<_> =
                        snapshot.states().iter().map(|(id, state)| (id.clone(), state.status())).collect();
                    let status = |is_broken: &bool| if *is_broken { "refused" } else { "active" };
                    let expected: Vec<_> = are_broken
                        .iter()
                        .enumerate()
                        .map(|(number, is_broken)| (proxy_id(number), status(is_broken)))
                        .collect();
                    prop_assert_eq!(states, expected);
                }
            }
        }
        folder.configs.release_idle();
        folder.configs.release_idle();
        prop_assert_eq!(folder.compiled(), BTreeSet::new());
        for number in 0..are_broken.len() {
            prop_assert_eq!(folder.name(number), served(number));
        }
        prop_assert!(folder.configs.snapshot().get("crm-unknown", Audience::Anybody).is_none());
    }
}

//! Backends by the scheme of their URL.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Keys, Store, StoreError};

/// A kind of store that can be opened.
#[async_trait]
pub trait Backend: Send + Sync {
    /// The schemes of its URLs, without the colon.
    fn schemes(&self) -> &[&str];

    /// How its URL is written, and what it is: `sled:PATH (an embedded store in the directory PATH)`.
    fn usage(&self) -> &str;

    /// Opens the store, and creates it if it does not exist.
    ///
    /// # Errors
    /// Whatever keeps it from opening: a lock held by another process, another key, damage, a newer format.
    async fn open(&self, opening: Opening) -> Result<Arc<dyn Store>, StoreError>;
}

/// Which store is to be opened, and how.
pub struct Opening {
    /// Its whole URL. It may hold a password.
    pub url: String,
    /// What its records are sealed with.
    pub keys: Keys,
    /// Whether the store is to be filled: what an import left there that did not finish is removed.
    pub is_to_fill: bool,
}

impl Opening {
    /// What follows the scheme and its colon.
    pub fn place(&self) -> &str {
        self.url.split_once(':').map_or("", |(_, place)| place)
    }
}

/// The kinds of store that a program knows. [`backends`](super::backends) has those of this library.
#[derive(Clone, Default)]
pub struct Backends(Vec<Arc<dyn Backend>>);

impl Backends {
    /// Adds a backend. It replaces others for its schemes.
    pub fn register(&mut self, backend: impl Backend + 'static) {
        self.0.push(Arc::new(backend));
    }

    /// With a backend added, as [`Backends::register`] does it.
    #[must_use]
    pub fn with(mut self, backend: impl Backend + 'static) -> Self {
        self.register(backend);
        self
    }

    /// Opens the store that a URL names, and creates it if it does not exist.
    ///
    /// # Errors
    /// [`StoreError::UnknownScheme`], or an error of the backend.
    pub async fn open(&self, url: &str, keys: Keys) -> Result<Arc<dyn Store>, StoreError> {
        self.open_as(Opening { url: url.to_owned(), keys, is_to_fill: false }).await
    }

    /// As [`Backends::open`], for a store that is to be filled: see [`Opening::is_to_fill`].
    ///
    /// # Errors
    /// As [`Backends::open`].
    pub async fn open_to_fill(&self, url: &str, keys: Keys) -> Result<Arc<dyn Store>, StoreError> {
        self.open_as(Opening { url: url.to_owned(), keys, is_to_fill: true }).await
    }

    async fn open_as(&self, opening: Opening) -> Result<Arc<dyn Store>, StoreError> {
        // The rest of an unknown URL may hold a password: only the scheme is named.
        let scheme = opening.url.split_once(':').map_or("", |(scheme, _)| scheme);
        let backend = self.0.iter().rev().find(|backend| backend.schemes().contains(&scheme));
        match backend {
            Some(backend) if !opening.place().is_empty() => backend.open(opening).await,
            backend => Err(StoreError::UnknownScheme {
                scheme: scheme.to_owned(),
                is_known: backend.is_some(),
                known: self.0.iter().map(|backend| backend.usage().to_owned()).collect(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    /// Opens nothing, and says under which name it was asked.
    struct Named(&'static [&'static str], &'static str);

    #[async_trait]
    impl Backend for Named {
        fn schemes(&self) -> &[&str] {
            self.0
        }

        fn usage(&self) -> &str {
            self.1
        }

        async fn open(&self, opening: Opening) -> Result<Arc<dyn Store>, StoreError> {
            let what = format!("{} at {}, {}", self.1, opening.place(), opening.is_to_fill);
            Err(StoreError::WrongKey { what })
        }
    }

    async fn answer(backends: &Backends, url: &str) -> StoreError {
        let keys = Keys::from_secret(&Secret::new("key")).unwrap();
        backends.open(url, keys).await.err().unwrap()
    }

    #[tokio::test]
    async fn the_latest_backend_of_a_scheme_is_asked() {
        let mut backends =
            Backends::default().with(Named(&["a", "b"], "first")).with(Named(&["b"], "second"));
        for (url, asked) in [("a:x", "first at x, false"), ("b://u:p@h/x", "second at //u:p@h/x, false")] {
            assert_eq!(answer(&backends, url).await, StoreError::WrongKey { what: asked.to_owned() });
        }
        backends.register(Named(&["a"], "third"));
        let keys = Keys::from_secret(&Secret::new("key")).unwrap();
        let error = backends.open_to_fill("a:x", keys).await.err().unwrap();
        assert_eq!(error, StoreError::WrongKey { what: "third at x, true".to_owned() });
    }

    #[tokio::test]
    async fn an_unknown_scheme_names_the_known_ones() {
        let backends =
            Backends::default().with(Named(&["a"], "a:PATH (one)")).with(Named(&["b"], "b:X (two)"));
        for (url, named) in [
            ("c://me:hunter2@x", "\"c:\" is"),
            ("hunter2", "a DATABASE_URL without a scheme is"),
            ("a:", "\"a:\" with nothing behind it is"),
        ] {
            let text = answer(&backends, url).await.to_string();
            let rest = " not a store. Set DATABASE_URL to one of: a:PATH (one), b:X (two)";
            assert_eq!(text, format!("{named}{rest}"));
        }
    }
}

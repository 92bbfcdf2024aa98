//! Links to a bucket that speaks S3. `rusty-s3` signs them (AWS Signature Version 4) and sends nothing.

use std::time::Duration;

use jiff::Timestamp;
use rusty_s3::actions::S3Action as _;
use rusty_s3::{Credentials, UrlStyle};
use url::{Host, Url};

use super::{LINK_SECONDS, NoLink, Origin};
use crate::random_id::random_hex;
use crate::secret::Secret;
use crate::service::clock::Clock;

/// The longest part of a user's id that a key has, in bytes.
const LONGEST_ID: usize = 100;

/// A bucket of the operator.
#[derive(Debug, Clone)]
pub struct Bucket {
    bucket: rusty_s3::Bucket,
    credentials: Credentials,
}

/// Why a bucket cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BucketError {
    /// The endpoint and the name make no URL.
    #[error("the endpoint and the name of the bucket make no http or https URL")]
    NoUrl,
}

impl Bucket {
    /// The bucket `name` at an endpoint, or at AWS. Elsewhere than at AWS its name stands in the path, because few
    /// other servers have a host for each bucket.
    ///
    /// # Errors
    /// If these make no URL.
    pub fn new(
        name: &str,
        endpoint: Option<Url>,
        region: &str,
        key_id: &str,
        key: &Secret,
        session_token: Option<&Secret>,
    ) -> Result<Self, BucketError> {
        let (endpoint, style) = match endpoint {
            Some(endpoint) => (endpoint, UrlStyle::Path),
            None => {
                let endpoint = format!("https://s3.{region}.amazonaws.com");
                // A certificate is for one label before the host.
                let style = if name.contains('.') { UrlStyle::Path } else { UrlStyle::VirtualHost };
                (endpoint.parse().map_err(|_| BucketError::NoUrl)?, style)
            }
        };
        if matches!(endpoint.host(), None | Some(Host::Domain(""))) || name.is_empty() {
            return Err(BucketError::NoUrl);
        }
        let bucket = rusty_s3::Bucket::new(endpoint, style, name.to_owned(), region.to_owned())
            .map_err(|_| BucketError::NoUrl)?;
        let credentials = match session_token {
            Some(token) => Credentials::new_with_token(key_id, key.expose(), token.expose()),
            None => Credentials::new(key_id, key.expose()),
        };
        Ok(Self { bucket, credentials })
    }

    /// A URL for one report, in a folder of its day.
    pub(super) fn link(&self, origin: &Origin, clock: &Clock) -> Result<String, NoLink> {
        let id = random_hex::<8>().map_err(|_| NoLink::Failed)?;
        let now = Timestamp::from_millisecond(clock.now_ms()).map_err(|_| NoLink::Failed)?;
        Ok(self.signed(origin, &id, now).to_string())
    }

    fn signed(&self, origin: &Origin, id: &str, now: Timestamp) -> Url {
        let key = format!("error-reports/{}/{}-{id}.json", now.strftime("%Y-%m-%d"), slug(&origin.user_id));
        let mut put = self.bucket.put_object(Some(&self.credentials), &key);
        // As the reference's signer does it: what stands in the query need not be sent as a header.
        let (user_id, platform) = (slug(&origin.user_id), slug(&origin.platform));
        put.query_mut().insert("x-amz-meta-platform", platform);
        put.query_mut().insert("x-amz-meta-user-id", user_id);
        put.sign_with_time(Duration::from_secs(LINK_SECONDS), &now)
    }
}

/// An id as part of a key: letters, digits and a few signs.
pub(super) fn slug(id: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    id.chars().take(LONGEST_ID).map(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(id: &str) -> Origin {
        Origin { user_id: id.to_owned(), platform: "testCrm".to_owned() }
    }

    fn bucket(name: &str, endpoint: Option<&str>) -> Result<Bucket, BucketError> {
        let endpoint = endpoint.map(|endpoint| endpoint.parse().unwrap());
        Bucket::new(name, endpoint, "us-east-1", "AKIAIOSFODNN7EXAMPLE", &Secret::new("key"), None)
    }

    /// The example of Amazon's documentation (Authenticating Requests: Using Query Parameters), which signs a GET.
    #[test]
    fn the_signature_is_that_of_amazons_example() {
        let bucket = rusty_s3::Bucket::new(
            "https://s3.amazonaws.com".parse().unwrap(),
            UrlStyle::VirtualHost,
            "examplebucket",
            "us-east-1",
        )
        .unwrap();
        let credentials =
            Credentials::new("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        let at: Timestamp = "2013-05-24T00:00:00Z".parse().unwrap();
        let get = bucket.get_object(Some(&credentials), "test.txt");
        let url = get.sign_with_time(Duration::from_secs(86400), &at);
        let signature = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
        assert!(url.query().unwrap().contains(&format!("X-Amz-Signature={signature}")), "{url}");
    }

    #[test]
    fn a_link_is_for_one_report_of_one_user_and_ends() {
        let at: Timestamp = "2024-02-29T23:59:59Z".parse().unwrap();
        let url = bucket("reports", None).unwrap().signed(&origin("7-testCrm"), "ab12", at);
        assert_eq!(
            (url.host_str(), url.path()),
            (Some("reports.s3.us-east-1.amazonaws.com"), "/error-reports/2024-02-29/7-testCrm-ab12.json")
        );
        let pairs: Vec<(String, String)> =
            url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        let value =
            |name: &str| pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        assert_eq!(value("X-Amz-Expires"), Some("300"));
        assert_eq!(value("X-Amz-SignedHeaders"), Some("host"));
        assert_eq!(value("x-amz-meta-user-id"), Some("7-testCrm"));
        assert_eq!(value("x-amz-meta-platform"), Some("testCrm"));
        assert!(!url.as_str().contains("secret"), "{url}");
    }

    #[test]
    fn an_id_leads_to_no_other_key() {
        let at: Timestamp = "2024-02-29T00:00:00Z".parse().unwrap();
        let at_minio = bucket("reports", Some("http://127.0.0.1:9000")).unwrap();
        let url = at_minio.signed(&origin("../../x y/\u{e9}?a#b-testCrm"), "ab12", at);
        assert_eq!(url.path(), "/reports/error-reports/2024-02-29/.._.._x_y___a_b-testCrm-ab12.json");
        assert_eq!(slug(&"x".repeat(500)).len(), LONGEST_ID);
    }

    #[test]
    fn what_makes_no_url_is_refused() {
        assert_eq!(bucket("", None).unwrap_err(), BucketError::NoUrl);
        assert_eq!(bucket("a/b c", None).unwrap_err(), BucketError::NoUrl);
        assert_eq!(bucket("reports", Some("ftp://files.example")).unwrap_err(), BucketError::NoUrl);
        let dotted = bucket("my.reports", None).unwrap();
        assert!(format!("{dotted:?}").contains("my.reports") && !format!("{dotted:?}").contains("\"key\""));
    }
}

//! One exchange with a token endpoint: request, answer, what it means.

use super::{Grant, Granted, OAuth, TokenRefusal, granted};
use crate::failure::Failure;
use crate::inputs::Inputs;
use crate::send::{Client, send};

/// Asks the token endpoint, once.
///
/// # Errors
/// If nothing could be sent, the token endpoint did not answer, refused, or gave no token.
pub async fn exchange(
    client: &Client,
    oauth: &OAuth,
    grant: &Grant<'_>,
    inputs: &Inputs<'_>,
) -> Result<Granted, TokenRefusal> {
    let request =
        oauth.token_request(grant, inputs).map_err(|error| TokenRefusal::Failed(Failure::from(error)))?;
    granted(send(client, &request).await, oauth, grant)
}

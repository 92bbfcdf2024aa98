//! What a document makes of replies: its `errorMapping`, compiled. The first rule that fits a reply
//! says what it means; a reply that no rule fits means what its status says, unless what came with a
//! status of success is no answer ([`verdict`]).

use serde_json::Value;

use super::budget;
use super::decode::FAILED_BODY_BYTES;
use super::error_rule::{Effect, ErrorRule};
use super::exchange::{BodyKind, UpstreamResponse};
use super::failure::{FailedResponse, Failure, FailureKind, MessageOverride};
use super::operation::Operation;
use super::text::head;
use super::verdict;

/// What an answer means, once the rules have judged it.
#[derive(Debug)]
pub enum Judged {
    /// A result, to be mapped.
    Reply(UpstreamResponse),
    /// The search found nothing.
    NoMatch(Box<NoMatch>),
    /// A failure.
    Failed(Failure),
}

/// A search that found nothing, as a rule says it.
#[derive(Debug)]
pub struct NoMatch {
    /// What the CRM answered.
    pub reply: UpstreamResponse,
    /// What to tell the user instead of the usual.
    pub message_override: Option<MessageOverride>,
}

/// Judges an answer by the operation's rules. `credentials` are masked in what the rules say.
pub fn judge(
    operation: &Operation,
    answered: Result<UpstreamResponse, Failure>,
    platform: &str,
    credentials: &[&str],
) -> Judged {
    // What no CRM answered, no rule is about.
    let response = match answered {
        Ok(response) => response,
        Err(mut failure) => match (failure.status(), failure.response.take()) {
            (Some(status), Some(response)) => {
                let FailedResponse { headers, body } = *response;
                let reply = UpstreamResponse::new(status, headers, body, BodyKind::Json);
                return judge_reply(operation, reply, Some(failure), platform, credentials);
            }
            (_, response) => {
                failure.response = response;
                return Judged::Failed(failure);
            }
        },
    };
    judge_reply(operation, response, None, platform, credentials)
}

fn judge_reply(
    operation: &Operation,
    reply: UpstreamResponse,
    failure: Option<Failure>,
    platform: &str,
    credentials: &[&str],
) -> Judged {
    let status = reply.status;
    budget::within(budget::of_reply(reply.document()), || {
        match judge_counted(operation, reply, failure, platform, credentials) {
            // No rule that was not tried decides anything.
            Judged::Reply(_) | Judged::NoMatch(_) if budget::is_spent() => {
                let message = format!(
                    "{platform} answered {status}, and looking through its answer takes more than {} steps: ask for \
                     fewer records, or write simpler paths",
                    budget::limit()
                );
                Judged::Failed(Failure {
                    answered: Some(status),
                    ..Failure::new(FailureKind::TooLarge, message)
                })
            }
            judged => judged,
        }
    })
}

fn judge_counted(
    operation: &Operation,
    reply: UpstreamResponse,
    failure: Option<Failure>,
    platform: &str,
    credentials: &[&str],
) -> Judged {
    let searches = operation.searches();
    let judged =
        rule_for(operation, &reply).map(|rule| (rule.effect, rule.say(&reply, platform, credentials)));
    let Some((effect, message_override)) = judged else {
        return match failure.or_else(|| verdict::failure(operation, &reply, platform)) {
            None => Judged::Reply(reply),
            Some(failure) => Judged::Failed(with_response(failure, reply)),
        };
    };
    if effect == Effect::Accept {
        return Judged::Reply(reply);
    }
    if effect == Effect::NoMatch && searches {
        return Judged::NoMatch(Box::new(NoMatch { reply, message_override }));
    }
    let mut failure = failure.unwrap_or_else(|| {
        let message = format!("{platform} answered {} with an error in it", reply.status);
        Failure::new(FailureKind::Status(reply.status), message)
    });
    if let Effect::TreatAs(status) = effect {
        failure.kind = FailureKind::Status(status);
        // The document knows what the CRM means by its status; that a redirect answered before it stays.
        failure.in_doubt = failure.kind.is_in_doubt() || failure.was_redirected;
    }
    failure.message_override = message_override.map(Box::new);
    Judged::Failed(with_response(failure, reply))
}

/// The rule that decides what a reply means; absent if its status does.
pub fn rule_for<'o>(operation: &'o Operation, reply: &UpstreamResponse) -> Option<&'o ErrorRule> {
    let searches = operation.searches();
    let mut rules = operation.errors.iter().map(AsRef::as_ref);
    let answers = (200..300).contains(&reply.status);
    let applies = |rule: &&ErrorRule| match rule.effect {
        Effect::NoMatch => searches,
        Effect::Accept => answers,
        Effect::Fail | Effect::TreatAs(_) => true,
    };
    rules.find(|rule: &&ErrorRule| applies(rule) && rule.fits(reply))
}

fn with_response(mut failure: Failure, reply: UpstreamResponse) -> Failure {
    failure.answered = Some(reply.status);
    let (headers, mut body) = reply.into_parts();
    if let Value::String(text) = &mut body {
        text.truncate(head(text, FAILED_BODY_BYTES).len());
        text.shrink_to_fit();
    }
    failure.response = Some(Box::new(FailedResponse { headers, body }));
    failure
}

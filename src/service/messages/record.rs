//! Logging one thread: every message exactly once, in one record. Whoever logs has the thread's
//! turn in this process and its claim in the store, so a record is created once, and a message that
//! the CRM has is never added again.

use tokio::time::Instant;

use super::input::{Entry, Thread};
use super::look_up::{conversation, existing_message_log, has_logged, logged};
use super::{Done, Job, MOST_FOR_NOBODY, failed, refusal};
use crate::config::operations::OperationName;
use crate::connector::invocation;
use crate::connector::{CallError, Interface, ReturnMessage, inputs};
use crate::service::coordination::at_last::{at_last, may_be_taken_later};
use crate::service::coordination::claims::{self, ClaimGuard, Claiming, Doubt, Ending, Wanted};
use crate::service::coordination::single_flight::Joined;
use crate::service::wording::{Refusal, store_failed};
use crate::service::{ResolvedPlatform, Services};
use crate::store::{ClaimKey, ClaimSubject, Conversation, Extension, MessageLog, StoreError};

/// Logs what is not logged yet of a thread, oldest first, up to the first message that fails: what
/// comes after it would stand before it otherwise.
pub(super) async fn log_thread(
    services: &Services,
    platform: &ResolvedPlatform<'_>,
    job: &Job,
    thread: Thread,
    done: &mut Done,
) {
    let subject = ClaimSubject::Conversation(thread.log_id.clone());
    let Thread { log_id, conversation_id, mut entries } = thread;
    let key = match job.scopes.claim_key(&*services.store, &services.clock, subject).await {
        Ok(key) => key,
        Err(error) => return done.stop(&unstored(&error), &entries),
    };
    let deadline = Instant::now() + claims::PATIENCE;
    loop {
        match logged(platform, job, &entries).await {
            Ok(logged) => {
                let mut logged = logged.into_iter();
                entries.retain(|_| logged.next() != Some(true));
            }
            Err(error) => return done.stop(&unstored(&error), &entries),
        }
        if entries.is_empty() {
            return;
        }
        let patience = deadline.saturating_duration_since(Instant::now());
        match services.conversations_in_flight.join(&key, patience).await {
            Joined::Leader(leader) => {
                let log =
                    Log { services, platform, job, key: &key, log_id, conversation_id, is_separate: false };
                log.entries(entries, done).await;
                return leader.finish(());
            }
            // Others logged some of it, or all.
            Joined::Shared(()) | Joined::Ended => {}
            Joined::Waiting => return done.stop(&being_logged(), &entries),
        }
    }
}

pub(super) fn being_logged() -> Refusal {
    refusal("This conversation is being logged already. Please look again in a moment.", 5000)
}

/// For the log: the client has gone.
fn nobody_waits() -> Refusal {
    refusal("The request ended before all messages were logged. Logging again sends the rest.", 5000)
}

pub(super) fn unstored(error: &StoreError) -> Refusal {
    Refusal::new(store_failed(error))
}

/// A thread whose turn this is.
pub(super) struct Log<'a> {
    pub(super) services: &'a Services,
    pub(super) platform: &'a ResolvedPlatform<'a>,
    pub(super) job: &'a Job,
    pub(super) key: &'a ClaimKey,
    pub(super) log_id: String,
    pub(super) conversation_id: Option<String>,
    /// Whether an entry becomes a record of its own, beside that of the conversation's day.
    pub(super) is_separate: bool,
}

impl Log<'_> {
    async fn entries(&self, entries: Vec<Entry>, done: &mut Done) {
        let mut entries = entries.into_iter();
        while let Some(entry) = entries.next() {
            done.for_nobody += usize::from(self.job.client.has_gone());
            let logged = match done.for_nobody > MOST_FOR_NOBODY {
                true => Err(nobody_waits()),
                false => self.entry(&entry).await,
            };
            match logged {
                Ok(Some(message)) => done.logged(entry.id, message),
                Ok(None) => {}
                Err(refusal) => {
                    let left: Vec<Entry> = std::iter::once(entry).chain(entries).collect();
                    return done.stop(&refusal, &left);
                }
            }
        }
    }

    /// Logs a message and says so; `None` where another server logged it meanwhile.
    pub(super) async fn entry(&self, entry: &Entry) -> Result<Option<ReturnMessage>, Refusal> {
        let store = &*self.services.store;
        let deadline = Instant::now() + claims::PATIENCE;
        let unknown = Extension::default();
        let mut doubted: Option<Doubt> = None;
        loop {
            let logged = has_logged(self.platform, self.job, entry).await;
            if logged.map_err(|error| unstored(&error))? {
                return Ok(None);
            }
            let conversation = self.conversation().await;
            let conversation = conversation.map_err(|error| unstored(&error))?;
            let interface = self.reachable(conversation.as_ref())?;
            let wanted = Wanted {
                store: &self.services.store,
                instance: &self.services.instance,
                key: self.key,
                extension: &unknown,
                message_id: Some(&entry.key),
                conflict: |_, _| true,
                sends_key: self.platform.sends_key(operation(interface)),
            };
            match wanted.claim(doubted.as_ref()).await.map_err(|error| unstored(&error))? {
                Claiming::Held(held) => {
                    // Another server may have logged between what was read above and the claim.
                    let current = match store.is_shared() {
                        true => self.is_current(&conversation, entry).await,
                        false => Ok(true),
                    };
                    if matches!(current, Ok(true)) {
                        return self.claimed(held, conversation, interface, entry).await;
                    }
                    held.settle(&self.services.store, Ending::Unused)
                        .await
                        .map_err(|error| unstored(&error))?;
                    current?;
                    doubted = None;
                }
                Claiming::Busy if Instant::now() < deadline => tokio::time::sleep(claims::POLL).await,
                Claiming::Busy => return Err(being_logged()),
                Claiming::InDoubt(doubt)
                    if doubted.is_none() && self.can_be_asked_again(&doubt, entry, interface) =>
                {
                    doubted = Some(doubt);
                }
                Claiming::InDoubt(doubt) => return Err(self.may_be_there(&doubt.until(&self.services.clock))),
            }
        }
    }

    /// The record to which entries are added.
    async fn conversation(&self) -> Result<Option<Conversation>, StoreError> {
        match self.is_separate {
            true => Ok(None),
            false => conversation(self.platform, self.job, &self.log_id).await,
        }
    }

    /// Whether a message is still not logged, and its conversation still as it was read.
    async fn is_current(&self, read: &Option<Conversation>, entry: &Entry) -> Result<bool, Refusal> {
        let logged = has_logged(self.platform, self.job, entry).await;
        let conversation = self.conversation().await;
        Ok(!logged.map_err(|error| unstored(&error))?
            && conversation.map_err(|error| unstored(&error))? == *read)
    }

    /// What has to be asked for the next message: a new record, or an addition to the one there is.
    fn reachable(&self, conversation: Option<&Conversation>) -> Result<Interface, Refusal> {
        let is_unknown = conversation.is_some_and(|conversation| conversation.third_party_log_id.is_empty());
        let interface = match conversation {
            None => Interface::CREATE_MESSAGE_LOG,
            // What has no id cannot be added to, so the message makes a record of its own.
            Some(_) if is_unknown && self.platform.gives_no_id(OperationName::CREATE_MESSAGE_LOG) => {
                return Ok(Interface::CREATE_MESSAGE_LOG);
            }
            Some(_) => Interface::UPDATE_MESSAGE_LOG,
        };
        self.platform.serving(interface).map_err(|error| failed(&error, interface, self.platform))?;
        match conversation {
            Some(_) if is_unknown => Err(refusal(
                "The conversation is logged, but the CRM did not say under which id: nothing can be added to its record.",
                5000,
            )),
            _ => Ok(interface),
        }
    }

    /// Whether what is in doubt can be asked again: it is this very message, and the CRM knows the
    /// request again by its key, or people had their time to look.
    fn can_be_asked_again(&self, doubt: &Doubt, entry: &Entry, interface: Interface) -> bool {
        doubt.claim.message_id.as_ref() == Some(&entry.key)
            && (self.platform.is_safe_to_repeat(operation(interface)) || doubt.is_over())
    }

    fn may_be_there(&self, until: &str) -> Refusal {
        let text = format!(
            "{} was asked to log a message of this conversation before and did not say whether it did, so it may be there. Please check it: until {until} nothing of this conversation is logged. After that it can be.",
            self.platform.name,
        );
        Refusal::new(ReturnMessage::warning("These messages may be logged already", 5000).detail(text))
    }

    /// Asks the CRM. The claim ends with the message's log where the CRM has it, is released where it
    /// has not, and stays in doubt where nobody knows: asking again could add the message twice.
    async fn claimed(
        &self,
        held: ClaimGuard,
        conversation: Option<Conversation>,
        interface: Interface,
        entry: &Entry,
    ) -> Result<Option<ReturnMessage>, Refusal> {
        let asked = match &conversation {
            Some(conversation) if interface == Interface::UPDATE_MESSAGE_LOG => {
                self.append(&held, conversation, entry).await.map(|message| (None, message))
            }
            _ => self.create(&held, entry).await,
        };
        match asked {
            Ok((log_id, message)) => {
                self.save(held, conversation, log_id, entry).await?;
                Ok(Some(message))
            }
            Err(error) => {
                if let Err(store_error) = held.failed(&self.services.store, &error).await {
                    store_failed(&store_error);
                }
                let mut refusal = failed(&error, interface, self.platform);
                let in_doubt = error.is_in_doubt();
                if in_doubt && !self.platform.is_safe_to_repeat(operation(interface)) {
                    refusal.return_message = refusal.return_message.detail(format!(
                        "The message may be logged all the same: please look in {}. Until {} nothing of this conversation is logged.",
                        self.platform.name,
                        claims::until(&self.services.clock, claims::QUIET)
                    ));
                }
                Err(refusal)
            }
        }
    }

    async fn create(
        &self,
        held: &ClaimGuard,
        entry: &Entry,
    ) -> Result<(Option<String>, ReturnMessage), CallError> {
        let mut text = entry.text(self.platform.text_limit(OperationName::CREATE_MESSAGE_LOG)).await;
        let reply = loop {
            let key = Some(text.key(held.idempotency_key()));
            let input = inputs::MessageLog { idempotency_key: key, ..entry.input(&text) };
            match self.platform.invoke::<invocation::CreateMessageLog>(&self.job.user, &input).await {
                Err(error) if text.shorten(&error).await => {}
                answer => break answer?,
            }
        };
        let message = reply.message.unwrap_or_else(|| ReturnMessage::success("Message logged", 1000));
        Ok((reply.value.log_id, text.told(message, &self.platform.name)))
    }

    async fn append(
        &self,
        held: &ClaimGuard,
        conversation: &Conversation,
        entry: &Entry,
    ) -> Result<ReturnMessage, CallError> {
        let mut text = entry.text(self.platform.text_limit(OperationName::UPDATE_MESSAGE_LOG)).await;
        let mut input = entry.input(&text);
        input.log_id = Some(conversation.third_party_log_id.clone());
        input.existing_message_log = Some(existing_message_log(&self.job.scopes.now.platform, conversation));
        if let Some(members) = input.request.as_object_mut() {
            // Additions name what there is, never what there is not (recordings 13, `three-new-reversed`).
            members.retain(|name, value| {
                !(value.is_null()
                    && matches!(name.as_str(), "recordingLink" | "faxDocLink" | "faxDownloadLink"))
            });
        }
        let reply = loop {
            input.idempotency_key = Some(text.key(held.idempotency_key()));
            match self.platform.invoke::<invocation::UpdateMessageLog>(&self.job.user, &input).await {
                Ok(reply) => break reply,
                Err(error) if text.shorten(&error).await => {
                    if let Some(body) = input.request.pointer_mut("/sharedSMSLogContent/body") {
                        *body = text.text().into();
                    }
                }
                Err(error) => return Err(error),
            }
        };
        let message = reply.message.unwrap_or_else(|| ReturnMessage::success("Message log updated", 3000));
        Ok(text.told(message, &self.platform.name))
    }

    /// Remembers a message that the CRM has, in the commit that releases the claim.
    async fn save(
        &self,
        held: ClaimGuard,
        conversation: Option<Conversation>,
        created: Option<String>,
        entry: &Entry,
    ) -> Result<(), Refusal> {
        let now = self.services.clock.now_ms();
        let record_id = if self.is_separate { entry.key.clone() } else { self.log_id.clone() };
        let conversation = match conversation {
            Some(conversation) => Conversation { updated_at: now, ..conversation },
            None => Conversation {
                scope: self.job.scopes.now.clone(),
                conversation_log_id: record_id.clone(),
                conversation_id: self.conversation_id.clone(),
                first_message_id: entry.id.clone(),
                third_party_log_id: created.unwrap_or_default(),
                user_id: self.job.user.key.id.clone(),
                created_at: now,
                updated_at: now,
            },
        };
        let log = |key: &String| MessageLog {
            scope: self.job.scopes.now.clone(),
            message_id: key.clone(),
            conversation_log_id: record_id.clone(),
            third_party_log_id: conversation.third_party_log_id.clone(),
            user_id: self.job.user.key.id.clone(),
            created_at: now,
        };
        let logs: Vec<MessageLog> =
            std::iter::once(&entry.key).chain(&entry.selected).chain(&entry.aliases).map(log).collect();
        let released = held.released();
        let saved = self.services.store.save_messages(&conversation, &logs, Some(&released)).await;
        saved.map_err(|error| {
            store_failed(&error);
            if may_be_taken_later(&error) {
                at_last(&self.services.store, "the log of a message", move |store| {
                    let (conversation, logs, released) =
                        (conversation.clone(), logs.clone(), released.clone());
                    async move { store.save_messages(&conversation, &logs, Some(&released)).await }
                });
            }
            Refusal::new(ReturnMessage::warning("Database operation failed", 5000).detail(
                "The CRM has this message, but this server could not remember it. Do not log it again.",
            ))
        })
    }
}

fn operation(interface: Interface) -> OperationName {
    interface.operation().unwrap_or(OperationName::CREATE_MESSAGE_LOG)
}

//! Watches the committing thread, because a disk may never answer, and sled may never wake who waits for it.
//!
//! | After | What happens |
//! | --- | --- |
//! | [`STALLED`] | reads leave the async threads: they may wait for the same lock or page |
//! | [`NUDGE`] | sled is asked to flush from another thread, which wakes those whose wake-up was lost |
//! | [`REFUSE`] | whoever waits for a write is told, and further ones are refused at once |
//! | [`GIVE_UP`] | the store says that it cannot go on ([`Store::failure`](crate::store::Store::failure)) |
//!
//! A disk that answers later is used again, unless the store was given up.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use crate::store::StoreError;

/// Longer than a flush takes on a disk that works.
pub(super) const STALLED: Duration = Duration::from_millis(250);
const NUDGE: Duration = Duration::from_secs(2);
/// A client waits longer for its answer.
pub(super) const REFUSE: Duration = Duration::from_secs(5);
/// Disks of virtual machines stall for seconds when they are moved, and come back.
const GIVE_UP: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(500);

/// Times of the watchdog.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    nudge: Duration,
    refuse: Duration,
    give_up: Duration,
    look: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { nudge: NUDGE, refuse: REFUSE, give_up: GIVE_UP, look: LOOK }
    }
}

#[cfg(test)]
impl Patience {
    /// So much shorter that a test can wait for it.
    pub(super) fn of_tests() -> Self {
        let ms = Duration::from_millis;
        Self { nudge: ms(20), refuse: ms(60), give_up: ms(400), look: ms(5) }
    }
}

/// What the committing thread is at. It tells, and everybody may look.
pub(super) struct Watched {
    began: Instant,
    /// Milliseconds since `began` when it turned to what it is at, and 1; 0 if it waits for work.
    since: AtomicU64,
    /// It is at something that keeps readers out.
    keeps_readers_out: AtomicBool,
    /// Why writes are refused for now.
    refusing: watch::Sender<Option<StoreError>>,
    /// Why nothing will be written any more.
    failure: watch::Sender<Option<StoreError>>,
}

impl Watched {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            began: Instant::now(),
            since: AtomicU64::new(0),
            keeps_readers_out: AtomicBool::new(false),
            refusing: watch::Sender::new(None),
            failure: watch::Sender::new(None),
        })
    }

    /// The thread turns to the next piece of work.
    pub(super) fn begins(&self) {
        self.since.store(self.now(), Ordering::Release);
    }

    /// The thread waits for work.
    pub(super) fn waits(&self) {
        self.since.store(0, Ordering::Release);
    }

    /// Does something that keeps readers out for as long as it takes.
    pub(super) fn keeping_readers_out<T>(&self, work: impl FnOnce() -> T) -> T {
        self.keeps_readers_out.store(true, Ordering::SeqCst);
        let done = work();
        self.keeps_readers_out.store(false, Ordering::SeqCst);
        done
    }

    /// The thread waits for work whenever this is dropped, also if it panics.
    pub(super) fn until_dropped(&self) -> impl Drop + '_ {
        struct Rest<'w>(&'w Watched);
        impl Drop for Rest<'_> {
            fn drop(&mut self) {
                self.0.waits();
            }
        }
        Rest(self)
    }

    /// How long the thread has been at one piece of work.
    pub(super) fn busy_for(&self) -> Duration {
        match self.since.load(Ordering::Acquire) {
            0 => Duration::ZERO,
            since => Duration::from_millis(self.now().saturating_sub(since)),
        }
    }

    /// Whether a read may have to wait for the thread.
    pub(super) fn may_block_readers(&self) -> bool {
        self.keeps_readers_out.load(Ordering::SeqCst) || self.busy_for() >= STALLED
    }

    /// Why writes are refused, if they are.
    pub(super) fn refusing(&self) -> watch::Receiver<Option<StoreError>> {
        self.refusing.subscribe()
    }

    /// Why nothing will be written any more, once that is so.
    pub(super) fn failure(&self) -> watch::Receiver<Option<StoreError>> {
        self.failure.subscribe()
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX - 1) + 1
    }
}

/// Starts the watchdog. It ends when nobody else holds what it watches. `nudge` may block for good.
pub(super) fn start(
    watched: &Arc<Watched>,
    patience: Patience,
    nudge: impl Fn() + Send + Sync + 'static,
) -> std::io::Result<()> {
    let (watched, nudge) = (Arc::downgrade(watched), Arc::new(nudge));
    let watch = move || {
        let mut is_nudged = false;
        loop {
            thread::sleep(patience.look);
            let Some(watched) = watched.upgrade() else { return };
            let busy = watched.busy_for();
            if busy < patience.nudge {
                is_nudged = false;
            } else if !is_nudged {
                is_nudged = true;
                let nudge = Arc::clone(&nudge);
                // Without a thread for it there is no nudge, and the rest goes on.
                drop(thread::Builder::new().name("store-nudge".to_owned()).spawn(move || nudge()));
            }
            judge(&watched, busy, patience);
        }
    };
    thread::Builder::new().name("store-watch".to_owned()).spawn(watch).map(drop)
}

fn judge(watched: &Watched, busy: Duration, patience: Patience) {
    let is_refusing = watched.refusing.borrow().is_some();
    if busy >= patience.refuse && !is_refusing {
        let error =
            silent(busy, "Check the disk and the system log; the server goes on by itself if it answers");
        tracing::error!(%error, "the store takes no writes for now");
        watched.refusing.send_replace(Some(error));
    } else if busy < patience.refuse && is_refusing && watched.failure.borrow().is_none() {
        tracing::info!("the store's disk answers again");
        watched.refusing.send_replace(None);
    }
    if busy >= patience.give_up && watched.failure.borrow().is_none() {
        let error = silent(busy, "Check the disk and the system log, then start the server again");
        watched.failure.send_replace(Some(error));
    }
}

/// The error of a disk that does not answer.
fn silent(busy: Duration, mend: &str) -> StoreError {
    StoreError::Unavailable {
        what: "writing to the store".to_owned(),
        why: format!("the disk has not answered for {} s", busy.as_secs()),
        mend: mend.to_owned(),
    }
}

//! The retry loop. It knows no processes and no clock: both are passed in.

use std::time::Duration;

/// How often, and how long to wait in between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Attempts in all, the first included; at least 1.
    pub attempts: u32,
    /// The wait after the first failure; it doubles with each further one.
    pub delay: Duration,
}

impl Policy {
    /// The wait after this failed attempt (the first is 1).
    pub fn delay_after(&self, attempt: u32) -> Duration {
        let factor = 2u32.saturating_pow(attempt.saturating_sub(1));
        self.delay.saturating_mul(factor)
    }
}

/// What the caller is told about failed attempts.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a, E> {
    /// Another attempt follows when the caller has waited for `delay`.
    Waiting { attempt: u32, failure: &'a E, delay: Duration },
    /// This failure is the result.
    GivingUp { attempt: u32, failure: &'a E },
}

/// Calls `operation` with the number of the attempt until it succeeds, the attempts are used up, or it
/// fails in a way that `is_retried` rejects. Returns the last attempt's result.
pub fn retry<T, E>(
    policy: &Policy,
    mut operation: impl FnMut(u32) -> Result<T, E>,
    is_retried: impl Fn(&E) -> bool,
    mut tell: impl FnMut(Event<'_, E>),
) -> Result<T, E> {
    let mut attempt = 1;
    loop {
        let result = operation(attempt);
        let last = attempt >= policy.attempts || result.as_ref().is_err_and(|failure| !is_retried(failure));
        if result.is_err() || last {
            if let Err(failure) = &result {
                tell(Event::GivingUp { attempt, failure });
            }
            return result;
        }
        if let Err(failure) = &result {
            let delay = policy.delay_after(attempt);
            tell(Event::Waiting { attempt, failure, delay });
        }
        attempt += 1;
    }
}

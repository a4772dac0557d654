use std::time::Duration;

use again::retry::{retry, Event, Policy};

fn policy(attempts: u32) -> Policy {
    Policy { attempts, delay: Duration::from_millis(10) }
}

#[test]
fn a_success_is_not_repeated() {
    let mut calls = 0;
    let result: Result<u32, ()> = retry(
        &policy(5),
        |_| {
            calls += 1;
            Ok(7)
        },
        |_| true,
        |_| {},
    );
    assert_eq!((result, calls), (Ok(7), 1));
}

#[test]
fn a_failure_is_repeated_until_it_succeeds() {
    let result = retry(&policy(5), |n| if n < 3 { Err(n) } else { Ok("done") }, |_| true, |_| {});
    assert_eq!(result, Ok("done"));
}

#[test]
fn the_last_failure_is_the_result() {
    let result: Result<(), u32> = retry(&policy(3), Err, |_| true, |_| {});
    assert_eq!(result, Err(3));
}

#[test]
fn a_final_failure_is_not_repeated() {
    let mut calls = 0;
    let result: Result<(), u32> = retry(
        &policy(3),
        |n| {
            calls += 1;
            Err(n)
        },
        |_| false,
        |_| {},
    );
    assert_eq!((result, calls), (Err(1), 1));
}

#[test]
fn waits_double() {
    let mut waits = Vec::new();
    let _: Result<(), u32> = retry(
        &policy(4),
        Err,
        |_| true,
        |event| {
            if let Event::Waiting { delay, .. } = event {
                waits.push(delay.as_millis());
            }
        },
    );
    assert_eq!(waits, [10, 20, 40]);
}

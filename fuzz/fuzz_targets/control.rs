//! The laws of control files on whatever the fuzzer comes up with: each is taken or refused with words, and what is taken
//! is shown so that it is read back to the same.

#![no_main]

use feed::control::{check, show};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let checked = check(text);
    assert_eq!(checked.control.is_none(), checked.refusal().is_some());
    if let Some(control) = checked.control {
        assert_eq!(check(&show(&control)).control.as_ref(), Some(&control));
    }
});

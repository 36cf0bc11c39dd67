#![no_main]

use libfuzzer_sys::fuzz_target;
use stoa_fuzz::properties;

fuzz_target!(|bytes: &[u8]| properties::searches(bytes));

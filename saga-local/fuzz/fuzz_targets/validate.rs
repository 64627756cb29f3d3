//! Any text is read or refused by the validator; what it accepts is written and read again as the same model.

#![no_main]

use libfuzzer_sys::{fuzz_crossover, fuzz_mutator, fuzz_target};
use saga_fuzz::json;

fuzz_target!(|text: &str| {
    match saga_asl::parse(text) {
        Ok(machine) => {
            for written in [
                saga_asl::to_json(&machine),
                saga_asl::to_json_compact(&machine),
            ] {
                assert_eq!(
                    saga_asl::parse(&written).as_ref(),
                    Ok(&machine),
                    "{written}"
                );
            }
        }
        Err(problems) => assert!(!problems.to_string().is_empty(), "refused without a reason"),
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    saga_fuzz::mutate(data, size, max_size, seed, json::mutate)
});

fuzz_crossover!(|one: &[u8], other: &[u8], out: &mut [u8], seed: u32| {
    saga_fuzz::cross(one, other, out, seed, json::cross)
});

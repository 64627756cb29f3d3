//! Mutations that keep an input's shape, so that most of what the fuzzers try gets past the parser. The targets stand in `fuzz_targets/`.

pub mod expression;
pub mod json;
pub mod rust;

use fastrand::Rng;

/// The input in the buffer's first `size` bytes becomes another one of at most `max_size`; answers with its size.
///
/// One time in four the bytes themselves are mutated: that is what finds a parser's own faults.
pub fn mutate(
    data: &mut [u8], size: usize, max_size: usize, seed: u32,
    by_shape: fn(&str, &mut Rng) -> Option<String>,
) -> usize {
    let rng = &mut Rng::with_seed(seed.into());
    if rng.u8(0..4) > 0
        && let Ok(text) = std::str::from_utf8(&data[..size])
        && let Some(mutated) = by_shape(text, rng)
        && mutated.len() <= max_size
    {
        data[..mutated.len()].copy_from_slice(mutated.as_bytes());
        return mutated.len();
    }
    libfuzzer_sys::fuzzer_mutate(data, size, max_size)
}

/// Two inputs become one in `out`; answers with its size, which is 0 where that cannot be done.
pub fn cross(
    one: &[u8], other: &[u8], out: &mut [u8], seed: u32,
    by_shape: fn(&str, &str, &mut Rng) -> Option<String>,
) -> usize {
    let rng = &mut Rng::with_seed(seed.into());
    let (Ok(one), Ok(other)) = (std::str::from_utf8(one), std::str::from_utf8(other)) else {
        return 0;
    };
    match by_shape(one, other, rng) {
        Some(crossed) if crossed.len() <= out.len() => {
            out[..crossed.len()].copy_from_slice(crossed.as_bytes());
            crossed.len()
        }
        _ => 0,
    }
}

/// A small number, now and then a large one: how often something is repeated.
pub(crate) fn repeats(rng: &mut Rng) -> usize {
    match rng.u8(0..16) {
        0 => rng.usize(64..2_000),
        1..4 => rng.usize(4..64),
        _ => rng.usize(1..4),
    }
}

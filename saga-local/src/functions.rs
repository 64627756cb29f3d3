//! The functions that Step Functions adds to JSONata, and those of JSONata's that virtual time or Amazon changes.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html>

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

use jsonata_core::evaluator::{Evaluator, EvaluatorError};
use jsonata_core::parser;
use jsonata_core::value::JValue;

use crate::hash;

type Outcome = Result<JValue, EvaluatorError>;

/// `$range` gives at most this many items on Step Functions.
const MAX_RANGE: f64 = 1000.0;

/// `$hash` takes at most this many characters on Step Functions.
const MAX_HASH_INPUT: usize = 10_000;

/// What [`register`] brings: an expression whose text has none of these words calls none of them.
pub(crate) const NAMES: [&str; 9] = [
    "partition",
    "range",
    "hash",
    "parse",
    "uuid",
    "random",
    "millis",
    "now",
    "eval",
];

pub(crate) fn register(
    evaluator: &mut Evaluator, now: SystemTime, seed: u64,
) -> Result<(), EvaluatorError> {
    let rng = Rc::new(RefCell::new(fastrand::Rng::with_seed(seed)));
    let uuid_rng = Rc::clone(&rng);
    #[allow(
        clippy::cast_precision_loss,
        reason = "milliseconds stay far below 2^53 for any date JSONata can format"
    )]
    let millis = now
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_millis()) as f64;
    evaluator.register_fn("partition", partition)?;
    evaluator.register_fn("range", range)?;
    evaluator.register_fn("hash", digest)?;
    evaluator.register_fn("parse", parse)?;
    evaluator.register_fn("uuid", move |_: &[JValue]| {
        Ok(JValue::from(uuid(&mut uuid_rng.borrow_mut())))
    })?;
    evaluator.register_fn_override("random", move |args: &[JValue]| {
        Ok(JValue::Number(random(args, &mut rng.borrow_mut())))
    })?;
    evaluator.register_fn_override("millis", move |_: &[JValue]| Ok(JValue::Number(millis)))?;
    evaluator.register_fn_override("now", move |args: &[JValue]| now_as_text(millis, args))?;
    evaluator.register_fn_override("eval", |_: &[JValue]| {
        fail("$eval is not supported by Step Functions")
    })
}

fn fail(message: &str) -> Outcome {
    Err(EvaluatorError::EvaluationError(message.to_owned()))
}

/// `$partition([1,2,3,4,5], 2)` -> `[[1,2],[3,4],[5]]`
fn partition(args: &[JValue]) -> Outcome {
    let (Some(array), Some(size)) = (
        args.first().and_then(JValue::as_array),
        args.get(1).and_then(JValue::as_f64),
    ) else {
        return fail("$partition expects an array and the size of a part");
    };
    if size < 1.0 || !size.is_finite() {
        return fail("$partition expects a size of at least 1");
    }
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be at least 1; a cast saturates"
    )]
    let parts = array
        .chunks(size as usize)
        .map(|part| JValue::array(part.to_vec()))
        .collect();
    Ok(JValue::array(parts))
}

/// `$range(1, 9, 2)` -> `[1,3,5,7,9]`
fn range(args: &[JValue]) -> Outcome {
    let numbers: Vec<f64> = args.iter().filter_map(JValue::as_f64).collect();
    let [first, last, step] = numbers[..] else {
        return fail("$range expects three numbers: first, last and step");
    };
    if step == 0.0 {
        return fail("$range expects a step other than 0");
    }
    let count = ((last - first) / step).floor() + 1.0;
    if count > MAX_RANGE || !count.is_finite() {
        return fail("$range gives at most 1000 items");
    }
    let mut items = Vec::new();
    let mut index = 0.0;
    while index < count {
        items.push(JValue::Number(index.mul_add(step, first)));
        index += 1.0;
    }
    Ok(JValue::array(items))
}

/// `$hash("text", "SHA-256")` -> the digest in hexadecimal
fn digest(args: &[JValue]) -> Outcome {
    let (Some(text), Some(algorithm)) = (
        args.first().and_then(JValue::as_str),
        args.get(1).and_then(JValue::as_str),
    ) else {
        return fail("$hash expects a string and the name of an algorithm");
    };
    if text.chars().count() > MAX_HASH_INPUT {
        return fail("$hash takes at most 10000 characters");
    }
    match hash::hex(algorithm, text.as_bytes()) {
        Some(digest) => Ok(JValue::from(digest)),
        None => fail("$hash knows MD5, SHA-1, SHA-256, SHA-384 and SHA-512"),
    }
}

/// `$parse("{\"a\":1}")` -> `{"a":1}`
fn parse(args: &[JValue]) -> Outcome {
    let Some(text) = args.first().and_then(JValue::as_str) else {
        return fail("$parse expects a string of JSON");
    };
    JValue::from_json_str(text).or_else(|error| fail(&format!("$parse: {error}")))
}

/// Step Functions lets the caller seed the generator, for one repeatable number.
fn random(args: &[JValue], rng: &mut fastrand::Rng) -> f64 {
    match args.first().and_then(JValue::as_f64) {
        Some(seed) => fastrand::Rng::with_seed(seed.to_bits()).f64(),
        None => rng.f64(),
    }
}

/// A version 4 UUID, from the engine's seed.
pub(crate) fn uuid(rng: &mut fastrand::Rng) -> String {
    let bits = (rng.u128(..) & !(0xf000_u128 << 64) & !(0xc000_u128 << 48))
        | (0x4000_u128 << 64)
        | (0x8000_u128 << 48);
    let hex = format!("{bits:032x}");
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

/// `$now()` is `$fromMillis` of the virtual instant, with the same optional picture and time zone.
fn now_as_text(millis: f64, args: &[JValue]) -> Outcome {
    let call = match args.len() {
        0 => "$fromMillis(millis)",
        1 => "$fromMillis(millis, picture)",
        _ => "$fromMillis(millis, picture, zone)",
    };
    let tree =
        parser::parse(call).map_err(|error| EvaluatorError::EvaluationError(error.to_string()))?;
    let mut input = vec![("millis".to_owned(), JValue::Number(millis))];
    input.extend(
        ["picture", "zone"]
            .iter()
            .zip(args)
            .map(|(name, value)| ((*name).to_owned(), value.clone())),
    );
    Evaluator::new().evaluate(&tree, &JValue::object(input.into_iter().collect()))
}

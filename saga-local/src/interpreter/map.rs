//! Map in inline mode: the same graph for every item, at most `MaxConcurrency` at a time; the first failure aborts the others.

use saga_asl as asl;
use serde_json::{Value, json};

use crate::failure::Failure;

use super::parallel::{Branch, abort, next_ended};
use super::{Frame, Query, Rejected, Step, target};

/// What an inline Map without a limit runs at once:
/// <https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html>.
const INLINE_CONCURRENCY: u64 = 40;

pub(super) async fn attempt<'a>(
    frame: &mut Frame, map: &'a asl::Map, input: &Value,
) -> Result<Step<'a>, Failure> {
    let query = Query::of_input(input);
    let (items, limit) = request(frame, map, &query).map_err(|rejected| frame.reject(rejected))?;
    let started = frame.record("MapStateStarted", json!({ "length": items.len() }))?;
    let mut outputs = vec![Value::Null; items.len()];
    let mut waiting = items.into_iter().enumerate();
    let mut running = Vec::new();
    let mut previous = started;
    loop {
        while running.len() < limit
            && let Some((index, item)) = waiting.next()
        {
            running.push(begin(frame, map, &query, (index, item), previous)?);
        }
        let Some(ended) = next_ended(&mut running).await else {
            break;
        };
        let details = json!({ "index": ended.index, "name": frame.state.name });
        match ended.outcome {
            Ok(output) => {
                outputs[ended.index] = output;
                let succeeded = frame.note(ended.last, "MapIterationSucceeded", details)?;
                // The next iteration follows the work of the one that made room, the Map's end the last event of all.
                previous = ended.last;
                frame.set_last(succeeded);
            }
            Err(failure) => {
                abort(frame, running)?;
                frame.note(ended.last, "MapIterationFailed", details)?;
                frame.set_last(ended.last);
                return Err(failure);
            }
        }
    }
    frame.note(frame.last(), "MapStateSucceeded", json!({}))?;
    let result = Value::Array(outputs);
    let query = query.with_result(&result);
    frame.complete(
        "MapStateExited",
        &query,
        (&map.assign, map.output.as_ref()),
        &result,
        target(&map.next),
    )
}

/// The items, and how many of them run at once.
fn request(
    frame: &Frame, map: &asl::Map, query: &Query<'_>,
) -> Result<(Vec<Value>, usize), Rejected> {
    let limit = map
        .max_concurrency
        .as_ref()
        .map(|number| query.number(frame, "MaxConcurrency", number, u64::MAX))
        .transpose()?;
    let limit = limit
        .filter(|limit| *limit > 0)
        .map_or(INLINE_CONCURRENCY, |limit| limit.min(INLINE_CONCURRENCY));
    let items = match &map.items {
        Some(template) => query.template(frame, "Items", template)?,
        None => query.input.clone(),
    };
    match (items, &map.items) {
        (Value::Array(items), _) => Ok((items, usize::try_from(limit).unwrap_or(1))),
        (other, Some(asl::Template::Expression(expression))) => {
            Err(Rejected::unexpected("Items", expression, "array", &other))
        }
        (other, _) => {
            let message = format!("Map state input must be an array but was: {other}");
            Err(Rejected {
                location: None,
                message,
                after_entry: false,
            })
        }
    }
}

fn begin<'a>(
    frame: &mut Frame, map: &'a asl::Map, query: &Query<'_>, (index, item): (usize, Value),
    previous: u64,
) -> Result<Branch<'a>, Failure> {
    let details = json!({ "index": index, "name": frame.state.name });
    let started = frame.note(previous, "MapIterationStarted", details)?;
    let mut inner = frame.inner(started);
    inner.item = Some(json!({ "Index": index, "Value": item }));
    let input = match &map.item_selector {
        Some(template) => query
            .template(&inner, "ItemSelector", template)
            .map_err(|rejected| frame.reject(rejected))?,
        None => item,
    };
    Ok(Branch::new(index, inner, &map.item_processor.graph, input))
}

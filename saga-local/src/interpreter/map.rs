//! Map: the same graph for every item, at most `MaxConcurrency` at a time. In inline mode the first failure aborts the others;
//! what distributed mode does with its items stands in `distributed.rs`.

use saga_asl as asl;
use serde_json::{Value, json};

use crate::data::Data;
use crate::failure::Failure;
use crate::history::Facts;

use super::parallel::{Branch, abort, next_ended};
use super::{Frame, Query, Rejected, Step, distributed, target};

/// What an inline Map runs at once at most, and where it has no limit of its own:
/// <https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html>.
const INLINE_CONCURRENCY: u64 = 40;

pub(super) async fn attempt<'a>(
    frame: &mut Frame, map: &'a asl::Map, input: &Data,
) -> Result<Step<'a>, Failure> {
    let query = Query::of_input(input);
    let (items, limit) = request(frame, map, &query).map_err(|rejected| frame.reject(rejected))?;
    let started = frame.record(
        "MapStateStarted",
        Facts::Fields(vec![("length", items.len().into())]),
    )?;
    let outputs = match map.item_processor.mode {
        asl::ProcessorMode::Inline => run(frame, map, &query, (items, limit), started).await,
        asl::ProcessorMode::Distributed(execution_type) => {
            distributed::run(frame, map, execution_type, &query, (items, limit)).await
        }
    }?;
    let result = Data::from(Value::Array(outputs));
    frame.check_size(&result)?;
    frame.note(frame.last(), "MapStateSucceeded", Facts::NONE)?;
    let query = query.with_result(&result);
    frame.complete(
        "MapStateExited",
        &query,
        (&map.assign, map.output.as_ref()),
        &result,
        target(&map.next),
    )
}

async fn run(
    frame: &mut Frame, map: &asl::Map, query: &Query<'_>, (items, limit): (Vec<Value>, usize),
    started: u64,
) -> Result<Vec<Value>, Failure> {
    let mut outputs = vec![Value::Null; items.len()];
    let mut waiting = items.into_iter().enumerate();
    let mut running = Vec::new();
    let mut previous = started;
    loop {
        while running.len() < limit
            && let Some((index, item)) = waiting.next()
        {
            running.push(begin(frame, map, query, (index, item), previous)?);
        }
        let Some(ended) = next_ended(&mut running).await else {
            return Ok(outputs);
        };
        let facts = iteration(frame, ended.index);
        match ended.outcome {
            Ok(output) => {
                outputs[ended.index] = output.value().clone();
                let succeeded = frame.note(ended.last, "MapIterationSucceeded", facts)?;
                // The next iteration follows the work of the one that made room, the Map's end the last event of all.
                previous = ended.last;
                frame.set_last(succeeded);
            }
            Err(failure) => {
                abort(frame, running)?;
                frame.note(ended.last, "MapIterationFailed", facts)?;
                frame.set_last(ended.last);
                return Err(failure);
            }
        }
    }
}

/// What the events of an iteration say.
fn iteration(frame: &Frame, index: usize) -> Facts {
    Facts::Fields(vec![
        ("index", index.into()),
        ("name", (*frame.state.name).into()),
    ])
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
    let most = match map.item_processor.mode {
        asl::ProcessorMode::Inline => INLINE_CONCURRENCY,
        asl::ProcessorMode::Distributed(_) => distributed::CONCURRENCY,
    };
    let limit = limit
        .filter(|limit| *limit > 0)
        .map_or(most, |limit| limit.min(most));
    let items = match &map.items {
        Some(template) => query.template(frame, "Items", template)?,
        None => query.input.value().clone(),
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
    let started = frame.note(previous, "MapIterationStarted", iteration(frame, index))?;
    let mut inner = frame.inner(started);
    let input = select(frame, &mut inner, map, query, (index, item))?;
    Ok(Branch::new(index, inner, &map.item_processor.graph, input))
}

/// An item's input: the item itself, or what `ItemSelector` makes of it, which sees the item in the context of `inner`.
pub(super) fn select(
    frame: &mut Frame, inner: &mut Frame, map: &asl::Map, query: &Query<'_>,
    (index, item): (usize, Value),
) -> Result<Data, Failure> {
    inner.item = Some(json!({ "Index": index, "Value": item }));
    let input = Data::from(match &map.item_selector {
        Some(template) => query
            .template(inner, "ItemSelector", template)
            .map_err(|rejected| frame.reject(rejected))?,
        None => item,
    });
    frame.check_size(&input)?;
    Ok(input)
}

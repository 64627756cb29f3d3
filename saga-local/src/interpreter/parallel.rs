//! Parallel: all branches at once; the first failure aborts the others.

use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use saga_asl as asl;
use serde_json::Value;

use crate::data::Data;
use crate::failure::Failure;
use crate::history::Facts;
use crate::{BoxFuture, lock};

use super::{Frame, Place, Query, Step, run_graph, target};

/// A branch or an iteration while it runs.
pub(super) struct Branch<'a> {
    pub(super) index: usize,
    pub(super) work: BoxFuture<'a, Result<Data, Failure>>,
    place: Arc<Mutex<Place>>,
}

/// A branch or an iteration that ended.
pub(super) struct Ended {
    pub(super) index: usize,
    pub(super) outcome: Result<Data, Failure>,
    /// Its latest event.
    pub(super) last: u64,
}

impl<'a> Branch<'a> {
    pub(super) fn new(index: usize, mut frame: Frame, graph: &'a asl::Graph, input: Data) -> Self {
        let place = Arc::clone(&frame.place);
        let work = Box::pin(async move { run_graph(&mut frame, graph, input).await });
        Self { index, work, place }
    }
}

/// The next branch that ends, in the order in which they were begun.
pub(super) async fn next_ended(branches: &mut Vec<Branch<'_>>) -> Option<Ended> {
    if branches.is_empty() {
        return None;
    }
    poll_fn(|cx| {
        for position in 0..branches.len() {
            if let Poll::Ready(outcome) = branches[position].work.as_mut().poll(cx) {
                let branch = branches.remove(position);
                let last = lock(&branch.place).last;
                return Poll::Ready(Some(Ended {
                    index: branch.index,
                    outcome,
                    last,
                }));
            }
        }
        Poll::Pending
    })
    .await
}

/// Ends what still runs, with the event that says so. Calls that are out go on without their branch.
pub(super) fn abort(frame: &Frame, branches: Vec<Branch<'_>>) -> Result<(), Failure> {
    for branch in branches {
        let place = lock(&branch.place).clone();
        drop(branch.work);
        if let Some(aborted) = place.aborted {
            frame.note(place.last, aborted, Facts::NONE)?;
        }
    }
    Ok(())
}

pub(super) async fn attempt<'a>(
    frame: &mut Frame, parallel: &'a asl::Parallel, input: &Data,
) -> Result<Step<'a>, Failure> {
    let query = Query::of_input(input);
    let argument = match &parallel.arguments {
        Some(template) => query
            .template(frame, "Arguments", template)
            .map_err(|rejected| frame.reject(rejected))?
            .into(),
        None => input.clone(),
    };
    frame.check_size(&argument)?;
    let started = frame.record("ParallelStateStarted", Facts::NONE)?;
    let begin = |(index, graph)| Branch::new(index, frame.inner(started), graph, argument.clone());
    let mut branches: Vec<Branch<'_>> = parallel.branches.iter().enumerate().map(begin).collect();
    let mut outputs = vec![Value::Null; branches.len()];
    while let Some(ended) = next_ended(&mut branches).await {
        frame.set_last(ended.last);
        match ended.outcome {
            Ok(output) => outputs[ended.index] = output.value().clone(),
            Err(failure) => {
                abort(frame, branches)?;
                return Err(failure);
            }
        }
    }
    let result = Data::from(Value::Array(outputs));
    frame.check_size(&result)?;
    frame.note(frame.last(), "ParallelStateSucceeded", Facts::NONE)?;
    let query = query.with_result(&result);
    let fields = (&parallel.assign, parallel.output.as_ref());
    frame.complete(
        "ParallelStateExited",
        &query,
        fields,
        &result,
        target(&parallel.next),
    )
}

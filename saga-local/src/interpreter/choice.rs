//! Choice: the first rule whose condition holds, with that rule's own `Assign` and `Output`.

use saga_asl as asl;
use serde_json::Value;

use crate::data::Data;
use crate::failure::Failure;

use super::{Frame, Query, Rejected, Step};

pub(super) fn run<'a>(
    frame: &mut Frame, choice: &'a asl::Choice, input: &Data,
) -> Result<Step<'a>, Failure> {
    let query = Query::of_input(input);
    for (index, rule) in choice.choices.iter().enumerate() {
        if holds(frame, &query, index, &rule.condition)
            .map_err(|rejected| frame.reject(rejected))?
        {
            let fields = (&rule.assign, rule.output.as_ref());
            return frame.complete("ChoiceStateExited", &query, fields, input, Some(&rule.next));
        }
    }
    let Some(default) = &choice.default else {
        return Err(Failure::from_parts(
            Some("States.NoChoiceMatched".into()),
            None,
        ));
    };
    let fields = (&choice.assign, choice.output.as_ref());
    frame.complete("ChoiceStateExited", &query, fields, input, Some(default))
}

fn holds(
    frame: &Frame, query: &Query<'_>, index: usize, condition: &asl::Condition,
) -> Result<bool, Rejected> {
    let expression = match condition {
        asl::Condition::Literal(holds) => return Ok(*holds),
        asl::Condition::Expression(expression) => expression,
    };
    let field = format!("Choices[{index}]/Condition");
    match query.expression(frame, &field, expression)? {
        Value::Bool(holds) => Ok(holds),
        other => Err(Rejected::unexpected(&field, expression, "boolean", &other)),
    }
}

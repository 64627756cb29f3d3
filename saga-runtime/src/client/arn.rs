//! The ARN of an execution, made of its state machine's and its name. Calls nothing.

/// `arn:aws:states:eu-west-1:123456789012:stateMachine:place_order:live` and `order-42` give
/// `arn:aws:states:eu-west-1:123456789012:execution:place_order:order-42`: an execution's ARN tells neither
/// [version nor alias](https://docs.aws.amazon.com/step-functions/latest/dg/execution-alias-version-associate.html).
pub(super) fn of_execution(state_machine: &str, name: &str) -> Option<String> {
    let (prefix, machine) = state_machine.split_once(":stateMachine:")?;
    let is_prefix = matches!(
        prefix.split(':').collect::<Vec<_>>()[..],
        ["arn", _, "states", _, _]
    );
    let ([machine] | [machine, _]) = machine.split(':').collect::<Vec<_>>()[..] else {
        return None;
    };
    // With a slash it is one of the machine's distributed Maps.
    (is_prefix && !machine.is_empty() && !machine.contains('/'))
        .then(|| format!("{prefix}:execution:{machine}:{name}"))
}

/// Whether an execution is an [express](https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html) one.
pub(super) fn is_express(execution: &str) -> bool {
    execution.split(':').nth(5) == Some("express")
}

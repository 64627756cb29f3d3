//! What an engine forgets so that a long run does not fill the memory, and what it keeps.

use saga_local::{Engine, Status};
use serde_json::{Value, json};

use crate::support::{block_on, definition, engine};

const PARK: &str = "'a': { 'Type': 'Task', 'Resource': 'arn:aws:states:::sqs:sendMessage.waitForTaskToken', 'End': true,
    'Arguments': { 'QueueUrl': 'q', 'MessageBody': '{% $states.context.Task.Token %}' } }";

fn names(engine: &Engine<Value, Value>) -> Vec<String> {
    let executions = engine.executions();
    executions.iter().map(|run| run.name().to_owned()).collect()
}

#[test]
fn finished_executions_are_forgotten_and_their_names_free_again() {
    let engine = engine("'a': { 'Type': 'Succeed' }");
    block_on(async {
        let run = engine.start("one", &json!(1)).await.unwrap();
        engine.forget_finished();
        assert_eq!(names(&engine), [""; 0]);
        assert!(engine.run("one").unwrap_err().is_unknown_execution());
        // A picture stays what it was.
        assert_eq!(run.output(), Some(&json!(1)));
        let again = engine.start("one", &json!(2)).await.unwrap();
        assert_eq!(again.output(), Some(&json!(2)));
        assert_eq!(names(&engine), ["one"]);
    });
}

#[test]
fn an_execution_that_runs_keeps_all_that_it_has_to_do_with() {
    let start =
        "'Type': 'Task', 'Resource': 'arn:aws:states:::states:startExecution.sync:2', 'Arguments':
        { 'StateMachineArn': '${ChildStateMachineArn}', 'Name': 'child', 'Input': {} }";
    let states = format!("'z': {{ {start}, 'Next': 'a' }}, {PARK}");
    let mut parent: Value = serde_json::from_str(&definition(&states)).unwrap();
    parent["StartAt"] = json!("z");
    let engine = Engine::from_asl("parent", &parent.to_string())
        .with_flow_asl("child", &definition("'a': { 'Type': 'Succeed' }"));
    block_on(async {
        let run = engine.start("parent", &json!({})).await.unwrap();
        assert_eq!(run.status(), Status::Running);
        engine.forget_finished();
        assert_eq!(names(&engine), ["parent", "child"]);
        let token = engine.parked()[0].token().to_owned();
        let run = engine.resume(&token, json!("done")).await.unwrap();
        assert_eq!(run.output(), Some(&json!("done")));
        engine.forget_finished();
        assert_eq!(names(&engine), [""; 0]);
    });
}

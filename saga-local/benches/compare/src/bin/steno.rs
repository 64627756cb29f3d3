//! steno: ten actions without effect, in its store in memory; committed, and failing at the last.

use std::sync::Arc;

use steno::{
    Action, ActionContext, ActionError, ActionFunc, ActionRegistry, DagBuilder, InMemorySecStore,
    Node, SagaDag, SagaId, SagaName, SagaType, SecClient,
};

#[derive(Debug)]
struct NoOp;

impl SagaType for NoOp {
    type ExecContextType = Arc<()>;
}

async fn act(_: ActionContext<NoOp>) -> Result<(), ActionError> {
    Ok(())
}

async fn undo(_: ActionContext<NoOp>) -> steno::UndoResult {
    Ok(())
}

async fn act_last(context: ActionContext<NoOp>) -> Result<(), ActionError> {
    match context.saga_params::<bool>()? {
        true => Ok(()),
        false => Err(ActionError::action_failed(
            "the last step says no".to_owned(),
        )),
    }
}

struct Actions {
    act: Arc<dyn Action<NoOp>>,
    act_last: Arc<dyn Action<NoOp>>,
}

impl Actions {
    fn dag(&self, is_welcome: bool) -> Arc<SagaDag> {
        let mut builder = DagBuilder::new(SagaName::new("ten-steps"));
        for number in 1..=9 {
            let name = format!("step-{number}");
            builder.append(Node::action(name.as_str(), name.as_str(), &*self.act));
        }
        builder.append(Node::action("step-10", "step-10", &*self.act_last));
        let dag = builder.build().expect("a graph");
        Arc::new(SagaDag::new(dag, serde_json::json!(is_welcome)))
    }
}

async fn run(
    sec: &SecClient, registry: &Arc<ActionRegistry<NoOp>>, dag: Arc<SagaDag>, is_welcome: bool,
) {
    let id = SagaId::new_v4();
    let ended = sec
        .saga_create(id, Arc::new(Arc::new(())), dag, Arc::clone(registry))
        .await
        .expect("created");
    sec.saga_start(id).await.expect("started");
    assert_eq!(ended.await.kind.is_ok(), is_welcome);
}

fn main() {
    let actions = Actions {
        act: ActionFunc::new_action("act", act, undo),
        act_last: ActionFunc::new_action("act_last", act_last, undo),
    };
    let mut registry = ActionRegistry::new();
    registry.register(Arc::clone(&actions.act));
    registry.register(Arc::clone(&actions.act_last));
    let registry = Arc::new(registry);
    for (name, is_welcome) in [("committed", true), ("compensated", false)] {
        let dag = actions.dag(is_welcome);
        let sec = std::sync::OnceLock::new();
        compare::measure(&format!("steno 0.5 {name}"), compare::count(), |_| {
            // Made inside the runtime, because it spawns a task there.
            let sec = sec.get_or_init(|| {
                let log = slog::Logger::root(slog::Discard, slog::o!());
                steno::sec(log, Arc::new(InMemorySecStore::new()))
            });
            run(sec, &registry, Arc::clone(&dag), is_welcome)
        });
    }
}

//! `for`: a Map, and the Map that undoes it.

use saga_asl as asl;
use saga_asl::{ExecutionType, ItemProcessor, Number, ProcessorMode, Template};

use crate::called;
use crate::ir::{self, Root, Value};
use crate::names;

use super::exit::{After, Exit, To};
use super::expression::{is_optional, path_of};
use super::facts::{ITEM, SAGA as SAGA_KEY};
use super::scope::{Cx, Own, Phase, Scope};
use super::task::{catch_all_of, expression};
use super::undo::push_undo;
use super::{Lowering, Path, States, retry};

const ITEM_VALUE: &str = "$states.context.Map.Item.Value";
const ITEM_INDEX: &str = "$states.context.Map.Item.Index";

impl<'a> Lowering<'a> {
    pub(super) fn lower_loop(
        &self, states: &mut States, scope: &Scope<'a>, path: &mut Path, each: &'a ir::Loop,
        exit: &Exit<'a>,
    ) {
        let before = path.clone();
        let mut inner_path = path.clone();
        inner_path.beyond_return |= self.finishes(&each.body);
        path.beyond_return = inner_path.beyond_return;
        let graph = self.item_graph(scope, inner_path, each);
        // What stands inside another is undone with it.
        let undo = (scope.is_top && !path.beyond_return)
            .then(|| self.undo_loop(&Scope::top(Phase::Compensation), each))
            .flatten();
        let own_undo = names::compensation_state(&each.state);
        let catch = catch_all_of(
            scope,
            &before,
            path,
            undo.as_ref().map(|_| own_undo.as_str()),
        );
        if let Some(undo) = undo {
            push_undo(states, path, &each.state, asl::State::Map(undo));
        }
        let mut after = States::default();
        let left = self.leave(&mut after, scope, path, Own::Loop(each), exit);
        let map = asl::Map {
            comment: None,
            items: Some(self.items(&Cx::caught(scope), each)),
            item_selector: Some(self.selector(scope, each)),
            max_concurrency: Some(Number::Literal(each.parallel.unwrap_or(1))),
            item_processor: ItemProcessor {
                mode: mode(each),
                graph,
            },
            tolerated_failure_percentage: None,
            tolerated_failure_count: None,
            label: None,
            retry: retry::of_group(path.beyond_return),
            catch,
            assign: left.assign,
            output: left.output,
            next: left.next,
        };
        states
            .forward
            .push((each.state.clone(), asl::State::Map(map)));
        states.forward.append(&mut after.forward);
    }

    fn item_graph(&self, scope: &Scope<'a>, mut path: Path, each: &'a ir::Loop) -> asl::Graph {
        let inner = scope.item(each);
        let collected = match each.collect.as_slice() {
            [(local, value)] if self.is_read(*local) => value.clone(),
            [] | [_] => Value::Null,
            several => {
                // Each in an array of its own, which JSONata does not open when it puts them together.
                let one = |(index, (_, value)): (usize, &(ir::LocalId, Value))| {
                    (slot(index), Value::Array(vec![value.clone()]))
                };
                Value::Object(several.iter().enumerate().map(one).collect())
            }
        };
        let after = After {
            takes: None,
            exit: Exit {
                assign: Vec::new(),
                to: To::Return(collected),
            },
        };
        self.graph(&inner, &mut path, &each.body, &after)
    }

    /// A graph inside another.
    pub(super) fn graph(
        &self, scope: &Scope<'a>, path: &mut Path, block: &'a ir::Block, after: &After<'a>,
    ) -> asl::Graph {
        let mut states = States::default();
        self.lower_block(&mut states, scope, path, block, after);
        if block.nodes.is_empty() {
            // What is only collected, or only rejected, still needs a state to end in.
            let exit = self.complete(after, &block.end);
            self.leave_onwards(&mut states, scope, path, &exit);
        }
        let start_at = states.forward.first().map(|(name, _)| name.clone());
        asl::Graph {
            start_at: start_at.unwrap_or_default(),
            states: states.forward,
        }
    }

    /// Whether anybody reads what a node gives.
    pub(super) fn is_read(&self, local: ir::LocalId) -> bool {
        self.facts.used.contains(&local)
            || self.facts.precomputed(local).next().is_some()
            || self.facts.returned.contains(&local)
    }

    fn items(&self, cx: &Cx<'_>, each: &ir::Loop) -> Template {
        expression(&self.list(cx, each))
    }

    /// The list of a loop. Who is not there has no items.
    fn list(&self, cx: &Cx<'_>, each: &ir::Loop) -> String {
        let list = self.expression(cx, &each.items);
        list.strip_suffix(": null")
            .map_or(list.clone(), |rest| format!("{rest}: []"))
    }

    /// What each item is handed: where it stands, its value, and what it takes from around.
    fn selector(&self, scope: &Scope<'a>, each: &'a ir::Loop) -> Template {
        self.selected(scope, each, ITEM_INDEX, &|path| path_of(ITEM_VALUE, path))
    }

    fn selected(
        &self, scope: &Scope<'a>, each: &'a ir::Loop, index: &str,
        item: &dyn Fn(&[ir::Segment]) -> String,
    ) -> Template {
        let mut fields = Vec::new();
        if each.distributed {
            // A child execution has another id.
            fields.push((SAGA_KEY.to_owned(), expression(scope.saga())));
        } else if scope.is_distributed() {
            fields.push((SAGA_KEY.to_owned(), expression("$states.input.saga")));
        }
        let outer = (0..scope.loops.len()).map(|depth| format!("$states.input.item[{depth}]"));
        let position = outer.chain([index.to_owned()]);
        let position = position.map(|part| expression(&part));
        fields.push((ITEM.to_owned(), Template::Array(position.collect())));
        let cx = Cx::caught(scope);
        for capture in self.facts.captures(each.id, scope.phase) {
            let value = match capture.root {
                Root::Item(id) if id == each.id => {
                    let place = item(&capture.path);
                    if capture.path.iter().any(is_optional) {
                        expression(&format!("$exists({place}) ? {place} : null"))
                    } else {
                        expression(&place)
                    }
                }
                root => {
                    let place = Value::Place(root, capture.path.clone());
                    expression(&self.expression(&cx, &place))
                }
            };
            fields.push((self.names.key(capture), value));
        }
        Template::Object(fields)
    }

    /// Undoes every item, whatever of it ran: the barrier knows. One at a time and later ones first, unless they ran together.
    pub(super) fn undo_loop(&self, scope: &Scope<'a>, each: &'a ir::Loop) -> Option<asl::Map> {
        let inner = scope.item(each);
        let graph = self.undo_graph(&inner, &each.state, &each.body)?;
        let cx = Cx::caught(scope);
        let list = self.list(&cx, each);
        let indices = format!("[0..$count({list})-1]");
        let items = match each.parallel {
            Some(_) => indices,
            None => format!("$reverse({indices})"),
        };
        let item = |path: &[ir::Segment]| {
            let list = self.list(&cx, each);
            path_of(&format!("({list})[{ITEM_VALUE}]"), path)
        };
        Some(asl::Map {
            comment: None,
            items: Some(expression(&items)),
            item_selector: Some(self.selected(scope, each, ITEM_VALUE, &item)),
            max_concurrency: Some(Number::Literal(each.parallel.unwrap_or(1))),
            item_processor: ItemProcessor {
                mode: mode(each),
                graph,
            },
            tolerated_failure_percentage: None,
            tolerated_failure_count: None,
            label: None,
            retry: Vec::new(),
            catch: Vec::new(),
            assign: Vec::new(),
            output: Some(expression("$states.input")),
            next: asl::Next::End,
        })
    }

    /// Whether a group is beyond the point of no return as a whole.
    pub(super) fn finishes(&self, block: &ir::Block) -> bool {
        called::finishes(self.saga, &self.called.verdicts, block)
    }
}

/// `0` -> `slot0`: the vector's key in what an item gives.
pub(super) fn slot(index: usize) -> String {
    format!("slot{index}")
}

fn mode(each: &ir::Loop) -> ProcessorMode {
    if each.distributed {
        ProcessorMode::Distributed(ExecutionType::Standard)
    } else {
        ProcessorMode::Inline
    }
}

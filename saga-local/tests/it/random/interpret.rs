//! What a flow must do: which steps with which arguments in which order, and how it ends. Knows no state machine.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::contract::{Method, No, answer, without_nulls};
use super::model::{Arm, Block, Branch, Call, End, Expr, Flow, Loop, Node, Ty};
use super::value::{Env, Val, condition, eval, matches};

/// A step, and where among the items of the loops around.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) step: String,
    /// The index path.
    pub(super) item: Vec<u64>,
}

/// One step of a run.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    pub(super) key: Key,
    pub(super) method: Method,
    /// What it is given.
    pub(super) input: Value,
    pub(super) rejected: Option<No>,
}

/// In which order steps are to be: what stands in a sequence, one after the other.
#[derive(Clone, Debug)]
pub(super) enum Trace {
    /// An index into [`Run::instances`].
    Step(usize),
    Sequence(Vec<Trace>),
    Parallel(Vec<Trace>),
}

/// What happens if nothing goes wrong.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    /// Where siblings run at the same time, also what a sibling's rejection may prevent.
    pub(super) instances: Vec<Instance>,
    pub(super) trace: Trace,
    /// The output, or the errors of which one ends the saga.
    pub(super) outcome: Result<Value, BTreeSet<String>>,
}

/// How a block ended.
enum Ended {
    With(Val),
    Returned(Val),
    Rejected(BTreeSet<String>),
}

/// Whether a step says no: by its name and the ids of the items around it.
pub(super) type Rejects<'a> = dyn Fn(&str, &[&str; 3]) -> Option<No> + 'a;

struct Interpreter<'a> {
    rejects: &'a Rejects<'a>,
    instances: Vec<Instance>,
}

/// Goes through the flow with this input.
pub(super) fn interpret(
    flow: &Flow, input: &super::contract::Data, rejects: &Rejects<'_>,
) -> Expected {
    let mut interpreter = Interpreter {
        rejects,
        instances: Vec::new(),
    };
    let mut env = Env::from([(0, Val::Data(Box::new(input.clone())))]);
    let mut steps = Vec::new();
    let outcome = match interpreter.block(&flow.body, &mut env, &[], &mut steps) {
        Ended::With(value) | Ended::Returned(value) => Ok(without_nulls(&value.to_json())),
        Ended::Rejected(errors) => Err(errors),
    };
    Expected {
        instances: interpreter.instances,
        trace: Trace::Sequence(steps),
        outcome,
    }
}

impl Interpreter<'_> {
    fn block(
        &mut self, block: &Block, env: &mut Env, item: &[u64], trace: &mut Vec<Trace>,
    ) -> Ended {
        for node in &block.nodes {
            match self.node(node, env, item, trace) {
                Ended::With(_) => {}
                other => return other,
            }
        }
        match &block.end {
            End::Unit => Ended::With(Val::Unit),
            End::Value(value) => Ended::With(eval(value, env)),
            End::Ok(value) | End::Return(value) => Ended::Returned(eval(value, env)),
            End::Reject { error, .. } => Ended::Rejected(BTreeSet::from([(*error).to_owned()])),
            End::Tail(node) => self.node(node, env, item, trace),
        }
    }

    fn node(&mut self, node: &Node, env: &mut Env, item: &[u64], trace: &mut Vec<Trace>) -> Ended {
        let (ended, bind) = match node {
            Node::Call { call, bind } => {
                let ended = match self.call(call, env, item, trace) {
                    Ok(output) => Ended::With(output),
                    Err(no) => Ended::Rejected(BTreeSet::from([no.error_type().to_owned()])),
                };
                (ended, bind)
            }
            Node::Let(name, value) => {
                let value = eval(value, env);
                env.insert(name.id, value);
                return Ended::With(Val::Unit);
            }
            Node::Branch {
                scrutinee,
                arms,
                bind,
            } => {
                let arm = taken(scrutinee.as_ref(), arms, env);
                (self.block(&arm.block, env, item, trace), bind)
            }
            Node::Attempt {
                call,
                ok,
                alternatives,
                bind,
            } => {
                let ended = match self.call(call, env, item, trace) {
                    Ok(output) => {
                        if let Some(name) = &ok.0 {
                            env.insert(name.id, output);
                        }
                        self.block(&ok.1, env, item, trace)
                    }
                    Err(no) => match alternatives.iter().find(|(nos, _)| nos.contains(&no)) {
                        Some((_, block)) => self.block(block, env, item, trace),
                        None => Ended::Rejected(BTreeSet::from([no.error_type().to_owned()])),
                    },
                };
                (ended, bind)
            }
            Node::Loop(each) => return self.each(each, env, item, trace),
            Node::Join { branches, binds } => {
                return self.join(branches, binds.as_deref(), env, item, trace);
            }
            Node::Wait(_) => return Ended::With(Val::Unit),
        };
        if let (Ended::With(value), Some(name)) = (&ended, bind) {
            env.insert(name.id, value.clone());
        }
        ended
    }

    fn call(
        &mut self, call: &Call, env: &Env, item: &[u64], trace: &mut Vec<Trace>,
    ) -> Result<Val, No> {
        let id = |index: usize| {
            let name = call.items.get(index)?;
            Some(
                eval(&Expr::Var(name.clone(), Ty::Data), env)
                    .data()
                    .id
                    .clone(),
            )
        };
        let ids = [0, 1, 2].map(|index| id(index).unwrap_or_else(|| "-".to_owned()));
        let input =
            json!({ "i": ids[0], "j": ids[1], "k": ids[2], "arg": eval(&call.arg, env).to_json() });
        let input = without_nulls(&input);
        let output = answer(&call.step, &input);
        let ids = [ids[0].as_str(), ids[1].as_str(), ids[2].as_str()];
        let rejected = (self.rejects)(&call.step, &ids).filter(|_| call.method.may_reject());
        trace.push(Trace::Step(self.instances.len()));
        let key = Key {
            step: call.step.clone(),
            item: item.to_vec(),
        };
        self.instances.push(Instance {
            key,
            method: call.method,
            input,
            rejected,
        });
        match rejected {
            None => Ok(Val::Data(Box::new(output))),
            Some(no) => Err(no),
        }
    }

    fn each(&mut self, each: &Loop, env: &mut Env, item: &[u64], trace: &mut Vec<Trace>) -> Ended {
        let Val::Datas(list) = eval(&each.list, env) else {
            panic!("a loop over no list");
        };
        let mut collected = empty_vectors(each);
        let (mut traces, mut errors) = (Vec::new(), BTreeSet::new());
        for (number, data) in (0..).zip(list) {
            let mut inner = env.clone();
            inner.insert(each.item.id, Val::Data(Box::new(data)));
            if let Some(index) = &each.index {
                inner.insert(index.id, Val::Int(number));
            }
            let path: Vec<u64> = item
                .iter()
                .copied()
                .chain([number.unsigned_abs()])
                .collect();
            let mut steps = Vec::new();
            let ended = self.block(&each.body, &mut inner, &path, &mut steps);
            traces.push(Trace::Sequence(steps));
            if let Ended::Rejected(more) = ended {
                errors.extend(more);
                if each.parallel.is_none() {
                    break;
                }
                continue;
            }
            for (vector, (_, value)) in collected.iter_mut().zip(&each.pushes) {
                vector.push(eval(value, &inner));
            }
        }
        trace.push(if each.parallel.is_some() {
            Trace::Parallel(traces)
        } else {
            Trace::Sequence(traces)
        });
        if !errors.is_empty() && each.distributed {
            // What Step Functions says of a distributed Map, whatever its children said.
            errors = BTreeSet::from(["States.ExceedToleratedFailureThreshold".to_owned()]);
        }
        if !errors.is_empty() {
            return Ended::Rejected(errors);
        }
        env.extend(
            each.pushes
                .iter()
                .map(|(vector, _)| vector.id)
                .zip(collected),
        );
        Ended::With(Val::Unit)
    }

    fn join(
        &mut self, branches: &[Branch], binds: Option<&[super::model::Name]>, env: &mut Env,
        item: &[u64], trace: &mut Vec<Trace>,
    ) -> Ended {
        let (mut traces, mut errors, mut values) = (Vec::new(), BTreeSet::new(), Vec::new());
        for branch in branches {
            let mut steps = Vec::new();
            match branch {
                Branch::Call(call) => match self.call(call, env, item, &mut steps) {
                    Ok(value) => values.push(value),
                    Err(no) => errors.extend([no.error_type().to_owned()]),
                },
                Branch::Async(block) => match self.block(block, &mut env.clone(), item, &mut steps)
                {
                    Ended::With(value) | Ended::Returned(value) => values.push(value),
                    Ended::Rejected(more) => errors.extend(more),
                },
            }
            traces.push(Trace::Sequence(steps));
        }
        trace.push(Trace::Parallel(traces));
        if !errors.is_empty() {
            return Ended::Rejected(errors);
        }
        env.extend(binds.into_iter().flatten().map(|name| name.id).zip(values));
        Ended::With(Val::Unit)
    }
}

fn empty_vectors(each: &Loop) -> Vec<Val> {
    let values = each.pushes.iter().map(|(_, value)| value);
    values
        .map(|value| match value {
            Expr::Var(_, Ty::Data) => Val::Datas(Vec::new()),
            _ => Val::Ints(Vec::new()),
        })
        .collect()
}

/// The first arm that fits.
fn taken<'a>(scrutinee: Option<&Expr>, arms: &'a [Arm], env: &mut Env) -> &'a Arm {
    let value = scrutinee.map(|scrutinee| eval(scrutinee, env));
    let fits = |arm: &&Arm| {
        let matched = match (&arm.pat, &value) {
            (Some(pat), Some(value)) => matches(pat, value, env),
            _ => true,
        };
        matched
            && arm
                .condition
                .as_ref()
                .is_none_or(|condition| self::condition(condition, env))
    };
    arms.iter()
        .find(fits)
        .unwrap_or_else(|| panic!("no arm fits {value:?}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use saga_runtime::Kind;
    use serde_json::json;

    use super::super::contract::{Data, Method, No};
    use super::super::model::{Arm, Block, Branch, Call, End, Expr, Flow, Loop, Name, Node, Ty};
    use super::{Expected, Trace, interpret};

    fn name(id: usize) -> Name {
        Name {
            id,
            text: format!("v{id}"),
        }
    }

    fn var(id: usize, ty: Ty) -> Expr {
        Expr::Var(name(id), ty)
    }

    fn field(id: usize, field: &'static str, ty: Ty) -> Expr {
        Expr::Field(Box::new(var(id, Ty::Data)), field, ty)
    }

    fn call(step: &str, items: &[usize]) -> Call {
        Call {
            method: Method::new(Kind::Compensatable, 0),
            step: step.to_owned(),
            items: items.iter().copied().map(name).collect(),
            arg: Expr::Int(1),
        }
    }

    fn step(step: &str, items: &[usize]) -> Node {
        Node::Call {
            call: call(step, items),
            bind: None,
        }
    }

    fn block(nodes: Vec<Node>, end: End) -> Block {
        Block { nodes, end }
    }

    fn attempt(ok: &str, full: Vec<Node>) -> Node {
        Node::Attempt {
            call: call("try", &[]),
            ok: (Some(name(9)), block(vec![step(ok, &[])], End::Unit)),
            alternatives: vec![(vec![No::Full], block(full, End::Unit))],
            bind: None,
        }
    }

    /// `for v1 in &cmd.items { a; push n } join!(b, async { c; d })`, and what these nodes are followed by.
    fn flow(parallel: Option<u64>, rest: Vec<Node>) -> Flow {
        let each = Loop {
            list: field(0, "items", Ty::Datas),
            item: name(1),
            index: None,
            body: block(vec![step("a", &[1])], End::Unit),
            pushes: vec![(name(2), field(1, "n", Ty::Int))],
            parallel,
            distributed: false,
        };
        let branch = block(vec![step("c", &[]), step("d", &[])], End::Ok(Expr::Int(5)));
        let join = Node::Join {
            branches: vec![Branch::Call(call("b", &[])), Branch::Async(branch)],
            binds: Some(vec![name(3), name(4)]),
        };
        let mut nodes = vec![Node::Loop(each), join];
        nodes.extend(rest);
        let worth = Expr::Pair(Box::new(var(2, Ty::Ints)), Box::new(var(4, Ty::Int)));
        Flow {
            body: block(nodes, End::Ok(worth)),
            deadline: None,
            parks: true,
        }
    }

    fn input() -> Data {
        let item = |id: &str, n: i64| {
            json!({
                "id": id, "n": n, "isOn": true, "word": "", "maybe": null, "ext": "bare",
                "int": { "type": "Bare" }, "adj": { "t": "Bare" }, "pause": 0, "list": [],
            })
        };
        let mut input = item("cmd", 3);
        input["list"] = json!([item("x", 1), item("y", 2)]);
        serde_json::from_value(input).unwrap()
    }

    fn run(flow: &Flow, no: Option<(&str, &str, No)>) -> Expected {
        interpret(flow, &input(), &|step, ids| {
            no.filter(|(name, id, _)| *name == step && *id == ids[0])
                .map(|(.., no)| no)
        })
    }

    /// `a[0]`: steps with their items; `(..)` is a sequence, `{..}` is parallel.
    fn print(expected: &Expected, trace: &Trace) -> String {
        let all = |parts: &[Trace]| {
            parts
                .iter()
                .map(|part| print(expected, part))
                .collect::<Vec<_>>()
                .join(" ")
        };
        match trace {
            Trace::Step(index) => {
                let key = &expected.instances[*index].key;
                format!("{}{:?}", key.step, key.item)
            }
            Trace::Sequence(parts) => format!("({})", all(parts)),
            Trace::Parallel(parts) => format!("{{{}}}", all(parts)),
        }
    }

    fn printed(expected: &Expected) -> String {
        print(expected, &expected.trace)
    }

    #[test]
    fn loops_and_joins_are_gone_through_in_order() {
        let one_by_one = run(&flow(None, Vec::new()), None);
        assert_eq!(printed(&one_by_one), "(((a[0]) (a[1])) {(b[]) (c[] d[])})");
        assert_eq!(one_by_one.outcome, Ok(json!([[1, 2], 5])));
        assert_eq!(
            one_by_one.instances[1].input,
            json!({ "i": "y", "j": "-", "k": "-", "arg": 1 })
        );
        let parallel = run(&flow(Some(2), Vec::new()), None);
        assert_eq!(printed(&parallel), "({(a[0]) (a[1])} {(b[]) (c[] d[])})");
    }

    #[test]
    fn a_rejection_stops_a_sequence_but_not_its_siblings() {
        let errors = |names: &[&str]| {
            Err(names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<BTreeSet<_>>())
        };
        let one_by_one = run(&flow(None, Vec::new()), Some(("a", "x", No::No)));
        assert_eq!(printed(&one_by_one), "(((a[0])))");
        assert_eq!(one_by_one.outcome, errors(&["Problem.No"]));
        let parallel = run(&flow(Some(2), Vec::new()), Some(("a", "x", No::No)));
        assert_eq!(printed(&parallel), "({(a[0]) (a[1])})");
        let join = run(&flow(None, Vec::new()), Some(("c", "-", No::Full)));
        assert_eq!(printed(&join), "(((a[0]) (a[1])) {(b[]) (c[])})");
        assert_eq!(join.outcome, errors(&["Problem.Full"]));
    }

    #[test]
    fn an_alternative_is_taken_for_its_rejection_only() {
        let flow = flow(
            None,
            vec![attempt("ok", vec![step("else", &[])]), step("last", &[])],
        );
        let end = |no| {
            let expected = run(&flow, no);
            (
                printed(&expected).split_once("} ").unwrap().1.to_owned(),
                expected.outcome.is_ok(),
            )
        };
        assert_eq!(end(None), ("try[] ok[] last[])".to_owned(), true));
        assert_eq!(
            end(Some(("try", "-", No::Full))),
            ("try[] else[] last[])".to_owned(), true)
        );
        assert_eq!(
            end(Some(("try", "-", No::No))),
            ("try[])".to_owned(), false)
        );
    }

    #[test]
    fn an_arm_may_end_the_flow() {
        let arm = |condition: Option<Expr>, end: End| Arm {
            pat: None,
            condition,
            block: block(Vec::new(), end),
        };
        let branch = |yes: Expr, end: End| Node::Branch {
            scrutinee: None,
            arms: vec![arm(Some(yes), end), arm(None, End::Unit)],
            bind: None,
        };
        let less = |number| {
            Expr::Binary(
                "<",
                Box::new(field(0, "n", Ty::Int)),
                Box::new(Expr::Int(number)),
            )
        };
        let early = End::Return(Expr::Int(8));
        let rejects = || End::Reject {
            error: "Flow.Late",
            message: Expr::Word("no"),
            returns: true,
        };
        let returns = run(
            &flow(None, vec![branch(less(4), early), step("last", &[])]),
            None,
        );
        assert_eq!(returns.outcome, Ok(json!(8)));
        assert!(!printed(&returns).contains("last"));
        let rejected = run(
            &flow(None, vec![branch(less(4), rejects()), step("last", &[])]),
            None,
        );
        assert_eq!(
            rejected.outcome,
            Err(BTreeSet::from(["Flow.Late".to_owned()]))
        );
        let goes_on = run(
            &flow(None, vec![branch(less(3), rejects()), step("last", &[])]),
            None,
        );
        assert!(printed(&goes_on).ends_with("last[])"));
    }
}

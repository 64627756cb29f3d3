//! Expressions made ready once: those that only follow names become paths, which need no evaluator. Evaluates nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jsonata_core::ast::{AstNode, BinaryOp, PathStep};
use jsonata_core::parser;

use crate::{functions, guard, lock};

/// What an expression was found to be.
#[derive(Debug)]
pub(crate) enum Prepared {
    /// `$order.lines`
    Path(Path),
    /// `$states.context.Execution.(Id & '#' & StartTime)`
    Text(Vec<Part>),
    /// Anything else.
    General,
}

/// A variable, and the names that lead from it to the value.
#[derive(Debug, PartialEq)]
pub(crate) struct Path {
    pub(crate) variable: String,
    pub(crate) names: Vec<String>,
}

/// A part of a text that is put together.
#[derive(Debug, PartialEq)]
pub(crate) enum Part {
    Literal(String),
    Path(Path),
}

/// An expression and what is known of it.
#[derive(Debug)]
pub(crate) struct Expression {
    pub(crate) prepared: Prepared,
    /// Parsed; or what is wrong with it, in JSONata's words.
    pub(crate) tree: Result<AstNode, String>,
    /// Whether it may call a function that is not JSONata's own.
    pub(crate) calls: bool,
    /// Whether evaluating it needs [`guard::register`].
    pub(crate) is_guarded: bool,
}

impl Expression {
    pub(crate) fn read(text: &str) -> Self {
        let mut tree = parser::parse(text).map_err(|error| error.to_string());
        let prepared = match &tree {
            Ok(tree) => prepare(tree).unwrap_or(Prepared::General),
            Err(_) => Prepared::General,
        };
        let is_guarded = tree.as_mut().is_ok_and(guard::guard);
        let calls = functions::NAMES.iter().any(|name| text.contains(name));
        Self {
            prepared,
            tree,
            calls,
            is_guarded,
        }
    }
}

/// The expressions that an engine has met. Their texts are those of its definitions, so there are never many.
#[derive(Debug, Default)]
pub(crate) struct Expressions(Mutex<BTreeMap<String, Arc<Expression>>>);

impl Expressions {
    pub(crate) fn get(&self, text: &str) -> Arc<Expression> {
        let mut known = lock(&self.0);
        if let Some(expression) = known.get(text) {
            return Arc::clone(expression);
        }
        let expression = Arc::new(Expression::read(text));
        known.insert(text.to_owned(), Arc::clone(&expression));
        expression
    }
}

fn prepare(tree: &AstNode) -> Option<Prepared> {
    if let Some(path) = path(tree) {
        return Some(Prepared::Path(path));
    }
    let mut parts = Vec::new();
    match tree {
        AstNode::Path { steps } => {
            let (last, before) = steps.split_last()?;
            let around = steps_path(before)?;
            add_parts(&mut parts, plain(last)?, Some(&around))?;
        }
        _ => add_parts(&mut parts, tree, None)?,
    }
    // Without a path inside, whether there is a value to evaluate it for would go unseen.
    let looks = parts.iter().any(|part| matches!(part, Part::Path(_)));
    looks.then_some(Prepared::Text(parts))
}

fn path(tree: &AstNode) -> Option<Path> {
    match tree {
        AstNode::Variable(variable) => Some(Path {
            variable: variable.clone(),
            names: Vec::new(),
        }),
        AstNode::Path { steps } => steps_path(steps),
        // `$exists(a) ? a : b` is `a`, where there is one.
        AstNode::Conditional {
            condition,
            then_branch,
            ..
        } => match &**condition {
            AstNode::Function {
                name,
                args,
                is_builtin: true,
            } if name == "exists" && matches!(args.as_slice(), [arg] if arg == &**then_branch) => {
                path(then_branch)
            }
            _ => None,
        },
        _ => None,
    }
}

fn steps_path(steps: &[PathStep]) -> Option<Path> {
    let (first, rest) = steps.split_first()?;
    let AstNode::Variable(variable) = plain(first)? else {
        return None;
    };
    let names: Option<Vec<String>> = rest
        .iter()
        .map(|step| match plain(step)? {
            AstNode::Name(name) => Some(name.clone()),
            _ => None,
        })
        .collect();
    Some(Path {
        variable: variable.clone(),
        names: names?,
    })
}

/// A step's node, if nothing is attached to the step.
fn plain(step: &PathStep) -> Option<&AstNode> {
    let is_plain = step.stages.is_empty()
        && step.focus.is_none()
        && step.index_var.is_none()
        && step.ancestor_label.is_none()
        && !step.is_tuple
        && !step.inner_tuple;
    is_plain.then_some(&step.node)
}

/// The operands of `&`, from left to right; names among them lead on from `around`.
fn add_parts(parts: &mut Vec<Part>, tree: &AstNode, around: Option<&Path>) -> Option<()> {
    match (tree, around) {
        (AstNode::FunctionApplication(inner), Some(_)) => return add_parts(parts, inner, around),
        (AstNode::Block(expressions), _) => match expressions.as_slice() {
            [inner] => return add_parts(parts, inner, around),
            _ => return None,
        },
        (
            AstNode::Binary {
                op: BinaryOp::Concatenate,
                lhs,
                rhs,
            },
            _,
        ) => {
            for side in [lhs, rhs] {
                match (&**side, around) {
                    (AstNode::Binary { .. }, _) => add_parts(parts, side, around)?,
                    (AstNode::String(text), _) => parts.push(Part::Literal(text.clone())),
                    (side, None) => parts.push(Part::Path(path(side)?)),
                    (side, Some(around)) => parts.push(Part::Path(inner_path(side, around)?)),
                }
            }
        }
        _ => return None,
    }
    Some(())
}

/// A name, or names, of the object that `around` leads to.
fn inner_path(tree: &AstNode, around: &Path) -> Option<Path> {
    let mut names = around.names.clone();
    let mut add = |tree: &AstNode| match tree {
        AstNode::Name(name) => {
            names.push(name.clone());
            Some(())
        }
        _ => None,
    };
    match tree {
        AstNode::Path { steps } => steps.iter().try_for_each(|step| add(plain(step)?))?,
        _ => add(tree)?,
    }
    Some(Path {
        variable: around.variable.clone(),
        names,
    })
}

#[cfg(test)]
mod tests {
    use super::Expression;
    use expect_test::expect;

    #[test]
    fn paths_and_texts_need_no_evaluator() {
        let texts = [
            "$order",
            "$states.context.Execution.Input.lines",
            "$states.context.Execution.(Id&'#'&StartTime)",
            "$states.input.Cause & ''",
            "'a' & $b.c & 'd'",
            "$states.input.lines[0]",
            "$states.input.*",
            "$.a",
            "$sum",
            "a.b",
            "$a.('x' & 'y')",
            "$a.(b; c & 'd')",
            "$a.b@$c.d",
            "$a & ",
            "$a.b = 'c'",
            "$exists($a.b) ? $a.b : null",
            "$exists($a.b) ? $a.c : null",
        ];
        let line = |text| format!("{text} -> {:?}\n", Expression::read(text).prepared);
        let lines: String = texts.map(line).concat();
        expect![[r##"
            $order -> Path(Path { variable: "order", names: [] })
            $states.context.Execution.Input.lines -> Path(Path { variable: "states", names: ["context", "Execution", "Input", "lines"] })
            $states.context.Execution.(Id&'#'&StartTime) -> Text([Path(Path { variable: "states", names: ["context", "Execution", "Id"] }), Literal("#"), Path(Path { variable: "states", names: ["context", "Execution", "StartTime"] })])
            $states.input.Cause & '' -> Text([Path(Path { variable: "states", names: ["input", "Cause"] }), Literal("")])
            'a' & $b.c & 'd' -> Text([Literal("a"), Path(Path { variable: "b", names: ["c"] }), Literal("d")])
            $states.input.lines[0] -> General
            $states.input.* -> General
            $.a -> Path(Path { variable: "", names: ["a"] })
            $sum -> Path(Path { variable: "sum", names: [] })
            a.b -> General
            $a.('x' & 'y') -> General
            $a.(b; c & 'd') -> General
            $a.b@$c.d -> General
            $a &  -> General
            $a.b = 'c' -> General
            $exists($a.b) ? $a.b : null -> Path(Path { variable: "a", names: ["b"] })
            $exists($a.b) ? $a.c : null -> General
        "##]].assert_eq(&lines);
    }
}

//! Parses one JSONata expression and notes what it refers to. Judges nothing: the rules do.

use std::collections::{BTreeSet, HashMap};

use jsonata_core::ast::{AstNode, BinaryOp, PathStep, Stage};

/// What an expression refers to outside itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// Workflow variables, without `$`; not those that only `$exists(…)` asks about.
    pub(super) variables: BTreeSet<String>,
    /// Functions that neither JSONata nor Step Functions has, without `$`.
    pub(super) functions: BTreeSet<String>,
    /// Names, `$` and `$$` where there is no context item to look them up in.
    pub(super) context: BTreeSet<String>,
    /// Fields read from `$states`.
    pub(super) members: BTreeSet<String>,
    /// Operators of JSONata after 2.0.6.
    pub(super) operators: BTreeSet<&'static str>,
    /// Where the whole expression is `$v = literal`: the variable, and the literal.
    pub(super) equality: Option<(String, Literal)>,
}

/// A value that is the same in JSON, in JSONata and after deployment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Literal {
    Bool(bool),
    Integer(i64),
    Text(String),
}

impl Literal {
    /// Not where deployment fills in a placeholder: then two texts may turn out to be one.
    pub(super) fn text(text: &str) -> Option<Self> {
        (!text.contains("${")).then(|| Self::Text(text.to_owned()))
    }

    /// Not where JSONata, whose numbers are doubles, could take two for one.
    pub(super) fn integer(number: i64) -> Option<Self> {
        (number.unsigned_abs() < 1 << 53).then_some(Self::Integer(number))
    }
}

/// JSONata 2.0.6's functions: <https://docs.jsonata.org/2.0.0/overview>. Step Functions refuses `eval`.
const FUNCTIONS: &[&str] = &[
    "abs",
    "append",
    "assert",
    "average",
    "base64decode",
    "base64encode",
    "boolean",
    "ceil",
    "clone",
    "contains",
    "count",
    "decodeUrl",
    "decodeUrlComponent",
    "distinct",
    "each",
    "encodeUrl",
    "encodeUrlComponent",
    "error",
    "exists",
    "filter",
    "floor",
    "formatBase",
    "formatInteger",
    "formatNumber",
    "fromMillis",
    "join",
    "keys",
    "length",
    "lookup",
    "lowercase",
    "map",
    "match",
    "max",
    "merge",
    "millis",
    "min",
    "not",
    "now",
    "number",
    "pad",
    "parseInteger",
    "power",
    "random",
    "reduce",
    "replace",
    "reverse",
    "round",
    "shuffle",
    "sift",
    "single",
    "sort",
    "split",
    "spread",
    "sqrt",
    "string",
    "substring",
    "substringAfter",
    "substringBefore",
    "sum",
    "toMillis",
    "trim",
    "type",
    "uppercase",
    "zip",
];

/// What Step Functions adds: <https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html>.
const ADDED: &[&str] = &["hash", "parse", "partition", "random", "range", "uuid"];

/// Functions that an expression may call.
pub(super) fn known_functions() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().chain(ADDED).copied()
}

fn is_function(name: &str) -> bool {
    known_functions().any(|known| known == name) || name == "eval"
}

/// The expression's facts, or the parser's message.
pub(super) fn parse(source: &str) -> Result<Facts, String> {
    let ast = jsonata_core::parser::parse(source).map_err(|error| error.to_string())?;
    let mut walk = Walk::default();
    walk.node(&ast, true);
    let mut facts = walk.facts;
    facts.equality = equality(&ast).filter(|(name, _)| facts.variables.contains(name));
    Ok(facts)
}

fn equality(ast: &AstNode) -> Option<(String, Literal)> {
    let AstNode::Binary {
        op: BinaryOp::Equal,
        lhs,
        rhs,
    } = ast
    else {
        return None;
    };
    let AstNode::Variable(name) = lhs.as_ref() else {
        return None;
    };
    let literal = match rhs.as_ref() {
        AstNode::Boolean(value) => Some(Literal::Bool(*value)),
        AstNode::String(text) => Literal::text(text),
        AstNode::Number(number) => integer(*number).and_then(Literal::integer),
        _ => None,
    };
    literal.map(|literal| (name.clone(), literal))
}

fn integer(number: f64) -> Option<i64> {
    // Its decimal form has a point where it is no integer, and is exact where it is a small one.
    number.to_string().parse().ok()
}

/// Follows JSONata's scopes: a block or a lambda ends the names bound in it.
#[derive(Default)]
struct Walk<'a> {
    facts: Facts,
    /// Names bound at this point, in order, so that a scope can be closed.
    bound: Vec<&'a str>,
    counts: HashMap<&'a str, usize>,
    /// Names that enclosing blocks bind somewhere: a lambda's body runs later and may see them.
    later: HashMap<&'a str, usize>,
    lambdas: usize,
}

impl<'a> Walk<'a> {
    /// `top`: no path, predicate or transformation has set a context item yet.
    fn node(&mut self, node: &'a AstNode, top: bool) {
        match node {
            AstNode::Variable(name) => self.variable(name, top),
            AstNode::ParentVariable(_) if top => self.context("$$"),
            AstNode::Name(name) if top => self.context(name),
            AstNode::Path { steps } => self.path(steps, top),
            AstNode::Binary { op, lhs, rhs } => self.binary(*op, lhs, rhs, top),
            AstNode::Unary { operand, .. } => self.node(operand, top),
            AstNode::Function {
                name,
                args,
                is_builtin,
            } => self.call(name, args, *is_builtin, top),
            AstNode::Call { procedure, args } => {
                self.node(procedure, top);
                self.nodes(args, top);
            }
            AstNode::Lambda { params, body, .. } => self.lambda(params, body, top),
            AstNode::Array(items) | AstNode::ArrayGroup(items) => self.nodes(items, top),
            AstNode::Object(pairs) => self.pairs(pairs, top),
            AstNode::ObjectTransform { input, pattern } => {
                self.node(input, top);
                self.pairs(pattern, false);
            }
            AstNode::Block(items) => self.block(items, top),
            AstNode::Conditional {
                condition,
                then_branch,
                else_branch,
            } => {
                self.node(condition, top);
                self.guarded(condition, then_branch, top);
                self.nodes(else_branch.as_deref(), top);
            }
            AstNode::FunctionApplication(inner) => self.node(inner, false),
            AstNode::Sort { input, terms } => {
                self.node(input, top);
                self.nodes(terms.iter().map(|(term, _)| term), false);
            }
            AstNode::Transform {
                location,
                update,
                delete,
            } => {
                self.nodes([&**location, update], false);
                self.nodes(delete.as_deref(), false);
            }
            AstNode::String(_)
            | AstNode::Name(_)
            | AstNode::ParentVariable(_)
            | AstNode::Number(_)
            | AstNode::Boolean(_)
            | AstNode::Null
            | AstNode::Undefined
            | AstNode::Placeholder
            | AstNode::Regex { .. }
            | AstNode::Wildcard
            | AstNode::Descendant
            | AstNode::Parent(_) => {}
        }
    }

    fn nodes(&mut self, nodes: impl IntoIterator<Item = &'a AstNode>, top: bool) {
        for node in nodes {
            self.node(node, top);
        }
    }

    fn pairs(&mut self, pairs: &'a [(AstNode, AstNode)], top: bool) {
        for (key, value) in pairs {
            self.node(key, top);
            self.node(value, top);
        }
    }

    fn variable(&mut self, name: &'a str, top: bool) {
        match name {
            "" if top => self.context("$"),
            "" | "states" => {}
            "eval" => self.function(name),
            _ if is_function(name) || self.is_bound(name) => {}
            _ => {
                self.facts.variables.insert(name.to_owned());
            }
        }
    }

    fn call(&mut self, name: &'a str, args: &'a [AstNode], is_builtin: bool, top: bool) {
        if !is_builtin {
            // `sum(…)` without `$` looks for a function in the context item.
            if top {
                self.context(name);
            }
        } else if !self.is_bound(name) && (name == "eval" || !is_function(name)) {
            self.function(name);
        }
        if name == "exists"
            && let [AstNode::Variable(_)] = args
        {
            return;
        }
        self.nodes(args, top);
    }

    fn path(&mut self, steps: &'a [PathStep], top: bool) {
        for (i, step) in steps.iter().enumerate() {
            self.node(&step.node, top && i == 0);
            if let AstNode::Variable(name) = &step.node
                && name == "states"
                && !self.is_bound(name)
                && let Some(AstNode::Name(member) | AstNode::String(member)) =
                    steps.get(i + 1).map(|next| &next.node)
            {
                self.facts.members.insert(member.clone());
            }
            for name in [&step.focus, &step.index_var].into_iter().flatten() {
                self.bind(name);
            }
            for stage in &step.stages {
                match stage {
                    Stage::Filter(filter) => self.node(filter, false),
                    Stage::KeepArray => {}
                    Stage::Index(name) => self.bind(name),
                }
            }
        }
    }

    fn binary(&mut self, op: BinaryOp, lhs: &'a AstNode, rhs: &'a AstNode, top: bool) {
        match op {
            BinaryOp::ColonEqual => {
                let AstNode::Variable(name) = lhs else {
                    return self.node(rhs, top);
                };
                // A function may call itself; any other value cannot contain the name it gets.
                if matches!(rhs, AstNode::Lambda { .. }) {
                    self.bind(name);
                    return self.node(rhs, top);
                }
                self.node(rhs, top);
                self.bind(name);
            }
            BinaryOp::And => {
                self.node(lhs, top);
                self.guarded(lhs, rhs, top);
            }
            _ => {
                match op {
                    BinaryOp::Coalesce => _ = self.facts.operators.insert("??"),
                    BinaryOp::Default => _ = self.facts.operators.insert("?:"),
                    _ => {}
                }
                self.node(lhs, top);
                self.node(rhs, top);
            }
        }
    }

    fn lambda(&mut self, params: &'a [String], body: &'a AstNode, top: bool) {
        let mark = self.bound.len();
        for param in params {
            self.bind(param);
        }
        self.lambdas += 1;
        self.node(body, top);
        self.lambdas -= 1;
        self.unbind(mark);
    }

    fn block(&mut self, items: &'a [AstNode], top: bool) {
        let mark = self.bound.len();
        let mut names = Vec::new();
        for item in items {
            if let AstNode::Binary {
                op: BinaryOp::ColonEqual,
                lhs,
                ..
            } = item
                && let AstNode::Variable(name) = lhs.as_ref()
            {
                names.push(name.as_str());
                *self.later.entry(name).or_default() += 1;
            }
        }
        self.nodes(items, top);
        for name in names {
            decrement(&mut self.later, name);
        }
        self.unbind(mark);
    }

    /// `node`, which is evaluated only where `condition` holds.
    fn guarded(&mut self, condition: &'a AstNode, node: &'a AstNode, top: bool) {
        let mark = self.bound.len();
        self.bind_existing(condition);
        self.node(node, top);
        self.unbind(mark);
    }

    /// Where `$exists($x)` holds, `$x` is assigned.
    fn bind_existing(&mut self, condition: &'a AstNode) {
        match condition {
            AstNode::Function { name, args, .. } if name == "exists" => {
                if let [AstNode::Variable(name)] = args.as_slice() {
                    self.bind(name);
                }
            }
            AstNode::Binary {
                op: BinaryOp::And,
                lhs,
                rhs,
            } => {
                self.bind_existing(lhs);
                self.bind_existing(rhs);
            }
            AstNode::Block(items) => {
                if let [only] = items.as_slice() {
                    self.bind_existing(only);
                }
            }
            _ => {}
        }
    }

    fn is_bound(&self, name: &str) -> bool {
        self.counts.contains_key(name) || (self.lambdas > 0 && self.later.contains_key(name))
    }

    fn bind(&mut self, name: &'a str) {
        self.bound.push(name);
        *self.counts.entry(name).or_default() += 1;
    }

    fn unbind(&mut self, mark: usize) {
        while self.bound.len() > mark {
            if let Some(name) = self.bound.pop() {
                decrement(&mut self.counts, name);
            }
        }
    }

    fn context(&mut self, name: &str) {
        self.facts.context.insert(name.to_owned());
    }

    fn function(&mut self, name: &str) {
        self.facts.functions.insert(name.to_owned());
    }
}

fn decrement<'a>(counts: &mut HashMap<&'a str, usize>, name: &'a str) {
    if let Some(count) = counts.get_mut(name) {
        *count -= 1;
        if *count == 0 {
            counts.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::{Literal, parse};

    fn check(source: &str, expected: Expect) {
        let facts = match parse(source) {
            Ok(facts) => format!(
                "variables {:?} functions {:?} context {:?} members {:?} operators {:?}",
                facts.variables, facts.functions, facts.context, facts.members, facts.operators
            ),
            Err(message) => message,
        };
        expected.assert_eq(&facts);
    }

    #[test]
    fn notes_what_an_expression_refers_to() {
        check(
            "$order.id & $states.input.name",
            expect![[
                r#"variables {"order"} functions {} context {} members {"input"} operators {}"#
            ]],
        );
        check(
            "foo + $.bar + $$.baz + sum(1)",
            expect![[
                r#"variables {} functions {} context {"$", "$$", "foo", "sum"} members {} operators {}"#
            ]],
        );
        check(
            "$nope($x) + $eval('1') + $map($x, $uppercase)",
            expect![[
                r#"variables {"x"} functions {"eval", "nope"} context {} members {} operators {}"#
            ]],
        );
        check(
            "$a ?? ($b ?: 1)",
            expect![[
                r#"variables {"a", "b"} functions {} context {} members {} operators {"?:", "??"}"#
            ]],
        );
        check("1 +", expect!["S0207: Unexpected end of expression"]);
    }

    #[test]
    fn follows_jsonata_s_own_names() {
        check(
            "($x := 1; $x + $y)",
            expect![[r#"variables {"y"} functions {} context {} members {} operators {}"#]],
        );
        check(
            "(($x := 1); $x)",
            expect![[r#"variables {"x"} functions {} context {} members {} operators {}"#]],
        );
        check(
            "($even := function($n) { $odd($n) }; $odd := function($n) { $even($n) }; $even(2))",
            expect!["variables {} functions {} context {} members {} operators {}"],
        );
        check(
            "$map($items, function($v, $i) { $v.price * $i * $rate })",
            expect![[
                r#"variables {"items", "rate"} functions {} context {} members {} operators {}"#
            ]],
        );
        check(
            "$items@$item.price[$item.sku = $sku]#$i.($i + $item)",
            expect![[
                r#"variables {"items", "sku"} functions {} context {} members {} operators {}"#
            ]],
        );
        check(
            "($states := 1; $states.nothing)",
            expect!["variables {} functions {} context {} members {} operators {}"],
        );
    }

    #[test]
    fn a_context_item_comes_from_a_path() {
        check(
            "$states.input.items[price > $limit].{'sku': sku, 'all': $}",
            expect![[
                r#"variables {"limit"} functions {} context {} members {"input"} operators {}"#
            ]],
        );
        check(
            "$x{name: price}",
            expect![[r#"variables {"x"} functions {} context {} members {} operators {}"#]],
        );
        check(
            "$x^(>price)",
            expect![[r#"variables {"x"} functions {} context {} members {} operators {}"#]],
        );
        check(
            "$x ~> |lines|{'total': price}|",
            expect![[r#"variables {"x"} functions {} context {} members {} operators {}"#]],
        );
        check(
            "$map($x, function($v) { b })",
            expect![[r#"variables {"x"} functions {} context {"b"} members {} operators {}"#]],
        );
    }

    #[test]
    fn a_comparison_with_a_literal_is_noted() {
        let equality = |source| parse(source).unwrap().equality;
        let noted = |literal| Some(("x".to_owned(), literal));
        let text = |text: &str| noted(Literal::Text(text.to_owned()));
        assert_eq!(equality(" $x = 'a' "), text("a"));
        assert_eq!(equality(r#"$x="it's""#), text("it's"));
        assert_eq!(equality("$x = 10"), noted(Literal::Integer(10)));
        assert_eq!(equality("$x = false"), noted(Literal::Bool(false)));
        for other in [
            "$x",
            "$x != 1",
            "$x = 1.5",
            "$x = 1e300",
            "$x = $y",
            "$x = '${P}'",
            "$x.a = 1",
            "$x = 1 or $y = 1",
            "$x = 9007199254740993",
            "$sum = 1",
            "($x := 1) = 1",
            "x = 1",
            "$states = 1",
            "$x = null",
        ] {
            assert_eq!(equality(other), None, "{other}");
        }
    }

    #[test]
    fn asking_whether_a_variable_exists_is_no_use_of_it() {
        check(
            "$exists($x) ? $x : $y",
            expect![[r#"variables {"y"} functions {} context {} members {} operators {}"#]],
        );
        check(
            "$exists($x) and $x > 1",
            expect!["variables {} functions {} context {} members {} operators {}"],
        );
        check(
            "($exists($x) and $exists($z)) ? $x + $z : 0",
            expect!["variables {} functions {} context {} members {} operators {}"],
        );
        check(
            "$exists($x.a)",
            expect![[r#"variables {"x"} functions {} context {} members {} operators {}"#]],
        );
    }
}

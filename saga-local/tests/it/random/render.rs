//! A flow as its author would write it.

use std::fmt::Write as _;

use super::contract::{Method, No, declarations};
use super::model::{Arm, Block, Branch, Call, End, Expr, Flow, Loop, Name, Node, Pat, Shape, Ty};

/// The module, and the attribute's options.
pub(super) fn source(flow: &Flow) -> (String, String) {
    let calls = flow.calls();
    let called: Vec<Method> = Method::all()
        .filter(|method| calls.iter().any(|call| call.method == *method))
        .collect();
    let mut printer = Printer {
        text: String::new(),
        depth: 2,
    };
    printer.block(&flow.body);
    let module = format!(
        "pub mod generated {{\n    use saga_runtime::prelude::*;\n{}    pub async fn generated(part: &impl Part, cmd: Data) -> Result<Report, Rejection> {{\n{}    }}\n}}\n",
        declarations(&called),
        printer.text
    );
    let mut options = (if flow.parks {
        "on_stuck = park"
    } else {
        "on_stuck = fail"
    })
    .to_owned();
    if let Some(deadline) = flow.deadline {
        let _ = write!(options, ", deadline = \"{deadline}\"");
    }
    (options, module)
}

struct Printer {
    text: String,
    depth: usize,
}

impl Printer {
    fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{}{line}", "    ".repeat(self.depth));
    }

    fn inside(&mut self, block: &Block) {
        self.depth += 1;
        self.block(block);
        self.depth -= 1;
    }

    fn block(&mut self, block: &Block) {
        for node in &block.nodes {
            self.node(node);
        }
        match &block.end {
            End::Unit => {}
            End::Value(value) => self.line(&owned(value)),
            End::Ok(value) => self.line(&format!("Ok({})", owned(value))),
            End::Return(value) => self.line(&format!("return Ok({});", owned(value))),
            End::Reject {
                error,
                message,
                returns,
            } => {
                let message = match message {
                    Expr::Word(_) => text(message),
                    place => owned(place),
                };
                let rejection = format!("Err(Rejection::new(\"{error}\", {message}))");
                if *returns {
                    self.line(&format!("return {rejection};"));
                } else {
                    self.line(&rejection);
                }
            }
            End::Tail(node) => self.node(node),
        }
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::Call { call, bind } => {
                let prefix = let_of(bind.as_ref());
                self.line(&format!("{prefix}{}.await?;", print_call(call)));
            }
            Node::Let(name, value) => self.line(&format!("let {} = {};", name.text, owned(value))),
            Node::Wait(Expr::Int(seconds)) => {
                let duration = match seconds {
                    7200 => "from_hours(2)".to_owned(),
                    seconds => format!("from_secs({seconds})"),
                };
                self.line(&format!("sleep(Duration::{duration}).await;"));
            }
            Node::Wait(seconds) => {
                self.line(&format!(
                    "sleep(Duration::from_secs({})).await;",
                    text(seconds)
                ));
            }
            Node::Branch {
                scrutinee,
                arms,
                bind,
            } => {
                let is_value = bind.is_some();
                let prefix = let_of(bind.as_ref());
                match scrutinee {
                    None => self.ifs(&prefix, arms, is_value),
                    Some(scrutinee) => self.matches(&prefix, scrutinee, arms),
                }
                self.end_statement(is_value);
            }
            Node::Attempt {
                call,
                ok,
                alternatives,
                bind,
            } => {
                self.line(&format!(
                    "{}match {}.await {{",
                    let_of(bind.as_ref()),
                    print_call(call)
                ));
                self.attempt(ok, alternatives);
                self.end_statement(bind.is_some());
            }
            Node::Loop(each) => self.each(each),
            Node::Join { branches, binds } => self.join(branches, binds.as_deref()),
        }
    }

    fn attempt(&mut self, ok: &(Option<Name>, Block), alternatives: &[(Vec<No>, Block)]) {
        self.depth += 1;
        let name = ok.0.as_ref().map_or("_", |name| &name.text);
        self.arm(&format!("Ok({name})"), &ok.1);
        for (nos, block) in alternatives {
            let nos: Vec<&str> = nos.iter().copied().map(variant).collect();
            self.arm(&format!("Err({})", nos.join(" | ")), block);
        }
        self.line("Err(other) => return Err(other.into()),");
        self.depth -= 1;
        self.line("}");
    }

    fn join(&mut self, branches: &[Branch], binds: Option<&[Name]>) {
        let names = |names: &[Name]| {
            let names: Vec<&str> = names.iter().map(|name| name.text.as_str()).collect();
            format!("let ({}) = ", names.join(", "))
        };
        self.line(&format!("{}join!(", binds.map(names).unwrap_or_default()));
        self.depth += 1;
        for branch in branches {
            match branch {
                Branch::Call(call) => self.line(&format!("{},", print_call(call))),
                Branch::Async(block) => {
                    self.line("async {");
                    self.inside(block);
                    self.line("},");
                }
            }
        }
        self.depth -= 1;
        self.line(")?;");
    }

    /// A `let` ends with a semicolon; a statement and a tail do not.
    fn end_statement(&mut self, is_value: bool) {
        if is_value {
            self.text.pop();
            self.text.push_str(";\n");
        }
    }

    fn ifs(&mut self, prefix: &str, arms: &[Arm], is_value: bool) {
        for (index, arm) in arms.iter().enumerate() {
            let is_last = index + 1 == arms.len();
            let nothing = arm.block.nodes.is_empty() && matches!(arm.block.end, End::Unit);
            if is_last && nothing && !is_value {
                break;
            }
            if index > 0 {
                // Back to the line of the brace.
                self.text.pop();
            }
            match (index, &arm.condition) {
                (0, Some(condition)) => self.line(&format!("{prefix}if {} {{", text(condition))),
                (_, Some(condition)) => {
                    let _ = writeln!(self.text, " else if {} {{", text(condition));
                }
                (_, None) => self.text.push_str(" else {\n"),
            }
            self.inside(&arm.block);
            self.line("}");
        }
    }

    fn matches(&mut self, prefix: &str, scrutinee: &Expr, arms: &[Arm]) {
        self.line(&format!("{prefix}match {} {{", print_scrutinee(scrutinee)));
        self.depth += 1;
        for arm in arms {
            let pat = arm.pat.as_ref().map_or_else(|| "_".to_owned(), print_pat);
            let guard = arm
                .condition
                .as_ref()
                .map(|guard| format!(" if {}", text(guard)))
                .unwrap_or_default();
            self.arm(&format!("{pat}{guard}"), &arm.block);
        }
        self.depth -= 1;
        self.line("}");
    }

    fn arm(&mut self, head: &str, block: &Block) {
        self.line(&format!("{head} => {{"));
        self.inside(block);
        self.line("}");
    }

    fn each(&mut self, each: &Loop) {
        for (vector, _) in &each.pushes {
            self.line(&format!("let mut {} = Vec::new();", vector.text));
        }
        if let Some(max) = each.parallel {
            let distributed = if each.distributed {
                ", distributed"
            } else {
                ""
            };
            self.line(&format!("#[parallel(max = {max}{distributed})]"));
        }
        let list = text(&each.list);
        let head = match &each.index {
            Some(index) => format!(
                "for ({}, {}) in {list}.iter().enumerate() {{",
                index.text, each.item.text
            ),
            None => format!("for {} in &{list} {{", each.item.text),
        };
        self.line(&head);
        self.depth += 1;
        self.block(&each.body);
        for (vector, value) in &each.pushes {
            self.line(&format!("{}.push({});", vector.text, owned(value)));
        }
        self.depth -= 1;
        self.line("}");
    }
}

fn let_of(bind: Option<&Name>) -> String {
    bind.map(|name| format!("let {} = ", name.text))
        .unwrap_or_default()
}

fn variant(no: No) -> &'static str {
    match no {
        No::No => "Problem::No",
        No::Full => "Problem::Full { .. }",
    }
}

/// Without `.await`.
fn print_call(call: &Call) -> String {
    let mut args: Vec<String> = call
        .items
        .iter()
        .map(|item| format!("&{}.id", item.text))
        .collect();
    args.resize(3, "\"-\"".to_owned());
    args.push(match type_of(&call.arg) {
        Some(Ty::Data | Ty::Datas | Ty::Ints) => format!("&{}", text(&call.arg)),
        _ => owned(&call.arg),
    });
    format!("part.{}({})", call.method.name, args.join(", "))
}

/// Of a place.
fn type_of(expr: &Expr) -> Option<Ty> {
    match expr {
        Expr::Var(_, ty) | Expr::Field(_, _, ty) => Some(*ty),
        _ => None,
    }
}

/// As a value of its own.
fn owned(expr: &Expr) -> String {
    match (expr, type_of(expr)) {
        (Expr::Word(word), _) => format!("{word:?}.to_owned()"),
        (_, None | Some(Ty::Int | Ty::Count | Ty::Pause | Ty::Bool)) => text(expr),
        (place, Some(_)) => format!("{}.clone()", text(place)),
    }
}

fn text(expr: &Expr) -> String {
    match expr {
        Expr::Int(number) => number.to_string(),
        Expr::Bool(bool) => bool.to_string(),
        Expr::Word(word) => format!("{word:?}"),
        Expr::Var(name, _) => name.text.clone(),
        Expr::Field(base, field, _) => format!("{}.{field}", text(base)),
        Expr::Binary(operator, left, right) => {
            format!("({} {operator} {})", text(left), text(right))
        }
        Expr::Not(inner) => format!("!({})", text(inner)),
        Expr::Negative(inner) => format!("-({})", text(inner)),
        Expr::Len(list) => format!("{}.len()", text(list)),
        Expr::IsEmpty(list) => format!("{}.is_empty()", text(list)),
        Expr::IsSome(maybe) => format!("{}.is_some()", text(maybe)),
        Expr::IsNone(maybe) => format!("{}.is_none()", text(maybe)),
        Expr::Some(inner) => format!("Some({})", owned(inner)),
        Expr::None => "None".to_owned(),
        Expr::Pair(left, right) => format!("({}, {})", owned(left), owned(right)),
        Expr::If(parts) => {
            let [condition, yes, no] = &**parts;
            format!(
                "(if {} {{ {} }} else {{ {} }})",
                text(condition),
                owned(yes),
                owned(no)
            )
        }
        Expr::Report(fields) => {
            let names = ["n", "on", "data", "list", "numbers"];
            let fields: Vec<String> = names
                .iter()
                .zip(fields)
                .map(|(name, value)| format!("{name}: {}", owned(value)))
                .collect();
            format!("Report {{ {} }}", fields.join(", "))
        }
    }
}

/// A string is matched as `&str`; everything else by value.
fn print_scrutinee(expr: &Expr) -> String {
    match (expr, type_of(expr)) {
        (_, Some(Ty::Word)) => format!("{}.as_str()", text(expr)),
        (Expr::Pair(left, right), _) => {
            format!("({}, {})", print_scrutinee(left), print_scrutinee(right))
        }
        _ => owned(expr),
    }
}

fn print_pat(pat: &Pat) -> String {
    let list =
        |pats: &[Pat], between: &str| pats.iter().map(print_pat).collect::<Vec<_>>().join(between);
    match pat {
        Pat::Wild => "_".to_owned(),
        Pat::Bind(name) => name.text.clone(),
        Pat::At(name, inner) => format!("{} @ {}", name.text, print_pat(inner)),
        Pat::Int(number) => number.to_string(),
        Pat::Range(from, to) => format!("{from}..={to}"),
        Pat::Bool(bool) => bool.to_string(),
        Pat::Word(word) => format!("{word:?}"),
        Pat::Or(pats) => list(pats, " | "),
        Pat::Some(inner) => format!("Some({})", print_pat(inner)),
        Pat::None => "None".to_owned(),
        Pat::Tuple(pats) => format!("({})", list(pats, ", ")),
        Pat::Variant(variant, fields) => {
            let path = format!("{}::{}", variant.of, variant.name);
            match variant.shape {
                Shape::Unit => path,
                Shape::Tuple(_) => format!("{path}({})", list(fields, ", ")),
                Shape::Struct => {
                    let fields: Vec<String> = ["n", "flag"]
                        .iter()
                        .zip(fields)
                        .map(|(name, pat)| format!("{name}: {}", print_pat(pat)))
                        .collect();
                    format!("{path} {{ {} }}", fields.join(", "))
                }
            }
        }
        Pat::Data(fields) => {
            let mut text = "Data { ".to_owned();
            for (name, pat) in fields {
                let _ = write!(text, "{name}: {}, ", print_pat(pat));
            }
            text + ".. }"
        }
    }
}

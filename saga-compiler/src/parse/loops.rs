//! Reads `for`, and the vectors that it fills.

use proc_macro2::Ident;
use quote::quote;
use syn::visit::{self, Visit};
use syn::{Expr, ExprForLoop, ExprMethodCall, Pat};

use super::block::{Seat, Worth, local, nothing, untyped};
use super::flow::{FlowParser, Graph, is_path, peel_expr};
use super::options::parse_parallel_options;
use crate::errors::first_span;
use crate::ir::{self, End, LocalId, Loop, LoopId, Node, Root, Ty, Value};
use crate::names;

/// A `let mut v = Vec::new();`, which one loop may fill.
#[derive(Clone, Copy)]
pub(super) struct Vector {
    /// The block that declares it, by number.
    block: usize,
    filled: bool,
}

/// A loop whose body is being read.
pub(super) struct Filling {
    /// The block in which it stands, by number.
    around: usize,
    /// Its own body.
    body: usize,
    pushed: Vec<Pushed>,
}

/// What one item gives to a vector.
struct Pushed {
    name: String,
    value: Value,
    ty: Ty,
}

impl FlowParser<'_> {
    /// `let mut v = Vec::new();`; false when it is another `let`.
    pub(super) fn declare_vector(&mut self, pattern: &Pat, init: &Expr) -> bool {
        let (Pat::Ident(pattern), Expr::Call(call)) = (pattern, peel_expr(init)) else {
            return false;
        };
        if pattern.mutability.is_none() || !is_new_vector(&call.func) {
            return false;
        }
        let name = names::plain(&pattern.ident);
        let empty = Value::Array(Vec::new());
        self.bind(name.clone(), empty, Ty::List(Box::new(Ty::Unknown)));
        let vector = Vector {
            block: self.block,
            filled: false,
        };
        self.vectors.insert(name, vector);
        true
    }

    pub(super) fn parse_loop(&mut self, nodes: &mut Vec<Node>, expr: &ExprForLoop) {
        if let Some(label) = &expr.label {
            let message = "nothing leaves a loop by its label; remove it";
            self.errors.error(&label.name, message);
        }
        let parallel = parse_parallel_options(self.errors, &expr.attrs);
        let (list, numbered) = list_of(&expr.expr);
        let (items, item_ty) = self.parse_items(list);
        let id = LoopId(self.loops);
        self.loops += 1;
        if self.is_answer(&items) {
            self.answers.insert(Root::Item(id));
        }
        self.filling.push(Filling {
            around: self.block,
            body: 0,
            pushed: Vec::new(),
        });
        let body = self.in_graph(Graph::Item, |parser| {
            if let Some(filling) = parser.filling.last_mut() {
                filling.body = parser.block;
            }
            let (item, ty) = item_of(id, item_ty, numbered);
            let _ = parser.bind_pattern(&expr.pat, &item, &ty);
            let mut nodes = Vec::new();
            let (end, _) = parser.parse_statements(&mut nodes, &expr.body, Seat::Statement);
            ir::Block { nodes, end }
        });
        let pushed = self.filling.pop().map(|filling| filling.pushed);
        let collect = pushed.unwrap_or_default().into_iter();
        let collect: Vec<(LocalId, Value)> =
            collect.map(|pushed| self.fill(pushed, expr)).collect();
        let does_nothing = body.nodes.is_empty() && matches!(body.end, End::Value(_));
        if does_nothing && collect.is_empty() {
            return;
        }
        let pattern = &expr.pat;
        nodes.push(Node::Loop(Loop {
            id,
            state: names::control_state(quote!(for #pattern in #list)),
            items,
            item: item_name(&expr.pat, numbered),
            body,
            collect,
            parallel: parallel.max,
            distributed: parallel.distributed,
            span: expr.for_token.span,
            items_span: first_span(list),
        }));
    }

    /// The list, and the type of its items.
    fn parse_items(&mut self, list: &Expr) -> (Value, Ty) {
        const MESSAGE: &str = "`for` goes over a list of the flow; write `for item in &list`";
        if let Expr::Range(range) = list {
            self.errors.at(first_span(range), MESSAGE);
            return (Value::Null, Ty::Unknown);
        }
        let (items, ty) = self.parse_value(list);
        match self.declarations.types.resolve(&ty) {
            Ty::List(item) => (items, (**item).clone()),
            Ty::Unknown => (items, Ty::Unknown),
            _ => {
                self.errors.at(first_span(list), MESSAGE);
                (items, Ty::Unknown)
            }
        }
    }

    /// A vector is all that was pushed, from here on.
    fn fill(&mut self, pushed: Pushed, expr: &ExprForLoop) -> (LocalId, Value) {
        let Pushed { name, value, ty } = pushed;
        let mut reader = Reader {
            name: &name,
            found: None,
        };
        reader.visit_block(&expr.body);
        if let Some(read) = reader.found {
            let message =
                format_args!("`{name}` is read while this loop fills it; use it after the loop");
            self.errors.error(read, message);
        }
        let output = if self.is_answer(&value) {
            self.give_answer()
        } else {
            self.give()
        };
        let vector = Vector {
            block: self.block,
            filled: true,
        };
        self.bind(name.clone(), local(output), Ty::List(Box::new(ty)));
        self.vectors.insert(name, vector);
        (output, value)
    }

    /// `v.push(value);`
    pub(super) fn parse_push(&mut self, nodes: &mut Vec<Node>, expr: &Expr) -> Option<Worth> {
        let Expr::MethodCall(call) = peel_expr(expr) else {
            return None;
        };
        let name = names::plain(receiver(call)?);
        let vector = *self.vectors.get(&name)?;
        if call.method != "push" || call.args.len() != 1 {
            return None;
        }
        let refusal = self.refuse_push(&name, vector);
        let (end, ty) = self.parse_end(nodes, &call.args[0], Seat::Value);
        let End::Value(value) = end else {
            return Some((end, ty));
        };
        if let Some(message) = refusal {
            self.errors.error(&call.method, message);
        } else if let Some(filling) = self.filling.last_mut() {
            filling.pushed.push(Pushed { name, value, ty });
        }
        Some(nothing())
    }

    /// Why a vector cannot be filled here.
    fn refuse_push(&self, name: &str, vector: Vector) -> Option<String> {
        let Some(filling) = self.filling.last() else {
            return Some(format!(
                "`{name}` is filled by a loop; push in the body of a `for` behind its `let`"
            ));
        };
        if filling.body != self.block {
            return Some(format!(
                "each item gives `{name}` one value; push in the loop's own body, an `Option` if need be"
            ));
        }
        if vector.filled || filling.pushed.iter().any(|pushed| pushed.name == name) {
            return Some(format!(
                "`{name}` is filled already, and one loop fills it once; declare another `Vec`"
            ));
        }
        (vector.block != filling.around).then(|| {
            format!(
                "`{name}` is filled by a loop in the block that declares it; write `let mut {name} = Vec::new();` right before this loop"
            )
        })
    }
}

/// Finds where a vector is read, apart from `push`.
struct Reader<'a> {
    name: &'a str,
    found: Option<Ident>,
}

impl Reader<'_> {
    fn find_in(&mut self, tokens: proc_macro2::TokenStream) {
        for token in tokens {
            match token {
                proc_macro2::TokenTree::Ident(ident) if names::plain(&ident) == self.name => {
                    self.found.get_or_insert(ident);
                }
                proc_macro2::TokenTree::Group(group) => self.find_in(group.stream()),
                _ => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        let is_own = receiver(call).is_some_and(|name| names::plain(name) == self.name);
        if is_own && call.method == "push" {
            call.args
                .iter()
                .for_each(|argument| self.visit_expr(argument));
        } else {
            visit::visit_expr_method_call(self, call);
        }
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        if let Some(ident) = path.path.get_ident()
            && names::plain(ident) == self.name
        {
            self.found.get_or_insert_with(|| ident.clone());
        }
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        self.find_in(mac.tokens.clone());
    }
}

fn receiver(call: &ExprMethodCall) -> Option<&Ident> {
    match peel_expr(&call.receiver) {
        Expr::Path(path) => path.path.get_ident(),
        _ => None,
    }
}

fn is_new_vector(func: &Expr) -> bool {
    let Expr::Path(path) = func else { return false };
    let owner = path.path.segments.iter().rev().nth(1);
    is_path(func, "new") && owner.is_some_and(|owner| owner.ident == "Vec")
}

/// The list behind `&`, `.iter()`, `.clone()` and `.enumerate()`, and whether its items are numbered.
fn list_of(expr: &Expr) -> (&Expr, bool) {
    match peel_expr(expr) {
        Expr::Reference(expr) => list_of(&expr.expr),
        Expr::MethodCall(call) if call.args.is_empty() && call.method == "enumerate" => {
            (list_of(&call.receiver).0, true)
        }
        Expr::MethodCall(call)
            if call.args.is_empty()
                && ["iter", "into_iter", "clone"]
                    .iter()
                    .any(|word| call.method == word) =>
        {
            list_of(&call.receiver)
        }
        expr => (expr, false),
    }
}

/// What the pattern of a loop takes apart.
fn item_of(id: LoopId, ty: Ty, numbered: bool) -> (Value, Ty) {
    let item = Value::Place(Root::Item(id), Vec::new());
    if !numbered {
        return (item, ty);
    }
    let index = Value::Place(Root::Index(id), Vec::new());
    let pair = Value::Array(vec![index, item]);
    (pair, Ty::Tuple(vec![Ty::Integer, ty]))
}

/// The item's name in the flow, where it has one of its own.
fn item_name(pattern: &Pat, numbered: bool) -> Option<String> {
    match untyped(pattern) {
        Pat::Ident(pattern) if !numbered && pattern.subpat.is_none() => {
            Some(names::plain(&pattern.ident))
        }
        Pat::Tuple(tuple) if numbered => {
            let item = tuple.elems.iter().nth(1)?;
            item_name(item, false)
        }
        Pat::Reference(pattern) => item_name(&pattern.pat, numbered),
        _ => None,
    }
}

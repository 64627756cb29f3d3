//! One flow while it is read: its locals with their scopes, and what its nodes give.
//! Names, types and borrows that are wrong are left to rustc, which checks the same body.

use std::collections::{HashMap, HashSet};
use std::mem;

use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ExprForLoop, ItemFn, Pat};

use super::Declarations;
use super::block::Seat;
use super::loops::{Filling, Vector};
use super::options::parse_flow_options;
use super::state::number_states;
use super::types::summary;
use super::value::UNKNOWN;
use crate::errors::Errors;
use crate::ir::{self, LocalId, Node, Root, Ty, Value};

/// One flow while it is read.
pub(super) struct FlowParser<'a> {
    pub(super) errors: &'a mut Errors,
    pub(super) declarations: &'a Declarations,
    /// What each local stands for, where the parser stands.
    pub(super) locals: HashMap<String, (Value, Ty)>,
    /// Parameters that are participants, by index.
    pub(super) participants: HashMap<String, usize>,
    /// The parameter of each participant.
    pub(super) parameters: HashMap<usize, String>,
    /// The locals that a loop may fill.
    pub(super) vectors: HashMap<String, Vector>,
    /// The loops around, the innermost last.
    pub(super) filling: Vec<Filling>,
    /// What a `return` ends.
    pub(super) graph: Graph,
    /// The block around, by number.
    pub(super) block: usize,
    /// How many blocks and loops there were.
    blocks: usize,
    pub(super) loops: usize,
    /// What the nodes give.
    pub(super) given: Vec<ir::Local>,
    /// Roots whose JSON serde wrote: the outputs of steps, and what is made of nothing else.
    pub(super) answers: HashSet<Root>,
    /// Places whose `Option` a pattern has opened, and which no key of their own marks as one that may be missing.
    pub(super) contents: Vec<Value>,
    /// Internally tagged enums that a pattern has looked into: the keys beside the tag are there for one variant only.
    pub(super) merged: Vec<Value>,
    /// What bindings have hidden, to be put back where their scope ends.
    hidden: Vec<Hidden>,
    pub(super) unresolved: Option<Ident>,
    underived: Vec<String>,
}

/// The innermost state machine, or part of one, that runs by itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Graph {
    Flow,
    /// One item of a loop.
    Item,
    /// A branch of a join.
    Branch,
}

/// What a name stood for before a binding.
struct Hidden {
    name: String,
    local: Option<(Value, Ty)>,
    vector: Option<Vector>,
}

pub(super) fn parse_flow(
    errors: &mut Errors, declarations: &Declarations, item: &ItemFn,
) -> Option<ir::Flow> {
    let name = &item.sig.ident;
    let before = errors.count();
    let compensation = parse_flow_options(errors, &item.attrs);
    let mut parser = FlowParser::new(errors, declarations);
    parser.check_signature(item);
    let input = parser.parse_params(item);
    let output = parser.parse_output(item);
    ConfigFinder(parser.errors).visit_item_fn_parts(item);
    let (mut body, _) = parser.parse_block(&item.block, Seat::Result);
    number_states(&mut body);
    let FlowParser {
        given,
        unresolved,
        underived,
        ..
    } = parser;
    if !calls(&body) && unresolved.is_none() && errors.count() == before {
        let message = format_args!("flow `{name}` calls no step; call one with `.await?`");
        errors.error(name, message);
    }
    Some(ir::Flow {
        ident: name.clone(),
        comment: summary(&item.attrs),
        input,
        output: output?,
        compensation,
        body,
        locals: given,
        unresolved,
        underived,
    })
}

impl<'a> FlowParser<'a> {
    pub(super) fn new(errors: &'a mut Errors, declarations: &'a Declarations) -> Self {
        Self {
            errors,
            declarations,
            locals: HashMap::new(),
            participants: HashMap::new(),
            parameters: HashMap::new(),
            vectors: HashMap::new(),
            filling: Vec::new(),
            graph: Graph::Flow,
            block: 0,
            blocks: 0,
            loops: 0,
            given: Vec::new(),
            answers: HashSet::new(),
            contents: Vec::new(),
            merged: Vec::new(),
            hidden: Vec::new(),
            unresolved: None,
            underived: Vec::new(),
        }
    }
}

/// Whether a step or a flow is called in the block.
fn calls(block: &ir::Block) -> bool {
    block.nodes.iter().any(|node| match node {
        Node::Call(_) | Node::Nested(_) | Node::Attempt(_) => true,
        Node::Branch(branch) => branch.arms.iter().any(|arm| calls(&arm.block)),
        Node::Loop(node) => calls(&node.body),
        Node::Join(join) => join.branches.iter().any(|branch| calls(&branch.block)),
        Node::Wait(_) => false,
    })
}

impl FlowParser<'_> {
    /// Leaves a name to rustc, which reports it; nothing is emitted then.
    pub(super) fn leave_to_rustc(&mut self, name: &Ident) {
        self.unresolved.get_or_insert_with(|| name.clone());
    }

    /// Leaves a type that lacks its derives to the rules of the contract, which report it.
    pub(super) fn leave_to_contract(&mut self, ty: &Ty) -> (Value, Ty) {
        if let Ty::Named(name) = self.declarations.types.resolve(ty) {
            self.underived.push(name.clone());
        }
        UNKNOWN
    }

    /// Parses something whose locals end with it.
    pub(super) fn scoped<T>(&mut self, parse: impl FnOnce(&mut Self) -> T) -> T {
        let mark = self.hidden.len();
        self.blocks += 1;
        let around = mem::replace(&mut self.block, self.blocks);
        let parsed = parse(self);
        self.block = around;
        for hidden in self.hidden.drain(mark..).rev() {
            put_back(&mut self.locals, &hidden.name, hidden.local);
            put_back(&mut self.vectors, &hidden.name, hidden.vector);
        }
        parsed
    }

    /// As `scoped`, for what runs by itself.
    pub(super) fn in_graph<T>(&mut self, graph: Graph, parse: impl FnOnce(&mut Self) -> T) -> T {
        let around = mem::replace(&mut self.graph, graph);
        let parsed = self.scoped(parse);
        self.graph = around;
        parsed
    }

    /// Binds a name up to the end of its scope.
    pub(super) fn bind(&mut self, name: String, value: Value, ty: Ty) {
        // What a node gives is called as it is first bound.
        if let Value::Place(Root::Local(id), path) = &value
            && path.is_empty()
        {
            let given = &mut self.given[id.0].name;
            given.get_or_insert_with(|| name.clone());
        }
        let local = self.locals.insert(name.clone(), (value, ty));
        let vector = self.vectors.remove(&name);
        self.hidden.push(Hidden {
            name,
            local,
            vector,
        });
    }

    /// Binds the names of a pattern; gives the condition under which it matches, if it need not.
    pub(super) fn bind_pattern(&mut self, pattern: &Pat, value: &Value, ty: &Ty) -> Option<Value> {
        let matched = self.parse_pattern(pattern, value, ty);
        for (name, value, ty) in matched.bindings {
            self.bind(name, value, ty);
        }
        matched.condition
    }

    /// A place for what a node gives.
    pub(super) fn give(&mut self) -> LocalId {
        let id = LocalId(self.given.len());
        self.given.push(ir::Local { name: None });
        id
    }

    /// As `give`, for a step's output.
    pub(super) fn give_answer(&mut self) -> LocalId {
        let id = self.give();
        self.answers.insert(Root::Local(id));
        id
    }

    /// Whether serde wrote the JSON of a value.
    pub(super) fn is_answer(&self, value: &Value) -> bool {
        match value {
            Value::Place(root, _) => self.answers.contains(root),
            _ => false,
        }
    }
}

fn put_back<T>(map: &mut HashMap<String, T>, name: &str, before: Option<T>) {
    match before {
        Some(before) => {
            map.insert(name.to_owned(), before);
        }
        None => {
            map.remove(name);
        }
    }
}

/// Finds attributes that mean nothing in a flow: `cfg`, because there is one definition, whatever the configuration, and
/// `parallel` on what is no loop.
pub(super) struct ConfigFinder<'a>(pub(super) &'a mut Errors);

impl ConfigFinder<'_> {
    /// Not the flow's own attributes: without the flow there is no constant, which does no harm.
    fn visit_item_fn_parts(&mut self, item: &ItemFn) {
        visit::visit_signature(self, &item.sig);
        visit::visit_block(self, &item.block);
    }
}

impl Visit<'_> for ConfigFinder<'_> {
    fn visit_attribute(&mut self, attribute: &Attribute) {
        if attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr") {
            let message =
                "a flow is one definition, whatever the configuration; put `cfg` on the whole flow";
            self.0.error(attribute.path(), message);
        }
        if attribute.path().is_ident("parallel") {
            let message = "`#[parallel(..)]` stands on a `for`; remove it here";
            self.0.error(attribute.path(), message);
        }
    }

    fn visit_expr_for_loop(&mut self, expr: &ExprForLoop) {
        for attribute in &expr.attrs {
            // The loop itself reads it.
            if !attribute.path().is_ident("parallel") {
                self.visit_attribute(attribute);
            }
        }
        self.visit_pat(&expr.pat);
        self.visit_expr(&expr.expr);
        self.visit_block(&expr.body);
    }
}

pub(super) fn is_path(expr: &Expr, name: &str) -> bool {
    match expr {
        Expr::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|segment| segment.ident == name),
        _ => false,
    }
}

/// The expression without parentheses, or the invisible ones of a macro's argument.
pub(super) fn peel_expr(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(expr) => peel_expr(&expr.expr),
        Expr::Group(expr) => peel_expr(&expr.expr),
        expr => expr,
    }
}

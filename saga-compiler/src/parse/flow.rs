//! Reads a flow's statements into nodes. What a flow cannot say is reported with the way to say it;
//! names, types and borrows that are wrong are left to rustc, which checks the same body.

use std::collections::HashMap;

use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ItemFn, Local, Pat, Stmt};

use super::Declarations;
use super::call::Step;
use super::types::summary;
use super::value::UNKNOWN;
use crate::errors::{Errors, first_span};
use crate::ir::{self, Ty, Value};
use crate::names;

/// One flow while it is read.
pub(super) struct FlowParser<'a> {
    pub(super) errors: &'a mut Errors,
    pub(super) declarations: &'a Declarations,
    /// What each local stands for.
    pub(super) locals: HashMap<String, (Value, Ty)>,
    /// Parameters that are participants, by index.
    pub(super) participants: HashMap<String, usize>,
    /// The parameter of each participant.
    pub(super) parameters: HashMap<usize, String>,
    /// How often each step was called.
    pub(super) instances: HashMap<(usize, usize), usize>,
    pub(super) calls: usize,
    unresolved: Option<Ident>,
    underived: Vec<String>,
}

pub(super) fn parse_flow(
    errors: &mut Errors, declarations: &Declarations, item: &ItemFn,
) -> Option<ir::Flow> {
    let name = &item.sig.ident;
    let before = errors.count();
    let mut parser = FlowParser {
        errors,
        declarations,
        locals: HashMap::new(),
        participants: HashMap::new(),
        parameters: HashMap::new(),
        instances: HashMap::new(),
        calls: 0,
        unresolved: None,
        underived: Vec::new(),
    };
    parser.check_signature(item);
    let input = parser.parse_params(item);
    let output = parser.parse_output(item);
    ConfigFinder(parser.errors).visit_item_fn_parts(item);
    let body = parser.parse_block(&item.block);
    let FlowParser {
        unresolved,
        underived,
        ..
    } = parser;
    if body.nodes.is_empty() && unresolved.is_none() && errors.count() == before {
        let message = format_args!("flow `{name}` calls no step; call one with `.await?`");
        errors.error(name, message);
    }
    Some(ir::Flow {
        ident: name.clone(),
        comment: summary(&item.attrs),
        input,
        output: output?,
        body,
        unresolved,
        underived,
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

    fn parse_block(&mut self, block: &syn::Block) -> ir::Block {
        let before = self.errors.count();
        let mut nodes = Vec::new();
        let mut result = None;
        let last = block.stmts.len().saturating_sub(1);
        for (index, stmt) in block.stmts.iter().enumerate() {
            match stmt {
                Stmt::Local(local) => nodes.extend(self.parse_let(local)),
                Stmt::Expr(expr, None) if index == last => {
                    let (node, value) = self.parse_tail(expr);
                    nodes.extend(node);
                    result = Some(value);
                }
                Stmt::Expr(Expr::Call(call), Some(semi))
                    if index == last && is_path(&call.func, "Ok") =>
                {
                    self.errors
                        .error(semi, "a flow ends in its result; remove this `;`");
                }
                Stmt::Expr(expr, _) => nodes.extend(self.parse_statement(expr)),
                Stmt::Item(item) => {
                    let message = "a flow declares nothing; move this item into the module";
                    self.errors.at(first_span(item), message);
                }
                Stmt::Macro(stmt) => self.refuse_macro(&stmt.mac.path),
            }
        }
        if result.is_none() && self.errors.count() == before {
            let message = "a flow ends in its result; write `Ok(…)` before this `}`";
            self.errors.at(block.brace_token.span.close(), message);
        }
        ir::Block {
            nodes,
            result: result.unwrap_or(Value::Null),
        }
    }

    fn parse_let(&mut self, local: &Local) -> Option<ir::Node> {
        let init = local.init.as_ref();
        if let Some((else_token, _)) = init.and_then(|init| init.diverge.as_ref()) {
            let message = "`let … else` is not part of a flow; bind the value and use its fields";
            self.errors.error(else_token, message);
        }
        let Some(init) = init else {
            self.errors.error(
                local.let_token,
                "a flow never assigns later; write `let … = …`",
            );
            return None;
        };
        let name = self.parse_pattern(&local.pat);
        if let Some(call) = self.parse_call(&init.expr) {
            return match call {
                Step::Call(mut call, ty) => {
                    call.binding.clone_from(&name);
                    let value = Value::Output(call.id, Vec::new());
                    self.bind(name, value, ty);
                    Some(ir::Node::Call(*call))
                }
                Step::Wrong => {
                    self.bind(name, Value::Null, Ty::Unknown);
                    None
                }
            };
        }
        let (value, ty) = self.parse_value(&init.expr);
        self.bind(name, value, ty);
        None
    }

    /// The name that a `let` gives.
    fn parse_pattern(&mut self, pattern: &Pat) -> Option<String> {
        match pattern {
            Pat::Type(typed) => self.parse_pattern(&typed.pat),
            Pat::Wild(_) => None,
            Pat::Ident(pattern) if pattern.subpat.is_none() => {
                if let Some(mutability) = pattern.mutability {
                    self.errors
                        .error(mutability, "a flow never changes a value; remove `mut`");
                }
                Some(names::plain(&pattern.ident))
            }
            other => {
                let message = "write one identifier after `let`, and use its fields";
                self.errors.error(other, message);
                None
            }
        }
    }

    fn bind(&mut self, name: Option<String>, value: Value, ty: Ty) {
        if let Some(name) = name {
            self.locals.insert(name, (value, ty));
        }
    }

    fn parse_statement(&mut self, expr: &Expr) -> Option<ir::Node> {
        match self.parse_call(expr) {
            Some(Step::Call(call, _)) => Some(ir::Node::Call(*call)),
            Some(Step::Wrong) => None,
            None => {
                // Reports what is no part of the language; a value that nobody uses does nothing.
                let _ = self.parse_value(expr);
                None
            }
        }
    }

    /// The flow's last expression: `Ok(value)`, where the value may be the last step's call.
    fn parse_tail(&mut self, expr: &Expr) -> (Option<ir::Node>, Value) {
        if let Expr::Call(call) = expr
            && is_path(&call.func, "Ok")
            && let Some(argument) = call.args.first()
        {
            return match self.parse_call(argument) {
                Some(Step::Call(call, _)) => {
                    let value = Value::Output(call.id, Vec::new());
                    (Some(ir::Node::Call(*call)), value)
                }
                Some(Step::Wrong) => (None, Value::Null),
                None => (None, self.parse_value(argument).0),
            };
        }
        if self.refuse(expr) {
            return (None, Value::Null);
        }
        let awaited = if let Expr::Try(expr) = expr {
            &*expr.expr
        } else {
            expr
        };
        match self.parse_awaited(awaited) {
            Some(Step::Call(call, _)) => {
                let message = "a flow ends in its own result; write `Ok(…)` around the call, with `?` after `.await`";
                self.errors.at(call.span, message);
            }
            Some(Step::Wrong) => {}
            None => self
                .errors
                .at(first_span(expr), "a flow ends in its result; write `Ok(…)`"),
        }
        (None, Value::Null)
    }
}

/// Finds `cfg` in a flow: there is one definition, whatever the configuration.
struct ConfigFinder<'a>(&'a mut Errors);

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

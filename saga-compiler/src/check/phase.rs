//! How far a path has come: `(compensatable | read_only)*`, at most one pivot, `(retriable | read_only)*`.

use proc_macro2::{Ident, Span};

use super::action::Action;
use super::undo;
use crate::called::Kind;
use crate::errors::Errors;
use crate::ir::{Flow, Rejection};

#[derive(Clone, Copy)]
pub(super) enum Phase<'a> {
    Compensatable,
    Beyond(Point<'a>),
    /// In a flow that undoes another, there is nothing but what always succeeds.
    Undoing {
        flow: &'a Flow,
        undone: &'a Flow,
    },
}

/// The point of no return, after which nothing is undone any more.
#[derive(Clone, Copy)]
pub(super) struct Point<'a> {
    name: &'a Ident,
    noun: &'static str,
    span: Span,
    is_pivot: bool,
    /// The loop or join that has it somewhere inside: what stands there is called before it, and after it.
    around: Option<&'static str>,
}

impl<'a> Phase<'a> {
    /// Inside a loop or join, of which everything is beyond the point of no return if anything is.
    pub(super) fn around(self, what: &'static str, actions: &[Action<'a>]) -> Self {
        let mut retriables = actions
            .iter()
            .filter(|action| action.kind == Kind::Retriable);
        match (self, retriables.next()) {
            (Self::Compensatable, Some(first)) => Self::Beyond(Point {
                around: Some(what),
                ..Point::of(first)
            }),
            (before, _) => before,
        }
    }

    /// After a loop or join, which began in this phase and was gone through in that.
    pub(super) fn behind(self, inside: Self) -> Self {
        match (self, inside) {
            (Self::Compensatable, Self::Beyond(point)) => Self::Beyond(Point {
                around: None,
                ..point
            }),
            _ => self,
        }
    }

    /// Where several paths meet; `None` if none goes on.
    pub(super) fn merge(paths: impl IntoIterator<Item = Option<Self>>) -> Option<Self> {
        let mut merged = None;
        for path in paths.into_iter().flatten() {
            if matches!(merged, None | Some(Self::Compensatable)) {
                merged = Some(path);
            }
        }
        merged
    }

    /// After a call, which is reported if it may not stand here.
    pub(super) fn after(self, errors: &mut Errors, action: &Action<'a>) -> Self {
        match (action.kind, self) {
            (_, Self::Undoing { flow, undone }) => {
                undo::check_action(errors, flow, undone, action);
                self
            }
            (Kind::Compensatable | Kind::ReadOnly, Self::Compensatable)
            | (Kind::Retriable, Self::Beyond(_)) => self,
            (Kind::Pivot | Kind::Retriable, Self::Compensatable) => Self::Beyond(Point::of(action)),
            (Kind::ReadOnly, Self::Beyond(point)) => {
                point.report_late_read(errors, action);
                self
            }
            (Kind::Compensatable, Self::Beyond(point)) => {
                point.report_late(errors, action);
                self
            }
            (Kind::Pivot, Self::Beyond(point)) => {
                point.report_late_pivot(errors, action);
                self
            }
        }
    }

    /// A flow's own no, which compensates.
    pub(super) fn reject(self, errors: &mut Errors, rejection: &Rejection) {
        match self {
            Self::Compensatable => {}
            Self::Beyond(point) => point.report_late_rejection(errors, rejection),
            Self::Undoing { flow, undone } => {
                undo::check_rejection(errors, flow, undone, rejection);
            }
        }
    }
}

impl<'a> Point<'a> {
    fn of(action: &Action<'a>) -> Self {
        Self {
            name: action.name,
            noun: action.noun,
            span: action.span,
            is_pivot: action.kind == Kind::Pivot,
            around: None,
        }
    }

    /// `the pivot`, `the retriable step`
    fn what(&self) -> String {
        match (self.is_pivot, self.noun) {
            (true, "step") => "the pivot".to_owned(),
            (true, noun) => format!("the {noun}"),
            (false, noun) => format!("the retriable {noun}"),
        }
    }

    fn report_late(&self, errors: &mut Errors, action: &Action<'_>) {
        let Action { name, noun, .. } = action;
        let (point, what) = (self.name, self.what());
        if let Some(around) = self.around {
            let message = format_args!(
                "compensatable {noun} `{name}` stands in one {around} with {what} `{point}`, after which nothing is undone any more; call `{point}` after the {around}, or in a {around} of its own"
            );
            errors.at(action.span, message);
            let message = format_args!(
                "`{point}` is the point of no return of this {around}, in which `{name}` would have to be undone"
            );
            errors.at(self.span, message);
            return;
        }
        let way_out = match (self.noun, self.is_pivot, *noun) {
            ("flow", true, _) => format!(", or write `#[flow(compensate = …)]` on `{point}`"),
            (_, _, "step") => ", or make it `retriable`".to_owned(),
            _ => String::new(),
        };
        let message = format_args!(
            "compensatable {noun} `{name}` comes after {what} `{point}`, when nothing is undone any more; call it before `{point}`{way_out}"
        );
        errors.at(action.span, message);
        let message = format_args!("`{name}` comes after `{point}`, the point of no return");
        errors.at(self.span, message);
    }

    fn report_late_pivot(&self, errors: &mut Errors, action: &Action<'_>) {
        let (name, point) = (action.name, self.name);
        let message = match (action.noun, self.is_pivot) {
            ("step", true) => format!(
                "`{name}` is the second pivot on this path, after `{point}`; a saga has one point of no return, so make one of them `compensate = …` or `retriable`"
            ),
            ("step", false) => format!(
                "pivot `{name}` comes after {} `{point}`, which must not be undone; call it before `{point}`",
                self.what()
            ),
            _ => format!(
                "flow `{name}` may fail after {} `{point}`, when nothing is undone any more; call it before `{point}`, or give it only `retriable` and `read_only` steps",
                self.what()
            ),
        };
        errors.at(action.span, message);
        let message = format_args!("`{point}` is already the point of no return");
        errors.at(self.span, message);
    }

    /// A rejection is the one thing that trying again does not change.
    fn report_late_read(&self, errors: &mut Errors, action: &Action<'_>) {
        let Some(no) = action.no else { return };
        let (name, point, by) = (action.name, self.name, no.by());
        let message = match self.around {
            Some(around) => format!(
                "`{name}` may be rejected{by} in one {around} with `{point}`, after which nothing is undone any more; call `{point}` after the {around}, or in a {around} of its own"
            ),
            None => format!(
                "`{name}` may be rejected{by} after `{point}`, when nothing is undone any more; call it before `{point}`"
            ),
        };
        errors.at(action.span, message);
    }

    fn report_late_rejection(&self, errors: &mut Errors, rejection: &Rejection) {
        let (point, what) = (self.name, self.what());
        let message = match self.around {
            Some(around) => format!(
                "this rejection stands in one {around} with {what} `{point}`, after which nothing is undone any more; call `{point}` after the {around}, or in a {around} of its own"
            ),
            None => format!(
                "this rejection comes after {what} `{point}`, when nothing is undone any more; reject before `{point}`, or say in `Ok(..)` what happened"
            ),
        };
        errors.at(rejection.span, message);
        let message = format_args!("a rejection comes after `{point}`, the point of no return");
        errors.at(self.span, message);
    }
}

//! `join!`: a Parallel, and the Parallel that undoes it.

use saga_asl as asl;

use crate::ir;
use crate::names;

use super::exit::{After, Exit};
use super::scope::{Own, Phase, Scope};
use super::task::{catch_all_of, expression};
use super::undo::push_undo;
use super::{Lowering, Path, States, retry};

impl<'a> Lowering<'a> {
    pub(super) fn lower_join(
        &self, states: &mut States, scope: &Scope<'a>, path: &mut Path, join: &'a ir::Join,
        exit: &Exit<'a>,
    ) {
        let before = path.clone();
        path.beyond_return |= join
            .branches
            .iter()
            .any(|branch| self.finishes(&branch.block));
        let branches = join
            .branches
            .iter()
            .map(|branch| self.branch_graph(scope, path.clone(), branch));
        let branches = branches.collect();
        // What stands inside another is undone with it.
        let undo = (scope.is_top && !path.beyond_return)
            .then(|| self.undo_join(&Scope::top(Phase::Compensation), join))
            .flatten();
        let own_undo = names::compensation_state(&join.state);
        let catch = catch_all_of(
            scope,
            &before,
            path,
            undo.as_ref().map(|_| own_undo.as_str()),
        );
        if let Some(undo) = undo {
            push_undo(states, path, &join.state, asl::State::Parallel(undo));
        }
        let mut after = States::default();
        let left = self.leave(&mut after, scope, path, Own::Join(join), exit);
        let parallel = asl::Parallel {
            comment: None,
            arguments: None,
            branches,
            retry: retry::of_group(path.beyond_return),
            catch,
            assign: left.assign,
            output: left.output,
            next: left.next,
        };
        states
            .forward
            .push((join.state.clone(), asl::State::Parallel(parallel)));
        states.forward.append(&mut after.forward);
    }

    fn branch_graph(
        &self, scope: &Scope<'a>, mut path: Path, branch: &'a ir::JoinBranch,
    ) -> asl::Graph {
        let mut inner = scope.branch();
        inner.is_read = self.is_read(branch.output);
        self.graph(&inner, &mut path, &branch.block, &After::nothing())
    }

    /// Undoes every branch, later steps of each first.
    pub(super) fn undo_join(&self, scope: &Scope<'a>, join: &'a ir::Join) -> Option<asl::Parallel> {
        let inner = scope.branch();
        let branches: Vec<asl::Graph> = join
            .branches
            .iter()
            .enumerate()
            .filter_map(|(index, branch)| {
                let name = names::join_branch(&join.state, index + 1);
                self.undo_graph(&inner, &name, &branch.block)
            })
            .collect();
        (!branches.is_empty()).then(|| asl::Parallel {
            comment: None,
            arguments: None,
            branches,
            retry: Vec::new(),
            catch: Vec::new(),
            assign: Vec::new(),
            output: Some(expression("$states.input")),
            next: asl::Next::End,
        })
    }
}

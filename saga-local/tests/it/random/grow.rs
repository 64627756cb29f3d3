//! Genes to flows. What may stand where is said by `place.rs`; whatever the genes say, only that is grown.

use std::collections::BTreeMap;

use saga_runtime::Kind;

use super::contract::{Arg, Method, No};
use super::gene::{Gene, Genome, Picks};
use super::model::{Arm, Block, Branch, Call, End, Expr, Flow, Loop, Name, Node, Ty};
use super::place::{Group, Phase, Place, Scope, What};

/// How many nodes a flow has at most; loops and joins that are still open get one step each.
const BUDGET: usize = 24;

/// As many as there are parameters for the ids of the items around a step.
const LOOPS: usize = 3;

/// How a block is to end.
#[derive(Clone, Copy, Debug)]
enum Wish {
    Unit,
    Value(Ty),
    Ok(Ty),
}

#[derive(Default)]
pub(super) struct Grower {
    pub(super) names: usize,
    calls: BTreeMap<Method, usize>,
    nodes: usize,
}

/// Makes a legal flow, with at least one step.
pub(super) fn grow(genome: &Genome) -> Flow {
    let flow = grow_any(genome);
    if !flow.calls().is_empty() {
        return flow;
    }
    let mut genome = genome.clone();
    genome.body.insert(0, simplest());
    grow_any(&genome)
}

fn simplest() -> Gene {
    Gene {
        kind: 0,
        picks: Vec::new(),
        inner: Vec::new(),
    }
}

fn grow_any(genome: &Genome) -> Flow {
    let mut grower = Grower::default();
    let mut picks = Picks::new(&genome.picks);
    let deadline = picks.one(&[None, None, Some("20s"), Some("15m")]);
    let parks = !picks.rarely(5);
    let mut scope = Scope::default();
    scope.bind(
        &Name {
            id: 0,
            text: "cmd".to_owned(),
        },
        Ty::Data,
    );
    let mut place = Place::flow();
    let genes = with_step(&genome.body);
    let body = match genes.split_last() {
        Some((last, rest)) if is_branch(last) && picks.rarely(3) => {
            grower.tail_block(rest, last, scope, &mut place)
        }
        _ => grower.block(&genes, &mut picks, &scope, &mut place, Wish::Ok(Ty::Report)),
    };
    Flow {
        body,
        deadline,
        parks,
    }
}

fn is_branch(gene: &Gene) -> bool {
    (40..64).contains(&gene.kind)
}

/// These genes, and a step where they might not make one: a branch may be no more than a value.
fn with_step(genes: &[Gene]) -> Vec<Gene> {
    let makes_step = |gene: &Gene| gene.kind < 40 || (64..96).contains(&gene.kind);
    let mut genes = genes.to_vec();
    if !genes.iter().any(makes_step) {
        genes.insert(0, simplest());
    }
    genes
}

impl Grower {
    pub(super) fn fresh(&mut self, text: &str) -> Name {
        self.names += 1;
        Name {
            id: self.names,
            text: format!("{text}{}", self.names),
        }
    }

    /// Now and then a name that is used again.
    fn local(&mut self, picks: &mut Picks<'_>) -> Name {
        let mut name = self.fresh("v");
        if picks.rarely(4) {
            "value".clone_into(&mut name.text);
        }
        name
    }

    fn block(
        &mut self, genes: &[Gene], picks: &mut Picks<'_>, scope: &Scope, place: &mut Place,
        wish: Wish,
    ) -> Block {
        let mut scope = scope.clone();
        let nodes = self.sequence(genes, &mut scope, place);
        let end = self.end(picks, &scope, wish);
        Block { nodes, end }
    }

    fn sequence(&mut self, genes: &[Gene], scope: &mut Scope, place: &mut Place) -> Vec<Node> {
        genes
            .iter()
            .map(|gene| self.node(gene, scope, place))
            .collect()
    }

    fn end(&self, picks: &mut Picks<'_>, scope: &Scope, wish: Wish) -> End {
        match wish {
            Wish::Unit => End::Unit,
            Wish::Value(ty) => End::Value(self.expr(picks, scope, ty)),
            Wish::Ok(ty) => End::Ok(self.expr(picks, scope, ty)),
        }
    }

    /// The flow's body, with a branch as its last expression.
    fn tail_block(
        &mut self, rest: &[Gene], last: &Gene, mut scope: Scope, place: &mut Place,
    ) -> Block {
        let nodes = self.sequence(rest, &mut scope, place);
        let mut picks = Picks::new(&last.picks);
        let node = self.branch(last, &mut picks, &mut scope, place, Wish::Ok(Ty::Report));
        Block {
            nodes,
            end: End::Tail(Box::new(node)),
        }
    }

    /// A block of an arm that may leave the flow.
    fn arm(
        &mut self, genes: &[Gene], picks: &mut Picks<'_>, scope: &Scope, mut place: Place,
        wish: Wish, stays: bool,
    ) -> (Block, Place) {
        let mut scope = scope.clone();
        let nodes = self.sequence(genes, &mut scope, &mut place);
        let leaves = !stays && picks.rarely(4);
        let rejects = picks.pick(2) == 0;
        let is_tail = matches!(wish, Wish::Ok(_));
        let end = match place.returns {
            _ if leaves && rejects && place.allows(What::Reject) => End::Reject {
                error: picks.one(&["Flow.Closed", "Flow.Late"]),
                message: self.expr(picks, &scope, Ty::Word),
                returns: !is_tail,
            },
            Some(ty) if leaves && !is_tail => End::Return(self.expr(picks, &scope, ty)),
            _ => self.end(picks, &scope, wish),
        };
        (Block { nodes, end }, place)
    }

    fn node(&mut self, gene: &Gene, scope: &mut Scope, place: &mut Place) -> Node {
        let picks = &mut Picks::new(&gene.picks);
        self.nodes += 1;
        match gene.kind {
            40..64 => {
                let wish = picks.one(&[
                    Wish::Unit,
                    Wish::Value(Ty::Int),
                    Wish::Value(Ty::Data),
                    Wish::Value(Ty::Bool),
                ]);
                self.branch(gene, picks, scope, place, wish)
            }
            64..78 if place.items.len() < LOOPS => self.each(gene, picks, scope, place),
            78..88 => self.join(gene, picks, scope, place),
            88..96 => self.attempt(gene, picks, scope, place),
            96..98 => Node::Wait(self.pause(picks, scope)),
            98.. => {
                let ty = picks.one(&[
                    Ty::Int,
                    Ty::Bool,
                    Ty::Data,
                    Ty::Datas,
                    Ty::Maybe,
                    Ty::Pair,
                    Ty::Word,
                ]);
                let value = self.expr(picks, scope, ty);
                let name = self.local(picks);
                scope.bind(&name, ty);
                place.keep(&name, &value);
                Node::Let(name, value)
            }
            _ => self.call_node(picks, scope, place),
        }
    }

    fn call_node(&mut self, picks: &mut Picks<'_>, scope: &mut Scope, place: &mut Place) -> Node {
        let method = Self::method(picks, scope, place);
        let call = self.call(method, picks, scope, place);
        place.passes(method.kind());
        let bind = (!picks.rarely(4)).then(|| self.local(picks));
        if let Some(name) = &bind {
            scope.bind(name, Ty::Data);
        }
        Node::Call { call, bind }
    }

    /// A step that may stand here.
    fn method(picks: &mut Picks<'_>, scope: &Scope, place: &Place) -> Method {
        let kind = match picks.pick(12) {
            0..8 => Kind::Compensatable,
            8 | 9 => Kind::ReadOnly,
            10 => Kind::Retriable,
            _ => Kind::Pivot,
        };
        let has_ints = scope.0.iter().any(|(_, ty)| *ty == Ty::Ints);
        let index = picks.pick(6);
        // Simplest first: what the genes name, then what is always possible.
        let candidates = [
            Method::new(kind, index),
            Method::new(kind, index + 3),
            Method::new(Kind::Compensatable, index),
            Method::new(Kind::Retriable, index),
            Method::new(Kind::Compensatable, 0),
        ];
        let possible = |method: &Method| {
            place.allows(What::Step(*method)) && (has_ints || method.arg() != Arg::Ints)
        };
        let fallback = Method::new(Kind::Retriable, 0);
        candidates.into_iter().find(possible).unwrap_or(fallback)
    }

    fn call(
        &mut self, method: Method, picks: &mut Picks<'_>, scope: &Scope, place: &Place,
    ) -> Call {
        let count = self.calls.entry(method).or_default();
        *count += 1;
        let step = match *count {
            1 => format!("part.{}", method.name),
            count => format!("part.{}#{count}", method.name),
        };
        let ty = match method.arg() {
            Arg::Int => Ty::Int,
            Arg::Data => Ty::Data,
            Arg::Datas => Ty::Datas,
            Arg::Pair => Ty::Pair,
            Arg::Maybe => Ty::Maybe,
            Arg::Ints => Ty::Ints,
        };
        Call {
            method,
            step,
            items: place.items.clone(),
            arg: self.expr(picks, scope, ty),
        }
    }

    /// What stands in a node: nothing more when the budget is used up.
    fn inner<'a>(&self, gene: &'a Gene, index: usize) -> &'a [Gene] {
        match gene.inner.get(index) {
            Some(genes) if self.nodes < BUDGET => genes,
            _ => &[],
        }
    }

    /// `if` or `match`.
    fn branch(
        &mut self, gene: &Gene, picks: &mut Picks<'_>, scope: &mut Scope, place: &mut Place,
        wish: Wish,
    ) -> Node {
        let (scrutinee, heads) = if gene.kind < 52 {
            (
                None,
                self.conditions(picks, scope, gene.inner.len().clamp(1, 3)),
            )
        } else {
            let (scrutinee, heads) = self.patterns(picks, scope, gene.inner.len().clamp(1, 3));
            (Some(scrutinee), heads)
        };
        let stays = picks.pick(heads.len());
        let mut phase = None;
        let mut arms = Vec::new();
        for (index, (pat, condition, scope)) in heads.into_iter().enumerate() {
            let genes = self.inner(gene, index);
            // A statement without any step says nothing.
            let genes = if index == 0 && matches!(wish, Wish::Unit) {
                with_step(genes)
            } else {
                genes.to_vec()
            };
            // An `else` that is empty may be left out.
            let (block, after) =
                self.arm(&genes, picks, &scope, place.clone(), wish, index == stays);
            if !block.end.diverges() {
                phase = phase.max(Some(after.phase == Phase::Beyond));
            }
            arms.push(Arm {
                pat,
                condition,
                block,
            });
        }
        if phase == Some(true) {
            place.phase = Phase::Beyond;
        }
        let bind = match wish {
            Wish::Value(ty) => {
                let name = self.local(picks);
                scope.bind(&name, ty);
                Some(name)
            }
            Wish::Unit | Wish::Ok(_) => None,
        };
        Node::Branch {
            scrutinee,
            arms,
            bind,
        }
    }

    /// A loop's or a join's content.
    fn group(picks: &mut Picks<'_>, place: &Place) -> Group {
        let wished = picks.one(&[
            Group::Undoable,
            Group::Undoable,
            Group::Undoable,
            Group::Finishing,
        ]);
        if place.allows(What::Group(wished)) {
            wished
        } else if wished == Group::Finishing {
            Group::Undoable
        } else {
            Group::Finishing
        }
    }

    fn each(
        &mut self, gene: &Gene, picks: &mut Picks<'_>, scope: &mut Scope, place: &mut Place,
    ) -> Node {
        let group = Self::group(picks, place);
        let mut around = place.inside(group, scope);
        let mut lists = scope.clone();
        if group == Group::Undoable {
            lists.0.retain(|(name, _)| around.kept.contains(&name.id));
        }
        let list = self.expr(picks, &lists, Ty::Datas);
        let parallel = picks.one(&[None, Some(8), Some(2), Some(40)]);
        let distributed = parallel.is_some() && place.allows(What::Distributed) && picks.rarely(4);
        let item = self.fresh("x");
        let index = picks.rarely(3).then(|| self.fresh("number"));
        let mut inner = scope.clone();
        inner.bind(&item, Ty::Data);
        if let Some(index) = &index {
            inner.bind(index, Ty::Count);
        }
        around.keep(&item, &list);
        around.items.push(item.clone());
        around.returns = None;
        let genes = with_step(self.inner(gene, 0));
        let nodes = self.sequence(&genes, &mut inner, &mut around);
        let body = Block {
            nodes,
            end: End::Unit,
        };
        let pushes = self.pushes(picks, &inner, &item, &body);
        for (vector, value) in &pushes {
            scope.bind(
                vector,
                if matches!(value, Expr::Var(_, Ty::Data)) {
                    Ty::Datas
                } else {
                    Ty::Ints
                },
            );
        }
        if group == Group::Finishing {
            place.phase = Phase::Beyond;
        }
        Node::Loop(Loop {
            list,
            item,
            index,
            body,
            pushes,
            parallel,
            distributed,
        })
    }

    /// What the loop's body collects. Data are what a step of the body gave, or the item: each with an id of its own.
    fn pushes(
        &mut self, picks: &mut Picks<'_>, inner: &Scope, item: &Name, body: &Block,
    ) -> Vec<(Name, Expr)> {
        let given = body.nodes.iter().rev().find_map(|node| match node {
            Node::Call {
                bind: Some(name), ..
            } if inner.0.iter().any(|(local, _)| local == name) => Some(name),
            _ => None,
        });
        (0..picks.one(&[0, 1, 1, 2]))
            .map(|_| {
                let value = if picks.pick(2) == 0 {
                    Expr::Var(given.unwrap_or(item).clone(), Ty::Data)
                } else {
                    self.expr(picks, inner, Ty::Int)
                };
                (self.fresh("all"), value)
            })
            .collect()
    }

    fn join(
        &mut self, gene: &Gene, picks: &mut Picks<'_>, scope: &mut Scope, place: &mut Place,
    ) -> Node {
        let group = Self::group(picks, place);
        let around = place.inside(group, scope);
        let (mut branches, mut types) = (Vec::new(), Vec::new());
        for index in 0..gene.inner.len().clamp(2, 3) {
            let genes = self.inner(gene, index);
            if genes.len() <= 1 && picks.pick(2) == 0 {
                let method = Self::method(picks, scope, &around);
                branches.push(Branch::Call(self.call(method, picks, scope, &around)));
                types.push(Ty::Data);
                continue;
            }
            let ty = picks.one(&[Ty::Int, Ty::Data]);
            let mut inside = Place {
                returns: Some(ty),
                ..around.clone()
            };
            let block = self.block(&with_step(genes), picks, scope, &mut inside, Wish::Ok(ty));
            branches.push(Branch::Async(block));
            types.push(ty);
        }
        let binds = (!picks.rarely(4))
            .then(|| -> Vec<Name> { types.iter().map(|_| self.fresh("v")).collect() });
        for (name, ty) in binds.iter().flatten().zip(types) {
            scope.bind(name, ty);
        }
        if group == Group::Finishing {
            place.phase = Phase::Beyond;
        }
        Node::Join { branches, binds }
    }

    fn attempt(
        &mut self, gene: &Gene, picks: &mut Picks<'_>, scope: &mut Scope, place: &mut Place,
    ) -> Node {
        let method = Self::method(picks, scope, place);
        if !method.may_reject() {
            return self.call_node(picks, scope, place);
        }
        let call = self.call(method, picks, scope, place);
        let wish = picks.one(&[Wish::Unit, Wish::Value(Ty::Int), Wish::Value(Ty::Data)]);
        let refused = place.clone();
        place.passes(method.kind());
        let bind = self.local(picks);
        let mut inner = scope.clone();
        inner.bind(&bind, Ty::Data);
        let genes = self.inner(gene, 0).to_vec();
        let (ok, after) = self.arm(&genes, picks, &inner, place.clone(), wish, true);
        place.phase = after.phase;
        let nos = picks.one(&[
            &[&[No::No] as &[No]] as &[&[No]],
            &[&[No::Full]],
            &[&[No::No, No::Full]],
            &[&[No::Full], &[No::No]],
        ]);
        let mut alternatives = Vec::new();
        for (index, nos) in nos.iter().enumerate() {
            let genes = self.inner(gene, index + 1).to_vec();
            let (block, after) = self.arm(&genes, picks, scope, refused.clone(), wish, false);
            if !block.end.diverges() && after.phase == Phase::Beyond {
                place.phase = Phase::Beyond;
            }
            alternatives.push((nos.to_vec(), block));
        }
        let name = match wish {
            Wish::Value(ty) => {
                let name = self.local(picks);
                scope.bind(&name, ty);
                Some(name)
            }
            Wish::Unit | Wish::Ok(_) => None,
        };
        Node::Attempt {
            call,
            ok: (Some(bind), ok),
            alternatives,
            bind: name,
        }
    }
}

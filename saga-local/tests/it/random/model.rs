//! What a random flow is: types only. `grow.rs` makes one, `render.rs` prints it, `interpret.rs` says what it must do.

use super::contract::{Method, No};

/// A local of the flow. Two may have the same text: the later one then hides the earlier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) id: usize,
    pub(super) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ty {
    Int,
    /// `usize`: the length of a list, or the number of an item.
    Count,
    /// `u64`: seconds.
    Pause,
    Bool,
    Word,
    Maybe,
    Pair,
    Data,
    Datas,
    Ints,
    Ext,
    IntEnum,
    Adj,
    Report,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    Int(i64),
    Bool(bool),
    Word(&'static str),
    Var(Name, Ty),
    Field(Box<Expr>, &'static str, Ty),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Negative(Box<Expr>),
    Len(Box<Expr>),
    IsEmpty(Box<Expr>),
    IsSome(Box<Expr>),
    IsNone(Box<Expr>),
    Some(Box<Expr>),
    None,
    Pair(Box<Expr>, Box<Expr>),
    If(Box<[Expr; 3]>),
    /// `Report`'s fields, in order.
    Report(Vec<Expr>),
}

impl Expr {
    /// The local that a place is in.
    pub(super) fn root(&self) -> Option<&Name> {
        match self {
            Self::Var(name, _) => Some(name),
            Self::Field(base, ..) => base.root(),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Pat {
    Wild,
    Bind(Name),
    At(Name, Box<Pat>),
    Int(i64),
    Range(i64, i64),
    Bool(bool),
    Word(&'static str),
    Or(Vec<Pat>),
    Some(Box<Pat>),
    None,
    Tuple(Vec<Pat>),
    Variant(Variant, Vec<Pat>),
    Data(Vec<(&'static str, Pat)>),
}

/// A variant of one of the contract's enums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Variant {
    pub(super) of: &'static str,
    pub(super) name: &'static str,
    pub(super) shape: Shape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Unit,
    /// `(i64)` or `(i64, bool)`
    Tuple(usize),
    /// `{ n: i64, flag: bool }`
    Struct,
}

impl Variant {
    /// All variants of an enum, in the order of their declaration.
    pub(super) fn all(of: Ty) -> Vec<Self> {
        let variant = |of, name, shape| Self { of, name, shape };
        let of = match of {
            Ty::Ext => "Ext",
            Ty::Adj => "Adj",
            _ => {
                return vec![
                    variant("Int", "Bare", Shape::Unit),
                    variant("Int", "Named", Shape::Struct),
                ];
            }
        };
        vec![
            variant(of, "Bare", Shape::Unit),
            variant(of, "One", Shape::Tuple(1)),
            variant(of, "Two", Shape::Tuple(2)),
            variant(of, "Named", Shape::Struct),
        ]
    }

    pub(super) fn fields(self) -> usize {
        match self.shape {
            Shape::Unit => 0,
            Shape::Tuple(count) => count,
            Shape::Struct => 2,
        }
    }
}

/// The saga.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    pub(super) body: Block,
    pub(super) deadline: Option<&'static str>,
    pub(super) parks: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) nodes: Vec<Node>,
    pub(super) end: End,
}

#[derive(Clone, Debug)]
pub(super) enum End {
    /// What follows goes on.
    Unit,
    /// The block is worth this.
    Value(Expr),
    /// `Ok(..)` as the last expression of a flow or an async block, or of an arm there.
    Ok(Expr),
    /// `return Ok(..);`
    Return(Expr),
    /// `return Err(Rejection::new(..));`, or `Err(..)` where `Ok` would stand.
    Reject {
        error: &'static str,
        message: Expr,
        returns: bool,
    },
    /// A branch as the last expression of the flow, whose arms end in `Ok` or `Err`.
    Tail(Box<Node>),
}

impl End {
    /// Nothing follows the block.
    pub(super) fn diverges(&self) -> bool {
        !matches!(self, Self::Unit | Self::Value(_))
    }
}

#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    /// `hold0`, `hold0#2`
    pub(super) step: String,
    /// The items around it, outermost first.
    pub(super) items: Vec<Name>,
    pub(super) arg: Expr,
}

#[derive(Clone, Debug)]
pub(super) enum Node {
    Call {
        call: Call,
        bind: Option<Name>,
    },
    Let(Name, Expr),
    /// `if`, or `match` where there is something that is matched.
    Branch {
        scrutinee: Option<Expr>,
        arms: Vec<Arm>,
        bind: Option<Name>,
    },
    Attempt {
        call: Call,
        ok: (Option<Name>, Block),
        alternatives: Vec<(Vec<No>, Block)>,
        bind: Option<Name>,
    },
    Loop(Loop),
    Join {
        branches: Vec<Branch>,
        binds: Option<Vec<Name>>,
    },
    Wait(Expr),
}

#[derive(Clone, Debug)]
pub(super) struct Arm {
    /// Of a `match`.
    pub(super) pat: Option<Pat>,
    /// The condition of an `if`, the guard of a `match`'s arm; none for `else`.
    pub(super) condition: Option<Expr>,
    pub(super) block: Block,
}

#[derive(Clone, Debug)]
pub(super) struct Loop {
    pub(super) list: Expr,
    pub(super) item: Name,
    pub(super) index: Option<Name>,
    pub(super) body: Block,
    pub(super) pushes: Vec<(Name, Expr)>,
    pub(super) parallel: Option<u64>,
    pub(super) distributed: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Branch {
    Call(Call),
    Async(Block),
}

impl Flow {
    /// Every call.
    pub(super) fn calls(&self) -> Vec<&Call> {
        let mut calls = Vec::new();
        self.body.visit(&mut |node| match node {
            Node::Call { call, .. } | Node::Attempt { call, .. } => calls.push(call),
            Node::Join { branches, .. } => {
                calls.extend(branches.iter().filter_map(|branch| match branch {
                    Branch::Call(call) => Some(call),
                    Branch::Async(_) => None,
                }));
            }
            _ => {}
        });
        calls
    }
}

impl Block {
    /// Every node, outer ones first.
    pub(super) fn visit<'a>(&'a self, see: &mut impl FnMut(&'a Node)) {
        let tail = match &self.end {
            End::Tail(node) => Some(&**node),
            _ => None,
        };
        for node in self.nodes.iter().chain(tail) {
            see(node);
            for block in node.blocks() {
                block.visit(see);
            }
        }
    }
}

impl Node {
    fn blocks(&self) -> Vec<&Block> {
        match self {
            Self::Call { .. } | Self::Let(..) | Self::Wait(_) => Vec::new(),
            Self::Branch { arms, .. } => arms.iter().map(|arm| &arm.block).collect(),
            Self::Attempt {
                ok, alternatives, ..
            } => {
                let alternatives = alternatives.iter().map(|(_, block)| block);
                std::iter::once(&ok.1).chain(alternatives).collect()
            }
            Self::Loop(each) => vec![&each.body],
            Self::Join { branches, .. } => branches
                .iter()
                .filter_map(|branch| match branch {
                    Branch::Async(block) => Some(block),
                    Branch::Call(_) => None,
                })
                .collect(),
        }
    }
}

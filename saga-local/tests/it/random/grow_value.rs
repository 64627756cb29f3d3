//! Genes to values, conditions and patterns, of what is in scope.

use super::gene::Picks;
use super::grow::Grower;
use super::model::{Expr, Name, Pat, Shape, Ty, Variant};
use super::place::Scope;

/// An arm's pattern, its condition or guard, and what is in scope in it.
pub(super) type Head = (Option<Pat>, Option<Expr>, Scope);

/// How often an expression may stand in another.
const FUEL: usize = 2;

/// What a flow may look into.
const FIELDS: [(&str, Ty); 10] = [
    ("n", Ty::Int),
    ("is_on", Ty::Bool),
    ("word", Ty::Word),
    ("id", Ty::Word),
    ("maybe", Ty::Maybe),
    ("ext", Ty::Ext),
    ("int", Ty::IntEnum),
    ("adj", Ty::Adj),
    ("pause", Ty::Pause),
    ("items", Ty::Datas),
];

/// Everything of that type, the latest first.
fn places(scope: &Scope, ty: Ty) -> Vec<Expr> {
    let mut places = Vec::new();
    for (name, known) in scope.0.iter().rev() {
        let var = Expr::Var(name.clone(), *known);
        if *known == Ty::Data {
            for (field, _) in FIELDS.iter().filter(|(_, field)| *field == ty) {
                places.push(Expr::Field(Box::new(var.clone()), field, ty));
            }
        }
        if *known == ty {
            places.push(var);
        }
    }
    places
}

fn place(picks: &mut Picks<'_>, scope: &Scope, ty: Ty) -> Option<Expr> {
    let places = places(scope, ty);
    places.get(picks.pick(places.len())).cloned()
}

fn always_matches(pat: &Pat) -> bool {
    match pat {
        Pat::Wild | Pat::Bind(_) => true,
        Pat::At(_, inner) => always_matches(inner),
        Pat::Tuple(pats) => pats.iter().all(always_matches),
        Pat::Data(fields) => fields.iter().all(|(_, pat)| always_matches(pat)),
        _ => false,
    }
}

fn boxed(expr: Expr) -> Box<Expr> {
    Box::new(expr)
}

impl Grower {
    pub(super) fn expr(&self, picks: &mut Picks<'_>, scope: &Scope, ty: Ty) -> Expr {
        self.value(picks, scope, ty, FUEL)
    }

    fn value(&self, picks: &mut Picks<'_>, scope: &Scope, ty: Ty, fuel: usize) -> Expr {
        match ty {
            Ty::Int => self.int(picks, scope, fuel),
            Ty::Bool => self.bool(picks, scope, fuel),
            Ty::Word => match picks.pick(4) {
                0 => Expr::Word(picks.one(&["tea", "ham", "a {% b"])),
                _ => place(picks, scope, ty).unwrap_or(Expr::Word("tea")),
            },
            Ty::Maybe => match picks.pick(4) {
                2 => Expr::None,
                3 => Expr::Some(boxed(self.int(picks, scope, 0))),
                _ => place(picks, scope, ty).unwrap_or(Expr::None),
            },
            Ty::Pair => match (picks.pick(2), place(picks, scope, ty)) {
                (1, Some(pair)) => pair,
                _ => Expr::Pair(
                    boxed(self.int(picks, scope, fuel)),
                    boxed(self.bool(picks, scope, fuel)),
                ),
            },
            Ty::Report => {
                let mut fields: Vec<Expr> = [Ty::Int, Ty::Bool, Ty::Data, Ty::Datas]
                    .into_iter()
                    .map(|ty| self.value(picks, scope, ty, fuel))
                    .collect();
                let numbers = place(picks, scope, Ty::Ints);
                fields.push(numbers.map_or(Expr::None, |numbers| Expr::Some(boxed(numbers))));
                Expr::Report(fields)
            }
            Ty::Count => {
                let index = place(picks, scope, ty);
                let list = picks.one(&[Ty::Ints, Ty::Datas]);
                let list = place(picks, scope, list).or_else(|| place(picks, scope, Ty::Datas));
                let length = list.map(|list| Expr::Len(boxed(list)));
                let counts = [index, length].into_iter().flatten().collect::<Vec<_>>();
                counts
                    .get(picks.pick(counts.len()))
                    .cloned()
                    .unwrap_or(Expr::Int(1))
            }
            // The input has each of the others.
            ty => place(picks, scope, ty).unwrap_or(Expr::Int(1)),
        }
    }

    fn int(&self, picks: &mut Picks<'_>, scope: &Scope, fuel: usize) -> Expr {
        let choice = picks.pick(10);
        if fuel == 0 || choice < 6 {
            return match (choice, place(picks, scope, Ty::Int)) {
                (0..5, Some(place)) => place,
                _ => Expr::Int(i64::try_from(picks.pick(9)).unwrap_or_default()),
            };
        }
        let left = boxed(self.int(picks, scope, fuel - 1));
        match choice {
            6 => Expr::Binary(
                picks.one(&["+", "-"]),
                left,
                boxed(self.int(picks, scope, fuel - 1)),
            ),
            7 => Expr::Binary(
                picks.one(&["%", "/", "*"]),
                left,
                boxed(Expr::Int(picks.one(&[2, 3]))),
            ),
            8 => Expr::Negative(left),
            _ => {
                let condition = self.bool(picks, scope, fuel - 1);
                Expr::If(Box::new([
                    condition,
                    *left,
                    self.int(picks, scope, fuel - 1),
                ]))
            }
        }
    }

    fn bool(&self, picks: &mut Picks<'_>, scope: &Scope, fuel: usize) -> Expr {
        let binary = |operator, left, right| Expr::Binary(operator, boxed(left), boxed(right));
        let small = |picks: &mut Picks<'_>| Expr::Int(picks.one(&[1, 0, 2, 3]));
        match picks.pick(10) {
            2 | 3 => {
                let left = self.int(picks, scope, fuel.saturating_sub(1));
                let right = small(picks);
                binary(picks.one(&[">", "==", "<", "!=", "<=", ">="]), left, right)
            }
            4 if fuel > 0 => Expr::Not(boxed(self.bool(picks, scope, fuel - 1))),
            5 if fuel > 0 => {
                let left = self.bool(picks, scope, fuel - 1);
                binary(
                    picks.one(&["&&", "||"]),
                    left,
                    self.bool(picks, scope, fuel - 1),
                )
            }
            6 => {
                let word = Expr::Word(picks.one(&["tea", "ham", ""]));
                let place = place(picks, scope, Ty::Word).unwrap_or(Expr::Word("tea"));
                binary(picks.one(&["==", "!="]), place, word)
            }
            7 => {
                let maybe = place(picks, scope, Ty::Maybe).unwrap_or(Expr::None);
                match picks.pick(3) {
                    0 => Expr::IsSome(boxed(maybe)),
                    1 => Expr::IsNone(boxed(maybe)),
                    _ => binary("==", maybe, Expr::Some(boxed(small(picks)))),
                }
            }
            8 => {
                let ty = picks.one(&[Ty::Datas, Ty::Word, Ty::Ints]);
                let list = place(picks, scope, ty).or_else(|| place(picks, scope, Ty::Datas));
                list.map_or(Expr::Bool(true), |list| Expr::IsEmpty(boxed(list)))
            }
            9 => {
                let count = self.value(picks, scope, Ty::Count, 0);
                let right = small(picks);
                binary(picks.one(&[">", "==", "<"]), count, right)
            }
            _ => place(picks, scope, Ty::Bool).unwrap_or(Expr::Bool(true)),
        }
    }

    /// For how long a flow sleeps.
    pub(super) fn pause(&self, picks: &mut Picks<'_>, scope: &Scope) -> Expr {
        match picks.pick(2) {
            0 => Expr::Int(picks.one(&[1, 90, 7200])),
            _ => self.value(picks, scope, Ty::Pause, 0),
        }
    }

    /// `if`, some `else if`, `else`.
    pub(super) fn conditions(
        &self, picks: &mut Picks<'_>, scope: &Scope, count: usize,
    ) -> Vec<Head> {
        let mut heads: Vec<Head> = (0..count.saturating_sub(1).max(1))
            .map(|_| (None, Some(self.expr(picks, scope, Ty::Bool)), scope.clone()))
            .collect();
        heads.push((None, None, scope.clone()));
        heads
    }

    /// What is matched, and patterns that leave nothing out.
    pub(super) fn patterns(
        &mut self, picks: &mut Picks<'_>, scope: &Scope, count: usize,
    ) -> (Expr, Vec<Head>) {
        let one = [
            Ty::Ext,
            Ty::Adj,
            Ty::IntEnum,
            Ty::Maybe,
            Ty::Int,
            Ty::Word,
            Ty::Data,
        ];
        let ty = picks.one(&one);
        if picks.rarely(4) {
            let second = picks.one(&[Ty::Bool, Ty::Maybe, Ty::Ext]);
            let scrutinee =
                [ty, second].map(|ty| boxed(place(picks, scope, ty).unwrap_or(Expr::None)));
            let [left, right] = scrutinee;
            return (
                Expr::Pair(left, right),
                self.some_arms(picks, scope, &[ty, second], count),
            );
        }
        let scrutinee = place(picks, scope, ty).unwrap_or(Expr::None);
        let closed = matches!(ty, Ty::Ext | Ty::Adj | Ty::IntEnum | Ty::Maybe);
        if closed && picks.pick(2) == 0 {
            return (scrutinee, self.all_arms(picks, scope, ty));
        }
        (scrutinee, self.some_arms(picks, scope, &[ty], count))
    }

    /// One arm for each variant.
    fn all_arms(&mut self, picks: &mut Picks<'_>, scope: &Scope, ty: Ty) -> Vec<Head> {
        let mut heads = Vec::new();
        if ty == Ty::Maybe {
            let mut inner = scope.clone();
            let name = self.fresh("b");
            inner.bind(&name, Ty::Int);
            heads.push((Some(Pat::Some(Box::new(Pat::Bind(name)))), None, inner));
            heads.push((Some(Pat::None), None, scope.clone()));
        } else {
            for variant in Variant::all(ty) {
                let mut inner = scope.clone();
                let fields = self.variant_fields(picks, &mut inner, variant, false);
                heads.push((Some(Pat::Variant(variant, fields)), None, inner));
            }
        }
        let first = picks.pick(heads.len());
        heads.rotate_left(first);
        heads
    }

    /// Some arms, with or without a guard, and one for the rest.
    fn some_arms(
        &mut self, picks: &mut Picks<'_>, scope: &Scope, types: &[Ty], count: usize,
    ) -> Vec<Head> {
        let mut heads = Vec::new();
        for _ in 0..count {
            let mut inner = scope.clone();
            let mut pats: Vec<Pat> = types
                .iter()
                .map(|ty| self.pattern(picks, &mut inner, *ty))
                .collect();
            let pat = if pats.len() == 1 {
                pats.remove(0)
            } else {
                Pat::Tuple(pats)
            };
            let guard = picks.rarely(4).then(|| self.expr(picks, &inner, Ty::Bool));
            // What follows such an arm would never be reached.
            if guard.is_none() && always_matches(&pat) {
                break;
            }
            heads.push((Some(pat), guard, inner));
        }
        let mut inner = scope.clone();
        let rest = match types {
            [ty] if picks.rarely(3) => self.binding(&mut inner, *ty),
            _ => Pat::Wild,
        };
        heads.push((Some(rest), None, inner));
        heads
    }

    fn binding(&mut self, scope: &mut Scope, ty: Ty) -> Pat {
        let name: Name = self.fresh("b");
        scope.bind(&name, ty);
        Pat::Bind(name)
    }

    fn pattern(&mut self, picks: &mut Picks<'_>, scope: &mut Scope, ty: Ty) -> Pat {
        match ty {
            Ty::Int => self.int_pattern(picks, scope),
            Ty::Bool => Pat::Bool(picks.pick(2) == 0),
            Ty::Word => match picks.pick(3) {
                2 => Pat::Or(vec![Pat::Word("tea"), Pat::Word("")]),
                index => Pat::Word(["ham", "tea"][index]),
            },
            Ty::Maybe => match picks.pick(3) {
                0 => Pat::None,
                1 => Pat::Some(Box::new(self.int_pattern(picks, scope))),
                _ => Pat::Some(Box::new(self.binding(scope, Ty::Int))),
            },
            Ty::Ext | Ty::Adj | Ty::IntEnum => {
                let variants = Variant::all(ty);
                let variant = variants[picks.pick(variants.len())];
                let other = variants[picks.pick(variants.len())];
                if picks.rarely(4) && other != variant {
                    let wild =
                        |variant: Variant| Pat::Variant(variant, vec![Pat::Wild; variant.fields()]);
                    return Pat::Or(vec![wild(variant), wild(other)]);
                }
                let fields = self.variant_fields(picks, scope, variant, true);
                Pat::Variant(variant, fields)
            }
            Ty::Data => {
                let mut fields = Vec::new();
                for (field, ty) in [("n", Ty::Int), ("ext", Ty::Ext), ("maybe", Ty::Maybe)] {
                    if picks.pick(2) == 0 {
                        fields.push((field, self.pattern(picks, scope, ty)));
                    }
                }
                if picks.pick(2) == 0 {
                    fields.push(("is_on", self.binding(scope, Ty::Bool)));
                }
                Pat::Data(fields)
            }
            _ => Pat::Wild,
        }
    }

    fn int_pattern(&mut self, picks: &mut Picks<'_>, scope: &mut Scope) -> Pat {
        match picks.pick(5) {
            0 => Pat::Int(picks.one(&[1, 0, 2, -1])),
            1 => Pat::Range(0, picks.one(&[2, 4])),
            2 => Pat::Or(vec![Pat::Int(3), Pat::Int(1)]),
            3 => {
                let name = self.fresh("b");
                scope.bind(&name, Ty::Int);
                Pat::At(name, Box::new(Pat::Range(1, 5)))
            }
            _ => Pat::Wild,
        }
    }

    /// Bindings and `_`; where the pattern may fail, a literal now and then.
    fn variant_fields(
        &mut self, picks: &mut Picks<'_>, scope: &mut Scope, variant: Variant, may_fail: bool,
    ) -> Vec<Pat> {
        let types: &[Ty] = match variant.shape {
            Shape::Unit => &[],
            Shape::Tuple(1) => &[Ty::Int],
            Shape::Tuple(_) | Shape::Struct => &[Ty::Int, Ty::Bool],
        };
        let mut field = |ty: &Ty| match picks.pick(4) {
            2 => Pat::Wild,
            3 if may_fail => self.pattern(picks, scope, *ty),
            _ => self.binding(scope, *ty),
        };
        types.iter().map(&mut field).collect()
    }
}

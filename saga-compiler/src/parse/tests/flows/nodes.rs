//! What each construct becomes.

use expect_test::expect;

use super::check;

#[test]
fn an_if_with_a_call_is_a_branch() {
    check(
        r#"if cmd.gift { stock.reserve("wrap").await?; } Ok(())"#,
        expect![[r#"
            [if cmd.gift]
            | input.gift
              stock.reserve('wrap') -> %0
              =
            | else
              =
            return null
        "#]],
    );
    check(
        r#"if cmd.gift { stock.reserve("a").await?; } else if cmd.rush { stock.reserve("b").await?; } else { mail.send("c").await?; } Ok(())"#,
        expect![[r#"
            [if cmd.gift]
            | input.gift
              stock.reserve('a') -> %0
              =
            | input.rush
              stock.reserve#2('b') -> %1
              =
            | else
              mail.send('c') -> %2
              =
            return null
        "#]],
    );
    check(
        r#"let hold = if cmd.gift { Some(stock.reserve("wrap").await?) } else { None }; mail.send(&cmd.id).await?; Ok(hold)"#,
        expect![[r#"
            [if cmd.gift] => hold%1
            | input.gift
              stock.reserve('wrap') -> %0
              = %0
            | else
              =
            mail.send(input.id) -> %2
            return hold%1
        "#]],
    );
    check(
        r#"let _ = if cmd.gift { Some(stock.reserve("wrap").await?) } else { None }; Ok(())"#,
        expect![[r#"
            [if cmd.gift]
            | input.gift
              stock.reserve('wrap') -> %0
              =
            | else
              =
            return null
        "#]],
    );
    check(
        r#"Ok(if cmd.gift { Some(stock.reserve("wrap").await?) } else { None })"#,
        expect![[r#"
            [if cmd.gift] => %1
            | input.gift
              stock.reserve('wrap') -> %0
              = %0
            | else
              =
            return %1
        "#]],
    );
    check(
        r#"if cmd.gift { Ok(Some(stock.reserve("wrap").await?)) } else { Ok(None) }"#,
        expect![[r#"
            [if cmd.gift]
            | input.gift
              stock.reserve('wrap') -> %0
              return %0
            | else
              return null
            tail
        "#]],
    );
}

#[test]
fn an_if_of_simple_values_is_a_value() {
    check(
        r#"let sku = if cmd.gift { "a" } else if cmd.rush { &cmd.id } else { "c" }; stock.reserve(&sku).await?; Ok(())"#,
        expect![[r#"
            stock.reserve(if(input.gift, 'a', if(input.rush, input.id, 'c'))) -> %0
            return null
        "#]],
    );
    check(
        r#"stock.reserve(if cmd.gift { "a" } else { match cmd.rush { _ => "b" } }).await?; Ok(())"#,
        expect![[r#"
            stock.reserve(if(input.gift, 'a', 'b')) -> %0
            return null
        "#]],
    );
    check(
        "let hold = if cmd.gift { Hold { id: cmd.id.clone() } } else { Hold { id: cmd.id } }; stock.reserve(&hold.id).await?; Ok(())",
        expect![[r#"
            [if cmd.gift] => hold%0
            | input.gift
              = {id: input.id}
            | else
              = {id: input.id}
            stock.reserve(hold%0.id) -> %1
            return null
        "#]],
    );
    check(
        r#"stock.reserve("a").await?; if cmd.gift { Ok(1) } else { Ok(2) }"#,
        expect![[r#"
            stock.reserve('a') -> %0
            return if(input.gift, 1, 2)
        "#]],
    );
    check(
        r#"stock.reserve("a").await?; if cmd.gift {} Ok(1)"#,
        expect![[r#"
            stock.reserve('a') -> %0
            return 1
        "#]],
    );
    check(
        r#"stock.reserve("a").await?; if cmd.gift { Ok((1, 2)) } else { Ok((2, 1)) }"#,
        expect![[r#"
            stock.reserve('a') -> %0
            [if cmd.gift]
            | input.gift
              return [1, 2]
            | else
              return [2, 1]
            tail
        "#]],
    );
}

#[test]
fn an_arm_may_end_the_flow() {
    check(
        r#"if cmd.gift { return Err(Rejection::new("Order.Closed", "no gifts")); } stock.reserve("a").await?; Ok(())"#,
        expect![[r#"
            [if cmd.gift]
            | input.gift
              reject Order.Closed 'no gifts'
            | else
              =
            stock.reserve('a') -> %0
            return null
        "#]],
    );
    check(
        "let note = match cmd.note { Some(note) => note, None => return Ok(()) }; stock.reserve(&note).await?; Ok(())",
        expect![[r#"
            [match cmd.note] => note%0
            | some(input.note)
              = input.note
            | else
              return null
            stock.reserve(note%0) -> %1
            return null
        "#]],
    );
    check(
        r#"stock.reserve("a").await?; if cmd.gift { return Ok(1); } else { return Ok(2); }"#,
        expect![[r#"
            stock.reserve('a') -> %0
            return if(input.gift, 1, 2)
        "#]],
    );
    check(
        r#"let x = if cmd.gift { return Ok(1) } else { return if cmd.rush { Ok(stock.reserve("a").await?) } else { Ok(2) } };"#,
        expect![[r#"
            [if cmd.gift]
            | input.gift
              return 1
            | else
              [if cmd.rush]
              | input.rush
                stock.reserve('a') -> %0
                return %0
              | else
                return 2
              tail
            tail
        "#]],
    );
    check(
        r#"stock.reserve("a").await?; return Err(Rejection::new("Order.Closed", cmd.id))"#,
        expect![[r#"
            stock.reserve('a') -> %0
            reject Order.Closed input.id
        "#]],
    );
    check(
        r#"stock.reserve("a").await?; Err(Rejection::new("Order.Closed", &cmd.id))?;"#,
        expect![[r#"
            stock.reserve('a') -> %0
            reject Order.Closed input.id
        "#]],
    );
    check(
        r#"Ok(match cmd.kind { Kind::Small => 1, Kind::Large => { stock.reserve("a").await?; 2 } _ => return Err(Rejection::new("Order.Huge", "no")) })"#,
        expect![[r#"
            [match cmd.kind] => %1
            | Equal(input.kind, 'Small')
              = 1
            | Equal(input.kind, 'Large')
              stock.reserve('a') -> %0
              = 2
            | else
              reject Order.Huge 'no'
            return %1
        "#]],
    );
}

#[test]
fn arms_nest() {
    check(
        r#"let hold = if cmd.gift { if cmd.rush { return Ok(()) } else { stock.reserve("a").await? } } else { stock.reserve("b").await? }; mail.send(&hold.id).await?; Ok(())"#,
        expect![[r#"
            [if cmd.gift] => hold%2
            | input.gift
              [if cmd.rush]
              | input.rush
                return null
              | else
                stock.reserve('a') -> %0
                = %0
              tail
            | else
              stock.reserve#2('b') -> %1
              = %1
            mail.send(hold%2.id) -> %3
            return null
        "#]],
    );
    check(
        r#"if cmd.gift { stock.reserve("a").await?; if cmd.rush { stock.reserve("b").await?; } } Ok(())"#,
        expect![[r#"
            [if cmd.gift]
            | input.gift
              stock.reserve('a') -> %0
              [if cmd.rush]
              | input.rush
                stock.reserve#2('b') -> %1
                =
              | else
                =
              tail
            | else
              =
            return null
        "#]],
    );
    check(
        r#"if cmd.gift { if cmd.rush { stock.reserve("b").await?; } mail.send("x").await?; } Ok(())"#,
        expect![[r#"
            [if cmd.gift]
            | input.gift
              [if cmd.rush]
              | input.rush
                stock.reserve('b') -> %0
                =
              | else
                =
              mail.send('x') -> %1
              =
            | else
              =
            return null
        "#]],
    );
    check(
        r#"let x = { let cmd = stock.reserve("a").await?; cmd.id }; mail.send(&cmd.id).await?; mail.send(&x).await?; Ok(())"#,
        expect![[r#"
            stock.reserve('a') -> cmd%0
            mail.send(input.id) -> %1
            mail.send#2(cmd%0.id) -> %2
            return null
        "#]],
    );
}

#[test]
fn a_call_comes_before_the_branch_over_its_output() {
    check(
        r#"match fraud.check(&cmd.id).await? { Kind::Small => stock.reserve("a").await?, _ => return Ok(()) }; Ok(())"#,
        expect![[r#"
            fraud.check(input.id) -> %0
            [match fraud.check(&cmd.id)]
            | Equal(%0, 'Small')
              stock.reserve('a') -> %1
              =
            | else
              return null
            return null
        "#]],
    );
    check(
        r#"if let Some(note) = &cmd.note { mail.send(note).await?; } else if let Kind::Large = fraud.check("a").await? { mail.send("b").await?; } else { mail.send("c").await?; } Ok(())"#,
        expect![[r#"
            [if let Some(note) = cmd.note]
            | some(input.note)
              mail.send(input.note) -> %0
              =
            | else
              fraud.check('a') -> %1
              [if let Kind::Large = fraud.check("a")]
              | Equal(%1, 'Large')
                mail.send#2('b') -> %2
                =
              | else
                mail.send#3('c') -> %3
                =
              tail
            return null
        "#]],
    );
    check(
        "match fraud.check(&cmd.id).await? { kind => mail.send(kind).await? }; Ok(())",
        expect![[r#"
            fraud.check(input.id) -> kind%0
            mail.send(kind%0) -> %1
            return null
        "#]],
    );
    check(
        r#"match cmd.kind { Kind::Small if cmd.gift => { stock.reserve("a").await?; } kind if cmd.rush => { stock.reserve(kind).await?; } _ => {} } Ok(())"#,
        expect![[r#"
            [match cmd.kind]
            | And(Equal(input.kind, 'Small'), input.gift)
              stock.reserve('a') -> %0
              =
            | input.rush
              stock.reserve#2(input.kind) -> %1
              =
            | else
              =
            return null
        "#]],
    );
}

#[test]
fn locals_end_with_their_scope() {
    check(
        r#"let x = "outer"; if cmd.gift { let x = "inner"; mail.send(x).await?; } mail.send(x).await?; Ok(())"#,
        expect![[r#"
            [if cmd.gift]
            | input.gift
              mail.send('inner') -> %0
              =
            | else
              =
            mail.send#2('outer') -> %1
            return null
        "#]],
    );
    check(
        r#"match cmd.note { Some(stock) => { mail.send(stock).await?; } None => { stock.reserve("a").await?; } } stock.reserve("b").await?; Ok(())"#,
        expect![[r#"
            [match cmd.note]
            | some(input.note)
              mail.send(input.note) -> %0
              =
            | else
              stock.reserve('a') -> %1
              =
            stock.reserve#2('b') -> %2
            return null
        "#]],
    );
    check(
        "for cmd in &cmd.lines { mail.send(&cmd.sku).await?; } mail.send(&cmd.id).await?; Ok(())",
        expect![[r#"
            [for cmd in cmd.lines] 0 cmd in input.lines
              mail.send(item0.sku) -> %0
              =
            mail.send#2(input.id) -> %1
            return null
        "#]],
    );
    check(
        r#"join!(async { let cmd = mail.send("a").await?; Ok(cmd) }, mail.send(&cmd.id))?; Ok(cmd.id)"#,
        expect![[r#"
            [join]
            | -> %1
              mail.send('a') -> cmd%0
              return cmd%0
            | -> %3
              mail.send#2(input.id) -> %2
              return %2
            return input.id
        "#]],
    );
}

#[test]
fn a_rejection_has_an_alternative() {
    check(
        r#"let hold = match stock.reserve("a").await { Ok(hold) => hold, Err(StockError::OutOfStock { .. }) => stock.reserve("b").await?, Err(other) => return Err(other.into()) }; mail.send(&hold.id).await?; Ok(())"#,
        expect![[r#"
            try stock.reserve('a') -> hold%0 => hold%2
              = hold%0
            | error [0]
              stock.reserve#2('b') -> %1
              = %1
            mail.send(hold%2.id) -> %3
            return null
        "#]],
    );
    check(
        r#"match stock.reserve("a").await { Err(StockError::OutOfStock { sku: _ } | StockError::Gone) => {} Ok(_) => { mail.send("a").await?; } Err(StockError::Held(..)) => return Ok(1), Err(e) => { return Err(e)?; } } Ok(2)"#,
        expect![[r#"
            try stock.reserve('a') -> %0
              mail.send('a') -> %1
              =
            | error [0, 1]
              =
            | error [2]
              return 1
            return 2
        "#]],
    );
    check(
        r#"match stock.reserve("a").await { Ok(hold) => Ok(hold.id), Err(StockError::Gone) | Err(StockError::Held(_)) => Err(Rejection::new("Stock.Gone", "gone")), Err(e) => Err(e.into()) }"#,
        expect![[r#"
            try stock.reserve('a') -> hold%0
              return hold%0.id
            | error [1, 2]
              reject Stock.Gone 'gone'
            tail
        "#]],
    );
    check(
        r#"let id = match stock.reserve("a").await { Ok(_) => 1, Err(e) => Err(Rejection::from(e))? }; Ok(id)"#,
        expect![[r#"
        stock.reserve('a') -> %0
        return 1
    "#]],
    );
    check(
        r#"match stock.reserve("a").await { Ok(_) => return Ok(1), Err(StockError::Gone) => return Ok(2), Err(e) => return Err(e.into()) }"#,
        expect![[r#"
            try stock.reserve('a') -> %0
              return 1
            | error [1]
              return 2
            tail
        "#]],
    );
}

#[test]
fn a_flow_waits() {
    check(
        r#"sleep(Duration::from_secs(90)).await; sleep(std::time::Duration::from_mins(2)).await; sleep(Duration::from_millis(1001)).await; saga_runtime::sleep(Duration::from_hours(1)).await; sleep_until(cmd.at.clone()).await; mail.send("a").await?; Ok(())"#,
        expect![[r#"
            [wait] 90 s
            [wait#2] 120 s
            [wait#3] 2 s
            [wait#4] 3600 s
            [wait#5] until input.at
            mail.send('a') -> %0
            return null
        "#]],
    );
    check(
        r#"sleep(Duration::from_secs(cmd.wait)).await; sleep(Duration::from_mins(cmd.wait)).await; sleep(Duration::from_millis(cmd.wait)).await; mail.send("a").await?; Ok(())"#,
        expect![[r#"
            [wait] input.wait s
            [wait#2] Multiply(input.wait, 60) s
            [wait#3] Divide(Add(input.wait, 999), 1000) s
            mail.send('a') -> %0
            return null
        "#]],
    );
}

#[test]
fn a_flow_calls_another() {
    check(
        "let hold = other(stock, cmd.id.clone()).await?; park(mail).await?; let other = hold.id; Ok(other)",
        expect![[r#"
            [other] other(input.id) -> hold%0
            [park#2] park(null) -> %1
            return hold%0.id
        "#]],
    );
    check(
        "Ok(Some(self::other(&stock, cmd.id).await?))",
        expect![[r#"
        [other] other(input.id) -> %0
        return %0
    "#]],
    );
    check(
        "other(mail, cmd.id, 1).await?; Ok(())",
        expect![[r#"
        [other] other(input.id) -> %0
        return null
        left to rustc: other
    "#]],
    );
}

//! What loops, the lists that they fill, and joins become.

use expect_test::expect;

use super::check;

#[test]
fn a_loop_goes_over_a_list() {
    check(
        "for line in &cmd.lines { stock.reserve(&line.sku).await?; } Ok(())",
        expect![[r#"
            [for line in cmd.lines] 0 line in input.lines
              stock.reserve(item0.sku) -> %0
              =
            return null
        "#]],
    );
    check(
        "#[parallel(max = 8)] for (i, line) in cmd.lines.iter().enumerate() { for part in line.parts.clone() { stock.reserve(&part).await?; mail.send(i).await?; } } Ok(())",
        expect![[r#"
            [for (i, line) in cmd.lines] 0 line in input.lines max 8
              [for part in line.parts] 1 part in item0.parts
                stock.reserve(item1) -> %0
                mail.send(index0) -> %1
                =
              =
            return null
        "#]],
    );
    check(
        r#"#[parallel(max = 100, distributed)] for _ in cmd.lines { if cmd.gift { return Err(Rejection::new("A.B", "c")); } stock.reserve("a").await?; } Ok(())"#,
        expect![[r#"
            [for _ in cmd.lines] 0 - in input.lines max 100 distributed
              [if cmd.gift]
              | input.gift
                reject A.B 'c'
              | else
                =
              stock.reserve('a') -> %0
              =
            return null
        "#]],
    );
    check(
        "for pair in cmd.lines.iter().enumerate() { mail.send(pair.1.sku).await?; } for x in &cmd.lines {} Ok(())",
        expect![[r#"
            [for pair in cmd.lines] 0 - in input.lines
              mail.send(item0.sku) -> %0
              =
            return null
        "#]],
    );
    check(
        "for line in &cmd.lines { if line.rare { stock.reserve(&line.sku).await?; } } Ok(())",
        expect![[r#"
            [for line in cmd.lines] 0 line in input.lines
              [if line.rare]
              | item0.rare
                stock.reserve(item0.sku) -> %0
                =
              | else
                =
              =
            return null
        "#]],
    );
}

#[test]
fn a_loop_fills_vectors() {
    check(
        "let mut holds = Vec::new(); let mut skus: Vec<String> = Vec::new(); for line in &cmd.lines { let hold = stock.reserve(&line.sku).await?; skus.push(line.sku.clone()); holds.push(hold); } mail.send(&skus).await?; Ok(holds)",
        expect![[r#"
            [for line in cmd.lines] 0 line in input.lines
              stock.reserve(item0.sku) -> hold%0
              =
            + skus%1 <- item0.sku
            + holds%2 <- hold%0
            mail.send(skus%1) -> %3
            return holds%2
        "#]],
    );
    check(
        "let mut all = Vec::new(); for line in &cmd.lines { let mut of_line = Vec::new(); for part in &line.parts { of_line.push(stock.reserve(part).await?); } all.push(of_line); } for holds in &all { for hold in holds { mail.send(&hold.id).await?; } } Ok(())",
        expect![[r#"
            [for line in cmd.lines] 0 line in input.lines
              [for part in line.parts] 1 part in item0.parts
                stock.reserve(item1) -> %0
                =
              + of_line%1 <- %0
              =
            + all%2 <- of_line%1
            [for holds in all] 2 holds in all%2
              [for hold in holds] 3 hold in item2
                mail.send(item3.id) -> %3
                =
              =
            return null
        "#]],
    );
    check(
        "let mut none = Vec::new(); mail.send(&none).await?; for line in &cmd.lines { none.push(&line.sku); } mail.send(none).await?; Ok(())",
        expect![[r#"
            mail.send([]) -> %0
            [for line in cmd.lines] 0 line in input.lines
              =
            + none%1 <- item0.sku
            mail.send#2(none%1) -> %2
            return null
        "#]],
    );
}

#[test]
fn a_join_runs_its_branches_at_once() {
    check(
        r#"let (a, b) = join!(stock.reserve("a"), async { let hold = stock.reserve("b").await?; if cmd.gift { return Ok(hold.id); } mail.send("c").await?; Ok(hold.id) })?; mail.send(&a.id).await?; Ok(b)"#,
        expect![[r#"
            [join]
            | -> a%1
              stock.reserve('a') -> %0
              return %0
            | -> b%4
              stock.reserve#2('b') -> hold%2
              [if cmd.gift]
              | input.gift
                return hold%2.id
              | else
                =
              mail.send('c') -> %3
              return hold%2.id
            mail.send#2(a%1.id) -> %5
            return b%4
        "#]],
    );
    check(
        r#"join!(stock.reserve("a"), async move { for line in &cmd.lines { mail.send(&line.sku).await?; } Err(Rejection::new("A.B", "c")) })?; Ok(())"#,
        expect![[r#"
            [join]
            | -> %1
              stock.reserve('a') -> %0
              return %0
            | -> %3
              [for line in cmd.lines] 0 line in input.lines
                mail.send(item0.sku) -> %2
                =
              reject A.B 'c'
            return null
        "#]],
    );
    check(
        r#"let pair = join!(stock.reserve("a"), mail.send("b"))?; match pair.1 { text => mail.send(&pair.0.id).await? }; Ok(pair)"#,
        expect![[r#"
            [join]
            | -> %1
              stock.reserve('a') -> %0
              return %0
            | -> text%3
              mail.send('b') -> %2
              return %2
            mail.send#2(%1.id) -> %4
            return [%1, text%3]
        "#]],
    );
}

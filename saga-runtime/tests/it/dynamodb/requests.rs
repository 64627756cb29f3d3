//! The very calls that each move of the barrier makes, and how many: what DESIGN promises of round trips.

use expect_test::{Expect, expect};
use saga_runtime::__private::HandlerBuilder;
use serde_json::{Value, json};

use super::stub::{Reply, Stub, cancelled, done, refused};
use crate::conformance::text;
use crate::deliveries::finish;
use crate::world::{Shared, World, show};
use crate::{external, transactional};

/// Plays deliveries over the stub, and writes down what each was asked.
struct Play {
    stub: Stub,
    world: World,
    text: String,
}

impl Play {
    fn new(steps: fn(HandlerBuilder, &Shared) -> HandlerBuilder) -> Self {
        let stub = Stub::default();
        let world = World::on(stub.store(), steps);
        let text = String::new();
        Self { stub, world, text }
    }

    /// Delivers, with these replies to come; gives the bodies of the calls.
    async fn deliver(&mut self, line: &str, replies: Vec<Reply>) -> Vec<Value> {
        for reply in replies {
            self.stub.reply(reply);
        }
        let answer = show(&finish(self.world.deliver(line)).await);
        let requests = self.stub.requests();
        self.text.push_str(&format!("{line} -> {answer}\n"));
        for (operation, body) in &requests {
            let mut body = body.clone();
            if let Some(token) = body.get_mut("ClientRequestToken") {
                *token = json!("…");
            }
            self.text
                .push_str(&format!("  {operation} {}\n", text(&body)));
        }
        requests.into_iter().map(|(_, body)| body).collect()
    }
}

#[tokio::test]
async fn a_step_of_writes_makes_these_calls() {
    let mut play = Play::new(transactional::steps);
    let calls = play.deliver("reserve ok", vec![done()]).await;
    let record = calls[0]["TransactItems"][0]["Put"]["Item"].clone();
    let failed = [("ConditionalCheckFailed", Some(&record)), ("None", None)];
    play.deliver("reserve ok", vec![cancelled(&failed)]).await;
    let found = Reply::Http(200, json!({ "Item": record }).to_string());
    play.deliver("undo reserve ok", vec![found, done()]).await;
    play.deliver("reserve#2 no", vec![done()]).await;
    let short = [("None", None), ("ConditionalCheckFailed", None)];
    play.deliver("reserve#2 short", vec![cancelled(&short), done()])
        .await;
    play.deliver("undo reserve#3 ok", vec![done(), done()])
        .await;
    play.text.push('\n');
    transactional_calls().assert_eq(&play.text);
}

fn transactional_calls() -> Expect {
    expect![[r##"
        reserve ok -> {"hold":"a"}
          TransactWriteItems {"ClientRequestToken":"…","TransactItems":[{"Put":{"ConditionExpression":"attribute_not_exists(#0)","ExpressionAttributeNames":{"#0":"pk"},"Item":{"args":{"S":"{\"order\":\"a\"}"},"inh":{"S":"32cda19cd4783725955b811541e751c687372e2d52ba8f0bd3ff99e9e935c869"},"out":{"S":"{\"hold\":\"a\"}"},"pk":{"S":"arn:run#2026-01-01T00:00:00.000Z|test.reserve"},"st":{"S":"DONE"},"ttl":{"N":"1801785600"}},"ReturnValuesOnConditionCheckFailure":"ALL_OLD","TableName":"saga_barrier"}},{"Update":{"ExpressionAttributeNames":{"#0":"done"},"ExpressionAttributeValues":{":0":{"N":"1"}},"Key":{"id":{"S":"a"}},"ReturnValuesOnConditionCheckFailure":"ALL_OLD","TableName":"accounts","UpdateExpression":"ADD #0 :0"}}]}
        reserve ok -> {"hold":"a"}
          TransactWriteItems {"ClientRequestToken":"…","TransactItems":[{"Put":{"ConditionExpression":"attribute_not_exists(#0)","ExpressionAttributeNames":{"#0":"pk"},"Item":{"args":{"S":"{\"order\":\"a\"}"},"inh":{"S":"32cda19cd4783725955b811541e751c687372e2d52ba8f0bd3ff99e9e935c869"},"out":{"S":"{\"hold\":\"a\"}"},"pk":{"S":"arn:run#2026-01-01T00:00:00.000Z|test.reserve"},"st":{"S":"DONE"},"ttl":{"N":"1801785600"}},"ReturnValuesOnConditionCheckFailure":"ALL_OLD","TableName":"saga_barrier"}},{"Update":{"ExpressionAttributeNames":{"#0":"done"},"ExpressionAttributeValues":{":0":{"N":"1"}},"Key":{"id":{"S":"a"}},"ReturnValuesOnConditionCheckFailure":"ALL_OLD","TableName":"accounts","UpdateExpression":"ADD #0 :0"}}]}
        undo reserve ok -> null
          GetItem {"ConsistentRead":true,"Key":{"pk":{"S":"arn:run#2026-01-01T00:00:00.000Z|test.reserve"}},"TableName":"saga_barrier"}
          TransactWriteItems {"ClientRequestToken":"…","TransactItems":[{"Update":{"ConditionExpression":"#0 = :2","ExpressionAttributeNames":{"#0":"st","#1":"ttl"},"ExpressionAttributeValues":{":0":{"S":"COMPENSATED"},":1":{"N":"1801785600"},":2":{"S":"DONE"}},"Key":{"pk":{"S":"arn:run#2026-01-01T00:00:00.000Z|test.reserve"}},"ReturnValuesOnConditionCheckFailure":"ALL_OLD","TableName":"saga_barrier","UpdateExpression":"SET #0 = :0, #1 = :1"}},{"Update":{"ExpressionAttributeNames":{"#0":"undone"},"ExpressionAttributeValues":{":0":{"N":"1"}},"Key":{"id":{"S":"a"}},"ReturnValuesOnConditionCheckFailure":"ALL_OLD","TableName":"accounts","UpdateExpression":"ADD #0 :0"}}]}
        reserve#2 no -> TestError.No: said the test
          PutItem {"ConditionExpression":"attribute_not_exists(#0)","ExpressionAttributeNames":{"#0":"pk"},"Item":{"err":{"S":"{\"type\":\"TestError.No\",\"message\":\"said the test\",\"data\":{\"sku\":\"tea\"}}"},"inh":{"S":"32cda19cd4783725955b811541e751c687372e2d52ba8f0bd3ff99e9e935c869"},"pk":{"S":"arn:run#2026-01-01T00:00:00.000Z|test.reserve#2"},"st":{"S":"REJECTED"},"ttl":{"N":"1801785600"}},"ReturnValuesOnConditionCheckFailure":"ALL_OLD","TableName":"saga_barrier"}
        reserve#2 short -> TestError.No: said the test
          TransactWriteItems {"ClientRequestToken":"…","TransactItems":[{"Put":{"ConditionExpression":"attribute_not_exists(#0)","ExpressionAttributeNames":{"#0":"pk"},"Item":{"args":{"S":"{\"order\":\"a\"}"},"inh":{"S":"32cda19cd4783725955b811541e751c687372e2d52ba8f0bd3ff99e9e935c869"},"out":{"S":"null"},"pk":{"S":"arn:run#2026-01-01T00:00:00.000Z|test.reserve#2"},"st":{"S":"DONE"},"ttl":{"N":"1801785600"}},"ReturnValuesOnConditionCheckFailure":"ALL_OLD","TableName":"saga_barrier"}},{"Update":{"ConditionExpression":"#0 >= :1","ExpressionAttributeNames":{"#0":"done"},"ExpressionAttributeValues":{":0":{"N":"1"},":1":{"N":"100"}},"Key":{"id":{"S":"a"}},"ReturnValuesOnConditionCheckFailure":"ALL_OLD","TableName":"accounts","UpdateExpression":"ADD #0 :0"}}]}
          PutItem {"ConditionExpression":"attribute_not_exists(#0)","ExpressionAttributeNames":{"#0":"pk"},"Item":{"err":{"S":"{\"type\":\"TestError.No\",\"message\":\"said the test\",\"data\":{\"sku\":\"tea\"}}"},"inh":{"S":"32cda19cd4783725955b811541e751c687372e2d52ba8f0bd3ff99e9e935c869"},"pk":{"S":"arn:run#2026-01-01T00:00:00.000Z|test.reserve#2"},"st":{"S":"REJECTED"},"ttl":{"N":"1801785600"}},"ReturnValuesOnConditionCheckFailure":"ALL_OLD","TableName":"saga_barrier"}
        undo reserve#3 ok -> null
          GetItem {"ConsistentRead":true,"Key":{"pk":{"S":"arn:run#2026-01-01T00:00:00.000Z|test.reserve#3"}},"TableName":"saga_barrier"}
          UpdateItem {"ConditionExpression":"(attribute_not_exists(#2) OR #0 = :2) OR #0 = :3","ExpressionAttributeNames":{"#0":"st","#1":"ttl","#2":"pk"},"ExpressionAttributeValues":{":0":{"S":"TOMBSTONE"},":1":{"N":"1801785600"},":2":{"S":"REJECTED"},":3":{"S":"TOMBSTONE"}},"Key":{"pk":{"S":"arn:run#2026-01-01T00:00:00.000Z|test.reserve#3"}},"ReturnValues":"ALL_NEW","ReturnValuesOnConditionCheckFailure":"ALL_OLD","TableName":"saga_barrier","UpdateExpression":"SET #0 = :0, #1 = :1"}

    "##]]
}

#[tokio::test]
async fn a_step_with_an_outside_effect_makes_these_calls() {
    let mut play = Play::new(external::steps);
    let mut record = json!({ "st": { "S": "RUNNING" }, "ep": { "N": "1" }, "args": { "S": "{\"order\":\"a\"}" } });
    let claimed = Reply::Http(200, json!({ "Attributes": record }).to_string());
    let calls = play.deliver("charge ok", vec![claimed, done()]).await;
    let hash = calls[0]["ExpressionAttributeValues"]
        .as_object()
        .unwrap()
        .values()
        .find(|value| value["S"].as_str().is_some_and(|text| text.len() == 64));
    record["inh"] = hash.unwrap().clone();
    record["st"]["S"] = json!("DONE");
    record["out"] = json!({ "S": "{\"charge\":\"a\"}" });
    play.deliver("charge ok", vec![refused(Some(&record))])
        .await;
    record["st"]["S"] = json!("COMPENSATING");
    record["ep"]["N"] = json!("2");
    let claimed = Reply::Http(200, json!({ "Attributes": record }).to_string());
    play.deliver("undo charge ok", vec![claimed, done()]).await;
    play.deliver("undo charge#2 ok", vec![refused(None), done()])
        .await;
    external_calls().assert_eq(&play.text);
}

fn external_calls() -> Expect {
    expect![[r##"
        charge ok -> {"charge":"a"}
          UpdateItem {"ConditionExpression":"attribute_not_exists(#7) OR ((#0 = :7 AND #3 < :8) AND #4 = :9)","ExpressionAttributeNames":{"#0":"st","#1":"ttl","#2":"own","#3":"lease","#4":"inh","#5":"args","#6":"ep","#7":"pk"},"ExpressionAttributeValues":{":0":{"S":"RUNNING"},":1":{"N":"1801785600"},":2":{"S":"delivery-1"},":3":{"N":"1767225615000"},":4":{"S":"32cda19cd4783725955b811541e751c687372e2d52ba8f0bd3ff99e9e935c869"},":5":{"S":"{\"order\":\"a\"}"},":6":{"N":"1"},":7":{"S":"RUNNING"},":8":{"N":"1767225600000"},":9":{"S":"32cda19cd4783725955b811541e751c687372e2d52ba8f0bd3ff99e9e935c869"}},"Key":{"pk":{"S":"arn:run#2026-01-01T00:00:00.000Z|test.charge"}},"ReturnValues":"ALL_NEW","ReturnValuesOnConditionCheckFailure":"ALL_OLD","TableName":"saga_barrier","UpdateExpression":"SET #0 = :0, #1 = :1, #2 = :2, #3 = :3, #4 = :4, #5 = :5 ADD #6 :6"}
          UpdateItem {"ConditionExpression":"#0 = :3 AND #4 = :4","ExpressionAttributeNames":{"#0":"st","#1":"ttl","#2":"out","#3":"lease","#4":"ep"},"ExpressionAttributeValues":{":0":{"S":"DONE"},":1":{"N":"1801785600"},":2":{"S":"{\"charge\":\"a\"}"},":3":{"S":"RUNNING"},":4":{"N":"1"}},"Key":{"pk":{"S":"arn:run#2026-01-01T00:00:00.000Z|test.charge"}},"ReturnValues":"ALL_NEW","ReturnValuesOnConditionCheckFailure":"ALL_OLD","TableName":"saga_barrier","UpdateExpression":"SET #0 = :0, #1 = :1, #2 = :2 REMOVE #3"}
        charge ok -> {"charge":"a"}
          UpdateItem {"ConditionExpression":"attribute_not_exists(#7) OR ((#0 = :7 AND #3 < :8) AND #4 = :9)","ExpressionAttributeNames":{"#0":"st","#1":"ttl","#2":"own","#3":"lease","#4":"inh","#5":"args","#6":"ep","#7":"pk"},"ExpressionAttributeValues":{":0":{"S":"RUNNING"},":1":{"N":"1801785600"},":2":{"S":"delivery-2"},":3":{"N":"1767225615000"},":4":{"S":"32cda19cd4783725955b811541e751c687372e2d52ba8f0bd3ff99e9e935c869"},":5":{"S":"{\"order\":\"a\"}"},":6":{"N":"1"},":7":{"S":"RUNNING"},":8":{"N":"1767225600000"},":9":{"S":"32cda19cd4783725955b811541e751c687372e2d52ba8f0bd3ff99e9e935c869"}},"Key":{"pk":{"S":"arn:run#2026-01-01T00:00:00.000Z|test.charge"}},"ReturnValues":"ALL_NEW","ReturnValuesOnConditionCheckFailure":"ALL_OLD","TableName":"saga_barrier","UpdateExpression":"SET #0 = :0, #1 = :1, #2 = :2, #3 = :3, #4 = :4, #5 = :5 ADD #6 :6"}
        undo charge ok -> null
          UpdateItem {"ConditionExpression":"#0 = :5 OR ((#0 = :6 OR #0 = :7) AND #3 < :8)","ExpressionAttributeNames":{"#0":"st","#1":"ttl","#2":"own","#3":"lease","#4":"ep"},"ExpressionAttributeValues":{":0":{"S":"COMPENSATING"},":1":{"N":"1801785600"},":2":{"S":"delivery-3"},":3":{"N":"1767225615000"},":4":{"N":"1"},":5":{"S":"DONE"},":6":{"S":"RUNNING"},":7":{"S":"COMPENSATING"},":8":{"N":"1767225600000"}},"Key":{"pk":{"S":"arn:run#2026-01-01T00:00:00.000Z|test.charge"}},"ReturnValues":"ALL_NEW","ReturnValuesOnConditionCheckFailure":"ALL_OLD","TableName":"saga_barrier","UpdateExpression":"SET #0 = :0, #1 = :1, #2 = :2, #3 = :3 ADD #4 :4"}
          UpdateItem {"ConditionExpression":"#0 = :2 AND #3 = :3","ExpressionAttributeNames":{"#0":"st","#1":"ttl","#2":"lease","#3":"ep"},"ExpressionAttributeValues":{":0":{"S":"COMPENSATED"},":1":{"N":"1801785600"},":2":{"S":"COMPENSATING"},":3":{"N":"2"}},"Key":{"pk":{"S":"arn:run#2026-01-01T00:00:00.000Z|test.charge"}},"ReturnValues":"ALL_NEW","ReturnValuesOnConditionCheckFailure":"ALL_OLD","TableName":"saga_barrier","UpdateExpression":"SET #0 = :0, #1 = :1 REMOVE #2"}
        undo charge#2 ok -> null
          UpdateItem {"ConditionExpression":"#0 = :5 OR ((#0 = :6 OR #0 = :7) AND #3 < :8)","ExpressionAttributeNames":{"#0":"st","#1":"ttl","#2":"own","#3":"lease","#4":"ep"},"ExpressionAttributeValues":{":0":{"S":"COMPENSATING"},":1":{"N":"1801785600"},":2":{"S":"delivery-4"},":3":{"N":"1767225615000"},":4":{"N":"1"},":5":{"S":"DONE"},":6":{"S":"RUNNING"},":7":{"S":"COMPENSATING"},":8":{"N":"1767225600000"}},"Key":{"pk":{"S":"arn:run#2026-01-01T00:00:00.000Z|test.charge#2"}},"ReturnValues":"ALL_NEW","ReturnValuesOnConditionCheckFailure":"ALL_OLD","TableName":"saga_barrier","UpdateExpression":"SET #0 = :0, #1 = :1, #2 = :2, #3 = :3 ADD #4 :4"}
          UpdateItem {"ConditionExpression":"(attribute_not_exists(#2) OR #0 = :2) OR #0 = :3","ExpressionAttributeNames":{"#0":"st","#1":"ttl","#2":"pk"},"ExpressionAttributeValues":{":0":{"S":"TOMBSTONE"},":1":{"N":"1801785600"},":2":{"S":"REJECTED"},":3":{"S":"TOMBSTONE"}},"Key":{"pk":{"S":"arn:run#2026-01-01T00:00:00.000Z|test.charge#2"}},"ReturnValues":"ALL_NEW","ReturnValuesOnConditionCheckFailure":"ALL_OLD","TableName":"saga_barrier","UpdateExpression":"SET #0 = :0, #1 = :1"}
    "##]]
}

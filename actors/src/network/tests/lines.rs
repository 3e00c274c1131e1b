//! The same conversation in lines of JSON.

use domain::Code;
use protocol::limits::JSON_LINE_BYTES_MAX;
use serde_json::{Value, json};

use crate::gate::SessionId;
use crate::network::Waits;
use crate::testing::world::World;

fn speaker(world: &mut World) -> SessionId {
    let id = world.connect();
    world.send(id, b"{\"hello\":{\"role\":\"maker\",\"channel\":7,\"name\":\"tests\"}}\n");
    world.said(id);
    assert_eq!(world.network.waits(id), Some(Waits::ForLine));
    id
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

fn reserve(payment: u128, amount: &str) -> Value {
    json!({
        "command": "reserve", "person": "1", "payment": format!("{payment:032x}"),
        "quota": "1/2022/0", "amount": amount, "economic": "30201", "method": "centralized",
        "business": "single", "day": "2022-03-15",
    })
}

fn tell(world: &mut World, id: SessionId, line: &Value) -> Vec<Value> {
    world.send(id, format!("{line}\n").as_bytes());
    world.settle();
    lines(&world.said(id))
}

#[test]
fn a_line_in_is_a_line_out() {
    let mut world = World::founded(2);
    let id = speaker(&mut world);
    let mut order = reserve(10, "12.34");
    order["request"] = json!("1");
    let heard = tell(&mut world, id, &order);
    assert_eq!(heard.len(), 1);
    assert_eq!((&heard[0]["request"], &heard[0]["results"][0]["code"]), (&json!("1"), &json!(0)));
    assert_eq!(heard[0]["results"][0]["state"], "reserved");
    assert_eq!(heard[0]["results"][0]["available"], "9987.66");
    let many =
        json!({ "request": "2", "commands": [reserve(11, "1.00"), reserve(12, "99999.00")] });
    let heard = tell(&mut world, id, &many);
    assert_eq!(heard[0]["results"][0]["name"], "accepted");
    assert_eq!(heard[0]["results"][1]["figures"][0]["left"], "9986.66");
    let asked = json!({ "request": "3", "look_up": "quota", "quota": "1/2022/0" });
    let heard = tell(&mut world, id, &asked);
    assert_eq!(heard[0]["request"], "3");
    assert!(heard[0]["answers"][0]["quota"].is_object(), "{heard:?}");
    for ask in ["ping", "health", "metrics"] {
        let heard = tell(&mut world, id, &json!({ "request": "4", "ask": ask }));
        assert_eq!((heard.len(), &heard[0]["request"]), (1, &json!("4")));
    }
    world.house.check();
}

#[test]
fn lines_may_come_in_any_pieces_and_blank_ones_mean_nothing() {
    let mut world = World::founded(2);
    let id = speaker(&mut world);
    let ping =
        b"\n  \r\n{\"request\":\"1\",\"ask\":\"ping\"}\r\n\n{\"request\":\"2\",\"ask\":\"ping\"}\n";
    for piece in [1, 2, 7, ping.len()] {
        for bytes in ping.chunks(piece) {
            world.send(id, bytes);
        }
        let heard = lines(&world.said(id));
        let requests: Vec<_> = heard.iter().map(|line| line["request"].clone()).collect();
        assert_eq!(requests, ["1", "2"], "pieces of {piece}");
        assert_eq!(world.unread(id), 0);
    }
    world.send(id, b"{\"request\":");
    assert_eq!(world.network.waits(id), Some(Waits::ForRest));
}

#[test]
fn a_line_that_cannot_be_read_is_answered_and_the_connection_goes_on() {
    let mut world = World::founded(2);
    let id = speaker(&mut world);
    let records = world.house.kept.len();
    let mut misspelt = reserve(10, "1.00");
    misspelt["request"] = json!("1");
    misspelt["ammount"] = json!("1.00");
    let heard = tell(&mut world, id, &misspelt);
    assert_eq!(
        (heard[0]["request"].as_str(), heard[0]["error"]["nearest"].as_str()),
        (Some("1"), Some("amount"))
    );
    world.send(id, b"{ no json\n[1]\n\xff\xfe\n");
    assert_eq!(lines(&world.said(id)).len(), 3);
    let mut sound = reserve(10, "1.00");
    sound["request"] = json!("2");
    assert_eq!(tell(&mut world, id, &sound)[0]["results"][0]["code"], 0);
    assert_eq!(world.house.kept.len(), records + 1);
}

#[test]
fn a_long_line_is_cut_off_before_it_is_held() {
    let mut world = World::founded(2);
    let whole = |length: usize| {
        let ping = br#"{"request":"1","ask":"ping"}"#;
        let mut line = ping.to_vec();
        line.resize(length, b' ');
        line
    };
    let id = speaker(&mut world);
    let mut longest = whole(JSON_LINE_BYTES_MAX);
    world.send(id, &longest);
    assert!(world.said(id).is_empty() && world.unread(id) == JSON_LINE_BYTES_MAX);
    world.send(id, b"\n");
    assert_eq!(lines(&world.said(id))[0]["pong"], true);
    longest.push(b' ');
    world.send(id, &longest);
    assert!(world.is_closing(id));
    assert_eq!(lines(&world.said(id))[0]["error"]["code"], Code::BadFrame.number());
    assert_eq!(world.unread(id), 0);
    // Before the hello too.
    let stranger = world.connect();
    world.send(stranger, &whole(JSON_LINE_BYTES_MAX + 1));
    assert!(world.is_closing(stranger));
}

#[test]
fn busy_and_goodbye_are_lines_too() {
    let mut world = World::founded(2);
    let id = speaker(&mut world);
    let mut order = reserve(10, "1.00");
    order["request"] = json!("1");
    world.send(id, format!("{order}\n").as_bytes());
    world.send(id, b"{\"request\":\"2\",\"ask\":\"goodbye\"}\n");
    assert!(world.said(id).is_empty());
    world.settle();
    let heard = lines(&world.said(id));
    assert_eq!((heard.len(), &heard[1]["goodbye"]), (2, &json!(true)));
    assert!(world.is_closing(id));
    let id = speaker(&mut world);
    world.network.stop();
    let heard = tell(&mut world, id, &order);
    assert_eq!(heard[0]["error"]["name"], "shutting-down");
    assert_eq!(heard[0]["request"], "1");
}

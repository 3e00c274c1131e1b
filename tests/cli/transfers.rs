//! Money from the province to a division below, by the commands that people give: a budget from its
//! notice to its reply, quotas by a document, a transfer by another, and its receiver.

use serde_json::Value;

use crate::house::{House, Ran, open_year, run};
use crate::{NO, OK};

/// A division's file on a server.
struct Office<'a> {
    division: &'a str,
    address: &'a str,
}

impl Office<'_> {
    fn ran(&self, words: &str, person: Option<&str>) -> Ran {
        let place = ["--division", self.division, "--year", "2022", "--connect", self.address];
        let words: Vec<&str> = words.split(' ').filter(|word| !word.is_empty()).collect();
        let by = person.map_or(Vec::new(), |person| vec!["--person", person]);
        run(&[&words[..], &place, &by].concat())
    }

    /// Files a paper that is taken.
    fn files(&self, person: &str, words: &str) {
        let ran = self.ran(words, Some(person));
        assert_eq!(ran.code, OK, "{words} by {person}: {}", ran.err);
    }

    /// What is printed, an object a line.
    fn told(&self, words: &str) -> Vec<Value> {
        let ran = self.ran(&format!("{words} --json"), None);
        assert_eq!(ran.code, OK, "{words}: {}", ran.err);
        ran.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    /// The transfers on their way, once there is what the engine has to bring about.
    fn transit(&self, words: &str, good: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        for _ in 0..200 {
            let told = self.told(&format!("quota transit {words}"));
            if good(&told) {
                return told;
            }
        }
        panic!("transfers of division {} never come there", self.division);
    }

    /// A unit, and a project of it in the library; the budget asked for.
    fn prepares(&self) {
        let base = "mof-dep\\t03\\t业务处\\tbusiness\\nunit\\t101\\t本级\\t\\t1\\tadministrative\\tfull\\t1\
                    \\t\\t03\\t\\t\\tactive";
        self.files("1", &format!("file base-put --text {base}"));
        self.files(
            "2",
            "goal put --goal G --unit 101 --target 补助 --indicator 1,output-time,及时,1,50.00 \
             --indicator 2,benefit,效益,1,30.00 --indicator 3,satisfaction,满意,1,20.00",
        );
        self.files(
            "2",
            "project draft --project P --name 补助 --unit 101 --class public --setup-year 2022 \
             --start-year 2022 --term-years 1 --total-need 100.00 --basis 依据 --standard none \
             --quantity 0 --goal G --need 2022,100.00",
        );
        self.files("3", "project submit P");
        self.files("4", "project review P");
        self.files("5", "project accept P");
        self.files("6", "budget open 文1");
    }

    fn row(&self, code: &str, kind: &str, classes: [&str; 3], amount: &str) {
        let [functional, government, departmental] = classes;
        let words = format!(
            "budget put --code {code} --unit 101 --project P --kind {kind} --functional {functional} \
             --government {government} --departmental {departmental} --fund 111 --procurement 2 \
             --first-year 2022 --amount {amount}"
        );
        self.files("2", &words);
    }

    fn digest(&self) -> String {
        self.ran("budget show --digest", None).out.trim().to_owned()
    }

    /// The budget on its whole way: a transfer of 98.00, and the reserve.
    fn replies(&self) {
        for up in ["first-up", "second-up"] {
            self.row("R-DOWN", "transfer", ["2050203", "50201", "30201"], "98.00");
            self.row("R-RESERVE", "reserve", ["2270100", "59999", "39999"], "2.00");
            self.files("4", &format!("budget {up} --whole"));
            if up == "first-up" {
                let income = "--unit division --fund 111 --source tax --planned 100.00";
                self.files("2", &format!("budget income {income}"));
                self.files("4", "project select P");
                self.files("6", "budget first-down");
            }
        }
        self.files("6", &format!("budget submit {} --day 2022-01-10", self.digest()));
        self.files("7", "budget approved --fund 111 --functional 2050203 --amount 98.00");
        self.files("7", "budget approved --fund 111 --functional 2270100 --amount 2.00");
        let resolution = format!("--resolution 决1 --day 2022-01-12 --digest {}", self.digest());
        self.files("7", &format!("budget approve {resolution}"));
        self.files("6", "budget reply --day 2022-01-15");
    }

    /// A document that is checked and carried out.
    fn issues(&self, code: &str, kind: &str, lines: &str) {
        let head = format!("--code {code} --kind {kind} --number 文{code} --date 2022-01-16");
        self.files("8", &format!("quota document draft {head} --authority 决1 {lines}"));
        self.files("9", &format!("quota document check {code}"));
        let shown = self.told(&format!("quota document show {code} --wait"));
        assert_eq!(shown[0]["state"], "done", "{}", shown[0]);
    }
}

#[test]
fn a_transfer_is_seen_on_its_way_and_received_against_its_document() {
    let house = House::busy();
    let server = house.serve();
    open_year(&server.address, 0);
    let of = |division| Office { division, address: &server.address };
    let (province, below) = (of("0"), of("5"));
    province.prepares();
    below.prepares();
    province.replies();
    let project = province.told("project show P");
    assert_eq!(project[0]["stands"], "executing");
    assert_eq!(project[0]["rows"].as_array().map(Vec::len), Some(2));
    province.issues("D1", "initial", "--all");
    let rows = province.told("budget list --project P");
    let total = rows.last().expect("a total");
    assert_eq!((&total["replied"], &total["current"]), (&"100.00".into(), &"100.00".into()));

    // One quota is the transfer's, the other the reserve's: their keys say which.
    let down = "--to 5/2022/unnamed --to-division 370102000 --amount 40.00";
    let keys = ["0/2022/0", "0/2022/1"].map(|quota| {
        let shown = run(&["quota", "show", quota, "--connect", &server.address, "--json"]);
        (quota, shown.json()["key"].as_str().unwrap_or_default().ends_with("/R-DOWN"))
    });
    let (from, _) = keys.into_iter().find(|(_, is_down)| *is_down).expect("the transfer's quota");
    province.issues("D2", "transfer", &format!("--from {from} {down}"));
    let out = province.transit("", |told| told.len() == 1);
    assert_eq!((&out[0]["way"], &out[0]["state"]), (&"out".into(), &"out".into()));
    assert_eq!((&out[0]["number"], &out[0]["amount"]), (&"文D2".into(), &"40.00".into()));
    let arrived = below.transit("", |told| told.len() == 1);
    assert_eq!((&arrived[0]["way"], &arrived[0]["state"]), (&"in".into(), &"waiting".into()));
    let key = arrived[0]["key"].as_str().expect("a key");

    // It is confirmed for a row of the receiver, against the document that came with it.
    below.row("R-UP", "received", ["2050203", "50201", "30201"], "0.00");
    let receive = |number: &str| {
        format!("quota receive --arrival {key} --number {number} --amount 40.00 --row R-UP")
    };
    let wrong = below.ran(&receive("文9"), Some("10"));
    assert_eq!(wrong.code, NO);
    assert!(wrong.err.contains("--number: \"文9\": number 上级指标文号"), "{}", wrong.err);
    below.files("10", &receive("文D2"));
    let is =
        |state: &'static str| move |told: &[Value]| told.len() == 1 && told[0]["state"] == state;
    below.transit("--all", is("landed"));
    province.transit("--all", is("landed"));
    province.transit("", |told| told.is_empty());
    let received = run(&["quota", "show", "5/2022/1", "--connect", &server.address, "--json"]);
    assert_eq!(received.code, OK, "{}", received.err);
    assert!(received.out.contains("/R-UP"), "{}", received.out);
    assert!(received.out.contains("\"available\":\"40.00\""), "{}", received.out);
}

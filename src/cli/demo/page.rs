//! The report of a demo as one page of HTML: nothing is fetched, charts are drawn as SVG, and every
//! number is one of the JSON summary, which the page carries along whole.

use std::fmt::Write;

use domain::Code;
use domain::money::{FenSum, yuan_grouped};
use serde_json::Value;

use super::super::bench::grouped;

const STYLE: &str = include_str!("page.css");

/// Width of a chart, in its own units; it is scaled to its column.
const WIDTH: u64 = 600;

/// Height of the chart of throughput.
const HEIGHT: u64 = 160;

/// What each invariant says, for visitors.
const MEANINGS: [(&str, &str); 9] = [
    ("I1", "no balance is below zero"),
    ("I2", "what came in less what went out is what is there"),
    ("I3", "an id takes effect at most once"),
    ("I5", "the journal leads to the same state, live and read again"),
    ("I6", "the journal is one unbroken chain"),
    ("I8", "a payment is in one voucher, and both sides have the same ones"),
    ("I10", "nobody fills two posts in one payment"),
    ("I11", "no payment without a quota"),
    ("I13", "no reported fact is lost"),
];

/// The page of a summary.
pub(super) fn page(told: &Value) -> String {
    let mut page = String::new();
    for part in [
        head(told),
        figures(told),
        throughput(told),
        latencies(told),
        recoveries(told),
        overload(told),
        refusals(told),
        invariants(told),
        settlement(told),
        foot(told),
    ] {
        page.push_str(&part);
    }
    page
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| value.as_f64().unwrap_or_default().round() as u64)
}

fn shown(value: &Value) -> String {
    grouped(number(value))
}

fn yuan(value: &Value) -> String {
    yuan_grouped(FenSum::from(value.as_i64().unwrap_or_default()))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn text(value: &Value) -> String {
    escaped(value.as_str().unwrap_or_default())
}

/// Microseconds for people.
fn time(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..1_000_000 => format!("{:.1} ms", us as f64 / 1e3),
        _ => format!("{:.2} s", us as f64 / 1e6),
    }
}

fn section(id: &str, title: &str, body: &str) -> String {
    format!("<section id=\"{id}\">\n<h2>{title}</h2>\n{body}</section>\n")
}

fn head(told: &Value) -> String {
    let (class, verdict) = if told["good"] == true {
        ("good", "Everything is as it should be.")
    } else {
        ("bad", "Something is not as it should be.")
    };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>Treasury demo</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>Shandong 2022 <span lang=\"zh\">山东省</span></h1>\n\
         <p>January and February at {} of their size, through a real server, durably, through a \
         crash and an overload.</p>\n<p class=\"verdict {class}\">{verdict}</p>\n",
        text(&told["scale"])
    )
}

fn figures(told: &Value) -> String {
    let overload = &told["overload"];
    let tiles = [
        ("payments that reached Paid", shown(&told["payments"]), yuan(&told["amount_fen"])),
        (
            "durable answers a second",
            shown(&told["durable_per_s"]),
            format!("{} commands", shown(&told["commands"])),
        ),
        (
            "answers unlike predicted",
            shown(&told["mismatches"]),
            format!("{} payments and quotas audited", shown(&told["audited"])),
        ),
        (
            "acknowledged and lost",
            grouped(number(&told["acknowledged_lost"]) + number(&overload["lost"])),
            format!(
                "{} looked up",
                grouped(number(&told["acknowledged_looked_up"]) + number(&overload["looked_up"]))
            ),
        ),
        ("refunds", shown(&told["refunds"]["count"]), yuan(&told["refunds"]["amount_fen"])),
        (
            "pages of payments left memory",
            shown(&told["paged_out"]),
            format!("{} came back", shown(&told["paged_in"])),
        ),
    ];
    let tile = |(name, figure, beside): &(&str, String, String)| {
        format!("<li><b>{figure}</b><span>{name}</span><small>{beside}</small></li>\n")
    };
    let tiles: String = tiles.iter().map(tile).collect();
    format!("<ul class=\"figures\">\n{tiles}</ul>\n")
}

fn throughput(told: &Value) -> String {
    let span_ms = number(&told["throughput"]["span_ms"]).max(1);
    let rates: Vec<u64> =
        told["throughput"]["per_s"].as_array().into_iter().flatten().map(number).collect();
    let largest = rates.iter().copied().max().unwrap_or(0).max(1);
    let step = WIDTH as f64 / rates.len().max(1) as f64;
    let mut chart = format!(
        "<svg viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-label=\"durable answers a second over \
         time\">\n",
        HEIGHT + 20
    );
    for (place, rate) in rates.iter().enumerate() {
        let height = *rate as f64 / largest as f64 * HEIGHT as f64;
        let _ = writeln!(
            chart,
            "<rect class=\"bar\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\">\
             <title>{:.2} s: {} a second</title></rect>",
            place as f64 * step,
            HEIGHT as f64 - height,
            step * 0.85,
            (place as u64 * span_ms) as f64 / 1e3,
            grouped(*rate),
        );
    }
    let whole_ms = (rates.len() as u64 * span_ms).max(1) as f64;
    for recovery in told["recoveries"].as_array().into_iter().flatten() {
        let x = number(&recovery["at_ms"]) as f64 / whole_ms * WIDTH as f64;
        let _ = writeln!(
            chart,
            "<line class=\"kill\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"0\" y2=\"{HEIGHT}\"/>\
             <text x=\"{:.1}\" y=\"12\">killed</text>",
            x + 4.0
        );
    }
    let _ = writeln!(
        chart,
        "<text x=\"0\" y=\"{0}\">0 s</text><text x=\"{WIDTH}\" y=\"{0}\" \
         text-anchor=\"end\">{1:.1} s</text>\n</svg>",
        HEIGHT + 16,
        told["seconds"].as_f64().unwrap_or_default()
    );
    let _ = writeln!(chart, "<p>The tallest column is {} answers a second.</p>", grouped(largest));
    section("throughput", "Durable answers a second", &chart)
}

/// Rows of a table with a bar each, as long as its value.
fn bars(rows: &[(String, u64, String)]) -> String {
    let largest = rows.iter().map(|row| row.1).max().unwrap_or(0).max(1);
    let row = |(name, value, figure): &(String, u64, String)| {
        let width = *value as f64 / largest as f64 * 100.0;
        format!(
            "<tr><th scope=\"row\">{name}</th><td class=\"figure\">{figure}</td><td \
             class=\"chart\"><svg viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" \
             aria-hidden=\"true\"><rect class=\"bar\" width=\"{width:.1}\" height=\"8\"/></svg>\
             </td></tr>\n"
        )
    };
    let rows: String = rows.iter().map(row).collect();
    format!("<table>\n{rows}</table>\n")
}

fn latencies(told: &Value) -> String {
    let of = |latencies: &Value| {
        let rows = ["p50", "p90", "p99", "p999", "max"].map(|name| {
            let us = number(&latencies[name]);
            (name.to_owned(), us, time(us))
        });
        bars(&rows)
    };
    let body = format!(
        "<h3>In the run, from when a frame went</h3>\n{}<h3>In the overload, from when a frame \
         was due</h3>\n{}",
        of(&told["latency_us"]),
        of(&told["overload"]["latency_us"])
    );
    section("latency", "How long answers took", &body)
}

fn recoveries(told: &Value) -> String {
    let row = |recovery: &Value| {
        format!(
            "<tr><td class=\"figure\">{:.1} s</td><td class=\"figure\">{} ms</td><td \
             class=\"figure\">{}</td><td class=\"figure\">{}</td></tr>\n",
            number(&recovery["at_ms"]) as f64 / 1e3,
            shown(&recovery["ms"]),
            shown(&recovery["from_checkpoint"]),
            shown(&recovery["replayed"])
        )
    };
    let rows: String = told["recoveries"].as_array().into_iter().flatten().map(row).collect();
    let body = format!(
        "<table>\n<tr><th class=\"figure\">killed at</th><th class=\"figure\">ready after</th>\
         <th class=\"figure\">checkpoint at record</th><th class=\"figure\">records \
         replayed</th></tr>\n{rows}</table>\n<p>{} frames were asked again by id; {} \
         acknowledged reservations were looked up at once, {} were lost.</p>\n",
        shown(&told["asked_again"]),
        shown(&told["acknowledged_looked_up"]),
        shown(&told["acknowledged_lost"])
    );
    section("recovery", "Killed and started again", &body)
}

fn overload(told: &Value) -> String {
    let overload = &told["overload"];
    let rows = [
        ("its own pace", "capacity_per_s"),
        ("offered", "offered_per_s"),
        ("durable meanwhile", "durable_per_s"),
    ]
    .map(|(name, field)| {
        let value = number(&overload[field]);
        (name.to_owned(), value, format!("{}/s", grouped(value)))
    });
    let body = format!(
        "{}<p>{} reservations; {} frames heard <code>Busy</code> and were sent again until they \
         were taken. {} ids were looked up: {} lost, {} fen more or less than taken once.</p>\n",
        bars(&rows),
        shown(&overload["reservations"]),
        shown(&overload["busy"]),
        shown(&overload["looked_up"]),
        shown(&overload["lost"]),
        shown(&overload["differing_fen"])
    );
    section("overload", &format!("At {} times its pace", shown(&overload["times_capacity"])), &body)
}

fn refusals(told: &Value) -> String {
    let mut counted: Vec<(u64, u16)> = told["refusals"]
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(code, count)| Some((number(count), code.parse().ok()?)))
        .collect();
    counted.sort_unstable_by_key(|&(count, code)| (std::cmp::Reverse(count), code));
    let row = |&(count, number): &(u64, u16)| {
        let code = Code::from_number(number);
        let (slug, chinese) = code.map_or(("?", "?"), |code| (code.slug(), code.chinese()));
        (format!("{number} {slug} <span lang=\"zh\">{chinese}</span>"), count, grouped(count))
    };
    let rows: Vec<_> = counted.iter().map(row).collect();
    section("refusals", "Refused, each as predicted", &bars(&rows))
}

fn invariants(told: &Value) -> String {
    let row = |(name, found): (&String, &Value)| {
        let violations = number(&found["violations"]);
        let (class, mark) = if violations == 0 {
            ("good", "holds".to_owned())
        } else {
            ("bad", format!("{} violations", grouped(violations)))
        };
        let meaning = MEANINGS.iter().find(|(known, _)| known == name).map_or("", |known| known.1);
        format!(
            "<tr><th scope=\"row\">{}</th><td>{meaning}</td><td class=\"{class}\">{mark}</td><td \
             class=\"figure\">{}</td></tr>\n",
            escaped(name),
            shown(&found["checked"])
        )
    };
    let rows: String = told["invariants"].as_object().into_iter().flatten().map(row).collect();
    let body = format!(
        "<table>\n<tr><th colspan=\"2\">invariant</th><th></th><th>times \
         checked</th></tr>\n{rows}</table>\n"
    );
    section("invariants", "Checked on the whole journal", &body)
}

fn settlement(told: &Value) -> String {
    let settled = &told["settlement"];
    let rows = [
        ("ordered", shown(&settled["payments"])),
        ("paid, by the banks' ledgers", shown(&settled["bank_payments"])),
        ("paid twice, by the banks' ledgers", shown(&told["bank_double_payments"])),
        ("cleared", shown(&settled["cleared"])),
        ("cleared", yuan(&told["cleared_fen"])),
        ("came back", yuan(&told["refunded_fen"])),
        ("paid and not cleared", yuan(&told["exposure_fen"])),
        ("out of the treasury, by the central bank's ledger", yuan(&settled["treasury_out_fen"])),
    ]
    .map(|(name, value)| {
        format!("<tr><th scope=\"row\">{name}</th><td class=\"figure\">{value}</td></tr>\n")
    })
    .concat();
    let body = format!(
        "<table>\n{rows}</table>\n<p>Finance, two banks and the central bank, each a process with a ledger of its \
         own. A bank was killed and a line cut: {} switches of lines, {} messages sent again.</p>\n",
        shown(&told["line_switches"]),
        shown(&told["redelivered"])
    );
    let body = body + &differences(&told["differences"]);
    section("settlement", "Settled by banks and the central bank", &body)
}

fn differences(told: &Value) -> String {
    let rows: String = told["named"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| {
            format!(
                "<tr><th scope=\"row\">{}</th><td>{}</td><td><code>{}</code></td></tr>\n",
                text(&one["difference"]),
                text(&one["english"]),
                text(&one["fault"])
            )
        })
        .collect();
    format!(
        "<h3>At the day's end <span lang=\"zh\">日终对账</span></h3>\n<p>The other bank answered wrongly by a script: {} \
         differences were planted, and its account statement showed {}. The day stayed open over them. On the next one \
         they ended, both days were closed, and {} are left.</p>\n<table>\n<tr><th>difference</th><th></th><th>by the \
         script</th></tr>\n{rows}</table>\n",
        shown(&told["planted"]),
        shown(&told["found"]),
        shown(&told["left"])
    )
}

fn foot(told: &Value) -> String {
    // Nothing in it can end the element early.
    let whole = told.to_string().replace('<', "\\u003c");
    format!(
        "<footer>\n<p>Seed {}. Digest of the state: <code>{}</code></p>\n\
         <script type=\"application/json\" id=\"figures\">{whole}</script>\n</footer>\n</main>\n\
         </body>\n</html>\n",
        number(&told["seed"]),
        text(&told["digest"])
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A summary with fixed figures.
    const TOLD: &str = include_str!("testdata/told.json");

    #[test]
    fn the_page_of_fixed_figures_is_as_it_was() {
        let told: Value = serde_json::from_str(TOLD).expect("a summary");
        let page = page(&told);
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/cli/demo/testdata/page.html");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(file, &page).expect("a golden file");
        }
        let golden = std::fs::read_to_string(file).unwrap_or_default();
        assert!(page == golden, "the page differs; UPDATE_GOLDEN=1 writes it anew:\n{page}");
    }

    #[test]
    fn nothing_is_fetched_and_nothing_ends_the_figures_early() {
        let mut told: Value = serde_json::from_str(TOLD).expect("a summary");
        told["scale"] = "</script><b>".into();
        let page = page(&told);
        for fetched in ["http:", "https:", "src=", "href=", "url(", "@import"] {
            assert!(!page.contains(fetched), "{fetched} is in the page");
        }
        assert!(!page.contains("<b>\"") && page.matches("</script>").count() == 1);
    }
}

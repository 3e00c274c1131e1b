//! `ops/simulate`.

fn main() {
    let arg = std::env::args().nth(1).map_or(200, |n| n.parse().unwrap());
    let from = std::env::args().nth(2).map_or(0, |n| n.parse().unwrap());
    let v = simulation::verdict::run_seeds(from..from + arg, 2, 3, &|| {});
    for violation in &v.violations {
        println!("{}", simulation::verdict::told(violation, "x"));
    }
    println!("{} seeds {} steps {:?}", v.seeds, v.notes.steps, v.notes);
}

//! The core of the link, both ends of it, over simulated lines: judged by what each store has at the end.

mod cases;

mod swarm;

mod world;

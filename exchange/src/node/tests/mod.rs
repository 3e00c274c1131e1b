//! Two parties on one thread, with everything that can go wrong between them and to each of them.

mod cases;
mod cut_off;
mod days;
mod owner;
mod paper;
mod purpose;
mod reading;
mod seals;
mod size;
mod swarm;
mod world;

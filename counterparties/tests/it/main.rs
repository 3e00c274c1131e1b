//! The counterparties as a whole: days, wrong answers, the central bank's queue, any order of deliveries.

mod central;
mod closing;
mod day;
mod faults;
mod held;
mod house;
mod kinds;
mod late_refunds;
mod messages;
mod properties;
mod province;
mod reconciliation;
mod records;
mod reversal;
mod short;
mod totals;
mod wrong_orders;

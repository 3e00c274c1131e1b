//! The link on real sockets: TLS over loopback, through proxies that cut, stall and go half-open.

mod certificates;

mod house;

mod proxy;

mod switching;

mod turning_away;

# Every recipe is one line of plain shell: without just, copy the line.

# list the recipes
default:
    @just --list

# build the server and its tools, optimised
build:
    cargo build --release

# everything that must hold before a change is shared
test:
    ./ops/test

# a province's payments through a real server, durably, through a crash
demo *ARGS:
    cargo run --release -- demo {{ARGS}}

# a whole node on one thread under seeds, with faults
simulate *ARGS:
    ./ops/simulate {{ARGS}}

# measure; every figure comes with a probe of the disk
bench *ARGS:
    cargo run --release -- bench {{ARGS}}

# clippy over the whole workspace, warnings are errors
lint:
    cargo clippy --workspace --all-targets --locked -- -D warnings

# format everything
fmt:
    cargo fmt --all

# licences, sources, advisories and bans of every dependency (needs cargo-deny)
deny:
    cargo deny --locked check

# write golden files anew; read the difference before you commit it
golden:
    UPDATE_GOLDEN=1 cargo test --workspace --locked

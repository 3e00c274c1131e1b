//! `treasury certificate`: whose key a seal is, at a party that runs: filed, verified, revoked, renewed.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use domain::voucher::Party;
use exchange::certificates::Certificate;
use serde_json::{Value, json};

use super::voucher::Store;
use super::voucher::look::day_of;
use crate::exit::{Exit, Failure};
use crate::hex;

/// File, verify, revoke and list certificates (证书) of parties, and renew a party's keys.
#[derive(Args)]
pub(super) struct Certificates {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// List certificates with their days and where each stands.
    List(List),
    /// File a certificate (备案); another person verifies it.
    File(File),
    /// Verify a certificate (验证) that another person has filed.
    Verify(Verify),
    /// Revoke a certificate (吊销): nothing that arrives under it is trusted any more.
    Revoke(Revoke),
    /// Have a party seal with the key that lies in its keys directory now.
    RenewKeys(RenewKeys),
}

impl Certificates {
    pub(super) fn run(self) -> Result<Exit> {
        match self.what {
            What::List(list) => list.run(),
            What::File(file) => file.run(),
            What::Verify(verify) => verify.run(),
            What::Revoke(revoke) => revoke.run(),
            What::RenewKeys(renew) => renew.run(),
        }
    }
}

/// List certificates.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury certificate list --exchange 127.0.0.1:7009
  treasury certificate list --party bank:102 --exchange 127.0.0.1:7009 --json

It is active from its first day, expiring in its last 30, expired behind its last. What was signed
while it was good stays good for 60 days after the signing day; what arrives under a revoked one
is not trusted, whatever day it says. The one with an asterisk is what this party seals with.")]
struct List {
    /// Of this party alone.
    #[arg(long, value_name = "PARTY")]
    party: Option<Party>,
    #[command(flatten)]
    store: Store,
}

impl List {
    fn run(self) -> Result<Exit> {
        let mut seen = self.store.say(&json!({ "look": "certificates" }))?;
        if let Some(party) = self.party.map(|party| party.to_string())
            && let Some(all) = seen["certificates"].as_array_mut()
        {
            all.retain(|one| one["party"] == party.as_str());
        }
        if self.store.json {
            writeln!(std::io::stdout(), "{seen}")?;
            return Ok(Exit::Ok);
        }
        let mut out = std::io::stdout().lock();
        for one in seen["certificates"].as_array().into_iter().flatten() {
            let mark = if one["seals_here"] == true { "*" } else { " " };
            writeln!(
                out,
                "{mark} {}  {} {}  {} to {}  {}",
                said(&one["certificate"]),
                said(&one["party"]),
                said(&one["holder"]),
                day_of(&one["first"]),
                day_of(&one["last"]),
                standing(one),
            )?;
            let places = one["places"].as_array().into_iter().flatten().map(said);
            writeln!(out, "    seals {}", places.collect::<Vec<_>>().join(", "))?;
            let filed = |by: &Value| format!("{} on {}", said(&by["by"]), day_of(&by["day"]));
            let verified = match &one["verified"] {
                Value::Null => "not verified".to_owned(),
                by => format!("verified by {}", filed(by)),
            };
            writeln!(out, "    filed by {}, {verified}", filed(&one["filed"]))?;
        }
        Ok(Exit::Ok)
    }
}

fn said(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Where a certificate stands, in words.
fn standing(one: &Value) -> String {
    match (said(&one["state"]), one["days_left"].as_u64().unwrap_or_default()) {
        ("filed", _) => "filed; another person has to verify it".to_owned(),
        ("verified", _) => format!("good from {} on", day_of(&one["first"])),
        ("expiring", 0) => "expiring: today is its last day".to_owned(),
        ("expiring", 1) => "expiring in 1 day".to_owned(),
        ("expiring", days) => format!("expiring in {days} days"),
        ("ended", _) => "expired".to_owned(),
        ("revoked", _) => {
            let revoked = &one["revoked"];
            let (day, by) = (day_of(&revoked["day"]), said(&revoked["by"]));
            format!("revoked on {day} by {by} because {}", said(&revoked["why"]))
        }
        (state, _) => state.to_owned(),
    }
}

/// File a certificate.
#[derive(Args)]
#[command(after_help = "\
Example:
  treasury certificate file ./keys/finance-370000000/bank-102-2.cert --by 王芳 \\
    --exchange 127.0.0.1:7009

It is relied on once another person has verified it. A certificate is filed with every party that
its holder writes to, and with the holder's own.")]
struct File {
    /// The certificate as the province's root issued it.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Who files it.
    #[arg(long, value_name = "PERSON")]
    by: String,
    #[command(flatten)]
    store: Store,
}

impl File {
    fn run(self) -> Result<Exit> {
        let name = self.file.display();
        let bytes = std::fs::read(&self.file)
            .map_err(|why| Failure::file(format_args!("cannot read {name}"), &why))?;
        let (certificate, _) = Certificate::read(&bytes)
            .map_err(|why| Failure::usage(format!("{name} is none to be filed: {why}")))?;
        let document = hex::write(&bytes);
        let line = json!({ "order": "file-certificate", "document": document, "by": self.by });
        let (id, party) = (certificate.id(), certificate.party);
        let next = format!("certificate {id} of {party} is filed; another person verifies it");
        self.store.order(&line, &next)
    }
}

/// Verify a certificate.
#[derive(Args)]
#[command(after_help = "\
Example:
  treasury certificate verify 5f1c2f9d0b7a4e3c8d6e9f0a1b2c3d4e --by 李强 --exchange 127.0.0.1:7009

Whoever verifies it has asked the party whether it is theirs; the root's signature is checked here.")]
struct Verify {
    /// Its id: 32 digits.
    certificate: String,
    /// Who verifies it: another person than filed it.
    #[arg(long, value_name = "PERSON")]
    by: String,
    #[command(flatten)]
    store: Store,
}

impl Verify {
    fn run(self) -> Result<Exit> {
        let Verify { certificate, by, store } = self;
        let line = json!({ "order": "verify-certificate", "certificate": certificate, "by": by });
        store.order(&line, &format!("certificate {certificate} is verified"))
    }
}

/// Revoke a certificate.
#[derive(Args)]
#[command(after_help = "\
Example:
  treasury certificate revoke 5f1c2f9d0b7a4e3c8d6e9f0a1b2c3d4e --by 王芳 --reason 密钥遗失 \\
    --exchange 127.0.0.1:7009

At this party alone; each counterparty revokes it for itself. What was taken stays taken. What
still arrives under it is not trusted, and its sender seals it anew where it has another key by
then.")]
struct Revoke {
    /// Its id: 32 digits.
    certificate: String,
    /// Who revokes it.
    #[arg(long, value_name = "PERSON")]
    by: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    store: Store,
}

impl Revoke {
    fn run(self) -> Result<Exit> {
        let Revoke { certificate, by, reason, store } = self;
        let line = json!({
            "order": "revoke-certificate", "certificate": certificate, "by": by, "reason": reason,
        });
        store.order(&line, &format!("certificate {certificate} is revoked"))
    }
}

/// Renew a party's keys.
#[derive(Args)]
#[command(after_help = "\
Example:
  treasury certificate renew-keys --exchange 127.0.0.1:7010

The party reads its keys directory again, and seals with what is there from its next turn on. The
new certificate has to be on file and verified there before, and with everybody it writes to;
until then it goes on with the key it has.")]
struct RenewKeys {
    #[command(flatten)]
    store: Store,
}

impl RenewKeys {
    fn run(self) -> Result<Exit> {
        let answer = self.store.say(&json!({ "order": "renew-keys" }))?;
        if self.store.json {
            writeln!(std::io::stdout(), "{answer}")?;
        } else {
            writeln!(
                std::io::stdout(),
                "it seals under certificate {} from now on",
                said(&answer["certificate"])
            )?;
        }
        Ok(Exit::Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_stands_in_words_where_it_stands() {
        let at = |state: &str, days_left: u32| {
            standing(&json!({
                "state": state, "first": 20_220_301, "days_left": days_left,
                "revoked": { "day": 20_220_304, "by": "王芳", "why": "密钥遗失" },
            }))
        };
        assert_eq!(at("active", 300), "active");
        assert_eq!(at("verified", 300), "good from 2022-03-01 on");
        assert_eq!(at("expiring", 29), "expiring in 29 days");
        assert_eq!(at("expiring", 1), "expiring in 1 day");
        assert_eq!(at("expiring", 0), "expiring: today is its last day");
        assert_eq!(at("ended", 0), "expired");
        assert_eq!(at("filed", 300), "filed; another person has to verify it");
        assert_eq!(at("revoked", 0), "revoked on 2022-03-04 by 王芳 because 密钥遗失");
    }
}

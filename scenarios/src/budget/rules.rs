//! What control rules say to each payment, told a second time: from what the rules' page says, and from
//! nothing of what carries them out.

use std::collections::{BTreeMap, BTreeSet};

use super::paper::Payee;

/// What the rules answer with.
const BAD_ELEMENT: u16 = 1007;
const INVOICE_USED: u16 = 1301;
const SAME_PAYMENT: u16 = 1302;
const PAYEE_INVALID: u16 = 1401;
const BLACKLISTED: u16 = 1403;
const OWN_ACCOUNT: u16 = 1404;
const THREE_PUBLIC_OVER: u16 = 1602;
const INCOME_NOT_REGISTERED: u16 = 1701;
const UNIT_FUND_SHORT: u16 = 1702;

/// The three public expenses (三公): travel abroad, receptions, cars.
const THREE_PUBLIC: [&str; 3] = ["30212", "30217", "30231"];

/// A payment as rules look at it.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) unit: String,
    pub(super) fund: &'static str,
    pub(super) economic: &'static str,
    pub(super) payee: Option<Payee>,
    pub(super) purpose: String,
    /// The number of the invoice its document names; none: there is no document.
    pub(super) invoice: Option<u64>,
    pub(super) fen: i64,
    /// Day of the year, from 0.
    pub(super) day: u32,
}

/// What rules say to a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Nothing.
    Nothing,
    /// It is refused with a code.
    Refused(u16),
    /// It waits for an officer, by the rule with a code.
    Held(u16),
    /// The department approves it too.
    Department,
}

/// What a payment is taken for another by: unit, account, purpose and amount.
type Alike = (String, String, String, i64);

/// What they go by.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    /// Registered accounts, and whether they are on the black list.
    pub(super) registered: BTreeMap<String, (Payee, bool)>,
    /// Names of units.
    pub(super) unit_names: BTreeMap<String, String>,
    /// From how much on the department approves; none: no payment of this year is so large.
    pub(super) large_fen: Option<i64>,
    /// What units may spend on the three public expenses.
    pub(super) ceilings: BTreeMap<String, i64>,
    /// What units have collected themselves.
    pub(super) collected: BTreeMap<String, i64>,
    invoices: BTreeSet<u64>,
    /// By day: payments that count.
    days: BTreeMap<u32, BTreeMap<Alike, u32>>,
    three_public: BTreeMap<String, i64>,
    own_money: BTreeMap<String, i64>,
}

impl Rules {
    /// What they say to a payment that is asked for.
    pub(super) fn say(&self, ask: &Ask) -> Said {
        match self.refuses(ask) {
            Some(code) => Said::Refused(code),
            None => self.holds(ask),
        }
    }

    fn refuses(&self, ask: &Ask) -> Option<u16> {
        let (Some(payee), Some(invoice)) = (&ask.payee, ask.invoice) else {
            return Some(BAD_ELEMENT);
        };
        if ask.purpose.is_empty() {
            return Some(BAD_ELEMENT);
        }
        if self.invoices.contains(&invoice) {
            return Some(INVOICE_USED);
        }
        match self.registered.get(&payee.account) {
            Some((known, _)) if known != payee => return Some(PAYEE_INVALID),
            None => return Some(PAYEE_INVALID),
            Some((_, true)) => return Some(BLACKLISTED),
            Some((_, false)) => {}
        }
        if THREE_PUBLIC.contains(&ask.economic) {
            let Some(&ceiling) = self.ceilings.get(&ask.unit) else { return Some(BAD_ELEMENT) };
            let spent = self.three_public.get(&ask.unit).copied().unwrap_or(0);
            if spent + ask.fen > ceiling {
                return Some(THREE_PUBLIC_OVER);
            }
        }
        if ask.fund.starts_with('3') {
            let collected = self.collected.get(&ask.unit).copied().unwrap_or(0);
            let spent = self.own_money.get(&ask.unit).copied().unwrap_or(0);
            if collected == 0 {
                return Some(INCOME_NOT_REGISTERED);
            }
            if spent + ask.fen > collected {
                return Some(UNIT_FUND_SHORT);
            }
        }
        None
    }

    fn holds(&self, ask: &Ask) -> Said {
        let (same, near) = (key(ask), ask.day.saturating_sub(1)..=ask.day + 1);
        if self.days.range(near).any(|(_, of_day)| of_day.contains_key(&same)) {
            return Said::Held(SAME_PAYMENT);
        }
        let own = self.unit_names.get(&ask.unit);
        if ask.payee.as_ref().is_some_and(|payee| Some(&payee.name) == own) {
            return Said::Held(OWN_ACCOUNT);
        }
        match self.large_fen {
            Some(large) if ask.fen >= large => Said::Department,
            _ => Said::Nothing,
        }
    }

    /// A payment was taken, held or not: it counts.
    pub(super) fn count(&mut self, ask: &Ask) {
        self.invoices.extend(ask.invoice);
        // Nothing looks further back than a day.
        self.days.retain(|&day, _| day + 1 >= ask.day);
        *self.days.entry(ask.day).or_default().entry(key(ask)).or_default() += 1;
        self.add(ask, ask.fen);
    }

    /// All of its money came back.
    pub(super) fn uncount(&mut self, ask: &Ask) {
        if let Some(invoice) = ask.invoice {
            self.invoices.remove(&invoice);
        }
        if let Some(of_day) = self.days.get_mut(&ask.day)
            && let Some(count) = of_day.get_mut(&key(ask))
        {
            *count -= 1;
            of_day.retain(|_, count| *count > 0);
        }
        self.add(ask, -ask.fen);
    }

    fn add(&mut self, ask: &Ask, fen: i64) {
        if THREE_PUBLIC.contains(&ask.economic) {
            *self.three_public.entry(ask.unit.clone()).or_default() += fen;
        }
        if ask.fund.starts_with('3') {
            *self.own_money.entry(ask.unit.clone()).or_default() += fen;
        }
    }
}

fn key(ask: &Ask) -> Alike {
    let account = ask.payee.as_ref().map_or("", |payee| &payee.account);
    (ask.unit.clone(), account.to_owned(), ask.purpose.clone(), ask.fen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payee(account: &str, name: &str) -> Payee {
        Payee { name: name.into(), account: account.into(), bank: "102451099999" }
    }

    fn rules() -> (Rules, Ask) {
        let mut rules = Rules { large_fen: Some(5_000), ..Rules::default() };
        for (one, black) in [
            (payee("1", "商店"), false),
            (payee("2", "失信公司"), true),
            (payee("3", "第一中学"), false),
        ] {
            rules.registered.insert(one.account.clone(), (one, black));
        }
        rules.unit_names.insert("101001".into(), "第一中学".into());
        let ask = Ask {
            unit: "101001".into(),
            fund: "111",
            economic: "30201",
            payee: Some(payee("1", "商店")),
            purpose: "办公".into(),
            invoice: Some(1),
            fen: 100,
            day: 40,
        };
        (rules, ask)
    }

    #[test]
    fn each_of_them_says_what_it_should() {
        let (mut rules, ask) = rules();
        let one = |change: &dyn Fn(&mut Ask)| {
            let mut ask = ask.clone();
            change(&mut ask);
            ask
        };
        let say = |rules: &Rules, change: &dyn Fn(&mut Ask)| rules.say(&one(change));
        use Said::{Department, Held, Nothing, Refused};
        assert_eq!(rules.say(&ask), Nothing);
        assert_eq!(say(&rules, &|ask| ask.payee = None), Refused(1007));
        assert_eq!(say(&rules, &|ask| ask.purpose.clear()), Refused(1007));
        assert_eq!(say(&rules, &|ask| ask.invoice = None), Refused(1007));
        assert_eq!(say(&rules, &|ask| ask.payee = Some(payee("9", "商店"))), Refused(1401));
        assert_eq!(say(&rules, &|ask| ask.payee = Some(payee("1", "别店"))), Refused(1401));
        assert_eq!(say(&rules, &|ask| ask.payee = Some(payee("2", "失信公司"))), Refused(1403));
        assert_eq!(say(&rules, &|ask| ask.payee = Some(payee("3", "第一中学"))), Held(1404));
        assert_eq!(say(&rules, &|ask| ask.fen = 5_000), Department);
        let public: &dyn Fn(&mut Ask) = &|ask| ask.economic = "30217";
        assert_eq!(say(&rules, public), Refused(1007));
        rules.ceilings.insert("101001".into(), 99);
        assert_eq!(say(&rules, public), Refused(1602));
        rules.ceilings.insert("101001".into(), 100);
        assert_eq!(say(&rules, public), Nothing);
        let own: &dyn Fn(&mut Ask) = &|ask| ask.fund = "31";
        assert_eq!(say(&rules, own), Refused(1701));
        rules.collected.insert("101001".into(), 150);
        assert_eq!(say(&rules, own), Nothing);
        rules.count(&one(own));
        assert_eq!(say(&rules, &|ask| (ask.fund, ask.invoice) = ("31", Some(2))), Refused(1702));
    }

    #[test]
    fn what_came_back_counts_no_more() {
        let (mut rules, ask) = rules();
        rules.count(&ask);
        assert_eq!(rules.say(&ask), Said::Refused(1301));
        let again = Ask { invoice: Some(2), ..ask.clone() };
        assert_eq!(rules.say(&again), Said::Held(1302));
        assert_eq!(rules.say(&Ask { day: 41, ..again.clone() }), Said::Held(1302));
        assert_eq!(rules.say(&Ask { day: 42, ..again.clone() }), Said::Nothing);
        rules.count(&again);
        rules.uncount(&again);
        assert_eq!(rules.say(&again), Said::Held(1302), "the first still counts");
        rules.uncount(&ask);
        assert_eq!(rules.say(&ask), Said::Nothing);
    }
}

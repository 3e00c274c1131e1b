//! A difference in words.

use crate::ids::{Day, PersonId};
use crate::money::Fen;
use crate::reconciliation::class::Class;
use crate::reconciliation::line::Figures;
use crate::voucher::PartyKind;

use super::Difference;

impl Difference {
    /// Its number, class, item and age, for lists: `D12 late 370102000-2022-8202-0000000001 3d`.
    #[must_use]
    pub fn name(&self, today: Day) -> String {
        let (class, item) = (self.finding.class, self.finding.place.item());
        format!("{} {class} {item} {}d", self.id, self.age_days(today))
    }

    /// How much money it may be about: where both sides have figures, by how much they differ, or all of it where it is
    /// the state that differs; otherwise what the one side says. Never negative.
    #[must_use]
    pub fn at_stake_fen(&self) -> Fen {
        let fen = |figures: Option<Figures>| figures.map_or(0, |said| said.amount_fen.get());
        let (ours, theirs) = (fen(self.finding.ours), fen(self.finding.theirs));
        let at_stake = match self.finding.class {
            Class::AmountDiff => ours.abs_diff(theirs),
            Class::Late => 0,
            _ => ours.unsigned_abs().max(theirs.unsigned_abs()),
        };
        // Both are within ±2⁵³, so that their difference is within 2⁵⁴.
        Fen::new(at_stake as i64)
    }

    /// One line: what, how old, for whom it waits, what both sides say, what resolves it.
    #[must_use]
    pub fn english(&self, today: Day) -> String {
        let said = |figures: Option<Figures>| {
            figures.map_or_else(|| "nothing".to_owned(), |figures| figures.to_string())
        };
        let (remedy, finding) = (self.remedy(), &self.finding);
        let mut text = format!(
            "{} {} in {} of {}, {} days, waits for {}",
            self.id,
            finding.class,
            self.told.source,
            self.told.party,
            self.age_days(today),
            remedy.owner,
        );
        if self.assigned != PersonId::NOBODY {
            text.push_str(&format!(" (person {})", self.assigned.0));
        }
        let (item, scope) = (finding.place.item(), finding.place.scope());
        text.push_str(&format!(": {item}"));
        for (word, value) in
            [("bank", scope.bank), ("account", scope.account), ("fund", scope.fund)]
        {
            if !value.is_empty() {
                text.push_str(&format!(", {word} {value}"));
            }
        }
        let (ours, theirs) = (said(finding.ours), said(finding.theirs));
        text.push_str(&format!("; ours {ours}; theirs {theirs}"));
        if let Some(letter) = &self.written {
            text.push_str(&format!("; written to on {} ({})", letter.day.get(), letter.words));
        }
        if let Some(first) = &self.proposed {
            text.push_str(&format!(
                "; person {} would accept it ({})",
                first.person.0, first.words
            ));
        }
        if let Some(carried) = &self.carried {
            let (until, why) = (carried.until.get(), &carried.remark.words);
            text.push_str(&format!("; carried until {until} ({why})"));
        }
        text.push_str(&format!("; {}", remedy.english));
        text
    }

    /// The same in Chinese.
    #[must_use]
    pub fn chinese(&self, today: Day) -> String {
        let said = |figures: Option<Figures>| {
            figures.map_or_else(|| "无此笔".to_owned(), Figures::chinese)
        };
        let (remedy, finding) = (self.remedy(), &self.finding);
        let mut text = format!(
            "{} {}（{}，{}），已{}天，待{}处理",
            self.id,
            finding.class.chinese(),
            self.told.source.chinese(),
            self.told.party,
            self.age_days(today),
            party_chinese(remedy.owner),
        );
        if self.assigned != PersonId::NOBODY {
            text.push_str(&format!("（人员{}）", self.assigned.0));
        }
        let (item, scope) = (finding.place.item(), finding.place.scope());
        text.push_str(&format!("：{item}"));
        for (word, value) in
            [("银行", scope.bank), ("账户", scope.account), ("资金性质", scope.fund)]
        {
            if !value.is_empty() {
                text.push_str(&format!("，{word}{value}"));
            }
        }
        let (ours, theirs) = (said(finding.ours), said(finding.theirs));
        text.push_str(&format!("；我方{ours}；对方{theirs}"));
        if let Some(letter) = &self.written {
            text.push_str(&format!("；{}已发函（{}）", letter.day.get(), letter.words));
        }
        if let Some(first) = &self.proposed {
            text.push_str(&format!("；人员{}提出认可（{}）", first.person.0, first.words));
        }
        if let Some(carried) = &self.carried {
            let (until, why) = (carried.until.get(), &carried.remark.words);
            text.push_str(&format!("；列明结转至{until}（{why}）"));
        }
        text.push_str(&format!("；{}", remedy.chinese));
        text
    }
}

/// What officials call a kind of party.
const fn party_chinese(kind: PartyKind) -> &'static str {
    match kind {
        PartyKind::Finance => "财政",
        PartyKind::Unit => "预算单位",
        PartyKind::Bank => "代理银行",
        PartyKind::CentralBank => "人民银行国库",
    }
}

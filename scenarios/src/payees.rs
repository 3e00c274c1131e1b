//! A table of payees, made once, whose particulars are copied into payments.

use xxhash_rust::xxh3::xxh3_64;

use crate::budget::{DEPARTMENT_UNITS, FIRST_DEPARTMENT};
use crate::command::Particulars;
use crate::draws::Draws;
use crate::plan::BANKS;

/// How many payees the table has.
const PAYEES: u64 = 4096;

const NAMES: [&str; 16] = [
    "齐鲁文具有限公司",
    "泰山物业服务有限公司",
    "黄河印务有限公司",
    "鲁信信息技术有限公司",
    "胶东建设工程有限公司",
    "沂蒙粮油贸易有限公司",
    "海岱环境工程有限公司",
    "东岳医药有限公司",
    "运河车辆维修中心",
    "蓬莱会议服务有限公司",
    "社会保险基金收入户",
    "住房公积金管理中心",
    "工资代发专户",
    "农户补贴代发专户",
    "供电公司",
    "自来水公司",
];

const PURPOSES: [&str; 8] =
    ["办公费", "维修费", "委托业务费", "工资", "社会保险缴费", "工程款", "补助", "水电费"];

/// One payee: the start of its particulars, and the hash of its account.
struct Payee {
    head: Vec<u8>,
    account_hash: u64,
}

/// The table.
pub(crate) struct Payees {
    table: Vec<Payee>,
}

fn text(bytes: &mut Vec<u8>, text: &[u8]) {
    bytes.extend_from_slice(&(text.len() as u16).to_le_bytes());
    bytes.extend_from_slice(text);
}

impl Payees {
    /// The table under a key.
    pub(crate) fn new(key: u64) -> Payees {
        let table = (0..PAYEES).map(|place| {
            let mut draws = Draws::at(key, place);
            let name = NAMES[draws.below(NAMES.len() as u64) as usize];
            let account = format!("62{:017}", draws.below(100_000_000_000_000_000));
            let bank = format!("10245{:07}", draws.below(10_000_000));
            let mut head = Vec::with_capacity(96);
            text(&mut head, name.as_bytes());
            text(&mut head, account.as_bytes());
            text(&mut head, bank.as_bytes());
            Payee { head, account_hash: xxh3_64(account.as_bytes()) }
        });
        Payees { table: table.collect() }
    }

    /// A payee's place from random bits.
    pub(crate) fn pick(bits: u64) -> u16 {
        (bits % PAYEES) as u16
    }

    /// The hash of a payee's account, as receipts carry it.
    pub(crate) fn account_hash(&self, payee: u16) -> u64 {
        self.table[usize::from(payee)].account_hash
    }

    /// Appends the particulars of a payment: payee name, account, bank number, purpose, document,
    /// official numbers. These are the application's, which starts with the unit's code, and the
    /// account that pays: its bank, its division, and the unit or zeros for finance.
    pub(crate) fn write(&self, of: &Particulars, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.table[usize::from(of.payee)].head);
        text(out, PURPOSES[usize::from(of.payee) % PURPOSES.len()].as_bytes());
        let mut document = *b"FP2022-000000000000";
        digits(&mut document[7..], of.number);
        text(out, &document);
        // Department and unit: as the unit's code has them, without noughts before.
        let mut numbers = *b"000000000-000000000000 0000000000000000";
        digits(&mut numbers[..6], FIRST_DEPARTMENT + of.unit / DEPARTMENT_UNITS);
        digits(&mut numbers[6..9], of.unit % DEPARTMENT_UNITS + 1);
        digits(&mut numbers[10..22], of.number);
        digits(&mut numbers[23..26], u64::from(BANKS[usize::from(of.payer.bank)]));
        digits(&mut numbers[26..30], u64::from(of.division.0) + 1);
        digits(&mut numbers[30..], u64::from(of.payer.account));
        let noughts = numbers.iter().take_while(|&&digit| digit == b'0').count();
        text(out, &numbers[noughts..]);
    }
}

/// Writes a number into digits, from the right.
fn digits(out: &mut [u8], mut number: u64) {
    for digit in out.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::DivisionIndex;

    use super::*;
    use crate::classes::Fund;
    use crate::plan::Payer;

    #[test]
    fn particulars_are_six_texts() {
        let payees = Payees::new(3);
        let mut bytes = Vec::new();
        let payer = Payer { bank: 1, account: 8, fund: Fund::General };
        let division = DivisionIndex(6);
        let of = Particulars { payee: 17, number: 42, division, unit: 7, payer };
        payees.write(&of, &mut bytes);
        let mut rest = bytes.as_slice();
        let mut texts = Vec::new();
        while let Some((length, after)) = rest.split_first_chunk::<2>() {
            let (text, after) = after.split_at(usize::from(u16::from_le_bytes(*length)));
            texts.push(std::str::from_utf8(text).unwrap());
            rest = after;
        }
        assert_eq!(texts.len(), 6);
        assert_eq!((texts[2].len(), texts[4]), (12, "FP2022-000000000042"));
        assert_eq!(texts[5], "101008-000000000042 1030007000000008");
        assert_eq!(payees.account_hash(17), xxh3_64(texts[1].as_bytes()));
    }
}

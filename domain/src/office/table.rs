//! How a table is declared, and the list of all of them.

use super::field::Field;

/// One column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name in files and on the wire.
    pub name: &'static str,
    /// What officials call it.
    pub chinese: &'static str,
    /// What stands in it.
    pub form: &'static str,
    /// The table that must have a row of this key, where it is not empty.
    pub refers: Option<&'static str>,
}

/// Why a line is no row of its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// The column, from 0; one past the last: the line has too many or too few.
    pub column: usize,
    /// What was expected there.
    pub expected: &'static str,
}

/// A type whose values are rows of a table.
pub trait Tabled: Sized + 'static + Clone + std::fmt::Debug + PartialEq {
    /// The table.
    const TABLE: Table;
    /// Its columns, in order.
    const COLUMNS: &'static [Column];
    /// How many of them, from the first, are the key; their texts, parted by `/`.
    const KEYS: usize;

    /// The row of some fields.
    ///
    /// # Errors
    /// The first field that does not fit.
    fn read(fields: &[&str]) -> Result<Self, Unfit>;

    /// Every field that does not fit its column.
    fn unfit(fields: &[&str]) -> Vec<Unfit>;

    /// Appends the text of each field, parted by tabs.
    fn write(&self, into: &mut String);

    /// The row as one of this type.
    fn of(row: &Row) -> Option<&Self>;

    /// The row among those of all tables.
    fn into_row(self) -> Row;

    /// Bytes that its texts take beside it.
    fn text_bytes(&self) -> usize;

    /// The key.
    fn key(&self) -> String;
}

pub(crate) fn read_field<T: Field>(fields: &[&str], column: usize) -> Result<T, Unfit> {
    let unfit = Unfit { column, expected: T::FORM };
    fields.get(column).and_then(|text| T::read(text)).ok_or(unfit)
}

/// Declares a row type: its table, how many columns are the key, and the columns with what
/// officials call them and, after `in`, the table they refer to.
macro_rules! row {
    ($(#[$doc:meta])* $name:ident, key $keys:literal, {
        $($(#[$field_doc:meta])* $field:ident: $type:ty = $chinese:literal $(in $refers:literal)?,)+
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)+ }

        impl $crate::office::table::Tabled for $name {
            const TABLE: $crate::office::table::Table = $crate::office::table::Table::$name;
            const COLUMNS: &'static [$crate::office::table::Column] = &[$(
                $crate::office::table::Column {
                    name: stringify!($field),
                    chinese: $chinese,
                    form: <$type as $crate::office::field::Field>::FORM,
                    refers: row!(@refers $($refers)?),
                },
            )+];
            const KEYS: usize = $keys;

            fn read(fields: &[&str]) -> Result<Self, $crate::office::table::Unfit> {
                let mut column = 0;
                $(
                    let $field = $crate::office::table::read_field::<$type>(fields, column)?;
                    column += 1;
                )+
                if fields.len() != column {
                    return Err($crate::office::table::Unfit { column, expected: "no further field" });
                }
                Ok($name { $($field),+ })
            }

            fn unfit(fields: &[&str]) -> Vec<$crate::office::table::Unfit> {
                let mut unfit = Vec::new();
                let mut column = 0;
                $(
                    unfit.extend($crate::office::table::read_field::<$type>(fields, column).err());
                    column += 1;
                )+
                if fields.len() > column {
                    unfit.push($crate::office::table::Unfit { column, expected: "no further field" });
                }
                unfit
            }

            fn write(&self, into: &mut String) {
                $(
                    $crate::office::field::Field::write(&self.$field, into);
                    into.push('\t');
                )+
                into.pop();
            }

            fn key(&self) -> String {
                let (mut text, mut column) = (String::new(), 0..Self::KEYS);
                $(
                    if let Some(column) = column.next() {
                        text.push_str(if column == 0 { "" } else { "/" });
                        $crate::office::field::Field::write(&self.$field, &mut text);
                    }
                )+
                text
            }

            fn text_bytes(&self) -> usize {
                0 $(+ $crate::office::field::Field::text_bytes(&self.$field))+
            }

            fn of(row: &$crate::office::table::Row) -> Option<&Self> {
                match row {
                    $crate::office::table::Row::$name(row) => Some(row),
                    _ => None,
                }
            }

            fn into_row(self) -> $crate::office::table::Row {
                $crate::office::table::Row::$name(Box::new(self))
            }
        }
    };
    (@refers $refers:literal) => { Some($refers) };
    (@refers) => { None };
}

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $slug:literal, $chinese:literal, $path:path;)+) => {
        /// A table. Numbers and names are never reused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Table { $($(#[$doc])* $name = $number,)+ }

        impl Table {
            /// Every table, by number.
            pub const ALL: &'static [Table] = &[$(Table::$name,)+];

            /// The table with a number.
            #[must_use]
            pub const fn from_number(number: u8) -> Option<Table> {
                match number { $($number => Some(Table::$name),)+ _ => None }
            }

            /// The name in files and on the wire.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $(Table::$name => $slug,)+ }
            }

            /// What officials call it.
            #[must_use]
            pub const fn chinese(self) -> &'static str {
                match self { $(Table::$name => $chinese,)+ }
            }

            /// The table with a name.
            #[must_use]
            pub fn from_slug(slug: &str) -> Option<Table> {
                match slug { $($slug => Some(Table::$name),)+ _ => None }
            }

            /// Its columns.
            #[must_use]
            pub const fn columns(self) -> &'static [Column] {
                match self { $(Table::$name => <$path as Tabled>::COLUMNS,)+ }
            }

            /// Every field of a row that does not fit its column.
            #[must_use]
            pub fn unfit(self, fields: &[&str]) -> Vec<Unfit> {
                match self { $(Table::$name => <$path as Tabled>::unfit(fields),)+ }
            }

            /// How many of them are the key.
            #[must_use]
            pub const fn keys(self) -> usize {
                match self { $(Table::$name => <$path as Tabled>::KEYS,)+ }
            }
        }

        /// A row of any table.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Row { $($(#[$doc])* $name(Box<$path>),)+ }

        impl Row {
            /// Its table.
            #[must_use]
            pub const fn table(&self) -> Table {
                match self { $(Row::$name(_) => Table::$name,)+ }
            }

            /// Bytes it takes in memory: itself, and its texts.
            #[must_use]
            pub fn bytes(&self) -> usize {
                match self { $(Row::$name(row) => size_of::<$path>() + row.text_bytes(),)+ }
            }

            /// Its key.
            #[must_use]
            pub fn key(&self) -> String {
                match self { $(Row::$name(row) => row.key(),)+ }
            }

            /// Appends the text of each field, parted by tabs.
            pub fn write(&self, into: &mut String) {
                match self { $(Row::$name(row) => row.write(into),)+ }
            }

            /// The row of a line of fields parted by tabs, as it was kept. Columns that came later
            /// than the line are empty.
            ///
            /// # Errors
            /// The first field that does not fit.
            pub fn read(table: Table, line: &str) -> Result<Row, Unfit> {
                let mut fields: Vec<&str> = line.split('\t').collect();
                let later = table.columns().len().saturating_sub(fields.len());
                fields.extend(std::iter::repeat_n("", later));
                Row::of_fields(table, &fields)
            }

            /// The row of some fields, as a person gives it: one for each column.
            ///
            /// # Errors
            /// The first field that does not fit.
            pub fn of_fields(table: Table, fields: &[&str]) -> Result<Row, Unfit> {
                match table { $(Table::$name => <$path>::read(fields).map(Tabled::into_row),)+ }
            }
        }
    };
}

use super::tables as t;

tables! {
    /// What the division is, and from when anything runs in it.
    DivisionCard = 1, "division", "区划", t::base::DivisionCard;
    /// Budget units.
    Unit = 2, "unit", "预算单位", t::base::Unit;
    /// Divisions below.
    Subdivision = 3, "subdivision", "下级区划", t::base::Subdivision;
    /// Divisions of the finance office.
    MofDep = 4, "mof-dep", "财政内设机构", t::base::MofDep;
    /// Posts and who holds them.
    PostHolder = 5, "post", "岗位", t::people::PostHolder;
    /// People on the units' lists.
    Person = 6, "person", "人员信息", t::people::Person;
    /// What they are paid each month.
    PayItem = 7, "pay-item", "工资项", t::people::PayItem;
    /// How many people a unit may have.
    Approved = 8, "establishment", "编制", t::people::Approved;
    /// Spending standards.
    Standard = 9, "standard", "支出标准", t::people::Standard;
    /// Agent banks.
    AgentBank = 10, "agent-bank", "代理银行", t::register::AgentBank;
    /// Bank accounts.
    Account = 11, "account", "银行账户", t::register::Account;
    /// Registered payees.
    Payee = 12, "payee", "收款人", t::register::Payee;
    /// Suppliers.
    Supplier = 13, "supplier", "供应商", t::register::Supplier;
    /// The working calendar.
    Calendar = 14, "calendar", "工作日历", t::register::Calendar;
    /// Versions of the code tables.
    CodeTable = 15, "code-table", "代码表版本", t::register::CodeTable;
    /// Codes of the classifications.
    CodeRow = 16, "code", "代码表", t::register::CodeRow;
    /// The project library.
    Project = 20, "project", "项目库", t::project::Project;
    /// What projects need in each year of their terms.
    ProjectNeed = 21, "project-need", "项目分年需求", t::project::ProjectNeed;
    /// Where the year's budget stands.
    Budget = 30, "budget", "预算编制", t::budget::Budget;
    /// The budget's rows.
    BudgetRow = 31, "budget-row", "项目年度预算", t::budget::BudgetRow;
    /// Control figures.
    Control = 32, "control", "控制数", t::budget::Control;
    /// Income.
    Income = 33, "income", "收入预算", t::budget::Income;
    /// What balances income and spending.
    Surplus = 34, "surplus", "年终结余", t::budget::Surplus;
    /// What units and departments have sent up.
    Sent = 35, "sent", "报送情况", t::budget::Sent;
    /// Versions of the budget.
    Version = 36, "version", "预算版本", t::budget::Version;
    /// What each version has for each fund nature and class.
    VersionSum = 37, "version-sum", "预算版本合计", t::budget::VersionSum;
    /// What the people's congress has approved.
    ApprovedSum = 38, "approved", "人大批准预算", t::budget::ApprovedSum;
    /// What units may have before the approval.
    EarlyCap = 39, "early-cap", "预算批准前支出限额", t::budget::EarlyCap;
    /// Quota documents.
    Document = 40, "document", "指标文", t::document::Document;
    /// Their lines.
    DocumentLine = 41, "document-line", "指标文明细", t::document::DocumentLine;
    /// Transfers on their way to other divisions, and how they ended.
    Transfer = 42, "transfer", "转移支付发出", t::document::Transfer;
    /// Transfers from other divisions, and what became of them.
    Arrival = 43, "arrival", "转移支付接收", t::document::Arrival;
    /// Rules of virement.
    VirementRule = 44, "virement-rule", "调剂规则", t::document::VirementRule;
    /// Documents of last year whose money has come in.
    CarriedIn = 45, "carried-in", "结转入账登记", t::document::CarriedIn;
    /// Control rules as they are.
    Rule = 50, "rule", "控制规则", t::rule::Rule;
    /// Control rules somebody proposes.
    RuleDraft = 51, "rule-draft", "待审规则", t::rule::RuleDraft;
    /// Control rules as they were.
    RuleVersion = 52, "rule-version", "规则历史版本", t::rule::RuleVersion;
    /// Control rules as the province has them.
    RuleInherited = 53, "rule-inherited", "省级规则", t::rule::RuleInherited;
    /// Where a rule is looser for a time.
    Deviation = 54, "deviation", "规则例外", t::rule::Deviation;
    /// Payees a rule does not stop.
    Exemption = 55, "exemption", "规则豁免", t::rule::Exemption;
    /// Ceilings on units' years.
    Ceiling = 56, "ceiling", "控制额度", t::rule::Ceiling;
    /// Payments that wait for an officer.
    Held = 57, "held", "拦截待办", t::rule::Held;
    /// Thresholds of alerts.
    Threshold = 58, "threshold", "预警阈值", t::report::Threshold;
    /// Alerts.
    Alert = 59, "alert", "预警", t::rule::Alert;
    /// Procurement plans and contracts.
    Commitment = 60, "commitment", "采购计划与合同", t::commitment::Commitment;
    /// Ceilings somebody proposes.
    CeilingDraft = 61, "ceiling-draft", "待审控制额度", t::rule::CeilingDraft;
    /// Performance goals.
    Goal = 70, "goal", "绩效目标", t::performance::Goal;
    /// Their indicators.
    Indicator = 71, "indicator", "绩效指标", t::performance::Indicator;
    /// How far indicators were.
    Achieved = 72, "achieved", "绩效指标完成情况", t::performance::Achieved;
    /// How far goals were.
    Tracked = 73, "tracked", "绩效监控记录", t::performance::Tracked;
    /// Evaluations of projects.
    Evaluation = 74, "evaluation", "绩效评价", t::performance::Evaluation;
    /// Dormant money.
    Dormant = 75, "dormant", "沉淀资金", t::performance::Dormant;
    /// Numbers that the division sets for itself.
    PolicyRow = 76, "policy", "管理参数", t::performance::PolicyRow;
}

impl Table {
    /// Whether it is base data: its rows are put and removed one by one, and checked together.
    #[must_use]
    pub const fn is_base(self) -> bool {
        (self as u8) < 20
    }

    /// The place of a column with a name.
    #[must_use]
    pub fn column(self, name: &str) -> Option<usize> {
        self.columns().iter().position(|column| column.name == name)
    }

    /// Its place in [`Table::ALL`].
    #[must_use]
    pub const fn place(self) -> usize {
        PLACES[self as usize] as usize
    }
}

/// For each number the place of its table.
const PLACES: [u8; 256] = {
    let mut places = [u8::MAX; 256];
    let mut place = 0;
    while place < Table::ALL.len() {
        places[Table::ALL[place] as usize] = place as u8;
        place += 1;
    }
    places
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_names_are_unique_and_references_exist() {
        assert!(Table::ALL.windows(2).all(|pair| (pair[0] as u8) < (pair[1] as u8)));
        for &table in Table::ALL {
            assert_eq!(Table::from_slug(table.slug()), Some(table));
            assert_eq!(Table::from_number(table as u8), Some(table));
            assert!(table.keys() >= 1 && table.keys() <= table.columns().len(), "{table:?}");
            for column in table.columns() {
                let refers = column.refers;
                assert!(refers.is_none_or(|name| Table::from_slug(name).is_some()), "{column:?}");
            }
        }
    }
}

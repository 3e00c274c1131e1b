//! Performance (绩效): goals and their indicators, how far they are, grades, dormant money, and the
//! numbers a division may set for itself.

use std::fmt::Write;

use crate::ids::{Day, FiscalYear, PersonId};
use crate::money::Fen;
use crate::office::field::{Field, Name, Text, Word, vocabulary};

/// A weight, share or score with two decimals: hundredths, 0.00 to 999.99.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hundredths(pub u32);

impl Hundredths {
    /// One hundred.
    pub const WHOLE: Hundredths = Hundredths(10_000);
    const MAX: u32 = 99_999;
}

impl Field for Hundredths {
    const FORM: &'static str = "a number with two decimals, 0.00 to 999.99";

    fn read(text: &str) -> Option<Self> {
        let fen = Fen::from_yuan(text).ok()?.get();
        u32::try_from(fen).ok().filter(|&number| number <= Self::MAX).map(Hundredths)
    }

    fn write(&self, into: &mut String) {
        let _ = write!(into, "{}.{:02}", self.0 / 100, self.0 % 100);
    }
}

row! {
    /// A performance goal (绩效目标).
    Goal, key 1, {
        /// Code.
        code: Word = "绩效目标代码",
        /// The unit that is to reach it.
        unit: Word = "单位" in "unit",
        /// What is to be reached.
        target: Name = "绩效目标",
        /// The amount it was approved anew with; empty: it holds with what was replied. A project
        /// whose rows have moved too far from that needs a new approval.
        approved_fen: Option<Fen> = "重新审定金额",
        /// Who wrote it.
        maker: PersonId = "经办人",
        /// Who approved it; 0: nobody yet.
        approver: PersonId = "审定人",
    }
}

vocabulary! {
    /// Level of an indicator, and which kind of it.
    IndicatorLevel {
        /// Output: how many (产出数量).
        Quantity = "output-quantity", "产出指标—数量";
        /// Output: how good (产出质量).
        Quality = "output-quality", "产出指标—质量";
        /// Output: when (产出时效).
        Time = "output-time", "产出指标—时效";
        /// Output: at what cost (产出成本).
        Cost = "output-cost", "产出指标—成本";
        /// Benefit (效益).
        Benefit = "benefit", "效益指标";
        /// Satisfaction (满意度).
        Satisfaction = "satisfaction", "满意度指标";
    }
}

impl IndicatorLevel {
    /// Its place among the three levels of the national table: output, benefit, satisfaction.
    #[must_use]
    pub const fn level(self) -> usize {
        match self {
            IndicatorLevel::Benefit => 1,
            IndicatorLevel::Satisfaction => 2,
            _ => 0,
        }
    }
}

row! {
    /// An indicator of a goal (绩效指标).
    Indicator, key 2, {
        /// The goal.
        goal: Word = "绩效目标代码" in "goal",
        /// Code.
        code: Word = "指标代码",
        /// Level.
        level: IndicatorLevel = "指标级别",
        /// Name.
        name: Name = "指标名称",
        /// Value to be reached, with its unit.
        value: Name = "指标值",
        /// Weight; those of a goal sum to 100.00.
        weight: Hundredths = "权重",
    }
}

vocabulary! {
    /// How a goal does (绩效运行监控).
    Light {
        /// On its way.
        Green = "green", "绿";
        /// Behind.
        Yellow = "yellow", "黄";
        /// Far behind: its payments are held (R-PERF).
        Red = "red", "红";
    }
}

row! {
    /// How far an indicator was on a day.
    Achieved, key 3, {
        /// The goal.
        goal: Word = "绩效目标代码" in "goal",
        /// The day.
        day: Day = "监控日期",
        /// The indicator.
        indicator: Word = "指标代码",
        /// Share of its value that was reached, per cent.
        reached: Hundredths = "完成率",
    }
}

row! {
    /// How far a goal was on a day (绩效监控记录).
    Tracked, key 2, {
        /// The goal.
        goal: Word = "绩效目标代码" in "goal",
        /// The day.
        day: Day = "监控日期",
        /// What was reached, by the indicators' weights, per cent.
        reached: Hundredths = "目标完成率",
        /// What could be expected: the share of the year that had passed, per cent.
        expected: Hundredths = "时间进度",
        /// How it does.
        light: Light = "监控结论",
        /// Who filed it.
        signer: PersonId = "办理人",
        /// What is to be done about it.
        note: Text = "整改措施",
    }
}

vocabulary! {
    /// Grade of an evaluation (评价等级).
    Grade {
        /// Excellent.
        Excellent = "excellent", "优";
        /// Good.
        Good = "good", "良";
        /// Passable.
        Fair = "fair", "中";
        /// Poor.
        Poor = "poor", "差";
    }
}

row! {
    /// Evaluation of a project's year (绩效评价), on file of that year or, since years close before
    /// everything is evaluated, of the next.
    Evaluation, key 2, {
        /// The project.
        project: Word = "项目代码",
        /// The year that is evaluated.
        year: FiscalYear = "评价年度",
        /// The unit's own score.
        self_score: Hundredths = "自评得分",
        /// Finance's score; empty: not yet given.
        score: Option<Hundredths> = "财政评价得分",
        /// The grade finance's score stands for; empty: not yet given.
        grade: Option<Grade> = "评价等级",
        /// Per cent of next year's need that the grade leaves; empty: not yet given.
        factor: Option<u8> = "下年安排比例",
        /// What is to be mended (整改).
        note: Text = "整改意见",
        /// Who filed the unit's own score.
        maker: PersonId = "自评人",
        /// Who filed finance's; 0: nobody yet.
        evaluator: PersonId = "评价人",
    }
}

row! {
    /// A row whose money is dormant (沉淀资金): listed, then taken back, then planned anew.
    Dormant, key 1, {
        /// The budget row.
        row: Word = "预算编码" in "budget-row",
        /// The year its money was first approved.
        first_year: FiscalYear = "资金安排初始年度",
        /// What was unused when it was listed.
        unused_fen: Fen = "未使用金额",
        /// The row's virement column when it was listed: what it has lost since was taken back.
        vired_fen: Fen = "列入时调剂金额",
        /// Of what was taken back: planned anew so far.
        replanned_fen: Fen = "已重新安排",
        /// The day it was listed.
        listed_on: Day = "列入日期",
        /// Who listed it.
        signer: PersonId = "办理人",
    }
}

row! {
    /// A number that the division sets for itself, in place of the one that holds by default. See
    /// [`crate::office::policy`].
    PolicyRow, key 1, {
        /// Its name.
        name: Word = "参数",
        /// The number.
        value: u32 = "数值",
        /// The document that says so.
        basis: Name = "依据",
    }
}

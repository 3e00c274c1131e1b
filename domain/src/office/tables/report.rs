//! Thresholds of alerts.

use crate::office::field::{Text, Word, vocabulary};

vocabulary! {
    /// What an alert watches, of one division and year.
    Measure {
        /// By how much execution on a paid basis is behind the year, in hundredths of a percent.
        ExecutionBehind = "execution-behind", "执行进度滞后";
        /// By how much it is ahead of the year, in hundredths of a percent.
        ExecutionAhead = "execution-ahead", "执行进度超前";
        /// Age of the oldest move out of it that nobody has taken, in hours.
        TransitHours = "transit-hours", "在途时长";
        /// Payments that are held.
        HeldPayments = "held-payments", "拦截待处理笔数";
        /// Payments of which the bank is silent.
        UnknownPayments = "unknown-payments", "状态不明笔数";
        /// Facts in suspense.
        ParkedFacts = "parked-facts", "挂账笔数";
        /// Age of the oldest fact in suspense, in hours.
        ParkedHours = "parked-hours", "挂账时长";
    }
}

row! {
    /// A threshold (预警阈值). It holds for its division and for all below that have no row of its
    /// code: an alert is raised at one value and cleared at a lower one, so that what wavers
    /// between both alarms once.
    Threshold, key 1, {
        /// Code.
        code: Word = "阈值编码",
        /// What it watches.
        measure: Measure = "监控指标",
        /// Raised at this value and above.
        raise_at: i64 = "触发值",
        /// Cleared at this value and below.
        clear_at: i64 = "解除值",
        /// What to do about it.
        note: Text = "说明",
    }
}

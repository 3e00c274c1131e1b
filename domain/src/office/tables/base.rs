//! Base data (基础信息): what a division is, its units.

use crate::ids::Day;
use crate::office::field::{Name, Text, Word, vocabulary};

vocabulary! {
    /// Budget level (预算级次).
    Level {
        /// The province's own level.
        Province = "province", "省级";
        /// A prefecture-level city.
        City = "city", "市级";
        /// A county, district or zone with a treasury of its own.
        County = "county", "县级";
        /// A township under the township specification.
        Township = "township", "乡级";
    }
}

vocabulary! {
    /// Where a division or unit stands.
    Standing {
        /// Works.
        Active = "active", "启用";
        /// Nothing new is taken until it is active again.
        Frozen = "frozen", "冻结";
        /// Went into another.
        Merged = "merged", "合并";
        /// Is no more.
        Cancelled = "cancelled", "撤销";
    }
}

row! {
    /// What the division is, and from when anything runs in it. One row, under the division's code.
    DivisionCard, key 1, {
        /// Nine-digit code.
        code: Word = "区划代码",
        /// Name.
        name: Name = "区划名称",
        /// Budget level.
        level: Level = "预算级次",
        /// Code of the division above; empty for the province.
        parent: Option<Word> = "上级区划",
        /// Payments run from this business day on.
        go_live: Day = "上线日期",
        /// Where it stands.
        standing: Standing = "状态",
    }
}

vocabulary! {
    /// Kind of a budget unit: it selects the branch of the mapping between the economic classes.
    UnitKind {
        /// Administrative (行政).
        Administrative = "administrative", "行政单位";
        /// Managed like the civil service (参公).
        CivilService = "civil-service", "参公事业单位";
        /// Public institution of class I (公益一类).
        PublicOne = "public-one", "公益一类事业单位";
        /// Public institution of class II (公益二类).
        PublicTwo = "public-two", "公益二类事业单位";
        /// Anything else.
        Other = "other", "其他";
    }
}

row! {
    /// A budget unit (预算单位). Yearly: a reorganisation is a new code, never an edit.
    Unit, key 1, {
        /// Code: three digits for each level.
        code: Word = "单位代码",
        /// Name.
        name: Name = "单位名称",
        /// The unit above; empty for a department (主管部门).
        parent: Option<Word> = "上级单位" in "unit",
        /// Kind.
        kind: UnitKind = "单位性质",
        /// Only leaves pay.
        is_leaf: bool = "是否末级",
        /// Unified social credit code, eighteen characters, or empty.
        credit_code: Text = "统一社会信用代码",
        /// Where it stands.
        standing: Standing = "状态",
    }
}

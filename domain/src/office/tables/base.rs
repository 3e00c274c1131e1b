//! Base data (基础信息): what a division is, the divisions below it, its units.

use crate::ids::Day;
use crate::office::field::{CreditCode, DivisionCode, Name, Word, vocabulary};

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
    /// Where a division, a unit or an account stands.
    Standing {
        /// Prepared; nothing runs yet.
        Draft = "draft", "待启用";
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
    /// What the division is, and from when anything runs in it. One row, under the code the
    /// division is registered with; with it, the year is under control.
    DivisionCard, key 1, {
        /// Nine-digit code.
        code: DivisionCode = "区划代码",
        /// Name.
        name: Name = "区划名称",
        /// Budget level.
        level: Level = "预算级次",
        /// Code of the division above; empty for the province.
        parent: Option<DivisionCode> = "上级区划",
        /// The tier itself (本级), or with all below it (全辖).
        own_level: bool = "是否本级",
        /// Whether it runs the new system before the others.
        pilot: bool = "是否试点",
        /// Payments run from this business day on.
        go_live: Day = "上线日期",
        /// Where it stands.
        standing: Standing = "状态",
    }
}

row! {
    /// A division below this one, as its own parent keeps it: a county's townships, which have no
    /// books of their own; a province's or a city's tree. Parents are stored, for codes are no tree.
    Subdivision, key 1, {
        /// Nine-digit code.
        code: DivisionCode = "区划代码",
        /// Name.
        name: Name = "区划名称",
        /// Budget level.
        level: Level = "预算级次",
        /// Code of the division above: another row, or the division itself.
        parent: DivisionCode = "上级区划",
        /// Whether it runs the new system before the others.
        pilot: bool = "是否试点",
        /// Payments run from this business day on; empty: no day is set, nothing runs.
        go_live: Option<Day> = "上线日期",
        /// Where it stands.
        standing: Standing = "状态",
    }
}

vocabulary! {
    /// What a division of the finance office does (财政内设机构).
    MofDepKind {
        /// Owns sectors and their departments (业务主管处室).
        Business = "business", "业务主管处室";
        /// Issues quota documents (指标管理处室).
        Budget = "budget", "预算指标管理处室";
        /// Reviews plans and payments, clears (国库处、支付中心).
        Treasury = "treasury", "国库支付机构";
        /// Anything else.
        Other = "other", "其他处室";
    }
}

row! {
    /// A division of the finance office (财政内设机构).
    MofDep, key 1, {
        /// Code, at most six characters.
        code: Word = "处室代码",
        /// Name.
        name: Name = "处室名称",
        /// What it does.
        kind: MofDepKind = "处室类别",
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

vocabulary! {
    /// How a unit is funded (经费供给方式).
    Funding {
        /// The budget bears all (全额).
        Full = "full", "全额拨款";
        /// The budget bears a part (差额).
        Differential = "differential", "差额拨款";
        /// It bears itself (自收自支).
        SelfSupporting = "self-supporting", "自收自支";
    }
}

row! {
    /// A budget unit (预算单位). Yearly: a reorganisation is a new code, never an edit.
    Unit, key 1, {
        /// Code, at most 21 characters, usually three for each level.
        code: Word = "单位代码",
        /// Name.
        name: Name = "单位名称",
        /// The unit above; empty for a department (主管部门).
        parent: Option<Word> = "上级单位" in "unit",
        /// 1 for a department, one more than the parent's below it.
        level: u8 = "单位层级",
        /// Kind.
        kind: UnitKind = "单位性质",
        /// How it is funded.
        funding: Funding = "经费供给方式",
        /// Only leaves pay.
        is_leaf: bool = "是否末级",
        /// Unified social credit code, or empty.
        credit_code: Option<CreditCode> = "统一社会信用代码",
        /// The division of the finance office that owns its sector.
        manage_mof_dep: Option<Word> = "业务主管处室" in "mof-dep",
        /// The township it belongs to; empty: the division itself.
        township: Option<DivisionCode> = "所属乡镇" in "subdivision",
        /// The unit it was merged into; empty: it was not.
        successor: Option<Word> = "承继单位" in "unit",
        /// Where it stands.
        standing: Standing = "状态",
    }
}

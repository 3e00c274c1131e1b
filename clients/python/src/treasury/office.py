"""What the finance office keeps on file: papers that can be filed, and tables that can be read.

Made from the tables of docs/office.md: `UPDATE_GOLDEN=1 python -m unittest tests.test_documents`.
"""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Tuple

from .names import Named, Role


class Paper(Named):
    """A kind of paper."""

    BASE_PUT = 1
    BASE_REMOVE = 2
    PROJECT_DRAFT = 20
    PROJECT_SUBMIT = 21
    PROJECT_DEPT_REVIEW = 22
    PROJECT_FINANCE_REVIEW = 23
    PROJECT_RETURN = 24
    PROJECT_RANK = 25
    PROJECT_SELECT = 26
    PROJECT_SUSPEND = 27
    PROJECT_RESUME = 28
    PROJECT_FINISH = 29
    PROJECT_CANCEL = 30
    PROJECT_ROLL = 31
    PROJECT_EXPIRE = 32
    PROJECT_CLOSE = 33
    BUDGET_OPEN = 40
    ROW_PUT = 41
    ROW_DROP = 42
    INCOME_PUT = 43
    CONTROL_PUT = 44
    BUDGET_FIRST_UP = 45
    BUDGET_FIRST_DOWN = 46
    BUDGET_SECOND_UP = 47
    BUDGET_RETURN = 48
    BUDGET_SUBMIT = 49
    BUDGET_APPROVE = 50
    BUDGET_REPLY = 51
    ROW_AUDIT = 52
    ROW_ADD = 53
    INCOME_COLLECT = 54
    SURPLUS_PUT = 55
    APPROVED_PUT = 56
    EARLY_CAP_PUT = 57
    DOCUMENT_DRAFT = 70
    DOCUMENT_LINES = 71
    DOCUMENT_CHECK = 72
    DOCUMENT_RETURN = 73
    RECEIVE = 74
    DECLINE = 75
    VIREMENT_RULES = 76
    RULE_PROPOSE = 110
    RULE_APPROVE = 111
    RULE_DROP = 112
    RULE_INHERIT = 113
    DEVIATION_PROPOSE = 114
    DEVIATION_APPROVE = 115
    DEVIATION_END = 116
    SCAN_DAY = 117
    CEILING_SET = 118
    EXEMPTION_PROPOSE = 119
    EXEMPTION_APPROVE = 120
    ALERT_ANSWER = 121
    CEILING_PROPOSE = 122
    CEILING_DROP = 123
    THRESHOLD_PUT = 138
    THRESHOLD_REMOVE = 139
    COMMITMENT_PROPOSE = 140
    COMMITMENT_CHECK = 141
    COMMITMENT_CHANGE = 142
    COMMITMENT_CLOSE = 143
    GOAL_PUT = 170
    TRACK = 171
    EVALUATE = 172
    POLICY_PUT = 173
    GOAL_APPROVE = 174
    DORMANT_LIST = 175
    REPLAN = 176
    RULES_FIRED = 210
    DOCUMENT_DONE = 211
    DOCUMENT_FAILED = 212
    ROW_FIGURES = 213
    TRANSFER_OUT = 214
    TRANSFER_END = 215
    ARRIVE = 216
    RECEIVED = 217
    CARRY_ROWS = 218
    CARRY_IN = 219


#: Who files which.
PAPER_ROLES: Dict[Paper, Tuple[Role, ...]] = {
    Paper.BASE_PUT: (Role.FINANCE,),
    Paper.BASE_REMOVE: (Role.FINANCE,),
    Paper.PROJECT_DRAFT: (Role.MAKER, Role.FINANCE),
    Paper.PROJECT_SUBMIT: (Role.CHECKER, Role.FINANCE),
    Paper.PROJECT_DEPT_REVIEW: (Role.CHECKER, Role.FINANCE),
    Paper.PROJECT_FINANCE_REVIEW: (Role.FINANCE,),
    Paper.PROJECT_RETURN: (Role.CHECKER, Role.FINANCE),
    Paper.PROJECT_RANK: (Role.CHECKER, Role.FINANCE),
    Paper.PROJECT_SELECT: (Role.FINANCE,),
    Paper.PROJECT_SUSPEND: (Role.FINANCE,),
    Paper.PROJECT_RESUME: (Role.FINANCE,),
    Paper.PROJECT_FINISH: (Role.FINANCE,),
    Paper.PROJECT_CANCEL: (Role.MAKER, Role.FINANCE),
    Paper.PROJECT_ROLL: (Role.FINANCE,),
    Paper.PROJECT_EXPIRE: (Role.FINANCE,),
    Paper.PROJECT_CLOSE: (Role.FINANCE,),
    Paper.BUDGET_OPEN: (Role.FINANCE,),
    Paper.ROW_PUT: (Role.MAKER, Role.FINANCE),
    Paper.ROW_DROP: (Role.MAKER, Role.FINANCE),
    Paper.INCOME_PUT: (Role.MAKER, Role.FINANCE),
    Paper.CONTROL_PUT: (Role.FINANCE,),
    Paper.BUDGET_FIRST_UP: (Role.MAKER, Role.CHECKER, Role.FINANCE),
    Paper.BUDGET_FIRST_DOWN: (Role.FINANCE,),
    Paper.BUDGET_SECOND_UP: (Role.MAKER, Role.CHECKER, Role.FINANCE),
    Paper.BUDGET_RETURN: (Role.CHECKER, Role.FINANCE),
    Paper.BUDGET_SUBMIT: (Role.FINANCE,),
    Paper.BUDGET_APPROVE: (Role.FINANCE,),
    Paper.BUDGET_REPLY: (Role.FINANCE,),
    Paper.ROW_AUDIT: (Role.FINANCE,),
    Paper.ROW_ADD: (Role.FINANCE,),
    Paper.INCOME_COLLECT: (Role.MAKER, Role.FINANCE),
    Paper.SURPLUS_PUT: (Role.FINANCE,),
    Paper.APPROVED_PUT: (Role.FINANCE,),
    Paper.EARLY_CAP_PUT: (Role.FINANCE,),
    Paper.DOCUMENT_DRAFT: (Role.FINANCE,),
    Paper.DOCUMENT_LINES: (Role.FINANCE,),
    Paper.DOCUMENT_CHECK: (Role.FINANCE,),
    Paper.DOCUMENT_RETURN: (Role.FINANCE,),
    Paper.RECEIVE: (Role.FINANCE,),
    Paper.DECLINE: (Role.FINANCE,),
    Paper.VIREMENT_RULES: (Role.FINANCE,),
    Paper.RULE_PROPOSE: (Role.FINANCE,),
    Paper.RULE_APPROVE: (Role.FINANCE,),
    Paper.RULE_DROP: (Role.FINANCE,),
    Paper.RULE_INHERIT: (Role.FINANCE,),
    Paper.DEVIATION_PROPOSE: (Role.FINANCE,),
    Paper.DEVIATION_APPROVE: (Role.FINANCE,),
    Paper.DEVIATION_END: (Role.FINANCE,),
    Paper.SCAN_DAY: (Role.FINANCE, Role.ENGINE),
    Paper.CEILING_SET: (Role.FINANCE,),
    Paper.EXEMPTION_PROPOSE: (Role.FINANCE,),
    Paper.EXEMPTION_APPROVE: (Role.FINANCE,),
    Paper.ALERT_ANSWER: (Role.FINANCE,),
    Paper.CEILING_PROPOSE: (Role.FINANCE,),
    Paper.CEILING_DROP: (Role.FINANCE,),
    Paper.THRESHOLD_PUT: (Role.FINANCE,),
    Paper.THRESHOLD_REMOVE: (Role.FINANCE,),
    Paper.COMMITMENT_PROPOSE: (Role.MAKER, Role.FINANCE),
    Paper.COMMITMENT_CHECK: (Role.CHECKER, Role.FINANCE),
    Paper.COMMITMENT_CHANGE: (Role.MAKER, Role.FINANCE),
    Paper.COMMITMENT_CLOSE: (Role.CHECKER, Role.FINANCE),
    Paper.GOAL_PUT: (Role.MAKER, Role.FINANCE),
    Paper.TRACK: (Role.MAKER, Role.CHECKER, Role.FINANCE),
    Paper.EVALUATE: (Role.MAKER, Role.CHECKER, Role.FINANCE),
    Paper.POLICY_PUT: (Role.FINANCE,),
    Paper.GOAL_APPROVE: (Role.FINANCE,),
    Paper.DORMANT_LIST: (Role.FINANCE,),
    Paper.REPLAN: (Role.FINANCE,),
    Paper.RULES_FIRED: (Role.ENGINE,),
    Paper.DOCUMENT_DONE: (Role.ENGINE,),
    Paper.DOCUMENT_FAILED: (Role.ENGINE,),
    Paper.ROW_FIGURES: (Role.ENGINE,),
    Paper.TRANSFER_OUT: (Role.ENGINE,),
    Paper.TRANSFER_END: (Role.ENGINE,),
    Paper.ARRIVE: (Role.ENGINE,),
    Paper.RECEIVED: (Role.ENGINE,),
    Paper.CARRY_ROWS: (Role.ENGINE,),
    Paper.CARRY_IN: (Role.ENGINE,),
}


class Table(NamedTuple):
    """A table."""

    number: int
    name: str
    #: How many of its columns, from the first, are the key; `/` stands between them in a key.
    keys: int
    columns: List[str]


#: Every table by its name.
TABLES: Dict[str, Table] = {
    "division": Table(1, "division", 1, "code name level parent own_level pilot go_live standing".split()),
    "unit": Table(2, "unit", 1, "code name parent level kind funding is_leaf credit_code manage_mof_dep township successor standing".split()),
    "subdivision": Table(3, "subdivision", 1, "code name level parent pilot go_live standing".split()),
    "mof-dep": Table(4, "mof-dep", 1, "code name kind".split()),
    "post": Table(5, "post", 3, "person post unit name".split()),
    "person": Table(6, "person", 2, "unit person name masked_id work establishment state account bank_number".split()),
    "pay-item": Table(7, "pay-item", 3, "unit person class standard month_fen".split()),
    "establishment": Table(8, "establishment", 2, "unit establishment headcount".split()),
    "standard": Table(9, "standard", 1, "code name level class measure price_fen valid_from valid_to basis hardness".split()),
    "agent-bank": Table(10, "agent-bank", 1, "code name bank_number standing".split()),
    "account": Table(11, "account", 1, "number name kind owner unit agent_bank bank_name bank_number treasury_code standing".split()),
    "payee": Table(12, "payee", 1, "account name bank_number kind list reason".split()),
    "supplier": Table(13, "supplier", 1, "credit_code name account standing".split()),
    "calendar": Table(14, "calendar", 1, "day working cut_off note".split()),
    "code-table": Table(15, "code-table", 1, "table version source".split()),
    "code": Table(16, "code", 2, "table code name parent enterable goes_with source".split()),
    "project": Table(20, "project", 1, "code name unit class setup_year start_year term_years total_need_fen year_need_fen basis standard quantity goal track topics priority state library_year maker signer reason".split()),
    "project-need": Table(21, "project-need", 2, "project year need_fen".split()),
    "budget": Table(30, "budget", 1, "name notice state version round digest submitted_on resolution resolved_on replied_on signer reason".split()),
    "budget-row": Table(31, "budget-row", 1, "code unit project kind functional government departmental fund procurement track to_division first_year asked_fen audited_fen reply_fen adjusted_fen vired_fen current_fen is_dropped".split()),
    "control": Table(32, "control", 3, "unit class fund amount_fen".split()),
    "income": Table(33, "income", 3, "unit fund source planned_fen collected_fen".split()),
    "surplus": Table(34, "surplus", 1, "fund amount_fen".split()),
    "sent": Table(35, "sent", 2, "by unit round is_returned signer reason".split()),
    "version": Table(36, "version", 1, "number step digest rows income_fen spending_fen signer day".split()),
    "version-sum": Table(37, "version-sum", 3, "version fund functional amount_fen".split()),
    "approved": Table(38, "approved", 2, "fund functional amount_fen".split()),
    "early-cap": Table(39, "early-cap", 2, "unit ground cap_fen basis".split()),
    "document": Table(40, "document", 1, "code kind number title day authority lines total_fen maker checker state reason".split()),
    "document-line": Table(41, "document-line", 2, "document line row from to to_division amount_fen cap_fen".split()),
    "transfer": Table(42, "transfer", 1, "id document number from to to_division functional fund track amount_fen maker checker out_ms state".split()),
    "arrival": Table(43, "arrival", 2, "sender id number from to_division functional fund track amount_fen maker checker out_ms state row receiver reason".split()),
    "virement-rule": Table(44, "virement-rule", 1, "code from_class to_class above_fen need".split()),
    "carried-in": Table(45, "carried-in", 2, "year document".split()),
    "rule": Table(50, "rule", 1, "id version when action condition code tolerance_fen tolerance_bp in_force waits_for chinese english release origin origin_version maker checker day".split()),
    "rule-draft": Table(51, "rule-draft", 1, "id version when action condition code tolerance_fen tolerance_bp in_force waits_for chinese english release origin origin_version maker checker day".split()),
    "rule-version": Table(52, "rule-version", 2, "id version when action condition code tolerance_fen tolerance_bp in_force waits_for chinese english release origin origin_version maker checker day".split()),
    "rule-inherited": Table(53, "rule-inherited", 1, "id version when action condition code tolerance_fen tolerance_bp in_force waits_for chinese english release origin origin_version maker checker day".split()),
    "deviation": Table(54, "deviation", 1, "rule number valid_from valid_to action condition tolerance_fen tolerance_bp reason maker checker".split()),
    "exemption": Table(55, "exemption", 3, "rule unit account number valid_to maker checker".split()),
    "ceiling": Table(56, "ceiling", 2, "unit name approved_fen basis maker checker".split()),
    "held": Table(57, "held", 1, "payment quota unit rule version code amount_fen day inputs release".split()),
    "threshold": Table(58, "threshold", 1, "code measure raise_at clear_at note".split()),
    "alert": Table(59, "alert", 2, "rule subject version code action unit amount_fen day inputs state answer".split()),
    "commitment": Table(60, "commitment", 1, "number kind under unit name code supplier amount_fen day state version maker checker proposed_fen reason".split()),
    "ceiling-draft": Table(61, "ceiling-draft", 2, "unit name approved_fen basis maker".split()),
    "goal": Table(70, "goal", 1, "code unit target approved_fen maker approver".split()),
    "indicator": Table(71, "indicator", 2, "goal code level name value weight".split()),
    "achieved": Table(72, "achieved", 3, "goal day indicator reached".split()),
    "tracked": Table(73, "tracked", 2, "goal day reached expected light signer note".split()),
    "evaluation": Table(74, "evaluation", 2, "project year self_score score grade factor note maker evaluator".split()),
    "dormant": Table(75, "dormant", 1, "row first_year unused_fen vired_fen replanned_fen listed_on signer".split()),
    "policy": Table(76, "policy", 1, "name value basis".split()),
}

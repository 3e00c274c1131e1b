//! Which field of a voucher stands where in which message, and by which rule: one table, which the document and the
//! tests are made from.

use domain::voucher::Field;

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The message.
    pub message: &'static str,
    /// The voucher's field, by its name in the interface.
    pub field: &'static str,
    /// Where it stands, below `Document`.
    pub path: &'static str,
    /// By which rule.
    pub rule: &'static str,
}

const fn row(
    message: &'static str,
    field: &'static str,
    path: &'static str,
    rule: &'static str,
) -> Row {
    Row { message, field, path, rule }
}

const ORDER: &str = "pain.001.001.09";
const STATUS: &str = "pain.002.001.10";
const STATEMENT: &str = "camt.053.001.08";
const NOTICE: &str = "camt.054.001.08";

/// The table.
pub const MAPPING: &[Row] = &[
    row(
        ORDER,
        "AdmDivCode StYear VtCode VoucherNo",
        "CstmrCdtTrfInitn/GrpHdr/MsgId",
        "without anything between; six digits of the division where its last three are zeros; 35 characters are the most",
    ),
    row(
        ORDER,
        "-",
        "CstmrCdtTrfInitn/GrpHdr/CreDtTm",
        "when the message is made, in Beijing; of an order between processes, the midnight before its VouDate",
    ),
    row(ORDER, "-", "CstmrCdtTrfInitn/GrpHdr/NbOfTxs", "how many details"),
    row(
        ORDER,
        "PayAmt",
        "CstmrCdtTrfInitn/GrpHdr/CtrlSum",
        "what the details come to; the head says the same",
    ),
    row(ORDER, "AdmDivCode", "CstmrCdtTrfInitn/GrpHdr/InitgPty/Id/OrgId/Othr/Id", "nine digits"),
    row(
        ORDER,
        "AdmDivCode StYear VtCode VoucherNo",
        "CstmrCdtTrfInitn/PmtInf/PmtInfId",
        "as MsgId: one voucher is one message with one payment",
    ),
    row(ORDER, "-", "CstmrCdtTrfInitn/PmtInf/PmtMtd", "TRF"),
    row(ORDER, "BusinessTypeCode", "CstmrCdtTrfInitn/PmtInf/BtchBookg", "true for 3 and 4"),
    row(ORDER, "-", "CstmrCdtTrfInitn/PmtInf/NbOfTxs", "as in the head"),
    row(ORDER, "PayAmt", "CstmrCdtTrfInitn/PmtInf/CtrlSum", "as in the head"),
    row(
        ORDER,
        "BusinessTypeCode",
        "CstmrCdtTrfInitn/PmtInf/PmtTpInf/CtgyPurp/Cd",
        "1 SUPP, 2 CCRD, 3 SALA, 4 GOVT",
    ),
    row(ORDER, "VouDate", "CstmrCdtTrfInitn/PmtInf/ReqdExctnDt/Dt", ""),
    row(
        ORDER,
        "PayAcctName",
        "CstmrCdtTrfInitn/PmtInf/Dbtr/Nm",
        "140 bytes; a longer one stands in supplementary data in full",
    ),
    row(
        ORDER,
        "PayAcctNo",
        "CstmrCdtTrfInitn/PmtInf/DbtrAcct/Id/Othr/Id",
        "34 characters are the most",
    ),
    row(ORDER, "-", "CstmrCdtTrfInitn/PmtInf/DbtrAcct/Ccy", "CNY"),
    row(
        ORDER,
        "PayBankCode",
        "CstmrCdtTrfInitn/PmtInf/DbtrAgt/FinInstnId/ClrSysMmbId/MmbId",
        "where it has twelve digits; ClrSysId/Cd is CNAPS then",
    ),
    row(ORDER, "-", "CstmrCdtTrfInitn/PmtInf/DbtrAgt/FinInstnId/ClrSysMmbId/ClrSysId/Cd", "CNAPS"),
    row(
        ORDER,
        "PayAcctBankName",
        "CstmrCdtTrfInitn/PmtInf/DbtrAgt/FinInstnId/Nm",
        "as the payer's name",
    ),
    row(
        ORDER,
        "PayBankCode",
        "CstmrCdtTrfInitn/PmtInf/DbtrAgt/FinInstnId/Othr/Id",
        "where it has another number of digits",
    ),
    row(
        ORDER,
        "Detail/Id",
        "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/PmtId/EndToEndId",
        "up to 35 plain characters; a UUID without dashes; otherwise a hash of 32 digits, and the number itself in supplementary data",
    ),
    row(
        ORDER,
        "-",
        "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/PmtId/UETR",
        "a UUID of version 4, one for each detail; between processes made of a hash of the voucher's key and the detail's number",
    ),
    row(ORDER, "PayAmt", "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/Amt/InstdAmt", "CNY, two places"),
    row(
        ORDER,
        "PayeeAcctBankNo",
        "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/CdtrAgt/FinInstnId/ClrSysMmbId/MmbId",
        "twelve digits",
    ),
    row(
        ORDER,
        "-",
        "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/CdtrAgt/FinInstnId/ClrSysMmbId/ClrSysId/Cd",
        "CNAPS",
    ),
    row(
        ORDER,
        "PayeeAcctBankName",
        "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/CdtrAgt/FinInstnId/Nm",
        "as the payer's name",
    ),
    row(
        ORDER,
        "PayeeAcctName",
        "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/Cdtr/Nm",
        "as the payer's name",
    ),
    row(
        ORDER,
        "PayeeAcctNo",
        "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/CdtrAcct/Id/Othr/Id",
        "34 characters are the most",
    ),
    row(
        ORDER,
        "BusinessTypeCode DepExpEcoCode TaxBillNo",
        "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/Purp/Cd",
        "TAXS with a tax bill, SALA for 3, SSBE for social insurance (30108 to 30112), BENE for benefits (303), otherwise GOVT",
    ),
    row(
        ORDER,
        "PaySummaryName",
        "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/RmtInf/Ustrd",
        "140 characters in each part, as many parts as it takes",
    ),
    row(
        ORDER,
        "GovProcurementID",
        "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/RmtInf/Strd/RfrdDocInf/Nb",
        "35 characters; a longer one stands in supplementary data",
    ),
    row(
        ORDER,
        "-",
        "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/RmtInf/Strd/RfrdDocInf/Tp/CdOrPrtry/Prtry",
        "GovProcurementID",
    ),
    row(
        ORDER,
        "TaxBillNo PayCode",
        "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/RmtInf/Strd/CdtrRefInf/Ref",
        "35 characters; a longer one stands in supplementary data",
    ),
    row(
        ORDER,
        "-",
        "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/RmtInf/Strd/CdtrRefInf/Tp/CdOrPrtry/Prtry",
        "the field's name",
    ),
    row(
        ORDER,
        "every other field of the detail, and what is too long elsewhere",
        "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/SplmtryData/Envlp",
        "by their names, in a namespace of ours: for clearing line by line; OfHead names the places that say what the head says",
    ),
    row(
        ORDER,
        "every other field of the head, and what is too long elsewhere",
        "CstmrCdtTrfInitn/SplmtryData/Envlp",
        "by their names, in a namespace of ours",
    ),
    row(STATUS, "-", "CstmrPmtStsRpt/GrpHdr/MsgId", "the report's own name"),
    row(STATUS, "VouDate of the receipt", "CstmrPmtStsRpt/GrpHdr/CreDtTm", "its day, of Beijing"),
    row(
        STATUS,
        "AdmDivCode StYear VtCode VoucherNo",
        "CstmrPmtStsRpt/OrgnlGrpInfAndSts/OrgnlMsgId",
        "as it went out",
    ),
    row(STATUS, "-", "CstmrPmtStsRpt/OrgnlGrpInfAndSts/OrgnlMsgNmId", "a pain.001"),
    row(
        STATUS,
        "-",
        "CstmrPmtStsRpt/OrgnlGrpInfAndSts/OrgnlNbOfTxs",
        "has to be how many went out",
    ),
    row(
        STATUS,
        "PayAmt",
        "CstmrPmtStsRpt/OrgnlGrpInfAndSts/OrgnlCtrlSum",
        "has to be what went out",
    ),
    row(
        STATUS,
        "-",
        "CstmrPmtStsRpt/OrgnlGrpInfAndSts/GrpSts",
        "holds for what has no status of its own, but for PART",
    ),
    row(
        STATUS,
        "XAddWord",
        "CstmrPmtStsRpt/OrgnlGrpInfAndSts/StsRsnInf/Rsn/Cd",
        "with its meaning in Chinese",
    ),
    row(
        STATUS,
        "XAddWord",
        "CstmrPmtStsRpt/OrgnlGrpInfAndSts/StsRsnInf/AddtlInf",
        "the bank's words",
    ),
    row(
        STATUS,
        "AdmDivCode StYear VtCode VoucherNo",
        "CstmrPmtStsRpt/OrgnlPmtInfAndSts/OrgnlPmtInfId",
        "as it went out",
    ),
    row(STATUS, "-", "CstmrPmtStsRpt/OrgnlPmtInfAndSts/PmtInfSts", "as GrpSts"),
    row(
        STATUS,
        "Detail/Id",
        "CstmrPmtStsRpt/OrgnlPmtInfAndSts/TxInfAndSts/OrgnlEndToEndId",
        "as it went out",
    ),
    row(STATUS, "-", "CstmrPmtStsRpt/OrgnlPmtInfAndSts/TxInfAndSts/OrgnlUETR", "as it went out"),
    row(
        STATUS,
        "XPayAmt",
        "CstmrPmtStsRpt/OrgnlPmtInfAndSts/TxInfAndSts/TxSts",
        "RJCT: 0.00; what is not known is pending, and never RJCT",
    ),
    row(
        STATUS,
        "XAddWord",
        "CstmrPmtStsRpt/OrgnlPmtInfAndSts/TxInfAndSts/StsRsnInf/Rsn/Cd",
        "with its meaning in Chinese",
    ),
    row(
        STATUS,
        "XAddWord",
        "CstmrPmtStsRpt/OrgnlPmtInfAndSts/TxInfAndSts/StsRsnInf/AddtlInf",
        "the bank's words",
    ),
    row(
        STATUS,
        "-",
        "CstmrPmtStsRpt/OrgnlPmtInfAndSts/TxInfAndSts/AcctSvcrRef",
        "the bank's number",
    ),
    row(
        STATEMENT,
        "AdmDivCode StYear VtCode VoucherNo",
        "BkToCstmrStmt/GrpHdr/MsgId",
        "of a daily list (2206), as of an order",
    ),
    row(
        STATEMENT,
        "VouDate",
        "BkToCstmrStmt/GrpHdr/CreDtTm",
        "of a daily list: its day, of Beijing",
    ),
    row(
        STATEMENT,
        "-",
        "BkToCstmrStmt/Stmt/Id",
        "the statement's own name: of a daily list, the voucher's number",
    ),
    row(STATEMENT, "BeginDate", "BkToCstmrStmt/Stmt/FrToDt/FrDtTm", "of a daily list"),
    row(STATEMENT, "EndDate", "BkToCstmrStmt/Stmt/FrToDt/ToDtTm", "of a daily list"),
    row(STATEMENT, "PayAcctNo", "BkToCstmrStmt/Stmt/Acct/Id/Othr/Id", "or IBAN"),
    row(STATEMENT, "-", "BkToCstmrStmt/Stmt/Acct/Ccy", "CNY, if it is told"),
    row(
        STATEMENT,
        "PayBankCode PayBankName",
        "BkToCstmrStmt/Stmt/Acct/Svcr/FinInstnId",
        "of a daily list, as DbtrAgt of an order",
    ),
    row(
        STATEMENT,
        "BeginAmt EndAmt",
        "BkToCstmrStmt/Stmt/Bal/Tp/CdOrPrtry/Cd",
        "OPBD, or PRCD, and CLBD: both have to be told",
    ),
    row(
        STATEMENT,
        "BeginAmt EndAmt",
        "BkToCstmrStmt/Stmt/Bal/Amt",
        "opening and what is booked come to closing",
    ),
    row(STATEMENT, "-", "BkToCstmrStmt/Stmt/Bal/CdtDbtInd", "DBIT: negative"),
    row(
        STATEMENT,
        "BeginDate EndDate",
        "BkToCstmrStmt/Stmt/Bal/Dt/Dt",
        "or DtTm; of a daily list, its first day for OPBD and its last for CLBD",
    ),
    row(
        STATEMENT,
        "AllNum",
        "BkToCstmrStmt/Stmt/TxsSummry/TtlNtries/NbOfNtries",
        "has to be how many entries there are",
    ),
    row(
        STATEMENT,
        "AllAmt",
        "BkToCstmrStmt/Stmt/TxsSummry/TtlNtries/Sum",
        "has to be what they come to",
    ),
    row(
        STATEMENT,
        "XPayAmt",
        "BkToCstmrStmt/Stmt/Ntry/Amt",
        "has to be what its transfers come to",
    ),
    row(
        STATEMENT,
        "-",
        "BkToCstmrStmt/Stmt/Ntry/CdtDbtInd",
        "DBIT: paid, or handed to the treasury; CRDT: came back, or the clearing",
    ),
    row(STATEMENT, "-", "BkToCstmrStmt/Stmt/Ntry/RvslInd", "of a reversal"),
    row(STATEMENT, "-", "BkToCstmrStmt/Stmt/Ntry/Sts/Cd", "only BOOK counts"),
    row(STATEMENT, "XPayDate", "BkToCstmrStmt/Stmt/Ntry/BookgDt/Dt", "or DtTm, of Beijing"),
    row(STATEMENT, "XAgentBusinessNo", "BkToCstmrStmt/Stmt/Ntry/AcctSvcrRef", ""),
    row(
        STATEMENT,
        "AdmDivCode StYear VtCode VoucherNo",
        "BkToCstmrStmt/Stmt/Ntry/NtryDtls/TxDtls/Refs/PmtInfId",
        "of the order, as it went out; of the treasury's money, of the request (2301, 2302)",
    ),
    row(
        STATEMENT,
        "Detail/Id",
        "BkToCstmrStmt/Stmt/Ntry/NtryDtls/TxDtls/Refs/EndToEndId",
        "as it went out",
    ),
    row(
        STATEMENT,
        "every other field of the line",
        "BkToCstmrStmt/Stmt/Ntry/NtryDtls/TxDtls/SplmtryData/Envlp",
        "of a daily list: by their names, in a namespace of ours",
    ),
    row(
        STATEMENT,
        "every other field of the head",
        "BkToCstmrStmt/SplmtryData/Envlp",
        "of a daily list: by their names, in a namespace of ours",
    ),
    row(
        NOTICE,
        "AdmDivCode StYear VtCode VoucherNo",
        "BkToCstmrDbtCdtNtfctn/GrpHdr/MsgId",
        "of a notice that money came back (2203, 2252), as of an order; otherwise its own name",
    ),
    row(NOTICE, "VouDate", "BkToCstmrDbtCdtNtfctn/GrpHdr/CreDtTm", "its day, of Beijing"),
    row(
        NOTICE,
        "-",
        "BkToCstmrDbtCdtNtfctn/Ntfctn/Id",
        "the notice's own name: of money that came back, the voucher's number",
    ),
    row(NOTICE, "PayAcctNo", "BkToCstmrDbtCdtNtfctn/Ntfctn/Acct/Id/Othr/Id", "or IBAN"),
    row(
        NOTICE,
        "XPayAmt",
        "BkToCstmrDbtCdtNtfctn/Ntfctn/Ntry/Amt",
        "has to be what its transfers come to",
    ),
    row(NOTICE, "-", "BkToCstmrDbtCdtNtfctn/Ntfctn/Ntry/CdtDbtInd", "DBIT: paid; CRDT: came back"),
    row(NOTICE, "-", "BkToCstmrDbtCdtNtfctn/Ntfctn/Ntry/Sts/Cd", "only BOOK counts"),
    row(NOTICE, "XPayDate", "BkToCstmrDbtCdtNtfctn/Ntfctn/Ntry/BookgDt/Dt", "or DtTm, of Beijing"),
    row(
        NOTICE,
        "XAgentBusinessNo RefundNo",
        "BkToCstmrDbtCdtNtfctn/Ntfctn/Ntry/AcctSvcrRef",
        "of money that came back, the refund's number",
    ),
    row(
        NOTICE,
        "-",
        "BkToCstmrDbtCdtNtfctn/Ntfctn/Ntry/NtryDtls/Btch/NbOfTxs",
        "has to be how many transfers there are",
    ),
    row(
        NOTICE,
        "-",
        "BkToCstmrDbtCdtNtfctn/Ntfctn/Ntry/NtryDtls/Btch/TtlAmt",
        "has to be what they come to",
    ),
    row(
        NOTICE,
        "AdmDivCode StYear VtCode VoucherNo",
        "BkToCstmrDbtCdtNtfctn/Ntfctn/Ntry/NtryDtls/TxDtls/Refs/PmtInfId",
        "as it went out",
    ),
    row(
        NOTICE,
        "Detail/Id",
        "BkToCstmrDbtCdtNtfctn/Ntfctn/Ntry/NtryDtls/TxDtls/Refs/EndToEndId",
        "as it went out",
    ),
    row(
        NOTICE,
        "-",
        "BkToCstmrDbtCdtNtfctn/Ntfctn/Ntry/NtryDtls/TxDtls/Refs/UETR",
        "as it went out",
    ),
    row(
        NOTICE,
        "XAgentBusinessNo RefundNo",
        "BkToCstmrDbtCdtNtfctn/Ntfctn/Ntry/NtryDtls/TxDtls/Refs/AcctSvcrRef",
        "before the entry's; of money that came back, the refund's number",
    ),
    row(
        NOTICE,
        "XPayAmt",
        "BkToCstmrDbtCdtNtfctn/Ntfctn/Ntry/NtryDtls/TxDtls/Amt",
        "may be left out of the only transfer",
    ),
    row(
        NOTICE,
        "XPayeeAcctNo",
        "BkToCstmrDbtCdtNtfctn/Ntfctn/Ntry/NtryDtls/TxDtls/RltdPties/CdtrAcct/Id/Othr/Id",
        "or IBAN; if it is told",
    ),
    row(
        NOTICE,
        "-",
        "BkToCstmrDbtCdtNtfctn/Ntfctn/Ntry/NtryDtls/TxDtls/CdtDbtInd",
        "the entry's, if it is left out",
    ),
    row(
        NOTICE,
        "Reason",
        "BkToCstmrDbtCdtNtfctn/Ntfctn/Ntry/NtryDtls/TxDtls/RtrInf/Rsn/Cd",
        "of money that came back: the code whose meaning the reason begins with, otherwise NARR",
    ),
    row(
        NOTICE,
        "Reason",
        "BkToCstmrDbtCdtNtfctn/Ntfctn/Ntry/NtryDtls/TxDtls/RtrInf/AddtlInf",
        "of money that came back: its words, 105 characters in each part",
    ),
    row(
        NOTICE,
        "every other field of the detail",
        "BkToCstmrDbtCdtNtfctn/Ntfctn/Ntry/NtryDtls/TxDtls/SplmtryData/Envlp",
        "of money that came back: by their names, in a namespace of ours",
    ),
    row(
        NOTICE,
        "every other field of the head",
        "BkToCstmrDbtCdtNtfctn/SplmtryData/Envlp",
        "of money that came back: by their names, in a namespace of ours",
    ),
];

/// Fields of an order's head that have a place of their own. Every other one stands in supplementary data, by its name in
/// the interface.
pub const HEAD_PLACES: &[Field] = &[
    Field::PayBank,
    Field::PayerAccount,
    Field::PayerName,
    Field::PayerBankName,
    Field::Amount,
    Field::BusinessType,
];

/// Fields of an order's detail that have a place of their own.
pub const DETAIL_PLACES: &[Field] = &[
    Field::PayeeAccount,
    Field::PayeeName,
    Field::PayeeBankName,
    Field::PayeeBankNumber,
    Field::Purpose,
    Field::Amount,
    Field::TaxBill,
    Field::PayCode,
    Field::Procurement,
];

//! What `?` tells, and the line of keys at the bottom.

use super::core::{Desk, Over, Screen};
use super::deeds;
use super::look::Side;
use crate::cli::desk::ask::Target;
use domain::codes::Role;

pub(super) const TEXT: &str = "\
Everywhere 通用
  1 balance 余额   2 worklists 待办   3 look up 查询    g choose a quota 选指标
  l English/中文   R read anew 刷新   ? this page       q, Ctrl-C leave 退出
Forms 表单: Tab, Enter, ↑ ↓ from field to field; Enter on the last field or
  Ctrl-S is done; Ctrl-U empties; the blank key turns a choice; Esc leaves
Balance 余额: r reserve 占用 (maker)   Enter the last answer 最近答复
Worklists 待办: ← → another list   ↑ ↓ choose   PgUp PgDn page   Enter its way
Look up 查询: / an id or an official number   f receipts 回单   ↑ ↓ PgUp PgDn
On a payment, as your role may: m its quota's balance 余额
  a approve 审核      t return 退回      h hold 拦截        u unhold 解除拦截
  i instruct 支付令   v void 作废        w withdraw 撤回    d doubt 状态不明
  c confirm-paid 回单 x reject 银行退回  b refund 退款
  k clear 清算        e settle-refund 退款入库            s resolve 挂账处理
Nothing is given before a yes (y) that names amount and payee.

An order whose answer does not come is UNKNOWN 结果不明: it may have been
taken. The desk sends the very same again under the same id, by itself,
until its outcome is certain, and takes no other order meanwhile.
A refusal ends its id; the form stays, and what is mended goes as a new one.
A receipt that does not fit is parked 挂账, which is done: finance resolves it
from the payment's receipts.";

/// The line of keys for what is before the person now.
pub(super) fn keys(desk: &Desk) -> String {
    match desk.over.last() {
        Some(Over::Help) => "any key closes 任意键关闭".to_owned(),
        Some(Over::Leave) => "y leave all the same 仍退出   any other key stays 返回".to_owned(),
        Some(Over::Choose(_)) => {
            "type a part   ↑ ↓ choose   Enter take 确定   Esc leave 返回".into()
        }
        Some(Over::Confirm(..)) => "y give it 确认   n, Esc not 取消".to_owned(),
        Some(Over::Said(_)) => "Enter, Esc close 关闭".to_owned(),
        Some(Over::Filling(filling)) if filling.is_sent => {
            "sent: waits for its answer 已发出，待答复   Esc go on meanwhile 先看别的".to_owned()
        }
        Some(Over::Filling(_)) => {
            "Tab ↑ ↓ field   Enter next, on the last done   Ctrl-S done 完成   Esc leave".into()
        }
        None => screen_keys(desk),
    }
}

fn screen_keys(desk: &Desk) -> String {
    let (own, target) = match desk.screen {
        Screen::Quota => {
            let reserve = if desk.setup.by.role == Role::Maker { "r reserve  " } else { "" };
            (format!("{reserve}g quota  Enter last answer"), None)
        }
        Screen::Lists => {
            ("←→ list  ↑↓ choose".to_owned(), desk.lists.selected().map(Target::of_listed))
        }
        Screen::Look if desk.look.is_typing => {
            return "Enter find 查询   Esc leave 返回".to_owned();
        }
        Screen::Look => {
            let side = if desk.look.side == Side::Way { "f receipts" } else { "f its way" };
            (format!("/ find  {side}  ↑↓ move"), desk.look.target())
        }
    };
    let deeds = target.map(|target| deeds::offers(desk.setup.by, &target)).unwrap_or_default();
    let deeds: String =
        deeds.iter().map(|(key, deed)| format!("  {key} {}", deed.word())).collect();
    let rest = if deeds.is_empty() { "  1 2 3 screens" } else { "" };
    format!("{own}{deeds}{rest}  ? help  q leave")
}

//! Why a line ends, or never begins: numbers for the wire, words for people.

use std::fmt;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $slug:literal, $english:literal, $chinese:literal;)+) => {
        /// Why a line ended or was turned away.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum Reason { $($(#[$doc])* $name = $number,)+ }

        impl Reason {
            /// Every reason, by number.
            pub const ALL: &'static [Reason] = &[$(Reason::$name,)+];

            /// The reason with a stable number.
            #[must_use]
            pub const fn from_number(number: u16) -> Option<Reason> {
                match number { $($number => Some(Reason::$name),)+ _ => None }
            }

            /// The stable number.
            #[must_use]
            pub const fn number(self) -> u16 {
                self as u16
            }

            /// The name in texts, JSON and metrics.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $(Reason::$name => $slug,)+ }
            }

            /// What it means and what to do, in English.
            #[must_use]
            pub const fn english(self) -> &'static str {
                match self { $(Reason::$name => $english,)+ }
            }

            /// What it means and what to do, in Chinese.
            #[must_use]
            pub const fn chinese(self) -> &'static str {
                match self { $(Reason::$name => $chinese,)+ }
            }
        }
    };
}

reasons! {
    /// Not TLS.
    PlainText = 1, "plain-text", "this port speaks TLS 1.3 only; connect with TLS", "本端口只接受 TLS 1.3 连接，请使用 TLS";
    /// TLS, but no handshake came of it: a certificate that is not filed, expired or revoked, or another version.
    NoTrust = 2, "no-trust", "no TLS came of it; file a certificate of this party that is valid today, on both sides", "TLS 握手失败，请双方备案当前有效的证书";
    /// More connections than may wait for a hello.
    Crowded = 3, "crowded", "too many connections wait for their hello; try again later", "待握手的连接过多，请稍后再试";
    /// No whole hello in its time.
    Late = 4, "late", "no hello came in its time; send it right after the handshake", "未在规定时间内收到握手报文，请在连接后立即发送";
    /// The first bytes are no hello.
    NoHello = 5, "no-hello", "a line starts with a hello; see docs/link.md", "线路首个报文应为握手报文，见 docs/link.md";
    /// No version that both sides speak.
    WrongVersion = 6, "wrong-version", "no version of the link is spoken by both sides; bring the older one up to date", "双方没有共同的线路协议版本，请升级较旧一方";
    /// Production meets test.
    WrongKind = 7, "wrong-kind", "one side is production, the other a test; correct the address", "一方为生产环境，另一方为测试环境，请更正地址";
    /// Another environment.
    WrongEnvironment = 8, "wrong-environment", "the two sides are of different environments; correct the address or the environment id", "双方不属于同一环境，请更正地址或环境标识";
    /// A party that is not filed here.
    Stranger = 9, "stranger", "this party is not filed here; file it with its certificate first", "该机构未在此备案，请先备案机构及证书";
    /// The caller wants somebody else.
    WrongParty = 10, "wrong-party", "another party answers here than was expected; correct the address", "应答机构与期望不符，请更正地址";
    /// The certificate is another party's than the hello's.
    WrongCertificate = 11, "wrong-certificate", "the certificate is not this party's; use the one that is filed for it", "证书与机构不符，请使用该机构备案的证书";
    /// A line that is not agreed on.
    WrongLine = 12, "wrong-line", "this line is not the one that was dialled, or not in use here; correct the address", "线路不符或未启用，请更正地址";
    /// The two stores do not know of the same messages.
    Diverged = 13, "diverged", "the two stores do not know of the same messages: one was restored from an older copy; compare them before the link goes on", "双方凭证库报文不一致（一方可能由旧备份恢复），请先核对";
    /// The other side, or this one, has opened the line anew.
    Replaced = 14, "replaced", "the line was opened anew", "线路已重新建立";
    /// Nothing was heard for too long.
    Silent = 15, "silent", "nothing was heard for too long", "线路长时间无应答";
    /// It carries less than it has to.
    Slow = 16, "slow", "the line carries less than it has to", "线路过慢";
    /// Bytes that are no frame.
    BadFrame = 17, "bad-frame", "bytes that are no frame of a link; see docs/link.md", "报文格式错误，见 docs/link.md";
    /// More than the window was sent.
    OverWindow = 18, "over-window", "more was sent than the window allows", "发送量超过窗口";
    /// A message out of its turn.
    OutOfOrder = 19, "out-of-order", "a message came out of its turn", "报文顺序错误";
    /// The other side, or this one, shuts down.
    Leaving = 20, "leaving", "the other side shuts down", "对方正在停止服务";
    /// The connection ended or failed.
    Cut = 21, "cut", "the connection ended", "连接中断";
    /// Nobody answers at the address.
    Unreachable = 22, "unreachable", "nobody answers at the address", "地址无法连通";
    /// The primary line has been well for long enough.
    WellAgain = 23, "well-again", "the primary line has been well for long enough", "主线路已恢复稳定";
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.slug(), self.english())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lead_back_and_names_differ() {
        for (at, &reason) in Reason::ALL.iter().enumerate() {
            assert_eq!(Reason::from_number(reason.number()), Some(reason));
            let others = &Reason::ALL[at + 1..];
            assert!(others.iter().all(|other| other.slug() != reason.slug()), "{reason}");
        }
        assert_eq!(Reason::from_number(0), None);
    }
}

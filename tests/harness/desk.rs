//! A binary connection in one role: what a desk, a bank or an operator has.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};

use domain::ids::ChannelId;
use domain::{Code, Command, Refusal, Role};
use protocol::client::{Link, LinkError};
use protocol::frame::FrameKind;
use protocol::lookup::{Answer, LookUp, parse_answers, put_look_ups};
use protocol::message::{ErrorMessage, Health, parse_metrics, put_bare};
use protocol::{
    ClientError, CommandResult, CommandsBuilder, Flags, Hello, Position, Reply, Welcome,
};

use super::PATIENCE;

/// The channel of desks, and of facts unless a test needs another.
pub(crate) const CHANNEL: ChannelId = ChannelId(7);

/// What was told about one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) result: CommandResult,
    pub(crate) refusal: Option<Refusal>,
    /// The durable position of the reply.
    pub(crate) at: Position,
}

impl Told {
    pub(crate) fn code(&self) -> Code {
        self.result.code
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Lost {
    /// The connection broke.
    Broken,
    /// The request, or the connection, was answered with an error.
    Said(Box<ErrorMessage>),
}

/// One connection.
pub(crate) struct Desk {
    link: Link<TcpStream>,
    pub(crate) welcome: Welcome,
    pub(crate) role: Role,
    request: u64,
    answered: u64,
    /// Answers that came before those to earlier requests.
    early: BTreeMap<u64, Vec<Told>>,
    out: Vec<u8>,
    builder: CommandsBuilder,
}

fn lost(error: LinkError) -> Lost {
    match error {
        LinkError::Io(error)
            if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
        {
            panic!("no answer for {PATIENCE:?}")
        }
        LinkError::Io(_) => Lost::Broken,
        LinkError::Frame(error) => panic!("the server's bytes are not of the protocol: {error}"),
        LinkError::Server(message) => Lost::Said(message),
    }
}

impl Desk {
    /// Connects, if the server is there.
    pub(crate) fn try_connect(
        address: SocketAddr,
        role: Role,
        channel: ChannelId,
    ) -> Result<Desk, Lost> {
        let hello = Hello::new(role, channel, "test");
        let (link, welcome) = match Link::connect(&address.to_string(), &hello) {
            Ok(connected) => connected,
            Err(ClientError::Server(message)) => return Err(Lost::Said(message)),
            Err(ClientError::Io { .. }) => return Err(Lost::Broken),
            Err(error) => panic!("{error}"),
        };
        link.stream().set_read_timeout(Some(PATIENCE)).expect("a socket takes a timeout");
        link.stream().set_write_timeout(Some(PATIENCE)).expect("a socket takes a timeout");
        let (early, out, builder) = (BTreeMap::new(), Vec::new(), CommandsBuilder::new());
        Ok(Desk { link, welcome, role, request: 0, answered: 0, early, out, builder })
    }

    /// Connects on the usual channel to a server that must be there.
    pub(crate) fn connect(address: SocketAddr, role: Role) -> Desk {
        match Desk::try_connect(address, role, CHANNEL) {
            Ok(desk) => desk,
            Err(lost) => panic!("no connection: {lost:?}"),
        }
    }

    /// Sends commands as one frame, all but the last linked if asked, and waits for nothing.
    pub(crate) fn send(&mut self, commands: &[(Command<'_>, Flags)]) -> Result<u64, Lost> {
        for (command, flags) in commands {
            self.builder.push(command, *flags).expect("a command that can be sent");
        }
        self.request += 1;
        self.out.clear();
        self.builder.finish_into(&mut self.out, self.request, 0);
        self.link.send(&self.out).map_err(|_| Lost::Broken)?;
        Ok(self.request)
    }

    /// Sends any bytes.
    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) -> Result<(), Lost> {
        self.link.send(bytes).map_err(|_| Lost::Broken)
    }

    /// The results of a request. Answers to different frames may overtake each other (a command that waits for
    /// a page out of memory holds up its own frame only): what comes before its turn is kept for it.
    pub(crate) fn results(&mut self, request: u64) -> Result<Vec<Told>, Lost> {
        loop {
            if let Some(told) = self.early.remove(&request) {
                self.answered = request;
                return Ok(told);
            }
            let frame = self.link.receive().map_err(lost)?;
            match frame.header.kind {
                FrameKind::Results => {
                    let answers = frame.header.request;
                    let is_due = (self.answered + 1..=self.request).contains(&answers);
                    assert!(is_due, "request {answers} is answered, of {request} and later");
                    let reply = Reply::parse(&frame).expect("a reply that can be read");
                    let at = reply.at;
                    let told = |(result, refusal)| Told { result, refusal, at };
                    let told = reply.iter().map(|result| told(result.expect("a result"))).collect();
                    let before = self.early.insert(answers, told);
                    assert!(before.is_none(), "request {answers} is answered twice");
                }
                FrameKind::Error => {
                    let message = ErrorMessage::parse(&frame).expect("an error that can be read");
                    return Err(Lost::Said(Box::new(message)));
                }
                kind => panic!("a {} frame came where results were due", kind.slug()),
            }
        }
    }

    /// The results of the next request that is due, in the order of sending.
    pub(crate) fn next_results(&mut self) -> Result<Vec<Told>, Lost> {
        let due = self.answered + 1;
        self.results(due)
    }

    /// Gives commands in one frame and hears their answers.
    pub(crate) fn try_give(
        &mut self,
        commands: &[(Command<'_>, Flags)],
    ) -> Result<Vec<Told>, Lost> {
        let request = self.send(commands)?;
        let told = self.results(request)?;
        assert_eq!(told.len(), commands.len(), "an answer for each command");
        Ok(told)
    }

    /// Gives commands to a server that must answer.
    pub(crate) fn give(&mut self, commands: &[Command<'_>]) -> Vec<Told> {
        let commands: Vec<_> = commands.iter().map(|c| (*c, Flags::default())).collect();
        match self.try_give(&commands) {
            Ok(told) => told,
            Err(lost) => panic!("no answer: {lost:?}"),
        }
    }

    /// Gives one command to a server that must answer.
    pub(crate) fn one(&mut self, command: &Command<'_>) -> Told {
        self.give(std::slice::from_ref(command))[0]
    }

    /// Gives one command that must be accepted.
    pub(crate) fn must(&mut self, command: &Command<'_>) -> Told {
        let told = self.one(command);
        assert_eq!(told.code(), Code::Accepted, "{command:?} is answered {told:?}");
        told
    }

    /// Gives a linked run.
    pub(crate) fn run(&mut self, commands: &[Command<'_>]) -> Vec<Told> {
        match self.try_give(&linked(commands)) {
            Ok(told) => told,
            Err(lost) => panic!("no answer: {lost:?}"),
        }
    }

    /// Asks, if the server is there.
    pub(crate) fn try_ask(&mut self, look_ups: &[LookUp]) -> Result<Vec<Answer>, Lost> {
        self.request += 1;
        self.out.clear();
        put_look_ups(&mut self.out, self.request, look_ups);
        self.link.send(&self.out).map_err(|_| Lost::Broken)?;
        let frame = self.link.receive().map_err(lost)?;
        match frame.header.kind {
            FrameKind::Answers => {
                let answers = parse_answers(&frame).expect("answers that can be read").1;
                self.answered = self.request;
                Ok(answers)
            }
            FrameKind::Error => {
                let message = ErrorMessage::parse(&frame).expect("an error that can be read");
                Err(Lost::Said(Box::new(message)))
            }
            kind => panic!("a {} frame came where answers were due", kind.slug()),
        }
    }

    /// Asks one thing of a server that must answer.
    pub(crate) fn ask(&mut self, look_up: LookUp) -> Answer {
        match self.try_ask(&[look_up]) {
            Ok(mut answers) => answers.pop().expect("one answer"),
            Err(lost) => panic!("no answer: {lost:?}"),
        }
    }

    /// Asks whether the server is there, if it is.
    pub(crate) fn try_ping(&mut self) -> Result<(), Lost> {
        self.request += 1;
        self.out.clear();
        put_bare(&mut self.out, FrameKind::Ping, self.request);
        self.link.send(&self.out).map_err(|_| Lost::Broken)?;
        let frame = self.link.receive().map_err(lost)?;
        match frame.header.kind {
            FrameKind::Pong => self.answered = self.request,
            FrameKind::Error => {
                let message = ErrorMessage::parse(&frame).expect("an error that can be read");
                return Err(Lost::Said(Box::new(message)));
            }
            kind => panic!("a {} frame came where a pong was due", kind.slug()),
        }
        Ok(())
    }

    /// How the server is.
    pub(crate) fn health(&mut self) -> Health {
        self.request += 1;
        self.out.clear();
        put_bare(&mut self.out, FrameKind::Health, self.request);
        self.link.send(&self.out).expect("the server takes a question");
        let frame = self.link.receive().map_err(lost).expect("the server answers");
        let health = Health::parse(&frame).expect("a health report");
        self.answered = self.request;
        health
    }

    /// The server's metrics as text.
    pub(crate) fn metrics(&mut self) -> String {
        self.request += 1;
        self.out.clear();
        put_bare(&mut self.out, FrameKind::Metrics, self.request);
        self.link.send(&self.out).expect("the server takes a question");
        let frame = self.link.receive().map_err(lost).expect("the server answers");
        let text = parse_metrics(&frame).expect("metrics").to_owned();
        self.answered = self.request;
        text
    }

    /// The next frame's error message; nothing else may come.
    pub(crate) fn error(&mut self) -> ErrorMessage {
        let frame = self.link.receive().map_err(lost).expect("an error frame");
        assert_eq!(frame.header.kind, FrameKind::Error, "an error is due");
        ErrorMessage::parse(&frame).expect("an error that can be read")
    }

    /// Whether the server has ended the connection without another word.
    pub(crate) fn is_closed(&mut self) -> bool {
        matches!(self.link.receive().map_err(lost), Err(Lost::Broken))
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        self.link.stream()
    }

    pub(crate) fn link(&mut self) -> &mut Link<TcpStream> {
        &mut self.link
    }
}

/// Commands with all but the last linked.
pub(crate) fn linked<'a>(commands: &[Command<'a>]) -> Vec<(Command<'a>, Flags)> {
    let last = commands.len() - 1;
    let flags = |at| Flags { linked: at < last, check: false };
    commands.iter().enumerate().map(|(at, command)| (*command, flags(at))).collect()
}

//! A scripted SMTP server on loopback: says what the script says where the
//! script says it, and remembers everything it heard.

#![expect(clippy::unwrap_used, reason = "a test may stop where something is missing")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Where a script can interfere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    Greeting,
    Ehlo,
    Helo,
    Auth,
    Starttls,
    /// Before the TLS handshake: nothing but `Do::Drop` and `Do::Stall` make sense.
    Handshake,
    Mail,
    Rcpt,
    Data,
    /// The message's lines: stalls without reading them.
    Body,
    /// After the final dot.
    Dot,
}

/// What it does there instead of agreeing.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Do {
    /// Says this line and goes on.
    Say(&'static str),
    /// Says this line and closes.
    SayAndClose(&'static str),
    /// Closes without a word.
    Drop,
    /// Closes with a reset (RST); with this in its script the server always does.
    Reset,
    /// Says nothing until the client goes away.
    Stall,
    /// Begins a line and never ends it.
    Babble,
    /// Agrees, but only then.
    Late(Duration),
}

/// When it speaks TLS, and as whom.
#[derive(Clone)]
pub(crate) enum Tls {
    /// Never.
    Never,
    /// From the first byte.
    Implicit(Arc<ServerConfig>),
    /// After STARTTLS.
    Starttls(Arc<ServerConfig>),
}

/// A message as it came, whatever was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) sender: String,
    pub(crate) recipient: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) accepted: bool,
}

#[derive(Debug, Default)]
struct State {
    script: Vec<(At, Do)>,
    heard: Vec<Heard>,
    commands: Vec<String>,
    /// How many of the commands had come when a handshake was done.
    plain: Option<usize>,
    connections: usize,
    /// Connections that are open, how many may be, and what the next one is told.
    open: usize,
    limit: Option<(usize, &'static str)>,
}

#[derive(Debug)]
pub(crate) struct SmtpServer {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl SmtpServer {
    /// Listens. Each step of `script` is used once, in order of its place;
    /// where no step is left the server agrees. `extensions` follow EHLO.
    pub(crate) async fn start(script: &[(At, Do)], extensions: &'static [&'static str]) -> Self {
        Self::with_tls(script, extensions, Tls::Never).await
    }

    /// The same with TLS.
    pub(crate) async fn with_tls(
        script: &[(At, Do)],
        extensions: &'static [&'static str],
        tls: Tls,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State { script: script.to_vec(), ..State::default() }));
        let shared = Arc::clone(&state);
        let resets = script.iter().any(|(_, act)| matches!(act, Do::Reset));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.lock().unwrap().connections += 1;
                if resets {
                    stream.set_zero_linger().unwrap();
                }
                let (shared, tls) = (Arc::clone(&shared), tls.clone());
                tokio::spawn(async move {
                    let mut stream = stream;
                    let refusal = shared.lock().unwrap().enter();
                    if let Some(refusal) = refusal {
                        let _ = stream.write_all(refusal.as_bytes()).await;
                        return;
                    }
                    // A client that goes away ends the session, not the test.
                    let _ = stream.set_nodelay(true);
                    let _ =
                        session(BufReader::new(Box::new(stream)), &shared, extensions, &tls).await;
                    shared.lock().unwrap().open -= 1;
                });
            }
        });
        Self { address, state }
    }

    /// Serves so many connections at once from now on; the next one hears `refusal`.
    pub(crate) fn serve_at_once(&self, connections: usize, refusal: &'static str) {
        self.state.lock().unwrap().limit = Some((connections, refusal));
    }

    /// One more step of the script.
    pub(crate) fn then(&self, at: At, act: Do) {
        self.state.lock().unwrap().script.push((at, act));
    }

    /// From now on it agrees to everything.
    pub(crate) fn calm(&self) {
        self.state.lock().unwrap().script.clear();
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.state.lock().unwrap().heard.clone()
    }

    pub(crate) fn commands(&self) -> Vec<String> {
        self.state.lock().unwrap().commands.clone()
    }

    /// What was said in the clear; everything if there was no handshake.
    pub(crate) fn said_in_the_clear(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        state.commands[..state.plain.unwrap_or(state.commands.len())].to_vec()
    }

    pub(crate) fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }
}

impl State {
    /// One more connection; or what it is told instead.
    fn enter(&mut self) -> Option<&'static str> {
        match self.limit {
            Some((most, refusal)) if self.open >= most => Some(refusal),
            _ => {
                self.open += 1;
                None
            }
        }
    }
}

/// A socket, encrypted or not.
trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Socket for T {}
type Stream = BufReader<Box<dyn Socket>>;

/// Becomes the server's side of TLS. `None` ends the session.
async fn encrypted(
    mut stream: Stream,
    state: &Mutex<State>,
    config: &Arc<ServerConfig>,
) -> Option<Stream> {
    let step = {
        let script = &mut state.lock().unwrap().script;
        script.iter().position(|(place, _)| *place == At::Handshake).map(|at| script.remove(at).1)
    };
    match step {
        None => {}
        Some(Do::Stall) => {
            // What comes is a ClientHello, not lines: wait for the end of it all.
            let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
            return None;
        }
        Some(_) => {
            // Within the handshake: the client's first word was read.
            let _ = tokio::io::AsyncReadExt::read_u8(&mut stream).await;
            return None;
        }
    }
    let accepted = TlsAcceptor::from(Arc::clone(config)).accept(stream).await.ok()?;
    let state = &mut state.lock().unwrap();
    state.plain = Some(state.commands.len());
    Some(BufReader::new(Box::new(accepted)))
}

/// Agrees with `yes` unless the script knows better. `None` ends the session.
async fn answer(stream: &mut Stream, state: &Mutex<State>, at: At, yes: &str) -> Option<bool> {
    let step = {
        let script = &mut state.lock().unwrap().script;
        script.iter().position(|(place, _)| *place == at).map(|index| script.remove(index).1)
    };
    let say = match step {
        None => yes,
        Some(Do::Say(line)) => line,
        Some(Do::SayAndClose(line)) => {
            stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).await.ok()?;
            return None;
        }
        Some(Do::Drop | Do::Reset) => return None,
        Some(Do::Stall) => {
            let mut line = String::new();
            while stream.read_line(&mut line).await.ok()? > 0 {
                line.clear();
            }
            return None;
        }
        Some(Do::Babble) => {
            while stream.get_mut().write_all(&[b'2'; 4096]).await.is_ok() {}
            return None;
        }
        Some(Do::Late(span)) => {
            tokio::time::sleep(span).await;
            yes
        }
    };
    stream.get_mut().write_all(format!("{say}\r\n").as_bytes()).await.ok()?;
    Some(say.starts_with(['2', '3']))
}

async fn session(
    mut stream: Stream,
    state: &Mutex<State>,
    extensions: &[&str],
    tls: &Tls,
) -> Option<()> {
    if let Tls::Implicit(config) = tls {
        stream = encrypted(stream, state, config).await?;
    }
    answer(&mut stream, state, At::Greeting, "220 sink.example ESMTP").await?;
    let (mut sender, mut recipient) = (String::new(), String::new());
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let command = line.trim_end().to_owned();
        state.lock().unwrap().commands.push(command.clone());
        let (verb, rest) = command.split_at(command.len().min(4));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                let mut lines = vec!["250-sink.example".to_owned()];
                lines.extend(extensions.iter().map(|extension| format!("250-{extension}")));
                lines.push("250 HELP".to_owned());
                let yes = lines.join("\r\n");
                answer(&mut stream, state, At::Ehlo, &yes).await?;
            }
            "HELO" => {
                answer(&mut stream, state, At::Helo, "250 sink.example").await?;
            }
            "AUTH" => {
                answer(&mut stream, state, At::Auth, "235 2.7.0 welcome").await?;
            }
            "STAR" => {
                let agrees = answer(&mut stream, state, At::Starttls, "220 go").await?;
                if let (true, Tls::Starttls(config)) = (agrees, tls) {
                    stream = encrypted(stream, state, config).await?;
                }
            }
            "MAIL" => {
                sender = angle(rest);
                answer(&mut stream, state, At::Mail, "250 ok").await?;
            }
            "RCPT" => {
                recipient = angle(rest);
                answer(&mut stream, state, At::Rcpt, "250 ok").await?;
            }
            "DATA" => {
                if !answer(&mut stream, state, At::Data, "354 go").await? {
                    continue;
                }
                let bytes = message(&mut stream, state).await?;
                let heard = Heard {
                    sender: sender.clone(),
                    recipient: recipient.clone(),
                    bytes,
                    accepted: false,
                };
                let index = {
                    let heard_so_far = &mut state.lock().unwrap().heard;
                    heard_so_far.push(heard);
                    heard_so_far.len() - 1
                };
                let accepted = answer(&mut stream, state, At::Dot, "250 2.0.0 taken").await?;
                state.lock().unwrap().heard[index].accepted = accepted;
            }
            "RSET" | "NOOP" => {
                stream.get_mut().write_all(b"250 ok\r\n").await.ok()?;
            }
            "QUIT" => {
                stream.get_mut().write_all(b"221 bye\r\n").await.ok()?;
                return None;
            }
            _ => {
                stream.get_mut().write_all(b"500 what?\r\n").await.ok()?;
            }
        }
    }
}

async fn message(stream: &mut Stream, state: &Mutex<State>) -> Option<Vec<u8>> {
    let stalls = state.lock().unwrap().script.iter().any(|(at, _)| *at == At::Body);
    if stalls {
        tokio::time::sleep(Duration::from_mins(1)).await;
        return None;
    }
    let mut bytes = Vec::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line).await.ok()? == 0 {
            return None;
        }
        // No bare CR or LF may come: a careless server would see a line's end there.
        assert!(line.ends_with(b"\r\n"), "bare LF on the wire");
        if line == b".\r\n" {
            return Some(bytes);
        }
        let stuffed = usize::from(line.starts_with(b"."));
        bytes.extend(&line[stuffed..]);
    }
}

fn angle(text: &str) -> String {
    let from = text.find('<').map_or(0, |at| at + 1);
    let to = text.find('>').unwrap_or(text.len());
    text[from..to.max(from)].to_owned()
}

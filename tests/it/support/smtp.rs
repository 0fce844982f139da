//! A mail server on 127.0.0.1: speaks as much SMTP (RFC 5321) as a client needs, keeps the dialogue and the messages, and
//! refuses recipients as it is told.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

#[derive(Default)]
struct State {
    dialogue: Vec<String>,
    messages: Vec<String>,
    /// What RCPT is answered next; then 250 for ever.
    recipients: VecDeque<String>,
}

pub(crate) struct MailServer {
    pub(crate) port: u16,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl MailServer {
    pub(crate) async fn start() -> MailServer {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State::default()));
        let kept = state.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = talk(stream, &kept).await;
            }
        });
        MailServer { port, state, task }
    }

    pub(crate) fn answer_recipients(&self, answers: &[&str]) {
        self.state.lock().unwrap().recipients.extend(answers.iter().map(|answer| (*answer).to_owned()));
    }

    /// What clients have said, command by command.
    pub(crate) fn dialogue(&self) -> Vec<String> {
        self.state.lock().unwrap().dialogue.clone()
    }

    /// The messages that were accepted.
    pub(crate) fn messages(&self) -> Vec<String> {
        self.state.lock().unwrap().messages.clone()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn talk(stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read);
    write.write_all(b"220 mail.test ESMTP\r\n").await?;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let said = line.trim_end().to_owned();
        state.lock().unwrap().dialogue.push(said.clone());
        let verb = said.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => "250-mail.test\r\n250 8BITMIME".to_owned(),
            "MAIL" | "RSET" | "NOOP" => "250 OK".to_owned(),
            "RCPT" => state.lock().unwrap().recipients.pop_front().unwrap_or_else(|| "250 OK".to_owned()),
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                let mut message = String::new();
                loop {
                    let mut line = String::new();
                    if lines.read_line(&mut line).await? == 0 {
                        return Ok(());
                    }
                    if line == ".\r\n" {
                        break;
                    }
                    // RFC 5321, section 4.5.2.
                    message.push_str(line.strip_prefix('.').unwrap_or(&line));
                }
                state.lock().unwrap().messages.push(message);
                "250 queued".to_owned()
            }
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "502 not known".to_owned(),
        };
        write.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

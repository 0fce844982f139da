//! A mail server on 127.0.0.1: speaks as much SMTP (RFC 5321) as a client needs, plainly, by STARTTLS (RFC 3207) or over TLS
//! from the first byte (RFC 8314), keeps the dialogue and the messages, and refuses recipients as it is told.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

#[derive(Default)]
struct State {
    dialogue: Vec<String>,
    messages: Vec<String>,
    /// What RCPT is answered next; then 250 for ever.
    recipients: VecDeque<String>,
}

/// How the server is spoken to.
#[derive(Clone)]
pub(crate) enum Speaks {
    Plain,
    StartTls(TlsAcceptor),
    Tls(TlsAcceptor),
}

/// Who issues the certificates of mail servers.
pub(crate) struct Issuer(CertifiedIssuer<'static, KeyPair>);

impl Issuer {
    pub(crate) fn new() -> Issuer {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Issuer(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// What a client has to trust, as PEM.
    pub(crate) fn certificate(&self) -> Vec<u8> {
        self.0.pem().into_bytes()
    }

    /// What a server of this name shows.
    pub(crate) fn acceptor(&self, name: &str) -> TlsAcceptor {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()));
        TlsAcceptor::from(Arc::new(config.unwrap()))
    }
}

pub(crate) struct MailServer {
    pub(crate) port: u16,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl MailServer {
    pub(crate) async fn start() -> MailServer {
        MailServer::speaking(Speaks::Plain).await
    }

    pub(crate) async fn speaking(speaks: Speaks) -> MailServer {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State::default()));
        let kept = state.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = serve(stream, &speaks, &kept).await;
            }
        });
        MailServer { port, state, task }
    }

    pub(crate) fn answer_recipients(&self, answers: &[&str]) {
        self.state.lock().unwrap().recipients.extend(answers.iter().map(|answer| (*answer).to_owned()));
    }

    /// What clients have said, command by command; `TLS` where the connection became one of TLS.
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

const GREETING: &[u8] = b"220 mail.test ESMTP\r\n";

async fn serve(mut stream: TcpStream, speaks: &Speaks, state: &Mutex<State>) -> std::io::Result<()> {
    match speaks {
        Speaks::Plain => {
            stream.write_all(GREETING).await?;
            talk(stream, "250-mail.test\r\n250 8BITMIME", state).await.map(drop)
        }
        Speaks::Tls(acceptor) => encrypted(stream, acceptor, (GREETING, state)).await,
        Speaks::StartTls(acceptor) => {
            stream.write_all(GREETING).await?;
            match talk(stream, "250-mail.test\r\n250 STARTTLS", state).await? {
                Some(stream) => encrypted(stream, acceptor, (b"", state)).await,
                None => Ok(()),
            }
        }
    }
}

async fn encrypted(
    stream: TcpStream,
    acceptor: &TlsAcceptor,
    (greeting, state): (&[u8], &Mutex<State>),
) -> std::io::Result<()> {
    let mut stream = acceptor.accept(stream).await?;
    state.lock().unwrap().dialogue.push("TLS".to_owned());
    stream.write_all(greeting).await?;
    talk(stream, "250-mail.test\r\n250-8BITMIME\r\n250 AUTH PLAIN", state).await.map(drop)
}

/// Speaks until the client ends, or wants to go on encrypted: then the connection comes back.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    offers: &str,
    state: &Mutex<State>,
) -> std::io::Result<Option<S>> {
    let mut lines = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let said = line.trim_end().to_owned();
        state.lock().unwrap().dialogue.push(said.clone());
        let verb = said.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => offers.to_owned(),
            "STARTTLS" if offers.contains("STARTTLS") => {
                lines.write_all(b"220 go on\r\n").await?;
                return Ok(Some(lines.into_inner()));
            }
            "AUTH" if offers.contains("AUTH") => "235 welcome".to_owned(),
            "MAIL" | "RSET" | "NOOP" => "250 OK".to_owned(),
            "RCPT" => state.lock().unwrap().recipients.pop_front().unwrap_or_else(|| "250 OK".to_owned()),
            "DATA" => {
                lines.write_all(b"354 go on\r\n").await?;
                let mut message = String::new();
                loop {
                    let mut line = String::new();
                    if lines.read_line(&mut line).await? == 0 {
                        return Ok(None);
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
                lines.write_all(b"221 bye\r\n").await?;
                return Ok(None);
            }
            _ => "502 not known".to_owned(),
        };
        lines.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

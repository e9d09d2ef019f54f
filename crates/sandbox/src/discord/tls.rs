//! Discord under its own name: TLS in front of the simulator.
//!
//! serenity's rate limiter talks to `https://discord.com` and nothing else. A client that resolves that name to
//! [`TlsFront::address`] and trusts [`TlsFront::certificate`] meets the simulator there, limiter and all.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::DiscordSim;

/// TLS in front of a simulator, until it is dropped.
#[derive(Debug)]
pub struct TlsFront {
    /// Where it listens.
    pub address: SocketAddr,
    /// The certificate to trust, in DER.
    pub certificate: Vec<u8>,
    task: JoinHandle<()>,
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl DiscordSim {
    /// Puts TLS in front, with a certificate for `discord.com` and `gateway.discord.gg`.
    pub async fn tls_front(&self) -> io::Result<TlsFront> {
        let names = ["discord.com", "gateway.discord.gg", "localhost"].map(str::to_owned);
        let made = rcgen::generate_simple_self_signed(names).map_err(io::Error::other)?;
        let certificate = made.cert.der().clone();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|config| {
                config
                    .with_no_client_auth()
                    .with_single_cert(vec![certificate.clone()], key)
            })
            .map_err(io::Error::other)?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let plain = self.core.address;
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // Either side may end the connection at any time.
                    let _ = pass_on(acceptor, stream, plain).await;
                });
            }
        });
        Ok(TlsFront {
            address,
            certificate: certificate.to_vec(),
            task,
        })
    }
}

async fn pass_on(acceptor: TlsAcceptor, stream: TcpStream, plain: SocketAddr) -> io::Result<()> {
    let mut outer = acceptor.accept(stream).await?;
    let mut inner = TcpStream::connect(plain).await?;
    inner.set_nodelay(true)?;
    copy_bidirectional(&mut outer, &mut inner).await?;
    Ok(())
}

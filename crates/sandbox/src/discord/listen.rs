//! Sockets that can be switched off: while Discord is "down" its port refuses connections, and those that were
//! open end without a word.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

/// Listens while Discord is up.
pub(super) struct Door {
    address: SocketAddr,
    listener: Option<TcpListener>,
    is_up: watch::Receiver<bool>,
}

impl Door {
    pub(super) fn new(listener: TcpListener, address: SocketAddr, is_up: watch::Receiver<bool>) -> Self {
        Self {
            address,
            listener: Some(listener),
            is_up,
        }
    }
}

impl axum::serve::Listener for Door {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            if !*self.is_up.borrow_and_update() {
                self.listener = None;
                if self.is_up.wait_for(|is_up| *is_up).await.is_err() {
                    std::future::pending::<()>().await;
                }
                continue;
            }
            let Some(listener) = &self.listener else {
                match TcpListener::bind(self.address).await {
                    Ok(listener) => self.listener = Some(listener),
                    Err(_) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
                }
                continue;
            };
            tokio::select! {
                biased;
                _ = self.is_up.changed() => {}
                accepted = listener.accept() => if let Ok((stream, peer)) = accepted {
                    let _ = stream.set_nodelay(true);
                    return (Wire::new(stream, self.is_up.clone()), peer);
                },
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(self.address)
    }
}

/// A connection that can be cut.
pub(super) struct Wire {
    stream: TcpStream,
    cut: Cut,
    ending: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// Cuts one connection.
#[derive(Clone)]
pub(super) struct Cut(Arc<Notify>);

impl Cut {
    /// Ends it without a word.
    pub(super) fn now(&self) {
        self.0.notify_one();
    }
}

impl Wire {
    fn new(stream: TcpStream, mut is_up: watch::Receiver<bool>) -> Self {
        let cut = Cut(Arc::new(Notify::new()));
        let asked = cut.0.clone();
        let ending = Box::pin(async move {
            tokio::select! {
                () = asked.notified() => {}
                _ = is_up.wait_for(|is_up| !*is_up) => {}
            }
        });
        Self { stream, cut, ending }
    }

    fn is_cut(&mut self, context: &mut Context<'_>) -> bool {
        self.ending.as_mut().poll(context).is_ready()
    }
}

fn gone() -> io::Error {
    io::Error::from(io::ErrorKind::ConnectionReset)
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // A finished future is polled no more: the flag is kept in place of it.
        if this.is_cut(context) {
            this.ending = Box::pin(std::future::ready(()));
            return Poll::Ready(Err(gone()));
        }
        Pin::new(&mut this.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

impl Connected<IncomingStream<'_, Door>> for Cut {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.io().cut.clone()
    }
}

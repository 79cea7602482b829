//! The server's own life; what sessions say is the conformance suite's.

use ftp_host::{HostSession, ReplyTo};
use ftp_proto::{Completion, Failure, FileId, HostAction};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

#[derive(Debug)]
struct Nothing;

impl Host for Nothing {
    fn session(&self, _client: Client) -> Box<dyn HostSession> {
        Box::new(Self)
    }
}

impl HostSession for Nothing {
    fn submit(&mut self, action: HostAction, _: ReplyTo) -> Option<Completion> {
        action.fail(Failure::Unsupported)
    }

    fn file(&self, _id: FileId) -> Option<Arc<std::fs::File>> {
        None
    }
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

#[tokio::test]
async fn all_listeners_end_with_the_shutdown() {
    let server = Server::builder(Arc::new(Nothing)).build();
    let (first, second) = (listen().await.0, listen().await.0);
    let shutdown = async { server.handle().shutdown(Duration::ZERO) };
    let (first, second, ()) = tokio::join!(server.serve(first), server.serve(second), shutdown);
    first.unwrap();
    second.unwrap();
}

#[tokio::test]
async fn where_there_is_no_room_at_all_the_connection_is_dropped() {
    let mut builder = Server::builder(Arc::new(Nothing)).max_sessions(0);
    builder.caps.outside = 0;
    let server = builder.build();
    let (listener, address) = listen().await;
    let serving = tokio::spawn({
        let server = server.clone();
        async move { server.serve(listener).await }
    });
    let mut client = TcpStream::connect(address).await.unwrap();
    assert_eq!(client.read(&mut [0; 10]).await.unwrap(), 0);
    assert_eq!(server.handle().sessions(), 0);
    server.handle().shutdown(Duration::ZERO);
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn every_observer_hears_also_behind_one_that_panics() {
    let (tell, heard) = std::sync::mpsc::channel();
    let observed = |name: &'static str| {
        let tell = tell.clone();
        move |_: SessionId, _: &Client, _: &Notice| {
            tell.send(name).unwrap();
            assert_ne!(name, "panics", "as it was asked to");
        }
    };
    let builder = Server::builder(Arc::new(Nothing)).observer(observed("first"));
    let server = builder.observer(observed("panics")).observer(observed("last")).build();
    let (listener, address) = listen().await;
    let serving = tokio::spawn({
        let server = server.clone();
        async move { server.serve(listener).await }
    });
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"QUIT\r\n").await.unwrap();
    let _ = client.read_to_end(&mut Vec::new()).await;
    server.handle().shutdown(Duration::ZERO);
    serving.await.unwrap().unwrap();
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), ["first", "panics", "last"]);
}

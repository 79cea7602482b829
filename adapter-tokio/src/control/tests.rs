//! The control connection's order and its end.

use std::time::Duration;

use bytes::Bytes;
use ftp_proto::event::ControlEnd;
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

async fn pair() -> (Control, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    (Control::new(Socket::new(stream)).unwrap(), client)
}

async fn flush_all(control: &mut Control) -> usize {
    let mut sent = 0;
    while control.has_pending() {
        writable(control).await;
        sent += control.flush().unwrap();
    }
    sent
}

async fn read_some(control: &mut Control, buffer: &mut [u8]) -> Result<usize, ControlEnd> {
    loop {
        readable(control).await;
        match control.read(buffer) {
            Ok(0) => {}
            other => return other,
        }
    }
}

#[tokio::test]
async fn a_connection_is_set_up_whenever_it_came() {
    let (control, _client) = pair().await;
    let socket = SockRef::from(control.stream());
    assert!(socket.tcp_nodelay().unwrap() && socket.out_of_band_inline().unwrap() && socket.keepalive().unwrap());
    assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(60));
}

#[tokio::test]
async fn many_replies_leave_in_order_and_are_credited_to_the_byte() {
    let (mut control, mut client) = pair().await;
    let reader = tokio::spawn(async move {
        let mut received = Vec::new();
        client.read_to_end(&mut received).await.unwrap();
        received
    });
    let mut expected = Vec::new();
    for number in 0..20_000 {
        let reply = format!("reply {number} of a good many\r\n");
        expected.extend_from_slice(reply.as_bytes());
        control.write(reply.into());
    }
    assert_eq!(flush_all(&mut control).await, expected.len());
    drop(control);
    assert_eq!(reader.await.unwrap(), expected);
}

#[tokio::test]
async fn the_last_reply_arrives_although_the_client_goes_on_talking() {
    let (mut control, mut client) = pair().await;
    client.write_all(b"what nobody reads").await.unwrap();
    control.write(Bytes::from_static(b"goodbye"));
    control.shut_down();
    let closing = tokio::spawn(close(control));
    let mut received = Vec::new();
    client.read_to_end(&mut received).await.unwrap();
    assert_eq!(received, b"goodbye");
    drop(client);
    closing.await.unwrap();
}

#[tokio::test]
async fn an_end_is_told_once_and_replies_still_leave() {
    let (mut control, mut client) = pair().await;
    client.shutdown().await.unwrap();
    assert_eq!(read_some(&mut control, &mut [0; 10]).await, Err(ControlEnd::Eof));
    assert!(!control.is_readable());
    control.write(Bytes::from_static(b"still here"));
    assert_eq!(flush_all(&mut control).await, 10);
    close(control).await;
    let mut received = Vec::new();
    client.read_to_end(&mut received).await.unwrap();
    assert_eq!(received, b"still here");
}

#[tokio::test]
async fn a_reset_drops_what_was_pending() {
    let (mut control, client) = pair().await;
    SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
    drop(client);
    assert_eq!(read_some(&mut control, &mut [0; 10]).await, Err(ControlEnd::Reset));
    control.write(Bytes::from_static(b"to nobody"));
    assert!(!control.has_pending() && !control.is_readable());
}

#[tokio::test]
async fn an_urgent_byte_stays_in_its_place() {
    let (mut control, client) = pair().await;
    let socket = SockRef::from(&client);
    socket.send(b"\xff\xf4").unwrap();
    socket.send_out_of_band(b"\xff").unwrap();
    socket.send(b"\xf2ABOR\r\n").unwrap();
    let (mut received, mut buffer) = (Vec::new(), [0; 64]);
    while received.len() < 10 {
        let count = read_some(&mut control, &mut buffer).await.unwrap();
        received.extend_from_slice(&buffer[..count]);
    }
    assert_eq!(received, b"\xff\xf4\xff\xf2ABOR\r\n");
}

//! Serves what is in a tar archive: a tree that is on no disk.
//!
//! ```sh
//! cargo run -p ftp-adapter-tokio --example tar -- linux.tar 127.0.0.1:2121
//! curl ftp://127.0.0.1:2121/
//! ```
//!
//! The archive is read through once, to find out what is where in it; see `tree`. From then on each file is a range of
//! the archive, so that downloads begin at once and resume at any offset, and nothing is unpacked.

mod tree;

use std::env::args_os;
use std::fs::File;
use std::io;
use std::sync::Arc;

use ftp_adapter_tokio::Server;
use ftp_host::{Pooled, Users};
use ftp_proto::storage::Permissions;
use tokio::net::TcpListener;

use crate::tree::TarTree;

#[tokio::main]
async fn main() -> io::Result<()> {
    let mut arguments = args_os().skip(1);
    let Some(archive) = arguments.next() else {
        return Err(io::Error::other("usage: tar ARCHIVE [ADDRESS:PORT]"));
    };
    let address = arguments.next().map_or_else(|| "127.0.0.1:2121".into(), |it| it.to_string_lossy().into_owned());

    let tree = TarTree::index(File::open(archive)?)?;
    let users = Users::new().anonymous(Permissions::READ_ONLY, Arc::new(tree));
    let server = Server::builder(Arc::new(Pooled::new(Arc::new(users))))
        .observer(|session, client, notice| eprintln!("{session} {}: {notice:?}", client.peer))
        .build();
    server.serve(TcpListener::bind(address).await?).await
}

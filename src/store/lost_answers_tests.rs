//! An AWS that does what it is asked, and whose answer is lost on the way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use emulators::Emulators;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Passes calls on, and swallows the first answer to one of this operation.
pub(super) async fn losing_the_first_answer(operation: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let lost = Arc::new(AtomicBool::new(false));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(pass_on(client, operation, lost.clone()));
        }
    });
    url
}

/// Ends the connection in place of that answer.
async fn pass_on(mut client: TcpStream, operation: &str, lost: Arc<AtomicBool>) {
    let aws = Emulators::shared().aws_url.trim_start_matches("http://");
    let mut server = TcpStream::connect(aws).await.unwrap();
    let (mut asked, mut answer) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    let mut is_it = false;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(count @ 1..) = read else { return };
                is_it |= String::from_utf8_lossy(&asked[..count]).contains(operation);
                server.write_all(&asked[..count]).await.unwrap();
            }
            read = server.read(&mut answer) => {
                let Ok(count @ 1..) = read else { return };
                if is_it && !lost.swap(true, Ordering::SeqCst) {
                    return;
                }
                is_it = false;
                client.write_all(&answer[..count]).await.unwrap();
            }
        }
    }
}

//! Ends or freezes the Lambda process at the other end of a connection, and no other. Linux alone has `/proc`.

use std::fs;
use std::process::Command;

/// Sends a signal, such as `KILL`, to the process whose end of a connection has this port. It must have been started with
/// `setting` in its environment, which only functions of this suite have. False if there is none.
pub fn signal_caller(signal: &str, peer_port: u16, proxy_port: u16, setting: &str) -> bool {
    let Some(inode) = socket_inode(peer_port, proxy_port) else {
        return false;
    };
    let socket = format!("socket:[{inode}]");
    let Some(pid) = holder_of(&socket, setting) else {
        return false;
    };
    let sent = Command::new("sh")
        .args(["-c", &format!("kill -{signal} {pid}")])
        .status();
    sent.is_ok_and(|status| status.success())
}

/// The inode of the socket from `local` to `remote`, as the kernel lists it.
fn socket_inode(local: u16, remote: u16) -> Option<String> {
    let table = fs::read_to_string("/proc/net/tcp").ok()?;
    let (local, remote) = (format!(":{local:04X}"), format!(":{remote:04X}"));
    table.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let is_it = fields.get(1)?.ends_with(&local) && fields.get(2)?.ends_with(&remote);
        is_it.then(|| fields.get(9).map(ToString::to_string))?
    })
}

/// The process with that setting which holds that socket.
fn holder_of(socket: &str, setting: &str) -> Option<u32> {
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment
            .split(|byte| *byte == 0)
            .any(|variable| variable == setting.as_bytes())
    })
    .find(|pid| holds(*pid, socket))
}

fn holds(pid: u32, socket: &str) -> bool {
    let Ok(files) = fs::read_dir(format!("/proc/{pid}/fd")) else {
        return false;
    };
    files
        .flatten()
        .filter_map(|file| fs::read_link(file.path()).ok())
        .any(|target| target.to_str() == Some(socket))
}

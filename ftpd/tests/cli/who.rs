//! SITE WHO: who is on, told to those who may ask.

use crate::support::{Control, Running, directory, ftpd};

#[test]
fn an_admin_sees_who_is_on_until_they_log_out() {
    for runtime in ["tokio", "mio"] {
        let directory = directory();
        let mut command = ftpd();
        command.args(["--listen", "127.0.0.1:0", "--runtime", runtime]);
        command.args(["--user", "root:a:admin", "--user", "alice:b", "--user", "bob:c"]);
        let server = Running::start(command.arg(directory.path()));
        assert!(server.said.contains(&"  to root: read and write, and see who is on".into()), "{:?}", server.said);
        let [mut root, mut alice, mut bob] = [(); 3].map(|()| Control::open(server.addresses[0]).0);
        root.log_in("root", "a");
        alice.log_in("alice", "b");
        bob.log_in("bob", "c");
        alice.ask("SITE WHO", "550");

        let mut names = || {
            let lines = root.ask("SITE WHO", "200");
            let inner = lines[1..lines.len() - 1].iter().map(|line| line.trim_start().to_owned());
            inner.map(|line| line.split(" 127.0.0.1 ").next().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(), ["alice", "bob", "root"]);
        alice.ask("REIN", "220");
        assert_eq!(names(), ["bob", "root"]);
        bob.ask("USER alice", "331");
        assert_eq!(names(), ["root"]);
        bob.ask("PASS b", "230");
        assert_eq!(names(), ["alice", "root"]);
    }
}

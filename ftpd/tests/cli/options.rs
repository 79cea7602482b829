//! What single options change, seen by a client.

use std::process::Command;

use crate::support::{Control, Running, directory, ftpd};

fn serve(arguments: &[&str], client: impl FnOnce(Control<std::net::TcpStream>, Vec<String>)) {
    let directory = directory();
    let mut command: Command = ftpd();
    let server = Running::start(command.args(["--listen", "127.0.0.1:0"]).args(arguments).arg(directory.path()));
    let (control, greeting) = Control::open(server.addresses[0]);
    client(control, greeting);
}

#[test]
fn the_greeting_is_the_operators() {
    serve(&["--greeting", "Mirror of everything.\nBe kind."], |_, greeting| {
        assert_eq!(greeting, ["220-Mirror of everything.", "220 Be kind."]);
    });
}

#[test]
fn another_servers_address_is_taken_only_from_a_network_that_is_named() {
    let port = "PORT 192,0,2,9,200,1";
    serve(&[], |mut control, _| {
        control.log_in("anonymous", "x");
        control.ask(port, "5");
    });
    serve(&["--fxp", "198.51.100.7", "--fxp", "192.0.2.0/28"], |mut control, _| {
        control.log_in("anonymous", "x");
        control.ask(port, "200");
        control.ask("PORT 198,51,100,7,200,1", "200");
        control.ask("PORT 192,0,2,16,200,1", "5");
    });
}

#[test]
fn compression_can_be_switched_off() {
    let offers = |control: &mut Control<_>| control.ask("FEAT", "211").contains(&" MODE Z".to_owned());
    serve(&[], |mut control, _| {
        control.log_in("anonymous", "x");
        assert!(offers(&mut control));
        control.ask("MODE Z", "200");
    });
    serve(&["--mode-z", "off"], |mut control, _| {
        control.log_in("anonymous", "x");
        assert!(!offers(&mut control));
        control.ask("MODE Z", "504");
    });
}

#[test]
fn the_help_groups_the_options() {
    let output = ftpd().arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for heading in ["Users:", "TLS:", "Data connections and transfers:", "Limits:", "Logging:"] {
        assert_eq!(help.lines().filter(|line| *line == heading).count(), 1, "{heading} {help}");
    }
}

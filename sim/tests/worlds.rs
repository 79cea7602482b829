//! Small worlds: what is stored is there, everybody comes to an end, and the same seed is the same world.

use std::time::Duration;

use ftp_proto::outcome::Offload;
use ftp_sim::{Builder, Chance, Disk, Durability, Ftp, Moment, Plan};

async fn store_and_fetch(mut ftp: Ftp) {
    let name = format!("file{}", ftp.number());
    let content = name.repeat(20_000);
    let run = async {
        ftp.connect().await?;
        assert!(ftp.log_in("alice", "secret").await?);
        ftp.ask("TYPE I").await?;
        let plan = if ftp.number().is_multiple_of(2) { ftp.passive().await? } else { ftp.active().await? };
        let reply = ftp.store(plan.expect("a plan"), &format!("STOR {name}"), content.clone()).await?;
        assert_eq!(reply.code, 226, "{}", reply.text());
        let plan = ftp.passive().await?.expect("a plan");
        let download = ftp.fetch(plan, &format!("RETR {name}")).await?.expect("a 150");
        assert!(download.is_whole(), "{}", download.reply.text());
        assert_eq!(download.bytes, content.as_bytes());
        ftp.quit().await
    };
    run.await.expect("it stays connected");
}

fn builder(seed: u64) -> Builder {
    Builder::from_seed(seed).account("alice", "secret", "/")
}

#[test]
fn clients_store_and_fetch() {
    for offload in [Offload::Possible, Offload::Impossible] {
        let mut world =
            builder(1).build(Disk::new(Durability::OnCommit, Chance::from_seed(1, 2)).with_offload(offload));
        for _ in 0..10 {
            world.add_client(Moment::START, store_and_fetch);
        }
        let report = world.run(Duration::from_secs(3600));
        assert_eq!(report.violations, Vec::<String>::new());
        assert_eq!(report.sessions, 10);
        assert_eq!(report.endings.get("Quit"), Some(&10), "{report:?}");
    }
}

async fn try_it(mut ftp: Ftp) {
    for _ in 0..5 {
        let content = "content".repeat(5_000);
        let attempt = async {
            ftp.connect().await?;
            ftp.log_in("alice", "secret").await?;
            for number in 0..5 {
                if let Some(plan) = ftp.passive().await? {
                    ftp.store(plan, &format!("STOR file{number}"), content.clone()).await?;
                }
                if let Some(plan) = ftp.active().await? {
                    let _ = ftp.fetch(plan, &format!("RETR file{number}")).await?;
                }
            }
            ftp.quit().await
        };
        if attempt.await.is_ok() {
            return;
        }
        ftp.vanish();
        ftp.sleep(Duration::from_secs(5)).await;
    }
}

#[test]
fn the_same_seed_is_the_same_world() {
    let run = |seed| {
        let mut world = builder(seed)
            .faults(Plan::Chance)
            .build(Disk::new(Durability::OnCommit, Chance::from_seed(seed, 2)).with_offload(Offload::Possible));
        for _ in 0..10 {
            world.add_client(Moment::START, try_it);
        }
        world.run(Duration::from_secs(3600))
    };
    for seed in 0..30 {
        let report = run(seed);
        assert_eq!(report.violations, Vec::<String>::new(), "seed {seed}");
        assert_eq!(report, run(seed), "seed {seed}");
    }
}

#[test]
fn each_session_leaves_a_trace_that_replays() {
    for seed in 0..10 {
        let mut world = builder(seed)
            .faults(Plan::Chance)
            .keep_log()
            .build(Disk::new(Durability::OnCommit, Chance::from_seed(seed, 2)));
        for _ in 0..3 {
            world.add_client(Moment::START, try_it);
        }
        let report = world.run(Duration::from_secs(3600));
        assert_eq!(report.traces.len(), report.sessions);
        for trace in &report.traces {
            let replayed = ftp_proto::trace::replay(trace).expect("a trace");
            assert!(replayed.is_same(), "seed {seed}: {replayed}");
        }
    }
}

//! The one binary.

use std::process::ExitCode;

use clap::Parser;
use rollcall::app;
use rollcall::cli::{self, Cli, Command, Exit};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("Rollcall cannot start. The system gives no threads: {error}.");
            return Exit::Failed.into();
        }
    };
    app::log(&cli.command);
    let ended = runtime.block_on(async {
        match &cli.command {
            Command::Demo(demo) => app::demo(demo).await,
            Command::Serve(serve) => app::serve(serve).await,
            Command::Simulate(simulate) => cli::simulate::run(simulate).await,
            Command::Sync(sync) => cli::sync::run(sync).await,
            Command::Users(users) => cli::users::run(users).await,
            Command::Groups(groups) => cli::groups::run(groups).await,
            Command::Person(person) => cli::person::run(person).await,
            Command::Protected(protected) => cli::protected::run(protected).await,
            Command::Filters(filters) => cli::filters::run(filters).await,
            Command::Tasks(tasks) => cli::tasks::run(tasks).await,
            Command::Token(token) => cli::token::run(token).await,
            Command::Feed(feed) => cli::feed::run(feed).await,
            Command::Contacts(contacts) => cli::contacts::run(contacts).await,
            Command::Upload(upload) => cli::upload::run(upload).await,
            Command::Reports(reports) => cli::reports::run(reports).await,
            Command::Webhooks(webhooks) => cli::webhooks::run(webhooks).await,
            Command::Stats(stats) => cli::stats::run(stats).await,
            Command::Audit(audit) => cli::audit::run(audit).await,
            Command::Runs(runs) => cli::runs::run(runs).await,
            Command::Act(act) => cli::act::run(act).await,
            Command::Operations(operations) => cli::operations::run(operations).await,
            Command::Undo(undo) => cli::act::undo(undo).await,
            Command::Stop(switch) => cli::act::stop(switch).await,
            Command::Release(switch) => cli::act::release(switch).await,
            Command::Migrate(migrate) => cli::migrate::run(migrate).await,
            Command::Doctor(doctor) => cli::doctor::run(doctor).await,
        }
    });
    match ended {
        Ok(exit) => exit.into(),
        Err(refusal) => {
            cli::say(&refusal);
            Exit::Refused.into()
        }
    }
}

//! The head row: its numbers only rise, each by its own verb.

use rollcall::store::head::{self, Head};

use super::{on_both, write};

#[test]
fn each_verb_raises_its_own_number() {
    on_both(|store| {
        write(store, |tx| {
            assert_eq!(
                head::read(tx)?,
                Head { generation: 0, epoch: 0, lease_number: 0, progress_seq: 0, event_seq: 0, stopped: false }
            );
            assert_eq!((head::raise_epoch(tx)?, head::raise_epoch(tx)?), (1, 2));
            assert_eq!((head::next_lease(tx)?, head::next_lease(tx)?, head::next_lease(tx)?), (1, 2, 3));
            head::touch(tx)?;
            assert_eq!(
                head::read(tx)?,
                Head { generation: 0, epoch: 2, lease_number: 3, progress_seq: 1, event_seq: 0, stopped: false }
            );
            head::advance(tx, 7)?;
            assert_eq!(
                head::read(tx)?,
                Head { generation: 7, epoch: 2, lease_number: 3, progress_seq: 2, event_seq: 0, stopped: false }
            );
            Ok(())
        });
    });
}

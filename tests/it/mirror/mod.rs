//! The main job: an organization is mirrored, completely, explained, and never wrong about who is gone.

mod passes;

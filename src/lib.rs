//! Rollcall keeps an organization's people in step.

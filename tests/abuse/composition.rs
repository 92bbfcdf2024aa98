//! Texts that are slow to compose, to read and to merge.

//! Request bodies that are large, deep, slow or sent by nobody known.

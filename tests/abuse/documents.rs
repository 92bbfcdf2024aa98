//! Documents with very many mistakes, and trials that take long, through the management API.

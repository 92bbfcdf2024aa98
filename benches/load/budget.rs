//! What is promised, and what is not kept.

use std::cell::RefCell;

/// Over its budget by more than this factor is no noise, however busy the machine.
const MARGIN: f64 = 1.5;

/// Collects what is far over budget.
#[derive(Default)]
pub struct Budgets {
    far_over: RefCell<Vec<String>>,
}

impl Budgets {
    /// A value that is to be at least `budget`; returns the budget as the table shows it.
    pub fn at_least(&self, name: &str, value: f64, budget: f64) -> String {
        self.judge(name, value < budget, value * MARGIN < budget);
        format!("≥ {budget}{}", if value < budget { " missed" } else { "" })
    }

    /// A value that is to be at most `budget`; returns the budget as the table shows it.
    pub fn at_most(&self, name: &str, value: f64, budget: f64) -> String {
        self.judge(name, value > budget, value > budget * MARGIN);
        format!("≤ {budget}{}", if value > budget { " missed" } else { "" })
    }

    fn judge(&self, name: &str, missed: bool, far: bool) {
        if missed && far {
            self.far_over.borrow_mut().push(name.to_owned());
        }
    }

    /// What missed its budget by more than the margin.
    pub fn far_over(self) -> Vec<String> {
        self.far_over.into_inner()
    }
}

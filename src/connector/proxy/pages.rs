//! Lists that a CRM gives in pages: asked for one after the other, within bounds.

use super::ProxyConnector;
use crate::connector::contract::{Call, CallError, Reply};
use crate::engine::app_connect::get_user_list::{GetUserList, Input};
use crate::engine::results::{CrmUser, MappingProblem, NEXT_PAGE};

/// How many pages are read.
const MOST_PAGES: usize = 100;

/// How many users are taken: as many as of a list in one page.
const MOST_USERS: usize = 10_000;

impl ProxyConnector {
    /// The users of all pages. One that fails fails the whole list: a part of it would pass for all. Where it is cut, a
    /// mapping problem of `nextPage` says so.
    pub(super) async fn all_users(&self, call: &Call<'_>) -> Result<Reply<Vec<CrmUser>>, CallError> {
        let mut all = Reply::new(Vec::new());
        let mut input = Input::default();
        for _ in 0..MOST_PAGES {
            let page = self.run::<GetUserList>(call, &input).await?;
            all.value.extend(page.value.users);
            all.message = page.message.or(all.message);
            for problem in page.mapping_problems {
                let is_known =
                    |known: &MappingProblem| (&known.key, &known.path) == (&problem.key, &problem.path);
                if !all.mapping_problems.iter().any(is_known) {
                    all.mapping_problems.push(problem);
                }
            }
            let Some(next) = page.value.next_page else { return Ok(all) };
            if input.next_page.as_ref() == Some(&next) {
                return Ok(self.cut(all, "the same page again"));
            }
            if all.value.len() >= MOST_USERS {
                all.value.truncate(MOST_USERS);
                return Ok(self.cut(all, "a page behind the first 10000 users"));
            }
            input.next_page = Some(next);
        }
        Ok(self.cut(all, "a page behind the first 100"))
    }

    fn cut(&self, mut reply: Reply<Vec<CrmUser>>, found: &str) -> Reply<Vec<CrmUser>> {
        tracing::warn!(proxy_id = self.proxy_id, found, "the list of users is cut");
        reply.mapping_problems.push(MappingProblem {
            key: NEXT_PAGE.to_owned(),
            path: NEXT_PAGE.to_owned(),
            found: found.to_owned(),
            is_essential: true,
            of_items: None,
        });
        reply
    }
}

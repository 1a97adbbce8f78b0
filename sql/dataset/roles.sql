-- The roles with their instructions by number, and the questions of their own.
select
    r.role,
    (select coalesce(map(list(i.variant), list(i.instruction)), map {}) from instructions as i where i.role = r.role)
        as instructions,
    (select list(q.question order by q.question_id) from questions as q where q.role = r.role) as questions,
    r.eval_prompt
from roles as r
order by r.role;

-- The responses of the role $role, $limit of them after the first $offset.
select r.response_id, r.variant, r.question_id, r.question, r.response, r.n_response_tokens, r.finish_reason
from responses as r
where r.role = $role
order by r.response_id
limit $limit offset $offset;

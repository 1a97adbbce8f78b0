-- The responses of the role $role that hold $text, in any case: at most $limit.
select r.response_id, r.question, r.response
from responses as r
where r.role = $role and contains(lower(r.response), lower($text))
order by r.response_id
limit $limit;

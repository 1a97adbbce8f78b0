-- Where the responses $response_ids, each of the role beside it in $roles, think, and where they answer; no row for
-- those that only answer.
with asked as (
    select unnest($roles::varchar[]) as role, unnest($response_ids::bigint[]) as response_id
)
select
    s.role, s.response_id,
    list({'kind': s.kind, 'text': s.text, 'n_tokens': s.stop - s.start} order by s.span) as parts
from response_spans as s
semi join asked as q on q.role = s.role and q.response_id = s.response_id
group by s.role, s.response_id;

-- Where the responses $response_ids of the roles $roles think, and where they answer; no row for those that only
-- answer.
select
    role, response_id,
    list({'kind': kind, 'text': text, 'n_tokens': stop - start} order by span) as parts
from response_spans
where list_contains($roles, role) and list_contains($response_ids, response_id)
group by role, response_id;

-- The tokens around the peak in the $limit answers of each of $roles that fire $feature under $sae most, each with its
-- question and the number of the answer's tokens.
select e.role, e.response_id, list_max(e.activations) as max, r.question, e.start, e.pieces, e.activations, p.n_tokens
from evidence as e
join responses as r on r.role = e.role and r.response_id = e.response_id
left join pooled as p on p.sae = e.sae and p.role = e.role and p.response_id = e.response_id
where e.sae = $sae and e.feature_id = $feature and list_contains($roles::varchar[], e.role) and e.rank <= $limit
order by e.role, e.rank;

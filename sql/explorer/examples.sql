-- The $limit responses of the role $role that fire the feature $feature_id of the SAE $sae most.
--
-- start, pieces and activations are of the evidence that the lake keeps of a response, else NULL.
with strongest as (
    select a.response_id, a.mean, a.max, a.n_active
    from activations as a
    where a.sae = $sae and a.role = $role and a.feature_id = $feature_id
    order by a.max desc, a.response_id
    limit $limit
),
shown as (
    select e.response_id, e.start, e.pieces, e.activations
    from evidence as e
    where e.sae = $sae and e.role = $role and e.feature_id = $feature_id
)
select
    s.response_id, r.variant, r.question_id, r.system_prompt, r.question, r.response,
    s.mean, s.max, s.n_active, e.start, e.pieces, e.activations
from strongest as s
join (select * from responses where responses.role = $role) as r on r.response_id = s.response_id
left join shown as e on e.response_id = s.response_id
order by s.max desc, s.response_id;

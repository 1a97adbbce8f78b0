-- The $limit targets of the intervention $intervention in the answers of the role $role, under the SAE $sae: first those
-- under whose edits answers are recorded, then those whose effects are surest.
with found as (
    select target, feature_id, q, 0 as n_answers
    from intervention_effects
    where sae = $sae and intervention = $intervention and role = $role
    union all
    select target, feature_id, null, 1
    from steered_responses
    where sae = $sae and intervention = $intervention and role = $role and control is null
),
targets as (
    select target, any_value(feature_id) as feature_id, min(q) as q, sum(n_answers)::bigint as n_answers
    from found
    group by target
)
select t.target, t.feature_id, l.description as label, t.n_answers
from targets as t left join preferred_labels as l on l.sae = $sae and l.feature_id = t.feature_id
order by t.n_answers > 0 desc, t.q, t.feature_id, t.target
limit $limit;

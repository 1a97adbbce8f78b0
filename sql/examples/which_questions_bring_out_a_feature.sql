-- Which questions bring out a feature, over all roles and variants?
--
-- The feature here is the one whose mean varies most over answers; put any feature's id in its place.
with chosen as (
    select feature_id from role_features where sae = chosen_sae(null) order by sd desc, feature_id limit 1
)
select
    (select feature_id from chosen) as feature_id,
    p.question_id,
    any_value(r.question) as question,
    count(*) as n_responses,
    count(a.response_id) / count(*) as firing_rate,
    sum(coalesce(a.mean, 0)::double) / count(*) as mean
from pooled as p
join responses as r on r.role = p.role and r.response_id = p.response_id
left join activations as a
    on a.sae = p.sae and a.role = p.role and a.response_id = p.response_id
    and a.feature_id = (select feature_id from chosen)
where p.sae = chosen_sae(null) and p.excluded_reason is null
-- The text too: where roles are asked their own questions, ids repeat from role to role.
group by p.question_id, r.question
order by mean desc, p.question_id
limit 20;

-- Which responses fire a feature most, and on which tokens?
--
--     from top_responses(438) limit 5;
--
-- The 100 responses, of any role, in which the feature's maximum is highest. excerpt is what stands around the peak,
-- which is in «»; pieces are more tokens around it, with the feature's activations on them. NULL where the lake keeps
-- no evidence of that response.
-- Files are read of the roles only that can have one of them: where 100 roles reach some maximum, a role that
-- does not is left out. A role whose aggregates are not there is looked at in any case.
create macro top_responses(feature, sae := null) as table
with highest as (
    select rf.max from role_features as rf
    where rf.feature_id = feature and rf.sae = chosen_sae(sae)
    order by rf.max desc
    limit 100
),
reached as (
    select if(count(*) = 100, min(highest.max), 0) as max from highest
),
candidates as (
    select f.role
    from lake_files as f
    left join role_features as rf on rf.role = f.role and rf.sae = f.sae and rf.feature_id = feature
    where f.table_name = 'activations' and f.sae = chosen_sae(sae)
        and (
            rf.max >= (select reached.max from reached)
            or not exists (
                select 1 from lake_files as l
                where l.table_name = 'role_features' and l.role = f.role and l.sae = f.sae
            )
        )
),
strongest as (
    select a.role, a.response_id, a.variant, a.question_id, a.max, a.mean, a.n_active
    from activations as a join candidates as c on c.role = a.role
    where a.feature_id = feature and a.sae = chosen_sae(sae) and (select known_feature(feature, sae))
    order by a.max desc, a.role, a.response_id
    limit 100
)
select
    s.role,
    s.response_id,
    s.variant,
    s.question_id,
    s.max,
    s.mean,
    s.n_active,
    r.question,
    r.response,
    excerpt_of(e.pieces, e.activations) as excerpt,
    e.pieces,
    e.activations
from strongest as s
join responses as r on r.role = s.role and r.response_id = s.response_id
left join evidence as e
    on e.sae = chosen_sae(sae) and e.role = s.role and e.response_id = s.response_id and e.feature_id = feature
order by s.max desc, s.role, s.response_id;
comment on macro table top_responses is 'The 100 responses that fire a feature most, with the tokens around the peak';

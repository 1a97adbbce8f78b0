-- How do the study's SAEs differ: how many features fire in an answer, how many in any, how many in one role only?
with fired as (
    select rf.sae, rf.feature_id, count(*) as n_roles
    from role_features as rf
    group by all
)
select
    s.sae,
    s.d_sae,
    (
        select avg(p.n_active_features) from pooled as p
        where p.sae = s.sae and p.excluded_reason is null
    ) as mean_features_of_an_answer,
    count(*) as n_features_that_fire,
    count(*) filter (fired.n_roles = 1) as n_features_of_one_role
from saes as s join fired on fired.sae = s.sae
group by s.sae, s.d_sae, s.position
order by s.position;

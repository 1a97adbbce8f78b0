-- What does playing a role change? Features that all the roles together raise or lower against the anchor.
--
-- The anchor is the study's (analysis.anchor), the model as it answers by default. n_roles_above counts the
-- roles whose mean is higher than the anchor's. anchor_effect compares the anchor with the middle half of the others, with
-- its interval and q: the shift is about as large, with the other sign.
with played as (
    select roles.role, roles.role = (select settings ->> '$.analysis.anchor' from study) as is_anchor
    from roles
    join lake_files as f
        on f.role = roles.role and f.table_name = 'role_features' and f.sae = chosen_sae(null)
    where not roles.excluded
),
means as (
    select rf.feature_id, p.is_anchor, rf.mean
    from role_features as rf join played as p on p.role = rf.role
    where rf.sae = chosen_sae(null)
),
anchored as (
    select
        feature_id,
        coalesce(sum(mean) filter (is_anchor), 0) as anchor_mean,
        coalesce(sum(mean) filter (not is_anchor), 0)
            / (select count(*) from played where not is_anchor) as roles_mean
    from means
    where (select bool_or(is_anchor) from played)
    group by feature_id
)
select
    a.feature_id,
    a.anchor_mean,
    a.roles_mean,
    a.roles_mean - a.anchor_mean as shift,
    (
        select count(*) from means as m
        where m.feature_id = a.feature_id and not m.is_anchor and m.mean > a.anchor_mean
    ) as n_roles_above,
    (select count(*) from played where not is_anchor) as n_roles,
    c.effect as anchor_effect,
    c.effect_low as anchor_effect_low,
    c.effect_high as anchor_effect_high,
    c.q as anchor_q
from anchored as a
left join role_contrasts as c
    on c.feature_id = a.feature_id
        and c.sae = chosen_sae(null)
        and c.role = (select settings ->> '$.analysis.anchor' from study)
order by abs(shift) desc, a.feature_id
limit 20;

-- Which feature of another SAE fires on the same answers as a role's characteristic features?
--
-- overlap = answers on which both fire / answers on which either does. The role here is the last by name, the
-- other SAE the study's last; put any in their place. A study of one SAE has no rows.
with asked as (
    select max(rf.role) as role, (select s.sae from saes as s order by s.position desc limit 1) as other_sae
    from role_features as rf
),
ours as (
    select a.feature_id, a.response_id
    from activations as a
    where a.sae = chosen_sae(null) and a.role = (select asked.role from asked)
        and a.feature_id in (select feature_id from top_features((select asked.role from asked)) limit 10)
),
theirs as (
    select a.feature_id, a.response_id
    from activations as a
    where a.sae = (select asked.other_sae from asked) and a.sae <> chosen_sae(null)
        and a.role = (select asked.role from asked)
),
both_fire as (
    select ours.feature_id, theirs.feature_id as other_feature_id, count(*) as n_both
    from ours join theirs on theirs.response_id = ours.response_id
    group by all
),
counted as (
    select rf.sae, rf.feature_id, rf.n_active_responses
    from role_features as rf
    where rf.role = (select asked.role from asked)
)
select
    asked.role,
    b.feature_id,
    asked.other_sae,
    b.other_feature_id,
    b.n_both / (f.n_active_responses + o.n_active_responses - b.n_both) as overlap
from both_fire as b
cross join asked
join counted as f on f.sae = chosen_sae(null) and f.feature_id = b.feature_id
join counted as o on o.sae = asked.other_sae and o.feature_id = b.other_feature_id
qualify row_number() over (partition by b.feature_id order by overlap desc, b.other_feature_id) = 1
order by overlap desc, b.feature_id;

-- Which features fire in one role and in no other?
--
-- Those that its answers show most reliably first. Roles that the study excludes from comparisons are left out.
select
    any_value(rf.role) as role,
    rf.feature_id,
    any_value(rf.firing_rate) as firing_rate,
    any_value(rf.n_active_responses) as n_active_responses,
    any_value(rf.mean) as mean,
    any_value(rf.max) as max
from role_features as rf
join roles on roles.role = rf.role and not roles.excluded
where rf.sae = chosen_sae(null)
group by rf.feature_id
having count(*) = 1
order by firing_rate desc, mean desc, rf.feature_id
limit 50;

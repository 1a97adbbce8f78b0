-- Fill `feature_totals` from `role_features`.
insert into feature_totals by name
select rf.sae, rf.feature_id, sum(rf.mean) as mean, sum(rf.firing_rate) as firing_rate
from role_features as rf join roles on roles.role = rf.role
where not roles.excluded
group by rf.sae, rf.feature_id
order by rf.sae, rf.feature_id;

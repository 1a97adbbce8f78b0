-- Every feature of the SAE $sae that fires in the role $role or is compared.
select
    coalesce(rf.feature_id, c.feature_id) as feature_id,
    coalesce(rf.mean, 0) as mean,
    coalesce(rf.n_responses, max(rf.n_responses) over ()) as n_responses,
    coalesce(rf.firing_rate, 0) as firing_rate,
    c.effect, c.n_wordings_agree, c.mean_error, c.mean_df
from (select * from role_features where role_features.sae = $sae and role_features.role = $role) as rf
full join (select * from role_contrasts where role_contrasts.sae = $sae and role_contrasts.role = $role) as c
    on c.feature_id = rf.feature_id
order by feature_id;

-- On which share of each role's tokens the feature $feature_id of the SAE $sae is active.
select role, token_rate
from feature_density($feature_id, $sae)
order by token_rate desc nulls last, role;

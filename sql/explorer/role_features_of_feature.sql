-- The roles that fire the feature $feature_id of the SAE $sae.
select role, firing_rate, n_active_responses, mean, max
from role_features
where sae = $sae and feature_id = $feature_id;

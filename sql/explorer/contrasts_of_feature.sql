-- How each compared role differs from the others in the feature $feature_id of the SAE $sae.
select * exclude (sae, feature_id, p)
from role_contrasts
where sae = $sae and feature_id = $feature_id;

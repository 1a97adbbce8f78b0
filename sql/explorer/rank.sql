-- The rank of the feature $feature_id on the map of the SAE $sae; no row where it is not on it.
select rank
from atlas
where sae = $sae and feature_id = $feature_id;

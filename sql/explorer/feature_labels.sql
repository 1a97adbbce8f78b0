-- Every description of the feature $feature_id of the SAE $sae, the preferred one first.
select description, source, model
from feature_labels
where sae = $sae and feature_id = $feature_id
order by rank;

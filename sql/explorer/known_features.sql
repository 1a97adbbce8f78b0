-- What every list of features says of them: made once a snapshot, for search goes through all of it.
create table memory.main.known_features as
select sae, feature_id, l.description as label, lower(l.description) as folded, f.preferred_role, f.sd
from features as f full join preferred_labels as l using (sae, feature_id)
order by sae, feature_id;

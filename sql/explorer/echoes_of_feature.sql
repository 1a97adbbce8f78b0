-- The roles in whose own words the feature $feature_id of the SAE $sae peaks, against those of the other roles.
select *
from echoes(feature := $feature_id, sae := $sae)
where n_echoes > 0 and p <= 0.05
order by p, n_echoes desc, role;

-- What sets the role $role apart under the SAE $sae: the stronger features, then the weaker, the most distinct
-- first.
select * exclude (sae, role, direction, weight)
from memory.main.role_effects
where sae = $sae and role = $role
order by direction > 0 desc, weight desc, feature_id;

-- What sets the role $role apart under the SAE $sae: the stronger features, then the weaker, the most extreme
-- first.
select * exclude (sae, role, direction)
from memory.main.role_effects
where sae = $sae and role = $role
order by direction > 0 desc, abs(direction) desc, feature_id;

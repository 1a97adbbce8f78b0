-- The other roles by their similarity to $role under the SAE $sae.
select role_b as role, similarity, similarity_low, similarity_high
from role_similarity
where sae = $sae and role_a = $role and role_b <> $role
order by similarity desc nulls last, role_b;

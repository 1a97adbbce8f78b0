-- How well the SAE $sae fits the model: in one role ($role), or in all (NULL).
select role, fvu, l0, loss_recovered, n_tokens, n_outliers, n_responses
from sae_fit
where sae = $sae and ($role is null or role = $role)
order by role;

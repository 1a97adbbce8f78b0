-- How well plain methods tell the role $role from others by what the SAE $sae reads; none where nobody made them.
select method, auroc, low, high, n, n_others, features[:5] as features, terms[:8] as terms
from role_baselines as b
where b.sae = $sae and b.role = $role
order by case method when 'words' then 1 when 'mean_difference' then 2 else 0 end, length(method), method;

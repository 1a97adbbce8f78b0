-- Where roles stand on the axes of the SAE $sae: one of them ($role), or all (NULL). The assistant axis first.
select axis, role, position, explained_variance, cosine_with_assistant, reason
from role_axes
where sae = $sae and ($role is null or role = $role)
order by axis <> 'assistant', try_cast(substr(axis, 3) as integer), role;

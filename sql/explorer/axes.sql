-- Where roles stand on the axes of the SAE $sae: one of them ($role), or all (NULL). The assistant axis first.
select
    axis, role, position, position_low, position_high, rank_low, rank_high, explained_variance, explained_null,
    cosine_with_assistant, anchor_null, reason, played_position, played_position_low, played_position_high,
    played_axis_cosine
from role_axes
where sae = $sae and ($role is null or role = $role)
order by axis <> 'assistant', try_cast(substr(axis, 3) as integer), role;

-- Where do the roles lie on the assistant axis of the residual stream, and where on that of the SAE's features?
--
--     from roles_on_both_axes();
--
-- Of each role its position with its interval, and its place among the roles (1 is nearest to the anchor), first in what the
-- SAE reads (vector_positions, in units of the stream), then in the selected features (role_axes, in atlas_summary.axes_unit).
-- NULL where a role lacks one of them. No rows where there are no vectors: extraction.vectors is not given, or `persona run`
-- has not made the asset vectors.
create macro roles_on_both_axes(sae := null) as table
select
    v.role,
    v.position as residual,
    v.position_low as residual_low,
    v.position_high as residual_high,
    v.rank as residual_rank,
    f.position as features,
    f.position_low as features_low,
    f.position_high as features_high,
    f.rank as features_rank
from vector_positions as v
left join role_axes as f on f.sae = v.sae and f.axis = v.axis and f.role = v.role
where v.axis = 'assistant' and v.sae = chosen_sae(sae) and (select known_sae(sae))
order by v.position, v.role;
comment on macro table roles_on_both_axes is 'Where roles lie on the assistant axis of the stream, beside that of the features';

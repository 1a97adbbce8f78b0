-- What editing $targets of the intervention $intervention does in the answers of the role $role, under the SAE $sae:
-- against random features where these were edited beside them, and else against random directions.
select
    target, intervention, role, operation, strength, metric, effect, low, high, n_questions, against, n_controls,
    control_low, control_high, q, moves
from intervention_effects
where sae = $sae and intervention = $intervention and role = $role and target in (select unnest($targets))
qualify rank() over (partition by target, metric, strength order by against = 'feature' desc) = 1
order by target, metric, strength;

-- The interventions under the SAE $sae of which effects or answers are recorded, by the role whose answers they are of.
with found as (
    select intervention, role, operation, target, strength, false as is_answer
    from intervention_effects
    where sae = $sae
    union all
    select intervention, role, operation, target, strength, true
    from steered_responses
    where sae = $sae and control is null
)
select
    intervention,
    role,
    any_value(operation) as operation,
    count(distinct target) as n_targets,
    list_sort(list(distinct strength)) as strengths,
    count(*) filter (is_answer) as n_answers
from found
group by intervention, role
order by intervention, role;

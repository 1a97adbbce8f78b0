-- The responses in which a feature of a finding is strongest, of one role where $role is not NULL: $n of them.
select
    chosen_sae($sae) as sae,
    $feature::integer as feature_id,
    role,
    response_id,
    max,
    question,
    excerpt as text
from top_responses($feature::integer, sae := $sae)
where $role is null or role = $role
limit $n;

-- Of the $limit questions to which the role $role fires the feature $feature_id most: another role's silent answer.
select question, max, left(fired, $cut) as fired, role, left(response, $cut) as response, n_silent, n_answers
from silent_responses($feature_id, $role, $sae)
qualify row_number() over (partition by question_id order by n_silent / n_answers desc, role) = 1
order by max desc, question_id
limit $limit;

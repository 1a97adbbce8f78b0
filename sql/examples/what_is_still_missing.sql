-- Which roles are not done, and what do they lack?
select role, status, responses_status, activations_status, role_features_status, n_responses, n_prompts
from roles
where status <> 'fresh'
order by role;

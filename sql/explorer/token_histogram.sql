-- On how many tokens the feature $feature_id of the SAE $sae has which activation.
select from_activation, to_activation, n_tokens, n_roles
from token_histogram($feature_id, sae := $sae)
order by from_activation;

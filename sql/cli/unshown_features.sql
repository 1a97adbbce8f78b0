-- How many features of which a role ($role) has more at q < 0.05 are not among its first $limit in the order $by?
select count(*) as n_unshown
from top_features($role, sae := $sae, "by" := 'q')
where
    q < 0.05 and auroc > 0.5
    and feature_id not in (select feature_id from (from top_features($role, sae := $sae, "by" := $by) limit $limit));

-- The first $top features of a role ($role) in the order of top_features (the macro `distinctness`), of a file of
-- role_contrasts ($file).
select c.feature_id
from read_parquet($file) as c
where c.role = $role and c.auroc > 0.5
order by
    least((c.auroc_low - 0.5) * c.share, c.auroc_low - 0.5) desc nulls last,
    (c.auroc - 0.5) * c.share desc,
    c.feature_id
limit $top;

-- The first $top features of each role in the order of top_features, each once, of a file of role_contrasts ($file): of
-- those that it has more of, in the order of top_features (the macro `distinctness`); last those whose AUROC's
-- interval reaches below 1/2.
select distinct c.feature_id
from (
    select feature_id
    from read_parquet($file)
    where auroc > 0.5
    qualify row_number() over (
        partition by role
        order by
            least((auroc_low - 0.5) * share, auroc_low - 0.5) desc nulls last,
            (auroc - 0.5) * share desc,
            feature_id
    ) <= $top
) as c
order by c.feature_id;

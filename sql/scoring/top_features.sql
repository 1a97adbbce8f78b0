-- The $top features of each role that most surely set it apart, of a file of role_contrasts ($file): by
-- (auroc_low - 1/2) * the role's share, as the macro `distinctness` has it.
select distinct c.feature_id
from (
    select feature_id
    from read_parquet($file)
    where auroc_low > 0.5
    qualify row_number() over (partition by role order by (auroc_low - 0.5) * share desc, feature_id) <= $top
) as c
order by c.feature_id;

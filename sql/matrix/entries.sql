-- The nonzero entries of the matrix roles x features under an SAE ($sae; NULL: the study's first).
--
-- $roles are its rows, in order; row counts from 0.
with rows_of as (
    select unnest($roles::varchar[]) as role, generate_subscripts($roles::varchar[], 1) - 1 as row
)
select r.row, rf.feature_id, rf.mean, rf.max
from role_features as rf join rows_of as r on r.role = rf.role
where rf.sae = chosen_sae($sae);

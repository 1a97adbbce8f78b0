-- The roles whose features this snapshot has under an SAE ($sae; NULL: the study's first): the matrix's rows.
select f.role
from lake_files as f
where f.table_name = 'role_features' and f.sae = chosen_sae($sae) and (select known_sae($sae))
order by f.role;

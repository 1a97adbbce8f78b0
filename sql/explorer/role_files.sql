-- The files of the roles $roles: of their responses, and of what the SAE $sae made of them.
select table_name, getvariable('lake') || '/' || path as path
from lake_files
where table_name in ('responses', 'activations', 'evidence')
    and list_contains($roles, role)
    and (sae is null or sae = $sae);

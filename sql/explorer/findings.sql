-- How many features set a role apart under the SAE $sae: one role ($role), or all (NULL).
select * exclude (sae) from role_findings where sae = $sae and ($role is null or role = $role) order by role;

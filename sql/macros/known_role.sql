-- True where this snapshot has features of the role under the SAE; else an error, so that a role that was
-- not measured is not taken for one that fires nothing.
create macro known_role(wanted, wanted_sae) as case
    when exists (
        select 1 from lake_files
        where lake_files.table_name = 'role_features'
            and lake_files.role = wanted and lake_files.sae = chosen_sae(wanted_sae)
    ) then true
    else error(format(
        'no features of role {} under SAE {} in this snapshot; the table roles says what there is',
        wanted, chosen_sae(wanted_sae)
    ))
end;

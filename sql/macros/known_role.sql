-- True where this snapshot has features of the role under the SAE; else an error, so that a role that was
-- not measured is not taken for one that fires nothing. Asked as (select known_role(…)), as known_feature is.
create macro known_role(wanted, wanted_sae) as case
    when exists (
        select 1 from lake_files
        where lake_files.table_name = 'role_features'
            and lake_files.role = wanted and lake_files.sae = chosen_sae(wanted_sae)
    ) then true
    else error(format(
        'no features of role {} under SAE {} in this snapshot; {}',
        wanted,
        chosen_sae(wanted_sae),
        coalesce(
            (
                select format('it is not read yet: `persona run {} --roles {}` reads it', this.name, wanted)
                from study as this, roles where roles.role = wanted
            ),
            (
                select 'did you mean ' || roles.role || '?' from roles
                where jaro_winkler_similarity(roles.role, wanted) between 0.85 and 0.9999
                order by jaro_winkler_similarity(roles.role, wanted) desc, roles.role limit 1
            ),
            'the table roles says what there is'
        )
    ))
end;

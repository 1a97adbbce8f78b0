-- True where the study has the SAE (of NULL: its first); else an error, so that a misspelt name is not
-- taken for "fires nothing". Asked as (select known_sae(…)), as known_feature is.
create macro known_sae(wanted) as case
    when exists (select 1 from saes where saes.sae = chosen_sae(wanted)) then true
    else error(format(
        'no SAE {} in this study; its SAEs: {}', wanted, (select string_agg(saes.sae, ', ' order by saes.sae) from saes)
    ))
end;

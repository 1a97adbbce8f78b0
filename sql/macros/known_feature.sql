-- True where the SAE can have the feature, or its width is not known; else an error, so that a mistyped
-- number is not taken for a feature that never fires. Asked as (select known_feature(…)): an expression is
-- not looked at where no row of the table comes to it.
create macro known_feature(wanted, wanted_sae) as case
    when not known_sae(wanted_sae) then false
    when exists (
        select 1 from saes
        where saes.sae = chosen_sae(wanted_sae)
            and (wanted between 0 and saes.d_sae - 1 or saes.d_sae is null or wanted is null)
    ) then true
    else error(format(
        'no feature {}: SAE {} has features 0 to {}',
        wanted, chosen_sae(wanted_sae),
        (select saes.d_sae - 1 from saes where saes.sae = chosen_sae(wanted_sae))
    ))
end;

-- Which SAE is meant: the one wanted, or, of NULL, the study's first.
create macro chosen_sae(wanted) as coalesce(wanted, {default_sae});

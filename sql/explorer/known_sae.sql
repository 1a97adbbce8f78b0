-- The SAE $sae of the study; no row where it has none of that name.
select sae, d_sae, neuronpedia_id from saes where sae = $sae;

-- The roles that the SAE $sae has read, in how many responses and wordings.
select role, n_responses, n_wordings from memory.main.measured where sae = $sae;

-- The roles that the SAE $sae has read, and in how many responses.
select role, n_responses from memory.main.measured where sae = $sae;

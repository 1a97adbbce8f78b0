-- Which roles are farthest from the plain assistant, and how sure is that?
select role, position, position_low, position_high, rank_low, rank_high
from role_axes
where axis = 'assistant' and sae = chosen_sae(null)
order by position, role
limit 10;

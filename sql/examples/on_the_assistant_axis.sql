-- Which roles are farthest from the plain assistant?
select role, position
from role_axes
where axis = 'assistant' and sae = chosen_sae(null)
order by position, role
limit 10;
